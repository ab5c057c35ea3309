"""What a provider may use, and what it gets when it asks for more: docs/design/015-what-a-provider-may-use.md."""
from harness import FaultCase, Faults, GROUP, Reply

OWN = 'AKIAOPERATOR'  # the operator's key, as the requests show it
ROLE = 'arn:aws:iam::123456789012:role/'
RECHECK = 25  # a provider that does not work is tried again after 15 s


class Grants(FaultCase):
    def setUp(self):
        self.start_instead('--provider-role', f'*={ROLE}granted-*', AWS_ACCESS_KEY_ID=OWN, AWS_SECRET_ACCESS_KEY='operators-secret',
                           POD_NAMESPACE='operators')
        super().setUp()

    def make_own(self, name='own', **spec):
        """A provider with no keys."""
        self.make_provider(name, **{'endpoint': self.faults.url, 'credentialsSecret': None, **spec})

    def assert_refused(self, name, *words):
        found = self.wait_condition('AWSProvider', name, 'False', 'AccessDenied')
        for word in words:
            self.assertIn(word, found['message'])

    def test_the_operators_identity(self):
        self.make_own()
        self.assert_refused('own', self.ns, 'providers.podIdentity.namespaces', f'{GROUP}/pod-identity=allowed', 'spec.credentialsSecret')
        self.make_object_vpc('vpc', provider='own')
        self.wait_condition('VPC', 'vpc', 'False', 'ProviderNotReady')
        self.assertEqual(self.faults.signed_by(OWN), [])
        self.say_of_pod_identity(self.ns, 'allowed')
        self.wait_ready('VPC', 'vpc', RECHECK)
        self.say_of_pod_identity(self.ns, 'no')
        self.patch('VPC', 'vpc', {'tags': {'late': 'x'}})
        self.assert_refused('own', self.ns)
        self.wait_condition('VPC', 'vpc', 'False', 'ProviderNotReady')
        self.say_of_pod_identity(self.ns, 'allowed')
        self.nudge('AWSProvider', 'own')
        self.wait_ready('VPC', 'vpc', RECHECK)
        self.delete_and_wait('VPC', 'vpc')

    def test_in_its_own_namespace(self):
        self.kube.request('POST', '/api/v1/namespaces', {'metadata': {'name': 'operators'}})
        self.addCleanup(self.kube.request, 'DELETE', self.path('AWSProvider', 'own', ns='operators'))
        self.make_provider('own', ns='operators', endpoint=self.faults.url, credentialsSecret=None)
        self.wait_condition('AWSProvider', 'own', 'True', ns='operators')
        self.assertTrue(self.faults.signed_by(OWN))

    def test_a_role(self):
        self.make_own('granted', assumeRoleARN=f'{ROLE}granted-a')
        self.make_own('more', assumeRoleARN=f'{ROLE}admin')
        self.make_own('chain', assumeRoleARN=f'{ROLE}granted-a', roleChain=[{'roleARN': f'{ROLE}admin'}])
        self.make_own('token', roleARN=f'{ROLE}admin')
        self.wait_condition('AWSProvider', 'granted', 'True')
        for name in ('more', 'chain', 'token'):
            self.assert_refused(name, f'{ROLE}admin', 'providers.podIdentity.roles')
        asked = {one.body for one in self.faults.seen if one.operation.startswith('AssumeRole')}
        self.assertTrue(asked)
        self.assertFalse([body for body in asked if b'admin' in body])
        self.assertTrue(all(f'RoleSessionName=infra-operator.{self.ns}.granted'.encode() in body for body in asked), asked)

    def test_a_role_with_keys_of_ones_own(self):
        self.make_provider('theirs', endpoint=self.faults.url, assumeRoleARN=f'{ROLE}any')
        self.wait_condition('AWSProvider', 'theirs', 'True')

    def test_a_secret_of_another_namespace(self):
        other = f'{self.ns}-other'
        self.kube.must('POST', '/api/v1/namespaces', {'metadata': {'name': other}})
        self.addCleanup(self.kube.request, 'DELETE', f'/api/v1/namespaces/{other}')
        secret = f'/api/v1/namespaces/{other}/secrets'
        self.kube.must('POST', secret, {'metadata': {'name': 'keys'}, 'stringData': {
            'AWS_ACCESS_KEY_ID': 'AKIASOMEBODY', 'AWS_SECRET_ACCESS_KEY': 'k'}})
        self.make_provider('theirs', endpoint=self.faults.url, credentialsSecret={'name': 'keys', 'namespace': other})
        self.assert_refused('theirs', f'{other}/keys', f'{GROUP}/allow-references-from={self.ns}')
        self.assertEqual(self.faults.signed_by('AKIASOMEBODY'), [])
        self.kube.must('PATCH', f'{secret}/keys', {'metadata': {'annotations': {f'{GROUP}/allow-references-from': self.ns}}},
                       'application/merge-patch+json')
        self.wait_condition('AWSProvider', 'theirs', 'True')

    def test_an_endpoint(self):
        port = self.faults.url.rsplit(':', 1)[1]
        before = len(self.faults.seen)
        for name, endpoint in (('name', f'http://localhost:{port}'), ('number', f'http://2130706433:{port}'),
                               ('metadata', 'http://169.254.169.254'), ('cluster', 'https://kubernetes.default.svc')):
            with self.subTest(endpoint=endpoint):
                self.make_provider(name, endpoint=endpoint, credentialsSecret={'name': 'none'})
                self.assert_refused(name, endpoint, 'providers.endpoints')
        self.make_provider('user', endpoint=f'http://127.0.0.1:{port}@evil.example')
        self.wait_condition('AWSProvider', 'user', 'False', 'Invalid')
        self.assertEqual([one for one in self.faults.seen[before:] if 'localhost' in one.headers.get('Host', '')], [])

    def test_an_endpoint_that_sends_elsewhere(self):
        elsewhere = Faults()
        self.addCleanup(elsewhere.close)
        for number, target in enumerate(('http://169.254.169.254/latest/meta-data/', f'{elsewhere.url}/')):
            with self.subTest(target=target):
                self.faults.rule = lambda request, target=target: Reply(307, '', {'Location': target})
                self.make_provider(f'led-{number}', endpoint=self.faults.url)
                found = self.wait_condition('AWSProvider', f'led-{number}', 'False')
                self.assertIn('307', found['message'])
        self.assertEqual(elsewhere.seen, [])

    def test_keys_of_another_account(self):
        self.make_provider('meant', endpoint=self.faults.url, accountID='123456789012')
        self.wait_condition('AWSProvider', 'meant', 'True')
        self.make_object_vpc('vpc', provider='meant')
        self.wait_ready('VPC', 'vpc')
        self.patch('AWSProvider', 'meant', {'accountID': '210987654321'})
        self.assert_refused('meant', '123456789012', '210987654321', 'spec.accountID')
        self.patch('VPC', 'vpc', {'tags': {'late': 'x'}})
        self.wait_condition('VPC', 'vpc', 'False', 'ProviderNotReady')
        self.assertFalse([one for one in self.faults.seen if b'late' in one.body])
        self.patch('AWSProvider', 'meant', {'accountID': '123456789012'})
        self.wait_ready('VPC', 'vpc')
        self.delete_and_wait('VPC', 'vpc')
