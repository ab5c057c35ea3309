"""Values that come from Secrets, and the first kind that takes one."""
import base64
import json
import time

from harness import GROUP, Case, World, client, policy
from test_kinds import archive

ALLOW = f'{GROUP}/allow-references-from'


class Secrets(Case):
    kind = 'SecretsManagerSecret'

    def setUp(self):
        super().setUp()
        self.aws = client('secretsmanager')
        self.name = f'secret/{self.number}'

    def put(self, data, name='app', ns=None, annotations=None):
        """Makes or changes a Secret; values are bytes."""
        path = f'/api/v1/namespaces/{ns or self.ns}/secrets'
        body = {'metadata': {'name': name, 'annotations': annotations or {}},
                'data': {key: base64.b64encode(value).decode() for key, value in data.items()}}
        if self.kube.request('GET', f'{path}/{name}')[0] == 404:
            self.kube.must('POST', path, body)
        else:
            self.kube.must('PATCH', f'{path}/{name}', body, 'application/merge-patch+json')

    def make(self, **spec):
        spec = {'secretName': self.name, 'recoveryWindowInDays': 0,
                'secretStringRef': {'name': 'app', 'key': 'password'}, **spec}
        self.create(self.kind, 'one', {name: value for name, value in spec.items() if value is not None})

    def value(self):
        return self.aws.get_secret_value(SecretId=self.name)

    def describe(self):
        return self.aws.describe_secret(SecretId=self.name)

    def waits(self, reason):
        return self.wait_condition(self.kind, 'one', 'True', reason, 'Synced')['message']

    def exists(self):
        try:
            return bool(self.describe())
        except self.aws.exceptions.ResourceNotFoundException:
            return False

    def test_the_value_is_that_of_the_secret(self):
        self.put({'password': b'first canary'})
        self.make(description='the password', tags={'Team': 'a'})
        status = self.wait_ready(self.kind, 'one')['status']
        found = self.describe()
        self.assertEqual(self.value()['SecretString'], 'first canary')
        self.assertEqual(found['Description'], 'the password')
        self.assertEqual((status['arn'], status['versionId']), (found['ARN'], self.value()['VersionId']))
        self.assertTrue(status['createdDate'])
        self.assert_settled(self.kind, 'one')

    def test_a_changed_secret_is_noticed_at_once(self):
        self.put({'password': b'first canary'})
        self.make()
        self.wait_ready(self.kind, 'one')
        self.put({'password': b'second canary'})
        self.eventually('the new value', lambda: self.value()['SecretString'] == 'second canary', 5)
        self.wait_ready(self.kind, 'one')
        # Another one within ten minutes has to wait; what else is to be changed has not.
        self.put({'password': b'third canary'})
        self.waits('Resting')
        self.patch(self.kind, 'one', {'description': 'changed'})
        self.eventually('the description', lambda: self.describe().get('Description') == 'changed')
        self.assertEqual(self.value()['SecretString'], 'second canary')
        self.put({'password': b'second canary'})
        self.wait_ready(self.kind, 'one')

    def test_what_is_missing_is_waited_for(self):
        self.make()
        self.assertEqual(self.waits('SecretNotFound'),
                         f'Waits for Secret {self.ns}/app with the key password, which does not exist')
        self.put({'other': b'x'})
        self.eventually('the key is missed', lambda: 'no such key' in self.condition(self.kind, 'one')['message'])
        self.put({'password': b'\xff\xfe'})
        self.waits('SecretInvalid')
        self.assertFalse(self.exists())
        self.put({'password': b'canary'})
        self.wait_ready(self.kind, 'one', 8)

    def test_bytes_that_are_no_text(self):
        self.put({'raw': b'\x00\xff\xfe'})
        self.make(secretStringRef=None, secretBinaryRef={'name': 'app', 'key': 'raw'})
        self.wait_ready(self.kind, 'one')
        self.assertEqual(self.value()['SecretBinary'], b'\x00\xff\xfe')
        self.put({'raw': b'\xff'})
        self.eventually('the new value', lambda: self.value()['SecretBinary'] == b'\xff')

    def test_another_namespace_must_allow_it(self):
        other = f'{self.ns}-other'
        self.kube.must('POST', '/api/v1/namespaces', {'metadata': {'name': other}})
        self.put({'password': b'canary'}, ns=other)
        self.make(secretStringRef={'name': 'app', 'key': 'password', 'namespace': other})
        self.waits('ReferenceForbidden')
        self.put({'password': b'canary'}, ns=other, annotations={ALLOW: self.ns})
        self.wait_ready(self.kind, 'one', 8)

    def test_a_secret_that_goes_leaves_aws_as_it_is(self):
        self.put({'password': b'canary'})
        self.make(tags={'Team': 'a'})
        self.wait_ready(self.kind, 'one')
        self.kube.must('DELETE', f'/api/v1/namespaces/{self.ns}/secrets/app')
        self.waits('SecretNotFound')
        self.assertEqual(self.value()['SecretString'], 'canary')
        self.delete_and_wait(self.kind, 'one')
        self.assertFalse(self.exists())

    def test_nothing_shows_the_value(self):
        value = b'canary-that-nobody-sees'
        self.put({'password': value})
        self.make(description='x' * 30)
        self.wait_ready(self.kind, 'one')
        self.put({'password': value + b'2'})
        self.eventually('the new value', lambda: self.value()['SecretString'].endswith('2'))
        self.wait_ready(self.kind, 'one')
        shown = json.dumps(self.get(self.kind, 'one')) + json.dumps(self.events('one')) + World.operator.process.text() + \
            World.operator.get(World.operator.metrics_port, '/metrics')[1]
        self.assertNotIn(value.decode(), shown)
        self.assertNotIn(base64.b64encode(value).decode()[:20], shown)

    def test_deleted_with_a_window(self):
        self.put({'password': b'canary'})
        self.make(recoveryWindowInDays=30)
        self.wait_ready(self.kind, 'one')
        self.delete_and_wait(self.kind, 'one')
        found = self.describe()
        days = (found['DeletedDate'].timestamp() - time.time()) / 86400
        self.assertAlmostEqual(days, 30, delta=1)
        # Its name is taken until then, and it is not brought back behind anybody's back.
        self.make()
        self.assertTrue(self.wait_condition(self.kind, 'one', 'False', wanted='Synced')['message'])
        self.delete_and_wait(self.kind, 'one')
        self.assertIn('DeletedDate', self.describe())

    def test_scheduled_for_deletion_in_aws(self):
        self.put({'password': b'canary'})
        self.make()
        self.wait_ready(self.kind, 'one')
        self.aws.delete_secret(SecretId=self.name, RecoveryWindowInDays=7)
        self.wait_condition(self.kind, 'one', 'False', 'ScheduledForDeletion')
        self.assertTrue(self.get(self.kind, 'one')['status']['deletedDate'])
        self.aws.restore_secret(SecretId=self.name)
        self.wait_ready(self.kind, 'one')
        self.assertNotIn('deletedDate', self.get(self.kind, 'one')['status'])

    def test_deleted_at_once(self):
        self.put({'password': b'canary'})
        self.make()
        self.wait_ready(self.kind, 'one')
        self.delete_and_wait(self.kind, 'one')
        self.assertFalse(self.exists())

    def test_retained(self):
        self.put({'password': b'canary'})
        self.make(deletionPolicy='Retain')
        self.wait_ready(self.kind, 'one')
        self.delete_and_wait(self.kind, 'one')
        self.assertNotIn('DeletedDate', self.describe())

    def test_taken_over_only_if_asked(self):
        self.aws.create_secret(Name=self.name, SecretString='theirs')
        self.put({'password': b'canary'})
        self.make()
        self.wait_condition(self.kind, 'one', 'False', 'NotOurs')
        self.assertEqual(self.value()['SecretString'], 'theirs')
        self.patch(self.kind, 'one', annotations={'adopt': 'true'})
        self.wait_ready(self.kind, 'one')
        self.assertEqual(self.value()['SecretString'], 'canary')

    def test_what_is_changed_in_aws_is_put_right(self):
        self.put({'password': b'canary'})
        self.make(description='mine', tags={'Team': 'a'})
        self.wait_ready(self.kind, 'one')
        self.aws.update_secret(SecretId=self.name, Description='theirs')
        self.eventually('the description is put right', lambda: self.describe()['Description'] == 'mine')
        self.aws.tag_resource(SecretId=self.name, Tags=[{'Key': 'Team', 'Value': 'b'}])
        self.eventually('the tag is put right', lambda: {'Key': 'Team', 'Value': 'a'} in self.describe()['Tags'])
        self.assertEqual(self.value()['SecretString'], 'canary')

    def function(self):
        name = f'rotates-{self.number}'
        role = client('iam').create_role(RoleName=name, AssumeRolePolicyDocument=policy())['Role']['Arn']
        return client('lambda').create_function(FunctionName=name, Runtime='python3.12', Handler='index.handler', Role=role,
                                                Code={'ZipFile': archive('def handler(event, context): pass')})['FunctionArn']

    def test_tags_and_rotation_are_taken_away(self):
        self.put({'password': b'canary'})
        self.make(rotationEnabled=False, tags={'Team': 'a', 'Gone': 'x'})
        self.wait_ready(self.kind, 'one')
        self.patch(self.kind, 'one', {'tags': {'Gone': None}})
        self.eventually('the tag goes', lambda: 'Gone' not in [tag['Key'] for tag in self.describe()['Tags']])
        self.aws.rotate_secret(SecretId=self.name, RotationLambdaARN=self.function(), RotationRules={'AutomaticallyAfterDays': 30},
                               RotateImmediately=False)
        self.eventually('the rotation ends', lambda: not self.describe().get('RotationEnabled'))

    def test_what_cannot_be_meant_is_refused(self):
        reference = {'name': 'app', 'key': 'password'}
        named = {'secretName': self.name}
        self.assertIn('only one of', self.refused(self.kind, 'one', {
            **named, 'secretStringRef': reference, 'secretBinaryRef': reference}))
        self.assertIn('0, or from 7 to 30', self.refused(self.kind, 'one', {**named, 'recoveryWindowInDays': 3}))
        self.assertIn('automaticallyAfterDays', self.refused(self.kind, 'one', {**named, 'rotationEnabled': True}))
        self.assertIn('key', self.refused(self.kind, 'one', {**named, 'secretStringRef': {'name': 'app'}}))

    def test_a_providers_secret_is_noticed_at_once(self):
        self.make_provider('late', credentialsSecret={'name': 'later'})
        self.wait_condition('AWSProvider', 'late', 'False', 'NotFound')
        self.make_secret('later')
        self.wait_condition('AWSProvider', 'late', 'True', seconds=8)
