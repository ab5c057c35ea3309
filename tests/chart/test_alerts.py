"""Alerts and dashboard: each alert fires when it should and not else, links to a page, and asks for metrics that there are."""
import json
import re
import subprocess
import tempfile
import unittest
import pathlib

import yaml

import helm
from helm import CHART, ROOT, tree

PROMISED = {'InfraOperatorHighErrorRate', 'InfraOperatorSlowReconciliation', 'InfraOperatorAWSAPIErrors', 'InfraOperatorAWSAPIThrottled',
            'InfraOperatorDriftDetected', 'InfraOperatorDriftHealingFailed', 'InfraOperatorResourcesNotReady',
            'InfraOperatorProviderNotReady', 'InfraOperatorSlowFinalizer', 'InfraOperatorNoReconciliations', 'InfraOperatorDown'}
METRIC = re.compile(r'\binfra_operator_\w+')
HOUR = 60  # samples, one a minute


def series(name, values, **labels):
    """A line of promtool: such as infra_operator_x{a="b"} with 0+1x60."""
    inner = ','.join(f'{key}="{value}"' for key, value in labels.items())
    return {'series': f'infra_operator_{name}{{{inner}}}', 'values': values}


def growing(by, times=HOUR):
    return f'0+{by}x{times}'


def histogram(name, fast, slow, bound, **labels):
    """So many a minute below the bound, and so many above."""
    return [series(f'{name}_bucket', growing(fast), le=bound, **labels), series(f'{name}_bucket', growing(fast + slow), le='+Inf', **labels)]


VPC = {'resource_type': 'VPC'}
EC2 = {'service': 'ec2', 'operation': 'DescribeVpcs'}
PROVIDER = {'provider_namespace': 'n', 'provider_name': 'p', 'region': 'r'}
UP = [series('build_info', f'1x{HOUR}', version='1', revision='2')]

# alert -> labels of what fires; series that make it fire, and such that do not; all after an hour.
CASES = {
    'InfraOperatorHighErrorRate': (VPC,
        [series('reconcile_errors_total', growing(20), error_type='Denied', **VPC), series('reconcile_total', growing(100), result='failed', **VPC)],
        [series('reconcile_errors_total', growing(5), error_type='Denied', **VPC), series('reconcile_total', growing(100), result='failed', **VPC)]),
    'InfraOperatorSlowReconciliation': (VPC,
        histogram('reconcile_duration_seconds', 90, 10, '30', **VPC)
        + [series('reconcile_duration_seconds_bucket', growing(100), le='60', **VPC)],
        histogram('reconcile_duration_seconds', 99, 1, '30', **VPC) + [series('reconcile_duration_seconds_bucket', growing(100), le='60', **VPC)]),
    'InfraOperatorAWSAPIErrors': ({'service': 'ec2'},
        [series('aws_api_calls_total', growing(20), result='error', **EC2), series('aws_api_calls_total', growing(80), result='success', **EC2)],
        [series('aws_api_calls_total', growing(5), result='error', **EC2), series('aws_api_calls_total', growing(95), result='success', **EC2)]),
    'InfraOperatorAWSAPIThrottled': ({'service': 'ec2'}, [series('aws_api_throttles_total', growing(12), **EC2)],
                                     [series('aws_api_throttles_total', growing(1), **EC2)]),
    'InfraOperatorDriftDetected': (VPC, [series('drift_detected_total', growing(1), severity='high', **VPC)],
                                   [series('drift_detected_total', f'7x{HOUR}', severity='high', **VPC)]),
    'InfraOperatorDriftHealingFailed': (VPC, [series('drift_healing_failures_total', growing(1), error_type='Denied', **VPC)],
                                        [series('drift_healing_failures_total', f'7x{HOUR}', error_type='Denied', **VPC)]),
    'InfraOperatorResourcesNotReady': (VPC, [series('resources_total', f'2x{HOUR}', status='notready', **VPC)],
                                       [series('resources_total', '2x40 0x20', status='notready', **VPC)]),
    # One of the same name in another namespace works.
    'InfraOperatorProviderNotReady': (PROVIDER,
        [series('provider_ready', f'0x{HOUR}', **PROVIDER), series('provider_ready', f'1x{HOUR}', **{**PROVIDER, 'provider_namespace': 'other'})],
        [series('provider_ready', f'0x{HOUR}', pod='stands-by', **PROVIDER), series('provider_ready', f'1x{HOUR}', pod='works', **PROVIDER)]),
    'InfraOperatorSlowFinalizer': (VPC,
        histogram('finalizer_duration_seconds', 5, 5, '600', **VPC) + [series('finalizer_duration_seconds_bucket', growing(10), le='1800', **VPC)],
        histogram('finalizer_duration_seconds', 10, 0, '600', **VPC) + [series('finalizer_duration_seconds_bucket', growing(10), le='1800', **VPC)]),
    'InfraOperatorNoReconciliations': ({},
        [series('reconcile_total', f'7x{HOUR}', result='settled', **VPC), series('resources_total', f'1x{HOUR}', status='ready', **VPC)],
        [series('reconcile_total', f'0x{HOUR}', result='settled', **VPC), series('resources_total', f'0x{HOUR}', status='ready', **VPC)]),
    'InfraOperatorDown': ({}, [], UP),
}


def documented():
    """Names of all metrics, out of the operator's own source."""
    return set(METRIC.findall((ROOT / 'src/telemetry/operator_metrics.cc').read_text()))


def asked_for(text):
    return {re.sub(r'_(bucket|sum|count)$', '', name) if name not in documented() else name for name in METRIC.findall(text)}


class Alerts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.spec = helm.render(tree(prometheus__prometheusRule__enabled=True)).one('PrometheusRule')['spec']
        cls.rules = {rule['alert']: rule for rule in cls.spec['groups'][0]['rules']}

    def promtool(self, *words, **files):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                (pathlib.Path(folder) / f'{name}.yaml').write_text(yaml.safe_dump(content))
            done = subprocess.run([helm.TOOLS['promtool'], *words], cwd=folder, capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def expected(self, alert, labels):
        """What promtool shall see; texts are filled in by Prometheus, so they are not compared."""
        return [{'exp_labels': {'severity': self.rules[alert]['labels']['severity'], **labels}, 'exp_annotations': {}}]

    def test_they_are_those_that_were_promised(self):
        self.assertEqual(set(self.rules), PROMISED)
        self.assertEqual(set(CASES), PROMISED)

    def test_prometheus_takes_them(self):
        self.promtool('check', 'rules', 'rules.yaml', rules=self.spec)

    def test_each_fires_and_each_is_quiet(self):
        plain = {'groups': [{'name': 'a', 'rules': [{key: value for key, value in rule.items() if key != 'annotations'}
                                                   for rule in self.rules.values()]}]}
        tests = []
        for alert, (labels, fires, quiet) in CASES.items():
            for given, wanted in ((fires, self.expected(alert, labels)), (quiet, [])):
                tests.append({'interval': '1m', 'input_series': given or [{'series': 'other', 'values': f'1x{HOUR}'}],
                              'alert_rule_test': [{'eval_time': '59m', 'alertname': alert, 'exp_alerts': wanted}]})
        self.promtool('test', 'rules', 'test.yaml', rules=plain, test={'rule_files': ['rules.yaml'], 'tests': tests})

    def test_each_links_to_a_page(self):
        pages = {path.stem for path in (ROOT / 'docs/runbooks').glob('*.md')}
        self.assertEqual(pages, PROMISED)
        for path in (ROOT / 'docs/runbooks').glob('*.md'):
            self.assertLessEqual(set(re.findall(r'\]\((\w+)\.md\)', path.read_text())), pages, path.name)
        for alert, rule in self.rules.items():
            self.assertTrue(rule['annotations']['runbook_url'].endswith(f'/docs/runbooks/{alert}.md'))
            self.assertLessEqual({'summary', 'description'}, rule['annotations'].keys())

    def test_they_ask_for_metrics_that_there_are(self):
        self.assertLessEqual(asked_for(json.dumps(self.spec)), documented())

    def test_one_can_be_left_out_and_more_added(self):
        rule = helm.render(tree(prometheus__prometheusRule={'enabled': True, 'disabledAlerts': ['InfraOperatorDown'],
                                                            'groups': [{'name': 'mine', 'rules': []}]})).one('PrometheusRule')
        self.assertEqual({one['alert'] for one in rule['spec']['groups'][0]['rules']}, PROMISED - {'InfraOperatorDown'})
        self.assertEqual([group['name'] for group in rule['spec']['groups']], ['infra-operator', 'mine'])


# Of what has to be switched on: a panel of them would be empty with most users.
OFF_BY_DEFAULT = {f'infra_operator_{name}' for name in (
    'resource_creation_timestamp_seconds', 'admission_reviews_total', 'admission_review_duration_seconds', 'trace_spans_total')}


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.boards = {path.name: json.loads(path.read_text()) for path in (CHART / 'dashboards').glob('*.json')}

    def test_it_asks_for_metrics_that_there_are(self):
        queries = json.dumps([[target['expr'] for target in panel['targets']] for board in self.boards.values() for panel in board['panels']])
        self.assertLessEqual(asked_for(queries), documented())
        self.assertEqual(documented() - asked_for(queries), OFF_BY_DEFAULT)

    def test_panels_do_not_overlap(self):
        for board in self.boards.values():
            taken = set()
            for panel in board['panels']:
                place = panel['gridPos']
                cells = {(x, y) for x in range(place['x'], place['x'] + place['w']) for y in range(place['y'], place['y'] + place['h'])}
                self.assertFalse(cells & taken, panel['title'])
                taken |= cells

    def test_the_config_map_has_it_as_it_is(self):
        made = helm.render(tree(grafana__dashboards__enabled=True)).one('ConfigMap')
        self.assertEqual({name: json.loads(text) for name, text in made['data'].items()}, self.boards)
        self.assertEqual(made['metadata']['labels']['grafana_dashboard'], '1')
        self.assertTrue(all(len(text) < 60_000 for text in made['data'].values()))
