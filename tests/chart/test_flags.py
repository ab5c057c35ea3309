"""What the chart passes to the program is what the program takes."""
import re
import subprocess
import unittest

import helm
from helm import PRESETS, tree

MAKES_ITS_CERTIFICATE = tree(webhooks__enabled=True, webhooks__certMode='operator')
ROLE = 'arn:aws:iam::111122223333:role/infra'


def flags_of(rendered):
    return {word.split('=')[0] for word in rendered.container['args'] if word.startswith('--')}


class Flags(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        said = subprocess.run([helm.TOOLS['operator'], 'run', '--help'], capture_output=True, text=True, timeout=30).stdout
        cls.known = set(re.findall(r'--[a-z][a-z-]+', said))

    def test_presets_pass_only_what_it_takes(self):
        for name, files in PRESETS.items():
            with self.subTest(values=name):
                self.assertLessEqual(flags_of(helm.render(files=files)), self.known)

    def test_so_does_everything_switched_on(self):
        values = helm.merged(tree(globalTags={'a': 'b'}, watchNamespaces=['a'], operator__metrics__perObject=True, webhooks__enabled=True,
                                  webhooks__certManager__enabled=True, tracing__enabled=True, tracing__endpoint='http://c:4318'),
                             tree(aws__assumeRole={'enabled': True, 'roleARN': ROLE, 'externalID': 'x'}))
        self.assertLessEqual(flags_of(helm.render(values)), self.known)

    def test_and_for_a_certificate_that_it_makes(self):
        words = helm.render(MAKES_ITS_CERTIFICATE).container['args']
        self.assertIn('--webhook-secret=op-infra-operator-webhook-authority', words)
        done = subprocess.run([helm.TOOLS['operator'], *words, '--kubeconfig', '/nonexistent'], capture_output=True, text=True, timeout=30)
        self.assertIn('/nonexistent', done.stderr)
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_and_for_what_providers_may_use(self):
        words = helm.render(tree(providers={
            'podIdentity': {'namespaces': ['team', '*'], 'namespaceLabel': False,
                            'roles': [{'namespaces': ['a', 'b'], 'arns': [ROLE, 'arn:aws:iam::*:role/x,y-*']}]},
            'endpoints': ['http://emulator:4566', 'https://*.emulators.svc']})).container['args']
        self.assertEqual([word for word in words if word.startswith(('--pod-identity', '--no-pod-identity', '--provider'))], [
            '--pod-identity-namespaces=team,*', '--no-pod-identity-label',
            *(f'--provider-role={ns}={arn}' for ns in 'ab' for arn in (ROLE, 'arn:aws:iam::*:role/x,y-*')),
            '--provider-endpoint=http://emulator:4566', '--provider-endpoint=https://*.emulators.svc'])
        done = subprocess.run([helm.TOOLS['operator'], *words, '--kubeconfig', '/nonexistent'], capture_output=True, text=True, timeout=30)
        self.assertIn('/nonexistent', done.stderr)
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_and_without_election(self):
        self.assertLessEqual(flags_of(helm.render(tree(operator__leaderElection__enabled=False))), self.known)

    def test_its_values_are_taken(self):
        """The program complains about a kubeconfig, and so about no flag."""
        traced = tree(tracing__enabled=True, tracing__endpoint='http://c:4318', tracing__samplingRatio=0.001)
        for name, files in PRESETS.items():
            with self.subTest(values=name):
                words = helm.render(traced, files=files).container['args']
                done = subprocess.run([helm.TOOLS['operator'], *words, '--kubeconfig', '/nonexistent'], capture_output=True, text=True, timeout=30)
                self.assertIn('/nonexistent', done.stderr)
                self.assertEqual(done.returncode, 1, done.stderr)

    def test_help_test_asks_with_a_command_that_there_is(self):
        words = helm.render().one('Pod')['spec']['containers'][0]['args']
        done = subprocess.run([helm.TOOLS['operator'], words[0], 'http://127.0.0.1:1/'], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn('http://127.0.0.1:1/: ', done.stderr)

    def test_so_does_the_guard_of_an_uninstall(self):
        values = tree(crds__keep=False, rbac__clusterRole=False, watchNamespaces=['a', 'b'])
        words = helm.render(values).one('Pod', 'uninstall-guard')['spec']['containers'][0]['args']
        self.assertIn('--namespaces=a,b', words)
        environment = {'KUBECONFIG': '/nonexistent'}
        done = subprocess.run([helm.TOOLS['operator'], *words], capture_output=True, text=True, timeout=30, env=environment)
        self.assertEqual(done.returncode, 1)
        self.assertIn('/nonexistent', done.stderr)
