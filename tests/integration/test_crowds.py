"""Many at once, some of them hopeless, slow or on their way out: the rest is served as if these were not there."""
import re
import time
import xml.etree.ElementTree as ET

import refusals
from harness import FaultCase, World, client
from proxy import Reply

CROWD = 60
SOON = 5  # seconds for an object that nothing is wrong with


class Crowds(FaultCase):
    def make_queues(self, count, prefix, provider='faulty'):
        names = [f'{prefix}-{number}' for number in range(count)]
        for name in names:
            self.create('SQSQueue', name, {'queueName': f'{self.ns}-{name}', 'providerRef': {'name': provider}})
        return names

    def assert_served_soon(self, name, provider='aws'):
        """One that is made now, and then edited."""
        self.create('SQSQueue', name, {'queueName': f'{self.ns}-{name}', 'providerRef': {'name': provider}, 'visibilityTimeout': 10})
        self.wait_ready('SQSQueue', name, SOON)
        self.patch('SQSQueue', name, {'visibilityTimeout': 20})
        generation = self.get('SQSQueue', name)['metadata']['generation']
        self.eventually('the edit is done', lambda: self.get('SQSQueue', name)['status']['observedGeneration'] == generation
                        and self.condition('SQSQueue', name)['status'] == 'True', SOON)

    def test_those_that_can_never_succeed_hold_up_no_other(self):
        self.faults.rule = lambda request: refusals.denied(request) if request.operation == 'CreateQueue' and b'never' in request.body else None
        hopeless = self.make_queues(CROWD // 3, 'never')
        good = self.make_queues(CROWD - CROWD // 3, 'good')
        for name in hopeless:
            self.wait_condition('SQSQueue', name, 'False', 'AccessDenied', 'Synced')
        self.assert_served_soon('late')
        for name in good:
            self.wait_ready('SQSQueue', name)
        for name in hopeless:
            self.assertEqual(self.condition('SQSQueue', name)['reason'], 'AccessDenied')

    def test_a_crowd_that_is_deleted_at_once_holds_up_no_other(self):
        names = self.make_queues(CROWD, 'old')
        for name in names:
            self.wait_ready('SQSQueue', name)
        self.kube.must('DELETE', self.path('SQSQueue'))
        self.assert_served_soon('new')
        self.eventually('the crowd has gone', lambda: [item['metadata']['name'] for item in self.items('SQSQueue')] == ['new'], 60)
        left = client('sqs').list_queues(QueueNamePrefix=self.ns).get('QueueUrls', [])
        self.assertEqual([url.rpartition('/')[2] for url in left], [f'{self.ns}-new'])

    def test_a_kind_whose_answers_do_not_come_holds_up_no_other(self):
        arrived, go_on = self.faults.hold('DescribeVpcs', 60)
        self.addCleanup(go_on.set)
        for number in range(CROWD):
            self.make_object_vpc(f'vpc-{number}', provider='faulty')
        self.assertTrue(arrived.wait(20))
        self.assert_served_soon('other')
        go_on.set()
        self.let_everything_pass()
        for number in range(CROWD):
            self.wait_ready('VPC', f'vpc-{number}', 60)
            self.assertEqual(len(self.vpcs_of(f'vpc-{number}')), 1)

    def test_where_aws_throttles_the_turn_of_each_comes_and_no_other_region_waits(self):
        """Two requests a second are taken, once four have been."""
        taken = []

        def bucket(request):
            if request.operation != 'CreateVpc':
                return None
            now = time.monotonic()
            taken[:] = [at for at in taken if at > now - 2]
            if len(taken) >= 4:
                return refusals.throttled(request)
            taken.append(now)
            return None
        self.faults.rule = bucket
        self.make_provider('elsewhere', region='eu-west-1')
        self.wait_condition('AWSProvider', 'elsewhere', 'True')
        names = [f'vpc-{number}' for number in range(24)]
        for name in names:
            self.make_object_vpc(name, provider='faulty')
        self.eventually('one says that it waits', lambda: 'Throttled' in {self.reason('VPC', name) for name in names})
        for budget in ('requests_per_second', 'waiting'):
            self.eventually(f'{budget} is shown', lambda budget=budget: World.operator.metric(
                f'infra_operator_aws_budget_{budget}', account='123456789012', region='us-east-1', service='ec2', operation='CreateVpc') > 0)
        self.make_object_vpc('other', provider='elsewhere')
        self.wait_ready('VPC', 'other', SOON)
        for name in names:
            self.wait_ready('VPC', name, 90)
            self.assertEqual(len(self.vpcs_of(name)), 1)
        sent = sum(request.operation == 'CreateVpc' for request in self.faults.seen)
        self.assertLess(sent, 3 * len(names), 'most wait for their turn instead of being refused')

    def reason(self, kind, name):
        condition = self.condition(kind, name)
        return condition and condition['reason']

    def test_an_answer_that_leaves_out_half_of_what_was_asked_for(self):
        names = [f'vpc-{number}' for number in range(10)]
        for name in names:
            self.make_object_vpc(name, provider='faulty')
        for name in names:
            self.wait_ready('VPC', name)

        def halved(reply):
            namespace = re.search(rb'xmlns="([^"]+)"', reply.body)[1].decode()
            ET.register_namespace('', namespace)
            root = ET.fromstring(reply.body)
            vpcs = root.find(f'{{{namespace}}}vpcSet')
            items = list(vpcs)
            for item in items[::2] if len(items) > 1 else []:
                vpcs.remove(item)
            halved.count += len(items) > 1
            return Reply(reply.status, ET.tostring(root), reply.headers)
        halved.count = 0
        self.faults.rule = lambda request: halved if request.operation == 'DescribeVpcs' else None
        created = self.sent('CreateVpc')
        # A change of the provider has all of them looked at, at one time.
        self.patch('AWSProvider', 'faulty', {'defaultTags': {'Half': 'yes'}})
        for name in names:
            self.eventually('it is looked after', lambda name=name: any(
                tag == {'Key': 'Half', 'Value': 'yes'} for tag in self.vpcs_of(name)[0]['Tags']), 30)
        self.assertGreater(halved.count, 0)
        self.assertEqual(self.sent('CreateVpc'), created)
        for name in names:
            self.wait_ready('VPC', name)

    def sent(self, operation):
        return sum(request.operation == operation for request in self.faults.seen)
