"""The commands that users were given, as far as they need no cluster; and the scripts."""
import json
import os
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

import helm
from helm import CHART, PRESETS, ROOT

NAMED = ('--namespace', 'infra-operator', '--create-namespace')
ROLE = 'arn:aws:iam::123456789012:role/infra-operator-role'

# What stands after `helm install NAME ./chart`, or in a values file of a user.
INSTALLS = {
    'production': ('--set', 'aws.irsa.enabled=true', '--set', f'aws.irsa.roleARN={ROLE}',
                   '--set', rf'serviceAccount.annotations.eks\.amazonaws\.com/role-arn={ROLE}'),
    'production_in_full': ('--values', './chart/values-production.yaml'),
    'development': ('--values', './chart/values-dev.yaml'),
    'localstack': ('--values', './chart/values-localstack.yaml'),
    'dry_run': ('--debug',),
    'upgrade_without_downtime': ('--set', 'podDisruptionBudget.enabled=true', '--set', 'podDisruptionBudget.minAvailable=1'),
}
SNIPPETS = {
    'small_cluster': {'resources': {'limits': {'cpu': '200m', 'memory': '256Mi'}, 'requests': {'cpu': '50m', 'memory': '128Mi'}}},
    'large_cluster': {'resources': {'limits': {'cpu': '2000m', 'memory': '2Gi'}, 'requests': {'cpu': '1000m', 'memory': '1Gi'}},
                      'operator': {'reconciliation': {'maxConcurrentReconciles': 50}}},
    'frequent_checks': {'driftDetection': {'defaultCheckInterval': '2m', 'jitter': 10}},
    'conservative_checks': {'driftDetection': {'defaultCheckInterval': '30m', 'jitter': 20}},
    'network_policy': {'networkPolicy': {'enabled': True}},
    'irsa': {'aws': {'irsa': {'enabled': True, 'roleARN': ROLE}}},
    'webhook': {'webhooks': {'enabled': True, 'validating': {'failurePolicy': 'Fail'}, 'certManager': {'enabled': True}}},
    'disruption_budget': {'podDisruptionBudget': {'enabled': True, 'minAvailable': 1}},
    'priority': {'priorityClassName': 'system-cluster-critical'},
}


class Commands(unittest.TestCase):
    def test_lint(self):
        for name, files in PRESETS.items():
            with self.subTest(values=name):
                done = helm.helm('lint', './chart', '--strict', *(word for file in files for word in ('--values', file)))
                self.assertEqual(done.error, '')
                self.assertNotIn('WARNING', done.text)

    def test_install_and_upgrade_without_a_cluster(self):
        for name, words in INSTALLS.items():
            with self.subTest(command=name):
                done = helm.helm('install', 'infra-operator', './chart', *NAMED, '--dry-run=client', *words)
                self.assertEqual(done.error, '')
                self.assertIn('kind: Deployment', done.text)

    def test_dry_run_as_it_was_written(self):
        done = helm.helm('install', 'test', './chart', '--dry-run', '--debug', '--namespace', 'infra-operator')
        self.assertEqual(done.error, '')

    def test_values_of_the_guides(self):
        for name, rendered in zip(SNIPPETS, helm.render_all(SNIPPETS.values())):
            with self.subTest(values=name):
                self.assertEqual(rendered.error, '')

    def test_as_a_part_of_another_chart(self):
        with tempfile.TemporaryDirectory() as folder:
            parent = pathlib.Path(folder) / 'parent'
            (parent / 'charts').mkdir(parents=True)
            (parent / 'Chart.yaml').write_text('apiVersion: v2\nname: parent\nversion: 0.1.0\ndependencies:\n'
                                               '- {name: infra-operator, version: 1.0.0, condition: infra-operator.enabled}\n')
            (parent / 'charts/infra-operator').symlink_to(helm.slim)
            values = {'global': {'imageRegistry': 'registry.example.com', 'theirs': 1}, 'infra-operator': {'enabled': True, 'replicaCount': 2}}
            rendered = helm.helm('template', 'op', str(parent), '--values', '-', given=json.dumps(values))
            self.assertEqual(rendered.container['image'].split('/')[0], 'registry.example.com')


class Package(unittest.TestCase):
    def script(self, name, *words, **environment):
        environment = {**os.environ, 'HELM': helm.TOOLS['helm'], **environment}
        return subprocess.run([ROOT / 'scripts/helm' / name, *words], capture_output=True, text=True, env=environment, timeout=300)

    def test_package_index_and_install_from_it(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.script('package-chart.sh', folder)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            package = pathlib.Path(folder) / 'infra-operator-1.0.0.tgz'
            with tarfile.open(package) as files:
                names = files.getnames()
            for wanted in ('values.schema.json', 'values-production.yaml', 'README.md', 'files/alerts.yaml', 'templates/NOTES.txt'):
                self.assertIn(f'infra-operator/{wanted}', names)
            self.assertEqual(sum('/templates/crds/' in name for name in names), len(list((CHART / 'templates/crds').iterdir())))
            self.assertIn('infra-operator-1.0.0.tgz', (pathlib.Path(folder) / 'index.yaml').read_text())
            installed = helm.helm('install', 'infra-operator', str(package), '--namespace', 'infra-operator', '--dry-run=client')
            self.assertEqual(installed.error, '')

    def test_scripts_test_the_chart_without_a_cluster(self):
        for words in ((), ('values-production.yaml',)):
            with self.subTest(words=words):
                done = self.script('test-chart.sh', *words, KUBECONFIG='/nonexistent')
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn('no cluster', done.stdout)

    def test_scripts_install_with_their_values(self):
        with tempfile.TemporaryDirectory() as folder:
            stub = pathlib.Path(folder) / 'helm'
            stub.write_text('#!/bin/sh\necho "$@"\n')
            stub.chmod(0o755)
            for script, values, more in (('install-dev.sh', 'values-dev.yaml', '--wait --timeout 3m'),
                                         ('install-localstack.sh', 'values-localstack.yaml', '--set aws.localstack.endpoint=http://a:1')):
                with self.subTest(script=script):
                    done = self.script(script, '--atomic', HELM=str(stub), ENDPOINT='http://a:1')
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn(f'upgrade infra-operator {CHART} --install {" ".join(NAMED)} --values {CHART}/{values}', done.stdout)
                    self.assertIn(more, done.stdout)
                    self.assertIn('--atomic', done.stdout)

    def test_the_emulator_is_found(self):
        for kubectl, endpoint in (('true', 'http://localstack.localstack.svc.cluster.local:4566'), ('false', 'http://host.docker.internal:4566')):
            with self.subTest(endpoint=endpoint):
                done = self.script('install-localstack.sh', HELM='echo', KUBECTL=kubectl, ENDPOINT='')
                self.assertIn(f'--set aws.localstack.endpoint={endpoint}', done.stdout)

    def test_the_compose_file_has_the_emulator_that_we_test_with(self):
        service = helm.load_all((ROOT / 'docker-compose.yml').read_text())[0]['services']['localstack']
        version = next(line.split()[0].split('==')[1] for line in (ROOT / 'third_party/emulator.txt').read_text().splitlines()
                       if line.startswith('moto=='))
        self.assertEqual((service['image'], service['ports']), (f'motoserver/moto:{version}', ['4566:4566']))
