"""Two operators and one lease, with the chart's timings: who works, and from when to when."""
import signal
import time

from harness import Case, World
from replica import DEADLINE, LEASE, LONGEST_PAUSE, RETRY, Replica, SLACK

class Leader(Case):
    def setUp(self):
        super().setUp()
        World.operator.stop()
        self.addCleanup(World.start_operator)
        self.make_provider('own', endpoint=None, credentialsSecret=None)
        self.first = self.start()
        self.wait_leads(self.first, LEASE + LONGEST_PAUSE)
        self.second = self.start()
        self.names = ['a', 'b']
        for name in self.names:
            self.make_object_vpc(name, provider='own')
        for name in self.names:
            self.wait_ready('VPC', name)
        self.assertFalse(self.second.leads())
        self.addCleanup(self.delete_everything)  # while one of the two works

    def start(self):
        replica = Replica()
        self.addCleanup(replica.end)
        return replica

    def wait_leads(self, replica, seconds):
        """How long it took."""
        begun = time.monotonic()
        self.eventually('it leads', replica.leads, seconds + SLACK)
        return time.monotonic() - begun

    def wait_end(self, replica, seconds):
        self.eventually('it ends', lambda: not replica.process.alive(), seconds + SLACK)
        self.assertEqual(replica.process.popen.returncode, 1)
        self.assertTrue(replica.operator.find_line('the lease is lost; ending so that the next process leads alone'))

    def assert_one_each(self):
        self.wait_ready('VPC', self.names[-1])
        for name in self.names:
            self.assertEqual(len(self.vpcs_of(name)), 1, name)

    def make_another(self, name):
        self.names.append(name)
        self.make_object_vpc(name, provider='own')

    def test_killed_and_another_takes_over_within_the_lease(self):
        self.first.operator.kill()
        self.make_another('late')
        took = self.wait_leads(self.second, LEASE + LONGEST_PAUSE)
        self.assertGreater(took, LEASE - RETRY - SLACK, 'the lease was waited for')
        self.assert_one_each()

    def test_stopped_and_another_takes_over_at_once(self):
        self.assertEqual(self.first.operator.stop(), 0)
        self.wait_leads(self.second, LONGEST_PAUSE)
        self.make_another('late')
        self.assert_one_each()

    def test_frozen_for_longer_than_the_lease_it_sends_nothing_more(self):
        arrived, go_on = self.first.aws.hold('DescribeVpcs', 120)
        self.addCleanup(go_on.set)
        self.make_another('under-way')
        self.assertTrue(arrived.wait(20))
        self.first.process.signal(signal.SIGSTOP)
        frozen = time.monotonic()
        self.wait_leads(self.second, LEASE + LONGEST_PAUSE)
        self.make_another('late')
        self.assert_one_each()
        go_on.set()
        self.first.process.signal(signal.SIGCONT)
        self.wait_end(self.first, DEADLINE)
        self.assertEqual([request.operation for request in self.first.sent(frozen + SLACK)], [])
        self.assertEqual(self.second.written().count('CreateVpc'), 2)
        self.assert_one_each()

    def test_cut_off_from_the_api_server_it_stops_before_the_lease_can_expire(self):
        self.first.wire.cut()
        cut = time.monotonic()
        self.wait_end(self.first, LEASE)
        self.wait_leads(self.second, LEASE)
        last = max(request.at for request in self.first.sent())
        self.assertGreater(last, cut + DEADLINE / 2, 'until then it looks after its objects')
        self.assertLess(last, cut + DEADLINE + SLACK)
        self.make_another('late')
        self.assert_one_each()
        self.assertGreater(min(request.at for request in self.second.sent()), last)

    def test_a_lease_taken_away_ends_the_process(self):
        lease = '/apis/coordination.k8s.io/v1/namespaces/default/leases/infra-operator'
        self.kube.must('PATCH', lease, {'spec': {'holderIdentity': 'somebody-else'}}, 'application/merge-patch+json')
        self.wait_end(self.first, LEASE)
        self.kube.must('DELETE', lease)
        self.wait_leads(self.second, LONGEST_PAUSE)
