"""Where the operator's own identity comes from, each against what behaves as the real one: docs/providers.md.

| source | here |
|---|---|
| keys in the environment | test_leader, test_grants |
| a Secret, one or two of them | test_bad_input, test_grants |
| web identity (IRSA) | WebIdentity; on a node in tests/e2e/test_checklist.py |
| the agent of a container (EKS Pod Identity) | Container |
| the metadata service of an instance | Instance |
| a role assumed with any of them | test_an_assumed_role of test_bad_input, test_a_role of test_grants |
"""
import datetime

import metadata
from harness import FaultCase, World

ROLE = 'arn:aws:iam::123456789012:role/pod'
RECHECK = 40  # a provider that does not work is tried again after 15 s, and a source that hangs takes its time


class Source(FaultCase):
    """The operator finds nothing around it but what `settings` says."""

    def start(self, **settings):
        self.start_instead('--pod-identity-namespaces', '*', AWS_REGION='us-east-1', **{
            'AWS_ACCESS_KEY_ID': '', 'AWS_SECRET_ACCESS_KEY': '', **settings})
        self.make_provider('own', endpoint=self.faults.url, credentialsSecret=None)

    def wait_signed(self, key):
        self.eventually(f'{key} signs', lambda: self.faults.signed_by(key), RECHECK)

    def check_that_it_works(self, key):
        self.wait_condition('AWSProvider', 'own', 'True', seconds=RECHECK)
        self.make_object_vpc('vpc', provider='own')
        self.wait_ready('VPC', 'vpc')
        self.assertTrue(self.faults.signed_by(key))
        self.assertNotIn('secret-of-the-node', World.operator.process.text())
        self.delete_and_wait('VPC', 'vpc')

    def check_renewal(self, source, prefix):
        """Keys that have less than five minutes left are asked for anew; with the old ones meanwhile, if that fails."""
        source.lifetime = datetime.timedelta(minutes=4)
        self.wait_condition('AWSProvider', 'own', 'True', seconds=RECHECK)
        first = source.given
        self.wait_signed(f'{prefix}{first + 1}')
        source.broken = (500, 'out of order')
        self.make_object_vpc('vpc', provider='own')
        self.wait_ready('VPC', 'vpc')
        source.broken = None
        self.delete_and_wait('VPC', 'vpc')

    def assert_says(self, *words):
        found = self.eventually(f'it says {words}', lambda: (
            condition if all(word in (condition := self.condition('AWSProvider', 'own', 'Ready'))['message'] for word in words) else None), RECHECK)
        self.assertEqual(found['status'], 'False')


class Instance(Source):
    def setUp(self):
        super().setUp()
        self.source = metadata.instance()
        self.addCleanup(self.source.close)

    def begin(self):
        self.start(AWS_EC2_METADATA_SERVICE_ENDPOINT=self.source.url)

    def test_it_works(self):
        self.begin()
        self.check_that_it_works('AKIANODE1')
        self.assertEqual(self.source.refused, [])

    def test_it_is_asked_anew(self):
        self.begin()
        self.check_renewal(self.source, 'AKIANODE')

    def test_it_hangs(self):
        self.source.awake.clear()
        self.begin()
        self.assert_says('metadata service')
        self.assertEqual(World.operator.get(World.operator.health_port, '/healthz')[0], 200)
        self.source.awake.set()
        self.wait_condition('AWSProvider', 'own', 'True', seconds=RECHECK)

    def test_it_has_no_role(self):
        self.source.broken = (404, 'not found')
        self.begin()
        self.assert_says('metadata service answered 404')

    def test_it_gives_what_is_no_document(self):
        self.source.broken = (200, '<html>a login page</html>')
        self.begin()
        self.assert_says('the metadata service names no role')


class Container(Source):
    def setUp(self):
        super().setUp()
        self.token = World.stack.folder / f'{self.ns}.token'
        self.token.write_text('first-token\n')
        self.source = metadata.container(self.token)
        self.addCleanup(self.source.close)

    def begin(self, token_file=None):
        self.start(AWS_CONTAINER_CREDENTIALS_FULL_URI=f'{self.source.url}/v1/credentials',
                   AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token_file or self.token))

    def test_it_works(self):
        self.begin()
        self.check_that_it_works('AKIAPOD1')
        self.assertEqual(self.source.refused, [])

    def test_a_new_token_is_taken(self):
        self.source.lifetime = datetime.timedelta(minutes=4)
        self.begin()
        self.wait_condition('AWSProvider', 'own', 'True', seconds=RECHECK)
        self.token.write_text('second-token')
        self.wait_signed(f'AKIAPOD{self.source.given + 1}')
        self.assertNotIn('first-token', World.operator.process.text())

    def test_it_is_asked_anew(self):
        self.begin()
        self.check_renewal(self.source, 'AKIAPOD')

    def test_the_token_is_wrong(self):
        wrong = World.stack.folder / f'{self.ns}.wrong'
        wrong.write_text('not-the-token')
        self.begin(wrong)
        self.assert_says('the container agent answered 401')
        self.assertNotIn('not-the-token', World.operator.process.text())

    def test_the_token_is_missing(self):
        self.begin(World.stack.folder / 'nowhere')
        self.assert_says('nowhere')

    def test_it_is_elsewhere_and_not_encrypted(self):
        self.start(AWS_CONTAINER_CREDENTIALS_FULL_URI='http://192.0.2.1/credentials')
        self.assert_says('192.0.2.1', 'HTTPS')


class WebIdentity(Source):
    def begin(self, token='a.web.token\n'):
        path = World.stack.folder / f'{self.ns}.jwt'
        if token is not None:
            path.write_text(token)
        self.start(AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=str(path), AWS_ENDPOINT_URL_STS=self.faults.url)

    def test_it_works(self):
        self.begin()
        self.wait_condition('AWSProvider', 'own', 'True', seconds=RECHECK)
        asked = next(one for one in self.faults.seen if one.operation == 'AssumeRoleWithWebIdentity')
        self.assertIn(b'WebIdentityToken=a.web.token&', asked.body + b'&')
        self.assertIn(':assumed-role/pod/', self.get('AWSProvider', 'own')['status']['callerIdentity'])

    def test_the_token_is_missing(self):
        self.begin(None)
        self.assert_says('.jwt')

    def test_the_token_is_empty(self):
        self.begin('\n')
        self.assert_says('.jwt')
