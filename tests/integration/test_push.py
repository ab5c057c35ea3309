"""Push drift: what CloudTrail tells of is looked at within seconds, and whoever else writes to the queue changes nothing.

The emulator has EventBridge and SQS, and no CloudTrail: what that would tell is put to EventBridge by the tests.
"""
import json
import time

import refusals
from cloudtrail import ACCOUNT, DETAIL_TYPE, REGION, call, source_of, tagged, whole
from harness import FaultCase, Faults, GROUP, World, client, policy

WITHIN = 5  # seconds from event to correction


class Push(FaultCase):
    """The provider `faulty` reads a queue, and looks at nothing by itself."""

    def setUp(self):
        super().setUp()
        self.sqs = client('sqs')
        self.queue = self.make_queue('changes')
        self.start_rule()
        self.follow(self.queue)

    def make_queue(self, name, **attributes):
        return self.sqs.create_queue(QueueName=f'{self.ns}-{name}', Attributes=attributes)['QueueUrl']

    def start_rule(self):
        bus = self.bus = client('events')
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=['QueueArn'])['Attributes']['QueueArn']
        bus.put_rule(Name=self.ns, EventPattern=json.dumps({'source': [{'prefix': 'aws.'}], 'detail-type': [DETAIL_TYPE]}))
        self.addCleanup(bus.delete_rule, Name=self.ns)
        bus.put_targets(Rule=self.ns, Targets=[{'Id': 'queue', 'Arn': arn}])
        self.addCleanup(bus.remove_targets, Rule=self.ns, Ids=['queue'])

    def follow(self, url):
        self.patch('AWSProvider', 'faulty', {'driftDetection': {'queueURL': url, 'checkInterval': '10h'}})
        self.wait_received('True', 'Received')

    def wait_received(self, status, reason, seconds=20):
        return self.wait_condition('AWSProvider', 'faulty', status, reason, 'EventsReceived', seconds)

    def put(self, detail):
        """By way of the rule."""
        done = self.bus.put_events(Entries=[{'Source': source_of(detail), 'DetailType': DETAIL_TYPE, 'Detail': json.dumps(detail)}])
        self.assertEqual(done['FailedEntryCount'], 0)

    def send(self, message):
        """Past the rule, as whoever may write to the queue can."""
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=message if isinstance(message, str) else json.dumps(message))

    def count(self, result):
        return World.operator.metric('infra_operator_change_events_total', result=result)

    def looks(self):
        return World.operator.metric('infra_operator_reconcile_total', resource_type='VPC')

    def asked(self, operation='ReceiveMessage'):
        return [one for one in self.faults.seen if one.operation == operation]

    def left(self):
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=['All'])['Attributes']
        return sum(int(attributes[name]) for name in ('ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'))

    def make_vpc(self, name='vpc', annotations=None):
        self.make_object_vpc(name, provider='faulty', tags={'Team': 'a'}, annotations=annotations)
        vpc = self.wait_ready('VPC', name)['status']['vpcID']
        self.assert_quiet()
        return vpc

    def assert_quiet(self, seconds=1):
        """What was under way ends, and then nothing is looked at."""
        def quiet():
            before = self.looks()
            time.sleep(seconds)
            return self.looks() == before
        self.eventually('nothing is looked at', quiet)

    def team_of(self, vpc):
        tags = client('ec2').describe_vpcs(VpcIds=[vpc])['Vpcs'][0]['Tags']
        return next((tag['Value'] for tag in tags if tag['Key'] == 'Team'), None)

    def tamper(self, vpc):
        client('ec2').create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'z'}])

    def assert_corrected(self, what, condition):
        started = time.monotonic()
        self.eventually(f'{what} is as declared', condition, WITHIN)
        print(f'from event to correction: {what}, {time.monotonic() - started:.2f} s')

    def test_from_event_to_correction(self):
        vpc = self.make_vpc()
        self.tamper(vpc)
        self.assert_quiet()
        self.assertEqual(self.team_of(vpc), 'z', 'it was seen without an event')
        self.put(tagged(vpc))
        self.assert_corrected('VPC', lambda: self.team_of(vpc) == 'a')
        self.eventually('an event tells', lambda: self.events('vpc', 'DriftHealed'))
        self.eventually('the message is deleted', lambda: self.left() == 0)

    def test_what_each_service_calls_its_resource(self):
        name, iam = f'push-{self.number}', client('iam')
        self.create('SQSQueue', 'queue', {'queueName': name, 'visibilityTimeout': 45, 'providerRef': {'name': 'faulty'}})
        self.create('IAMRole', 'role', {'roleName': name, 'description': 'ours', 'assumeRolePolicyDocument': policy(),
                                        'providerRef': {'name': 'faulty'}})
        url = self.wait_ready('SQSQueue', 'queue')['status']['queueURL']
        self.wait_ready('IAMRole', 'role')
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={'VisibilityTimeout': '7'})
        iam.update_role(RoleName=name, Description='theirs')
        self.put(call('sqs', 'SetQueueAttributes', requestParameters={'queueUrl': url, 'attributes': {'VisibilityTimeout': '7'}}))
        self.assert_corrected('SQSQueue', lambda: self.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=['VisibilityTimeout'])['Attributes']['VisibilityTimeout'] == '45')
        self.put(call('iam', 'UpdateRole', requestParameters={'roleName': name, 'description': 'theirs'}, responseElements=None))
        self.assert_corrected('IAMRole', lambda: iam.get_role(RoleName=name)['Role']['Description'] == 'ours')

    def test_what_is_forged_changes_nothing(self):
        vpc = self.make_vpc()
        self.tamper(vpc)
        before, refused = self.looks(), self.count('refused')
        other = '999999999999'
        bad = ['not-to-be-seen', '[]', '{"detail": ' * 200, {}, {'Records': [{'eventSource': 'ec2.amazonaws.com', 'not-to-be-seen': vpc}]},
               {'Service': 'Amazon S3', 'Event': 's3:TestEvent', 'Bucket': 'not-to-be-seen'},
               {'Type': 'Notification', 'Message': json.dumps(whole(tagged(vpc)))},
               whole(tagged(vpc), source='my.app'), whole(tagged(vpc), **{'detail-type': 'not-to-be-seen'}),
               whole(tagged(vpc), account=other), whole(tagged(vpc, recipientAccountId=other)),
               whole(tagged(vpc), region='eu-west-1'), whole(tagged(vpc, awsRegion='eu-west-1')),
               whole(tagged(vpc, recipientAccountId=other), account=other), whole(tagged(vpc, awsRegion='eu-west-1'), region='eu-west-1'),
               json.dumps(whole(tagged(vpc, recipientAccountId=other), account=other)).ljust(262144)]
        for message in bad:
            self.send(message)
        self.eventually('all are refused', lambda: self.count('refused') == refused + len(bad))
        self.eventually('all are deleted', lambda: self.left() == 0)
        self.assert_quiet()
        self.assertEqual((self.looks(), self.team_of(vpc)), (before, 'z'))
        said = World.operator.process.text()
        for word in ('not-to-be-seen', other):
            self.assertNotIn(word, said)
        told = [line for line in World.operator.lines() if line['msg'].startswith('refused a message') and line['namespace'] == self.ns]
        self.assertEqual({line['reason'] for line in told}, {'Invalid', 'AccessDenied'})
        self.assertEqual(len(told), 2, told)
        self.assertEqual(self.condition('AWSProvider', 'faulty', 'EventsReceived')['status'], 'True')
        self.put(tagged(vpc))
        self.assert_corrected('VPC after forged messages', lambda: self.team_of(vpc) == 'a')

    def test_what_is_nobodys_or_no_change_is_not_looked_at(self):
        vpc = self.make_vpc()
        before, ignored, unmatched = self.looks(), self.count('ignored'), self.count('unmatched')
        self.put(call('ec2', 'DescribeVpcs', requestParameters={'vpcId': vpc}) | {'readOnly': True})
        self.put(tagged(vpc, errorCode='Client.UnauthorizedOperation'))
        own = self.get('AWSProvider', 'faulty')['status']['callerIdentity']
        self.put(tagged(vpc, userIdentity={'arn': own}, userAgent='infra-operator'))
        self.put(tagged('vpc-0123456789abcdef0'))
        self.put(call('s3', 'PutBucketTagging', requestParameters={'bucketName': vpc}))
        self.eventually('all are taken', lambda: (self.count('ignored'), self.count('unmatched')) == (ignored + 3, unmatched + 2))
        self.assert_quiet()
        self.assertEqual(self.looks(), before)

    def test_many_messages_hold_up_nobody(self):
        vpc = self.make_vpc()
        before = self.looks()
        for start in range(0, 300, 10):
            self.sqs.send_message_batch(QueueUrl=self.queue, Entries=[
                {'Id': str(number), 'MessageBody': json.dumps(whole(tagged(vpc)))} for number in range(start, start + 10)])
        self.make_object_vpc('another', provider='faulty')
        self.wait_ready('VPC', 'another', WITHIN)
        started = time.monotonic()
        self.eventually('all are taken', lambda: self.left() == 0, 60)
        self.assert_quiet(4)
        # Every three seconds at most, and those of `another`.
        self.assertLess(self.looks() - before, 25 + (time.monotonic() - started) / 3)

    def test_one_that_is_paused_or_left_as_it_is(self):
        left, paused = self.make_vpc('left', {f'{GROUP}/auto-heal': 'false'}), self.make_vpc('paused')
        self.patch('VPC', 'paused', annotations={'paused': 'true'})
        self.addCleanup(self.patch, 'VPC', 'paused', annotations={'paused': None})
        for vpc in (left, paused):
            self.tamper(vpc)
            self.put(tagged(vpc))
        self.wait_condition('VPC', 'left', 'False', 'Drifted', seconds=WITHIN)
        self.assert_quiet()
        self.assertEqual((self.team_of(left), self.team_of(paused)), ('z', 'z'))

    def test_one_that_is_being_deleted(self):
        vpc = self.make_vpc()
        self.faults.rule = lambda request: refusals.denied(request) if request.operation == 'DeleteVpc' else None
        self.delete('VPC', 'vpc')
        self.put(call('ec2', 'DeleteVpc', requestParameters={'vpcId': vpc}))
        self.wait_condition('VPC', 'vpc', 'False')
        self.let_everything_pass()
        self.wait_gone('VPC', 'vpc')
        unmatched = self.count('unmatched')
        self.put(tagged(vpc))
        self.eventually('it is known no more', lambda: self.count('unmatched') == unmatched + 1)

    def test_the_queue_is_missing(self):
        vpc = self.make_vpc()
        self.sqs.delete_queue(QueueUrl=self.queue)
        said = self.wait_received('False', 'NotFound', 40)  # the emulator ends a wait at its time alone
        self.assertIn('spec.driftDetection.queueURL', said['message'])
        self.assertEqual(self.condition('AWSProvider', 'faulty')['status'], 'True')
        version = self.get('AWSProvider', 'faulty')['metadata']['resourceVersion']
        time.sleep(5)
        self.assertEqual(self.get('AWSProvider', 'faulty')['metadata']['resourceVersion'], version, 'the status was written again')
        self.make_queue('changes')
        self.wait_received('True', 'Received')
        self.tamper(vpc)
        self.put(tagged(vpc))
        self.assert_corrected('VPC after the queue was made again', lambda: self.team_of(vpc) == 'a')

    def test_it_may_not_be_read(self):
        self.faults.rule = lambda request: refusals.denied(request) if request.operation == 'ReceiveMessage' else None
        said = self.wait_received('False', 'AccessDenied')
        for words in ('sqs:ReceiveMessage', 'sqs:DeleteMessage', self.get('AWSProvider', 'faulty')['status']['callerIdentity']):
            self.assertIn(words, said['message'])
        self.eventually('an event tells', lambda: [one for one in self.events('faulty', 'AccessDenied') if one['type'] == 'Warning'])
        self.make_vpc()
        self.let_everything_pass()
        self.wait_received('True', 'Received')

    def test_keys_that_expire_meanwhile(self):
        vpc, expired = self.make_vpc(), []

        def once(request):
            if request.operation != 'ReceiveMessage' or expired:
                return None
            expired.append(request)
            return refusals.refusal(request, 'ExpiredTokenException', 400)
        self.faults.rule = once
        self.put(tagged('vpc-0123456789abcdef0'))  # ends the wait
        self.eventually('keys have expired', lambda: expired)
        self.tamper(vpc)
        self.put(tagged(vpc))
        self.assert_corrected('VPC after keys have expired', lambda: self.team_of(vpc) == 'a')
        self.assertEqual(self.condition('AWSProvider', 'faulty', 'EventsReceived')['status'], 'True')

    def test_a_url_of_another_host_is_a_name_alone(self):
        elsewhere = Faults()
        self.addCleanup(elsewhere.close)
        self.patch('AWSProvider', 'faulty', {'driftDetection': {'queueURL': f'{elsewhere.url}/{ACCOUNT}/{self.ns}-changes'}})
        self.eventually('it is asked for', lambda: [one for one in self.asked() if elsewhere.url.encode() in one.body])
        self.assertEqual(elsewhere.seen, [])
        for url in ('http://user@evil.example/123456789012/q', 'ftp://a/123456789012/q', 'http://a/123456789012/', 'http://a/q', 'changes'):
            with self.subTest(url=url):
                provider = {'region': REGION, 'driftDetection': {'queueURL': url}}
                self.assertIn('queueURL', self.refused('AWSProvider', 'bad', provider))

    def test_another_queue_and_none(self):
        other = self.make_queue('others')
        self.follow(other)
        before = len(self.asked())
        self.eventually('the other one is read', lambda: any(b'-others' in one.body for one in self.asked()))
        self.patch('AWSProvider', 'faulty', {'driftDetection': {'queueURL': None}})
        self.eventually('nothing is said of it', lambda: self.condition('AWSProvider', 'faulty', 'EventsReceived')['status'] == '')
        self.assertFalse([one for one in self.asked()[before:] if b'-changes' in one.body])
        self.eventually('nothing waits for it', lambda: self.faults.under_way == 0, 30)
        asked = len(self.asked())
        time.sleep(2)
        self.assertEqual(len(self.asked()), asked)

    def test_a_stop_does_not_wait_for_messages(self):
        self.eventually('it waits for messages', lambda: any(b'"WaitTimeSeconds":20' in one.body for one in self.asked()))
        started = time.monotonic()
        self.assertEqual(World.operator.stop(), 0)
        self.assertLess(time.monotonic() - started, 3)
        World.start_operator()
        self.wait_received('True', 'Received')

    def test_what_was_not_deleted_comes_again(self):
        self.queue = self.make_queue('brief', VisibilityTimeout='1')
        self.follow(self.queue)
        vpc = self.make_vpc()
        self.faults.rule = lambda request: refusals.throttled(request) if request.operation == 'DeleteMessageBatch' else None
        self.send(whole(tagged(vpc)))
        self.eventually('it is to be deleted', lambda: self.asked('DeleteMessageBatch'))
        World.operator.kill()
        self.assertEqual(self.left(), 1)
        self.let_everything_pass()
        World.start_operator()
        self.eventually('it is deleted', lambda: self.left() == 0)
