"""Several operators that divide the work: who works on what, and that nobody works on what another has."""
import json
import signal
import time

from cloudtrail import tagged, whole
from harness import Case, World, client
from replica import LEASE, LONGEST_PAUSE, Replica, SLACK

SHARDS = 4
LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
NAMES = [f'vpc-{number}' for number in range(12)]
# To see the others, and to leave or take a shard.
A_FEW_LOOKS = 4 * LONGEST_PAUSE + SLACK


class Shards(Case):
    def setUp(self):
        super().setUp()
        World.operator.stop()
        self.addCleanup(World.start_operator)
        self.addCleanup(self.remove_leases)
        self.make_provider('own', endpoint=None, credentialsSecret=None)
        self.replicas = {}
        for name in ('first', 'second'):
            self.start(name)
        self.addCleanup(self.delete_everything)  # while they work
        self.wait_shares(2, 2)

    def start(self, name, shards=SHARDS):
        replica = Replica('--shards', str(shards), env={'POD_NAME': name, 'POD_NAMESPACE': 'default'})
        self.addCleanup(replica.end)
        self.replicas[name] = replica

    def remove_leases(self):
        for lease in self.leases():
            self.kube.must('DELETE', f'{LEASES}/{lease}')

    def leases(self):
        items = self.kube.must('GET', LEASES)['items']
        return {lease['metadata']['name']: lease['spec'].get('holderIdentity') for lease in items
                if lease['metadata']['name'].startswith('infra-operator')}

    def held(self, name):
        """The shards that this replica says it works on."""
        if not self.replicas[name].process.alive():
            return []
        return [shard for shard in range(SHARDS)
                if self.replicas[name].operator.metric('infra_operator_shards_held', shard=str(shard)) == 1]

    def shares(self):
        return tuple(len(self.held(name)) for name in self.replicas)

    def wait_shares(self, *shares, seconds=A_FEW_LOOKS):
        self.eventually(f'they have {shares}', lambda: self.shares() == shares or None, seconds)

    def make_all(self):
        for name in NAMES:
            self.make_object_vpc(name, provider='own', tags={'Team': 'ours'})
        self.assert_one_each()

    def assert_one_each(self):
        for name in NAMES:
            self.wait_ready('VPC', name, seconds=30)
        for name in NAMES:
            self.assertEqual(len(self.vpcs_of(name)), 1, name)

    def tag_of(self, name, key):
        return next((tag['Value'] for tag in self.vpcs_of(name)[0]['Tags'] if tag['Key'] == key), None)

    def made(self):
        return [replica.written().count('CreateVpc') for replica in self.replicas.values()]

    def test_both_work_each_on_its_part(self):
        self.make_all()
        made = self.made()
        self.assertEqual(sum(made), len(NAMES))
        self.assertGreater(min(made), 0)
        leases = self.leases()
        self.assertEqual(leases['infra-operator'], f'{SHARDS}-shards')
        self.assertEqual((leases['infra-operator-member-first'], leases['infra-operator-member-second']), ('first', 'second'))
        holders = [leases[f'infra-operator-shard-{shard}'].partition('_')[0] for shard in range(SHARDS)]
        self.assertEqual(sorted(holders), ['first', 'first', 'second', 'second'])
        ready = [replica.operator.metric('infra_operator_resources_total', resource_type='VPC', status='ready') for replica in self.replicas.values()]
        self.assertEqual(sum(ready), len(NAMES), 'each is counted once')

    def test_a_third_gets_its_share_and_one_that_is_stopped_leaves_at_once(self):
        self.make_all()
        self.start('third')
        self.wait_shares(2, 1, 1)
        self.assertEqual(self.replicas['first'].operator.stop(), 0)
        self.wait_shares(0, 2, 2)
        for name in NAMES:
            self.patch('VPC', name, {'tags': {'Team': 'new'}})
        for name in NAMES:
            self.eventually('the edit is there', lambda name=name: self.tag_of(name, 'Team') == 'new', 20)
        self.assertEqual(sum(self.made()), len(NAMES))

    def test_the_work_of_a_killed_one_moves_within_the_lease(self):
        self.make_all()
        self.replicas['first'].operator.kill()
        killed = time.monotonic()
        self.wait_shares(0, SHARDS, seconds=LEASE + A_FEW_LOOKS)
        self.assertLess(time.monotonic() - killed, LEASE + 2 * LONGEST_PAUSE + SLACK)
        self.assert_one_each()
        self.assertEqual(sum(self.made()), len(NAMES))

    def test_frozen_for_longer_than_the_lease_it_sends_nothing_more(self):
        self.make_all()
        first = self.replicas['first']
        first.process.signal(signal.SIGSTOP)
        frozen = time.monotonic()
        self.eventually('the other has all', lambda: len(self.held('second')) == SHARDS or None, LEASE + A_FEW_LOOKS)
        first.process.signal(signal.SIGCONT)
        self.eventually('it ends', lambda: not first.process.alive(), 10 + SLACK)
        self.assertEqual([request.operation for request in first.sent(frozen + SLACK)], [])
        self.assert_one_each()

    def test_who_divides_otherwise_waits_until_the_others_have_gone(self):
        self.make_all()
        self.start('new', shards=3)
        end = time.monotonic() + A_FEW_LOOKS
        while time.monotonic() < end:
            self.assertEqual(self.shares(), (2, 2, 0))
        for name in ('first', 'second'):
            self.assertEqual(self.replicas[name].operator.stop(), 0)
        self.eventually('it works', lambda: len(self.held('new')) == 3 or None, LEASE + A_FEW_LOOKS)
        self.assert_one_each()
        self.assertEqual(sum(self.made()), len(NAMES))
        self.delete_everything()  # while it works

    def test_what_one_hears_of_anothers_object_reaches_it(self):
        """The replica of the provider reads its queue, which tells of objects of both."""
        self.make_all()
        sqs = client('sqs')
        queue = sqs.create_queue(QueueName=f'{self.ns}-changes')['QueueUrl']
        self.patch('AWSProvider', 'own', {'driftDetection': {'queueURL': queue, 'checkInterval': '10h'}})
        self.wait_condition('AWSProvider', 'own', 'True', 'Received', 'EventsReceived', 20)
        self.wait_until_nothing_is_looked_at()
        for name in NAMES:
            vpc = self.get('VPC', name)['status']['vpcID']
            client('ec2').create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'theirs'}])
            sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(whole(tagged(vpc))))
        for name in NAMES:
            self.eventually('it is put right', lambda name=name: self.tag_of(name, 'Team') == 'ours', 20)

    def wait_until_nothing_is_looked_at(self):
        def looks():
            return sum(replica.operator.metric('infra_operator_reconcile_total', resource_type='VPC') for replica in self.replicas.values())

        def quiet():
            before = looks()
            time.sleep(2)
            return looks() == before
        self.eventually('no check comes any more', quiet)
