"""./dev soak itself: that it sees what it is there to see, and a very short run of it."""
import pathlib
import unittest

from harness import World
from objects import aws_client
from soak import Broken, Soak
from soak_judge import OWNER, broken_promises, is_done, leaks
import stack


def item(name='vpc-1', uid='u-1', generation=2, observed=2, ready=True, **metadata):
    return {'kind': 'VPC', 'metadata': {'name': name, 'uid': uid, 'generation': generation, **metadata},
            'status': {'ready': ready, 'observedGeneration': observed}}


def resource(owner='u-1', name='vpc-0a', **tags):
    return {'kind': 'VPC', 'id': name, 'tags': {OWNER: owner, **tags}}


def held(*resources, made=None):
    return {'resources': list(resources), 'made': {'u-1': 1} if made is None else made}


class Judge(unittest.TestCase):
    WANTED = {'VPC vpc-1': {'Team': 'a'}}

    def assert_says(self, words, wanted, items, in_aws):
        problems = broken_promises(wanted, items, in_aws)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(words, problems[0])

    def test_all_is_as_declared(self):
        self.assertEqual(broken_promises(self.WANTED, [item()], held(resource(Team='a'))), [])

    def test_what_is_broken_is_named(self):
        good = resource(Team='a')
        for words, items, in_aws in [
            ('VPC vpc-1 is lost', [], held()),
            ('VPC vpc-2 is still there', [item(), item('vpc-2', 'u-2')], held(good)),
            ('VPC vpc-0b is in AWS without an object: its owner is u-2', [item()], held(good, resource('u-2', 'vpc-0b'))),
            ('VPC vpc-0b is in AWS without an object: its owner is None', [item()], held(good, {'kind': 'VPC', 'id': 'vpc-0b', 'tags': {}})),
            ('VPC vpc-1 has 2 resources: vpc-0a, vpc-0b', [item()], held(good, resource('u-1', 'vpc-0b', Team='a'))),
            ('VPC vpc-1 is lost in AWS', [item()], held()),
            ('an edit is lost', [item()], held(resource(Team='b'))),
            ('VPC vpc-1 was made 2 times', [item()], held(good, made={'u-1': 2})),
            ('u-0 was made 2 times', [item()], held(good, made={'u-0': 2})),
        ]:
            with self.subTest(words):
                self.assert_says(words, self.WANTED, items, in_aws)

    def test_what_is_in_doubt_may_be_there_or_not(self):
        doubt = {'type': 'Synced', 'status': 'True', 'reason': 'ConfirmingAbsence', 'message': ''}
        waiting = item()
        waiting['status']['conditions'] = [doubt]
        for wanted in (self.WANTED, {}):
            for resources in ([], [resource(Team='b')]):
                self.assertEqual(broken_promises(wanted, [waiting], held(*resources)), [])
        self.assert_says('VPC vpc-1 has 2 resources', self.WANTED, [waiting], held(resource(), resource()))

    def test_what_is_done(self):
        leaving = item(deletionTimestamp='2026-01-01T00:00:00Z')
        for done, then, now in [
            (True, item(), item()),
            (True, item(), item(generation=3)),
            (True, item(), None),
            (True, item(), leaving),
            (True, leaving, None),
            (False, leaving, leaving),
            (False, item(), item(ready=False)),
            (False, item(generation=3), item(generation=3)),
        ]:
            with self.subTest(then=then, now=now):
                self.assertEqual(is_done(then, now), done)

    def test_a_leak_is_seen_and_a_storm_is_not(self):
        calm = [(24.0 + second % 3, 40 + second % 5) for second in range(300)]
        storm = [(40.0, 200)] * 30
        self.assertEqual(leaks(calm[:100] + storm + calm[:100] + storm), [])
        self.assertEqual(leaks([(memory + second / 15, files) for second, (memory, files) in enumerate(calm)]),
                         ['MiB of memory grow: never below 24.0 in the first third of the time, never below 37.4 in the last'])
        self.assertEqual(leaks([(memory, files + second // 2) for second, (memory, files) in enumerate(calm)]),
                         ['open files grow: never below 40.0 in the first third of the time, never below 140.0 in the last'])


class Short(unittest.TestCase):
    """Its own stack: what it does to the API server and etcd is not for others to feel."""

    def setUp(self):
        build = pathlib.Path(World.tools['operator']).resolve().parents[2]
        self.stack = stack.Stack({**World.tools, 'sim_aws_server': build / 'tests/simulation/sim_aws_server'})
        self.addCleanup(self.stack.stop)
        self.soak = Soak(self.stack, objects=16, seed=1, shortest=1, longest=2)
        self.addCleanup(self.soak.replicas.stop)
        self.soak.start()
        self.soak.fill()

    def test_it_passes_and_sees_what_is_done_behind_its_back(self):
        with self.soak.at_work():
            for chaos in ('lost answers', 'replica killed'):
                self.soak.round(chaos)
        self.assertGreater(self.soak.rounds[0].hit, 0)
        self.assertGreater(self.soak.user.done['edits'], 0)
        self.plant_a_second_vpc()
        with self.assertRaisesRegex(Broken, 'VPC vpc-0 has 2 resources'):
            self.soak.check()

    def plant_a_second_vpc(self):
        uid = next(uid for uid, item in self.soak.items().items() if item['metadata']['name'] == 'vpc-0')
        ec2 = aws_client(self.soak.aws.endpoint, 'ec2', key=self.soak.aws.key)
        ec2.create_vpc(CidrBlock='10.0.0.0/16', TagSpecifications=[{'ResourceType': 'vpc', 'Tags': [{'Key': OWNER, 'Value': uid}]}])
