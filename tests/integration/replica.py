"""An operator beside others, with the chart's timings."""
import re
import signal

from actions import writes
from harness import Faults, ROOT, World
from wire import Wire

VALUES = (ROOT / 'chart/values.yaml').read_text()
LEASE, DEADLINE, RETRY = (int(re.search(rf'^    {name}: (\d+)s$', VALUES, re.M)[1])
                          for name in ('leaseDuration', 'renewDeadline', 'retryPeriod'))
LONGEST_PAUSE = 1.2 * RETRY  # those who wait are spread out
SLACK = 1  # for what happens besides: starting a process's work, a slow machine


class Replica:
    """An operator with ways of its own to AWS and to the API server, so that it shows what it sends, and can be cut off."""

    def __init__(self, *flags, env=None):
        self.aws = Faults()
        self.wire = Wire(World.stack.api_port)
        kubeconfig = World.stack.folder / f'replica-{self.aws.server_address[1]}.kubeconfig'
        World.stack.write_kubeconfig(kubeconfig, 'operator-token', self.wire.url)
        self.operator = World.stack.start_operator(
            '--check-interval', '1s', '--cluster-name', 'test', '--leader-election-namespace', 'default', '--pod-identity-namespaces', '*',
            f'--leader-election-lease-duration={LEASE}s', f'--leader-election-renew-deadline={DEADLINE}s',
            f'--leader-election-retry-period={RETRY}s', *flags, kubeconfig=kubeconfig,
            env={'AWS_ENDPOINT_URL': self.aws.url, 'AWS_ACCESS_KEY_ID': 'test', 'AWS_SECRET_ACCESS_KEY': 'test', **(env or {})}).wait_ready()

    @property
    def process(self):
        return self.operator.process

    def leads(self):
        return self.operator.find_line('this process leads')

    def sent(self, since=0.0):
        return [request for request in self.aws.seen if request.at > since]

    def written(self):
        return [request.operation for request in self.aws.seen if writes(request)]

    def end(self):
        self.aws.rule = lambda request: None
        self.process.signal(signal.SIGCONT)
        if self.process.alive():
            self.operator.stop()
        self.wire.close()
        self.aws.close()
