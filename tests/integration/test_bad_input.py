"""What users and AWS get wrong, and what is said about it. Never a create where absence is not proven."""
import base64
import random
import threading
import time

import refusals
from harness import Case, FaultCase, GLOBAL_TAGS, Reply, World, client, policy

VPC = {'cidrBlock': '10.0.0.0/16'}


class RefusedByTheApiServer(Case):
    """Nothing of this reaches the operator, let alone AWS."""

    def check(self, kind, spec, *words):
        message = self.refused(kind, 'bad', spec)
        for word in words:
            self.assertIn(word, message)

    def test_unknown_and_misspelt_fields(self):
        self.check('VPC', {**VPC, 'cidrblock': 'x'}, 'spec.cidrblock')
        self.check('S3Bucket', {'bucketName': 'a-good-name', 'versioning': {'enable': True}}, 'spec.versioning.enable')

    def test_missing_fields(self):
        self.check('VPC', {}, 'spec.cidrBlock')
        self.check('VPC', {**VPC, 'providerRef': {}}, 'spec.providerRef.name')
        self.check('LambdaFunction', {'functionName': 'f'}, 'spec.code')

    def test_bad_cidr(self):
        for cidr in ('10.0.0.0', '10.0.0.0/33', '300.0.0.0/16', '10.0.0.0/8', '10.0.0.0/29', 'fd00::/8', '10.0.0.1/16x', ''):
            with self.subTest(cidr=cidr):
                self.check('VPC', {'cidrBlock': cidr}, 'cidrBlock')

    def test_bad_bucket_names(self):
        for name in ('ab', 'Has-Capitals', '-starts-so', 'ends-so-', 'two..dots', '192.168.0.1', 'under_score', 'x' * 64):
            with self.subTest(name=name):
                self.check('S3Bucket', {'bucketName': name}, 'bucketName')

    def test_out_of_bounds(self):
        self.check('SQSQueue', {'queueName': 'q', 'delaySeconds': 901}, 'delaySeconds')
        self.check('KMSKey', {'pendingWindowInDays': 6}, 'pendingWindowInDays')
        self.check('VPC', {**VPC, 'instanceTenancy': 'shared'}, 'instanceTenancy')

    def test_values_of_another_type(self):
        for kind, spec, word in (('SQSQueue', {'queueName': 'q', 'delaySeconds': '5'}, 'delaySeconds'),
                                 ('SQSQueue', {'queueName': 'q', 'fifoQueue': 'true'}, 'fifoQueue'),
                                 ('ElastiCacheCluster', {'clusterID': 'c', 'engine': 'redis', 'engineVersion': 7.0,
                                                         'nodeType': 'cache.t3.micro'}, 'engineVersion'),
                                 ('VPC', {**VPC, 'tags': {'Count': 1}}, 'tags.Count'),
                                 ('VPC', {**VPC, 'tags': [{'Key': 'a', 'Value': 'b'}]}, 'spec.tags'),
                                 ('IAMRole', {'roleName': 'r', 'assumeRolePolicyDocument': {'Version': '2012-10-17'}},
                                  'assumeRolePolicyDocument')):
            with self.subTest(kind=kind, field=word):
                self.check(kind, spec, word)

    # kind, the field that is the name, how long AWS lets it be, and what else is required
    LONGEST = (('DynamoDBTable', 'tableName', 255, {'hashKey': {'name': 'id', 'type': 'S'}}),
               ('EC2Instance', 'instanceName', 256, {'instanceType': 't3.micro', 'imageID': 'ami-1'}),
               ('ECRRepository', 'repositoryName', 256, {}),
               ('ElastiCacheCluster', 'clusterID', 40, {'engine': 'redis', 'engineVersion': '7.0', 'nodeType': 'cache.t3.micro'}),
               ('ElastiCacheCluster', 'clusterID', 50, {'engine': 'memcached', 'engineVersion': '1.6', 'nodeType': 'cache.t3.micro'}),
               ('IAMRole', 'roleName', 64, {'assumeRolePolicyDocument': policy()}),
               ('LambdaFunction', 'functionName', 64, {'runtime': 'python3.12', 'handler': 'i.h', 'role': 'r', 'code': {'zipFile': ''}}),
               ('RDSInstance', 'dbInstanceIdentifier', 63, {'engine': 'mysql', 'dbInstanceClass': 'db.t3.micro',
                                                            'allocatedStorage': 20, 'masterUsername': 'root'}),
               ('S3Bucket', 'bucketName', 63, {}),
               ('SNSTopic', 'topicName', 256, {}),
               ('SQSQueue', 'queueName', 80, {}),
               ('SecretsManagerSecret', 'secretName', 512, {}),
               ('SecurityGroup', 'groupName', 255, {'description': 'd', 'vpcID': 'vpc-1'}))

    def test_names_as_long_as_aws_lets_them_be_and_longer(self):
        for kind, field, longest, rest in self.LONGEST:
            with self.subTest(kind=kind, longest=longest):
                self.kube.must('POST', self.path(kind) + '?dryRun=All', self.manifest(kind, 'one', {**rest, field: 'x' * longest}))
                self.check(kind, {**rest, field: 'x' * (longest + 1)}, field)
                self.check(kind, {**rest, field: ''}, field)
                if kind not in ('EC2Instance', 'SecurityGroup'):  # a tag, and what AWS itself refuses
                    self.check(kind, {**rest, field: 'größe-und-名前'}, field)

    def test_references_to_a_kind_of_choice(self):
        self.check('Subnet', {'vpcRef': {'name': 'one', 'kind': 'Subnet'}, 'cidrBlock': '10.0.0.0/24'}, 'spec.vpcRef.kind')

    def test_immutable_fields(self):
        self.make_object_vpc()
        status, answer = self.kube.request('PATCH', self.path('VPC', 'vpc'), {'spec': {'cidrBlock': '10.1.0.0/16'}},
                                           'application/merge-patch+json')
        self.assertEqual(status, 422)
        self.assertIn('cidrBlock', answer['message'])
        self.create('SQSQueue', 'q', {'queueName': f'immutable-{self.number}'})
        status, answer = self.kube.request('PATCH', self.path('SQSQueue', 'q'), {'spec': {'queueName': 'other'}},
                                           'application/merge-patch+json')
        self.assertEqual(status, 422)
        # Neither may it be added later.
        status, answer = self.kube.request('PATCH', self.path('SQSQueue', 'q'), {'spec': {'fifoQueue': True}},
                                           'application/merge-patch+json')
        self.assertEqual(status, 422, answer)


class RefusedByTheOperator(FaultCase):
    """What a CRD cannot check is refused before any call to AWS."""

    def test_policies_that_are_no_json(self):
        self.eventually('the provider is checked', lambda: self.faults.seen)
        before = len(self.faults.seen)
        bad = [{'assumeRolePolicyDocument': text} for text in ('{', 'no json', '[]', '"text"', policy().replace('}]}', '}],}'))]
        bad.append({'assumeRolePolicyDocument': policy(), 'inlinePolicy': {'policyName': 'p', 'policyDocument': 'x'}})
        for number, spec in enumerate(bad):
            name = f'role-{number}'
            self.create('IAMRole', name, {'roleName': f'{name}-{self.number}', 'providerRef': {'name': 'faulty'}, **spec})
            found = self.wait_condition('IAMRole', name, 'False', 'InvalidSpec', 'Synced')
            self.assertIn('olicyDocument must be a JSON object', found['message'])
        self.assertEqual([one.operation for one in self.faults.seen[before:] if one.operation != 'GetCallerIdentity'], [])
        self.patch('IAMRole', 'role-0', {'assumeRolePolicyDocument': policy()})
        self.wait_ready('IAMRole', 'role-0')


class ProviderTrouble(Case):
    def test_missing_and_then_made(self):
        self.make_object_vpc(provider='later')
        found = self.wait_condition('VPC', 'vpc', 'False', 'ProviderNotFound', 'Synced')
        self.assertIn(f'{self.ns}/later', found['message'])
        self.assertEqual(self.vpcs_of(), [])
        self.make_provider('later')
        started = time.monotonic()
        self.wait_ready('VPC', 'vpc')
        self.assertLess(time.monotonic() - started, 5, 'woken by the watch, not by a timer')

    def test_secret_missing_and_then_made(self):
        self.make_provider('keyless', credentialsSecret={'name': 'nothing'})
        found = self.wait_condition('AWSProvider', 'keyless', 'False', 'NotFound')
        self.assertIn(f'no Secret {self.ns}/nothing', found['message'])
        self.assertIn('create it', found['message'])
        event = self.eventually('an event', lambda: self.events('keyless', 'NotFound'))[0]
        self.assertEqual((event['type'], event['message']), ('Warning', found['message']))
        line = {'kind': 'AWSProvider', 'namespace': self.ns, 'name': 'keyless', 'reason': 'NotFound', 'message': found['message']}
        self.assertTrue(any(line.items() <= one.items() for one in World.operator.lines() if one['msg'] == 'provider is not ready'))
        self.make_object_vpc(provider='keyless')
        self.wait_condition('VPC', 'vpc', 'False', 'ProviderNotReady', 'Synced')
        self.make_secret('nothing')
        self.patch('AWSProvider', 'keyless', annotations={'reconcile-requested-at': 'now'})
        self.wait_ready('VPC', 'vpc')

    def test_secret_without_the_key(self):
        self.kube.must('POST', f'/api/v1/namespaces/{self.ns}/secrets', {
            'metadata': {'name': 'half'}, 'stringData': {'AWS_ACCESS_KEY_ID': 'a', 'password': 'hunter2-secret'}})
        self.make_provider('half', credentialsSecret={'name': 'half'})
        found = self.wait_condition('AWSProvider', 'half', 'False', 'Invalid')
        self.assertIn('AWS_SECRET_ACCESS_KEY', found['message'])
        self.assertNotIn('hunter2', World.operator.process.text())

    def test_endpoint_that_is_no_url(self):
        self.make_provider('bad', endpoint='ftp://x')
        self.assertIn('endpoint', self.wait_condition('AWSProvider', 'bad', 'False')['message'])

    def test_endpoint_where_nobody_listens(self):
        self.make_provider('dead', endpoint='http://127.0.0.1:1')
        self.assertIn('127.0.0.1:1', self.wait_condition('AWSProvider', 'dead', 'False', 'Unavailable')['message'])

    def test_endpoint_that_speaks_no_tls(self):
        self.make_provider('plain', endpoint=World.stack.aws_endpoint.replace('http:', 'https:'))
        self.wait_condition('AWSProvider', 'plain', 'False', 'Unavailable')

    def test_provider_of_another_namespace(self):
        other = f'{self.ns}-other'
        self.kube.must('POST', '/api/v1/namespaces', {'metadata': {'name': other}})
        self.create('VPC', 'vpc', {**VPC, 'providerRef': {'name': 'aws', 'namespace': self.ns}}, ns=other)
        found = self.wait_condition('VPC', 'vpc', 'False', 'ProviderNotAllowed', 'Synced', ns=other)
        self.assertIn('allowedNamespaces', found['message'])
        self.patch('AWSProvider', 'aws', {'allowedNamespaces': [other]})
        self.wait_ready('VPC', 'vpc', ns=other)
        self.delete('VPC', 'vpc', ns=other)
        self.wait_gone('VPC', 'vpc', ns=other)

    def test_an_object_never_made_goes_without_its_provider(self):
        self.make_object_vpc(provider='nobody')
        self.wait_condition('VPC', 'vpc', 'False', 'ProviderNotFound', 'Synced')
        self.delete_and_wait('VPC', 'vpc')


def error_xml(code, message='told so', request_id='req-1'):
    return (f'<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>'
            f'<RequestID>{request_id}</RequestID></Response>')


class Unknown(FaultCase):
    """AWS is there but says nothing usable: the outcome is unknown, tried again, and never a second resource."""

    def check_recovers(self, rule, reason=None):
        """With the rule in force nothing becomes ready; without it one VPC does."""
        self.faults.rule = rule
        self.make_object_vpc(provider='faulty')
        found = self.wait_condition('VPC', 'vpc', 'False' if reason == 'AccessDenied' else 'False', reason, 'Synced', 25)
        self.let_everything_pass()
        self.nudge('VPC', 'vpc')
        self.wait_ready('VPC', 'vpc')
        self.assertEqual(len(self.vpcs_of()), 1)
        return found

    def on(self, operation, verdict):
        return lambda request: verdict if request.operation == operation else None

    def test_5xx_while_looking(self):
        self.check_recovers(self.on('DescribeVpcs', Reply(503, 'upstream is away')), 'Unavailable')

    def test_throttled(self):
        found = self.check_recovers(self.on('DescribeVpcs', Reply(503, error_xml('RequestLimitExceeded'))), 'Throttled')
        self.assertIn('RequestLimitExceeded', found['message'])

    def test_garbage(self):
        self.check_recovers(self.on('DescribeVpcs', Reply(200, '\x00\x01 this is no XML <')), 'Unavailable')

    def test_a_proxy_page(self):
        self.check_recovers(self.on('DescribeVpcs', Reply(200, '<html><body>Please sign in</body></html>')), 'Unavailable')

    def test_an_empty_answer(self):
        self.check_recovers(self.on('DescribeVpcs', Reply(200, '')), 'Unavailable')

    def test_a_truncated_answer(self):
        def cut(reply):
            return Reply(reply.status, reply.body[:len(reply.body) // 2], reply.headers, promised=len(reply.body))
        self.check_recovers(lambda request: cut if request.operation == 'DescribeVpcs' else None, 'Unavailable')

    def test_a_broken_connection(self):
        self.check_recovers(self.on('DescribeVpcs', Reply(close=True)), 'Unavailable')

    def test_a_redirect(self):
        found = self.check_recovers(
            self.on('DescribeVpcs', Reply(301, '', {'Location': 'http://127.0.0.1:1/elsewhere'})), 'Unavailable')
        self.assertIn('redirect', found['message'])

    def test_denied(self):
        denied = Reply(403, error_xml('UnauthorizedOperation', 'You are not authorized to perform this operation', 'req-7'))
        found = self.check_recovers(self.on('DescribeVpcs', denied), 'AccessDenied')
        for word in ('UnauthorizedOperation', 'DescribeVpcs', 'req-7'):
            self.assertIn(word, found['message'])

    def test_a_refused_create_says_why(self):
        found = self.check_recovers(self.on('CreateVpc', Reply(400, error_xml('VpcLimitExceeded', 'The maximum number'))))
        self.assertIn('VpcLimitExceeded', found['message'])

    def check_lost(self, lost):
        """The create is carried out and its answer does not arrive."""
        self.faults.rule = lambda request: lost if request.operation == 'CreateVpc' else None
        self.make_object_vpc(provider='faulty')
        self.eventually('a create was sent', lambda: any(one.operation == 'CreateVpc' for one in self.faults.seen))
        self.eventually('the lost VPC is found again', lambda: self.get('VPC', 'vpc').get('status', {}).get('vpcID'), 30)
        self.wait_ready('VPC', 'vpc', 30)
        self.assertEqual(len(self.vpcs_of()), 1)
        self.assertEqual(sum(one.operation == 'CreateVpc' for one in self.faults.seen), 1)

    def test_the_answer_to_a_create_is_lost(self):
        self.check_lost(lambda reply: Reply(close=True))

    def test_the_answer_to_a_create_is_garbage(self):
        self.check_lost(lambda reply: Reply(200, 'garbage'))

    def test_the_answer_to_a_create_is_a_500(self):
        self.check_lost(lambda reply: Reply(500, error_xml('InternalError')))

    def test_garbage_json(self):
        self.faults.rule = lambda request: Reply(200, '{"QueueUrl": ') if request.operation == 'GetQueueUrl' else None
        self.create('SQSQueue', 'queue', {'queueName': f'garbage-{self.number}', 'providerRef': {'name': 'faulty'}})
        self.wait_condition('SQSQueue', 'queue', 'False', 'Unavailable', 'Synced')
        self.let_everything_pass()
        self.nudge('SQSQueue', 'queue')
        self.wait_ready('SQSQueue', 'queue')

    def test_a_ready_object_stays_ready_through_an_outage_of_reads(self):
        self.make_object_vpc(provider='faulty')
        vpc = self.wait_ready('VPC', 'vpc')['status']['vpcID']
        self.faults.rule = lambda request: Reply(503, 'away')
        self.wait_condition('VPC', 'vpc', 'False', 'Unavailable', 'Synced', 25)
        self.assertEqual(self.get('VPC', 'vpc')['status']['vpcID'], vpc)
        self.let_everything_pass()
        self.nudge('VPC', 'vpc')
        self.wait_ready('VPC', 'vpc')
        self.assertEqual([one['VpcId'] for one in self.vpcs_of()], [vpc])

    def test_a_bucket_of_someone_else(self):
        name = f'foreign-{self.number}-bucket'

        def taken(request):
            return refusals.refusal(request, 'BucketAlreadyExists', 409) if request.method == 'PUT' and name in request.path else None
        self.faults.rule = lambda request: refusals.denied(request) if request.method == 'GET' and name in request.path else taken(request)
        self.create('S3Bucket', 'bucket', {'bucketName': name, 'providerRef': {'name': 'faulty'}})
        self.wait_condition('S3Bucket', 'bucket', 'False', 'AccessDenied', 'Synced')
        self.faults.rule = taken
        self.nudge('S3Bucket', 'bucket')
        found = self.wait_condition('S3Bucket', 'bucket', 'False', 'NameTaken', 'Synced')
        self.assertIn('BucketAlreadyExists', found['message'])


class Credentials(FaultCase):
    def test_wrong_credentials(self):
        refused = Reply(403, '<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>The security '
                             'token included in the request is invalid.</Message></Error><RequestId>req-9</RequestId></ErrorResponse>')
        self.faults.rule = lambda request: refused
        self.make_secret('wrong', 'AKIAWRONG', 'very-secret-value')
        self.make_provider('wrong', endpoint=self.faults.url, credentialsSecret={'name': 'wrong'})
        found = self.wait_condition('AWSProvider', 'wrong', 'False', 'Unauthenticated')
        for word in ('InvalidClientTokenId', 'GetCallerIdentity', 'req-9'):
            self.assertIn(word, found['message'])
        self.assertNotIn('very-secret-value', World.operator.process.text())
        self.assertNotIn('very-secret-value', str(self.get('AWSProvider', 'wrong')))
        self.let_everything_pass()
        self.nudge('AWSProvider', 'wrong')
        self.wait_condition('AWSProvider', 'wrong', 'True')

    def test_rotated_keys_are_used(self):
        self.make_secret('rotating', 'AKIAFIRST', 'one')
        self.make_provider('rotating', endpoint=self.faults.url, credentialsSecret={'name': 'rotating'})
        self.wait_condition('AWSProvider', 'rotating', 'True')
        self.kube.must('PATCH', f'/api/v1/namespaces/{self.ns}/secrets/rotating',
                       {'stringData': {'AWS_ACCESS_KEY_ID': 'AKIASECOND'}}, 'application/merge-patch+json')
        self.eventually('the new key signs', lambda: self.faults.signed_by('AKIASECOND'))

    def test_an_assumed_role(self):
        self.make_provider('assumed', endpoint=self.faults.url, externalID='ext-1',
                           assumeRoleARN='arn:aws:iam::123456789012:role/other')
        self.wait_condition('AWSProvider', 'assumed', 'True')
        asked = [one for one in self.faults.seen if one.operation == 'AssumeRole']
        self.assertTrue(asked)
        self.assertIn(b'ExternalId=ext-1', asked[0].body)
        self.assertIn('assumed-role/other', self.get('AWSProvider', 'assumed')['status']['callerIdentity'])

    def test_key_references(self):
        self.kube.must('POST', f'/api/v1/namespaces/{self.ns}/secrets', {
            'metadata': {'name': 'parts'}, 'stringData': {'id': 'AKIAPARTS', 'key': 'k'}})
        self.make_provider('parts', endpoint=self.faults.url, credentialsSecret=None,
                           accessKeyIDRef={'name': 'parts', 'key': 'id'}, secretAccessKeyRef={'name': 'parts', 'key': 'key'})
        self.wait_condition('AWSProvider', 'parts', 'True')
        self.assertTrue(self.faults.signed_by('AKIAPARTS'))


class Provider(Case):
    def test_status_names_the_identity(self):
        self.wait_condition('AWSProvider', 'aws', 'True')
        status = self.get('AWSProvider', 'aws')['status']
        self.assertEqual(status['accountID'], '123456789012')
        self.assertIn('arn:aws:', status['callerIdentity'])
        self.assertTrue(status['ready'])

    def test_default_tags_reach_every_object_and_change_with_the_provider(self):
        self.patch('AWSProvider', 'aws', {'defaultTags': {'Owner': 'p', 'Team': 'p'}})
        self.make_object_vpc(tags={'Team': 'own'})
        vpc = self.wait_ready('VPC', 'vpc')['status']['vpcID']

        def tags():
            found = client('ec2').describe_vpcs(VpcIds=[vpc])['Vpcs'][0]['Tags']
            return {tag['Key']: tag['Value'] for tag in found}
        self.eventually('those of both', lambda: (tags().get('Owner'), tags()['Team']) == ('p', 'own'))
        self.patch('AWSProvider', 'aws', {'defaultTags': {'Owner': 'q'}})
        self.eventually('the new tag', lambda: tags()['Owner'] == 'q')

    def test_stays_until_nothing_uses_it(self):
        self.make_object_vpc()
        self.wait_ready('VPC', 'vpc')
        self.delete('AWSProvider', 'aws')
        self.assertIn('VPC', self.wait_condition('AWSProvider', 'aws', 'True', 'InUse')['message'])
        self.delete_and_wait('VPC', 'vpc')
        self.wait_gone('AWSProvider', 'aws')
        self.assertEqual(self.vpcs_of(), [])

    def test_deleted_with_its_secret_and_all_its_objects_at_once(self):
        self.make_object_vpc()
        vpc = self.wait_ready('VPC', 'vpc')['status']['vpcID']
        # Something in the VPC holds it for a while.
        subnet = client('ec2').create_subnet(VpcId=vpc, CidrBlock='10.0.1.0/24')['Subnet']['SubnetId']
        self.kube.must('DELETE', f'/api/v1/namespaces/{self.ns}/secrets/aws-credentials')
        self.delete('AWSProvider', 'aws')
        self.delete('VPC', 'vpc')
        self.eventually('the VPC is held', lambda: 'DependencyViolation' in self.condition('VPC', 'vpc')['message'])
        client('ec2').delete_subnet(SubnetId=subnet)
        self.wait_gone('VPC', 'vpc', 30)
        self.wait_gone('AWSProvider', 'aws')
        self.assertEqual(self.vpcs_of(), [])


class Extremes(FaultCase):
    """More than anybody writes by hand: it is taken, or it is said why not; and the operator goes on."""

    def test_text_of_every_script(self):
        tags = {'Größe': 'größer', '名前': '日本語', 'Имя': 'Сервер №1', 'smile': 'a 😀 b'}
        self.make_object_vpc(tags=tags)
        vpc = self.wait_ready('VPC', 'vpc')['status']['vpcID']
        found = client('ec2').describe_vpcs(VpcIds=[vpc])['Vpcs'][0]['Tags']
        self.assertLessEqual(tags.items(), {tag['Key']: tag['Value'] for tag in found}.items())
        self.create('KMSKey', 'key', {'description': 'Schlüssel für 東京 😀', 'tags': tags, 'pendingWindowInDays': 7, 'deletionPolicy': 'Delete'})
        key = self.wait_ready('KMSKey', 'key')['status']['keyId']
        self.assertEqual(client('kms').describe_key(KeyId=key)['KeyMetadata']['Description'], 'Schlüssel für 東京 😀')
        self.create('S3Bucket', 'bucket', {'bucketName': f'script-{self.number}', 'tags': tags})
        self.wait_ready('S3Bucket', 'bucket')
        for kind, name in (('VPC', 'vpc'), ('KMSKey', 'key'), ('S3Bucket', 'bucket')):
            self.assert_settled(kind, name)

    def test_half_a_megabyte(self):
        code = base64.b64encode(random.Random(1).randbytes(375_000)).decode()
        role = client('iam').create_role(RoleName=f'large-{self.number}', AssumeRolePolicyDocument=policy())['Role']['Arn']
        self.create('LambdaFunction', 'large', {'functionName': f'large-{self.number}', 'runtime': 'python3.12', 'handler': 'i.h',
                                                'role': role, 'code': {'zipFile': code}})
        self.assertEqual(self.wait_ready('LambdaFunction', 'large')['status']['codeSize'], 375_000)
        self.assert_settled('LambdaFunction', 'large')

    def test_edited_a_hundred_times_a_second(self):
        self.create('SQSQueue', 'busy', {'queueName': f'busy-{self.number}', 'visibilityTimeout': 1})
        url = self.wait_ready('SQSQueue', 'busy')['status']['queueURL']

        def edit(timeouts):
            for timeout in timeouts:
                self.patch('SQSQueue', 'busy', {'visibilityTimeout': timeout})
        users = [threading.Thread(target=edit, args=(range(first, first + 50),)) for first in (100, 200, 300, 400)]
        for user in users:
            user.start()
        for user in users:
            user.join()
        edit([999])
        self.wait_ready('SQSQueue', 'busy')
        found = client('sqs').get_queue_attributes(QueueUrl=url, AttributeNames=['VisibilityTimeout'])['Attributes']
        self.assertEqual(found['VisibilityTimeout'], '999')
        self.assert_settled('SQSQueue', 'busy')

    def test_as_many_tags_as_aws_takes_and_one_more(self):
        # Of AWS's 50 four are the operator's own, and some are on everything that this one makes.
        tags = {f'Tag{number}': 'x' for number in range(46 - len(GLOBAL_TAGS))}
        self.make_object_vpc(tags=tags)
        vpc = self.wait_ready('VPC', 'vpc')['status']['vpcID']
        self.assertEqual(len(client('ec2').describe_vpcs(VpcIds=[vpc])['Vpcs'][0]['Tags']), 50)
        self.patch('VPC', 'vpc', {'tags': {'One': 'more'}})
        found = self.wait_condition('VPC', 'vpc', 'False', 'InvalidSpec', 'Synced')
        self.assertIn('there are 51 tags', found['message'])
        self.patch('VPC', 'vpc', {'tags': {'One': None}})
        self.wait_ready('VPC', 'vpc')
        self.make_object_vpc('other', tags={f'Tag{number}': 'x' for number in range(51)})
        self.assertIn('AWS allows 50', self.wait_condition('VPC', 'other', 'False', 'InvalidSpec', 'Synced')['message'])
        self.assertEqual(self.vpcs_of('other'), [])

    def test_the_name_of_an_object_of_another_kind(self):
        self.make_object_vpc('one')
        self.create('Subnet', 'two', {'vpcRef': {'name': 'two'}, 'cidrBlock': '10.0.0.0/24'})
        found = self.wait_condition('Subnet', 'two', 'True', 'ReferenceNotFound', 'Synced')
        self.assertIn(f'VPC {self.ns}/two', found['message'])
        self.patch('Subnet', 'two', {'vpcRef': {'name': 'one'}})
        self.wait_ready('Subnet', 'two')

    def test_an_id_of_another_kind(self):
        group = client('ec2').describe_security_groups()['SecurityGroups'][0]['GroupId']
        self.create('Subnet', 'one', {'vpcID': group, 'cidrBlock': '10.0.0.0/24'})
        self.eventually('it says why', lambda: 'InvalidVpcID' in self.condition('Subnet', 'one')['message'])
        self.assertNotEqual(self.condition('Subnet', 'one')['status'], 'True')
