"""Replicas that share the work, each with a way of its own to the API server, and what they use over time."""
import contextlib
import itertools
import os
import threading

from measured import NO_AWS_SETTINGS, memory_of
from wire import Wire

REPLICAS = 3
SHARDS = 4 * REPLICAS
# Seconds. Shorter than the chart's, so that work is taken over soon; long enough for an API server to come back without an end of all replicas.
LEASE, DEADLINE, RETRY = 12, 8, 1
CHECKS = '5s'


class Replica:
    def __init__(self, the_stack, name):
        self.name = name
        self.wire = Wire(the_stack.api_port)
        self.samples = []  # MiB, and files that are open, every second
        kubeconfig = the_stack.folder / f'{name}.kubeconfig'
        the_stack.write_kubeconfig(kubeconfig, 'operator-token', self.wire.url)
        self.operator = the_stack.start_operator(
            '--check-interval', CHECKS, '--shards', str(SHARDS), '--leader-election-namespace', 'default',
            f'--leader-election-lease-duration={LEASE}s', f'--leader-election-renew-deadline={DEADLINE}s', f'--leader-election-retry-period={RETRY}s',
            kubeconfig=kubeconfig, env={**NO_AWS_SETTINGS, 'POD_NAME': name, 'POD_NAMESPACE': 'default'}).wait_ready(60)

    @property
    def process(self):
        return self.operator.process

    def look(self):
        pid = self.process.popen.pid
        self.samples.append((memory_of(pid)[0], len(os.listdir(f'/proc/{pid}/fd'))))

    def kill(self):
        self.operator.kill()
        self.wire.close()

    def stop(self):
        if self.process.alive():
            self.operator.stop()
        self.wire.close()


class Replicas:

    def __init__(self, the_stack):
        self.stack = the_stack
        self.numbers = itertools.count()
        self.serving = []
        self.stopped = threading.Event()

    def start(self, name=None):
        """Another one, as a new pod; with a name the same pod once more."""
        self.serving.append(Replica(self.stack, name or f'replica-{next(self.numbers)}'))

    def remove(self, replica):
        self.serving.remove(replica)
        replica.kill()

    def stop(self):
        for replica in self.serving:
            replica.stop()

    def witness(self):
        """Nobody kills or freezes it, so that what it uses tells of the whole time; one that has just begun grows."""
        return self.serving[0]

    def others(self):
        return self.serving[1:]

    def watch(self):
        while not self.stopped.wait(1):
            for replica in list(self.serving):
                with contextlib.suppress(OSError, KeyError):  # it has ended meanwhile
                    replica.look()
