"""What goes wrong in ./dev soak. Each of these brings it on, keeps it for a while, and takes it back."""
import base64
import itertools
import json
import signal
import time
import urllib.request

from measured import SPECS, path_of
from soak_replicas import LEASE, RETRY
import stack


class Chaos:
    def __init__(self, the_stack, aws, replicas, choice, shortest, longest):
        self.stack, self.aws, self.replicas, self.choice = the_stack, aws, replicas, choice
        self.shortest, self.longest = shortest, longest
        self.keys = (f'key-{number}' for number in itertools.count(1))
        self.all = {
            'throttle storm': lambda: self.break_aws({'throttled': self.choice.uniform(0.5, 1)}),
            'AWS outage': lambda: self.break_aws({'refused': 0.5, 'server-error': 0.5}, times=3),
            'lost answers': lambda: self.break_aws({'lost-answer': 0.3, 'error-after': 0.2}),
            'slow AWS': lambda: self.break_aws({'slow': 1}),
            'API server restart': self.restart_api_server,
            'etcd compaction': self.compact_etcd,
            'watch cuts': self.cut_watches,
            'replica killed': self.kill_replica,
            'replica frozen': self.freeze_replica,
            'credentials rotated': self.rotate_credentials,
        }

    def length(self):
        return self.choice.uniform(self.shortest, self.longest)

    def break_aws(self, shares, times=1):
        self.aws.set_faults(shares)
        try:
            time.sleep(times * self.length())
        finally:
            self.aws.set_faults({})

    def restart_api_server(self, meanwhile=lambda: None):
        self.stack.processes.remove(self.stack.apiserver)
        self.stack.apiserver.kill()
        meanwhile()
        self.stack.run_apiserver()
        stack.wait_until('all kinds are served again', lambda: all(self.stack.kube.request('GET', path_of(kind))[0] == 200 for kind in SPECS), 60)

    def compact_etcd(self):
        """While the API server is away, which may have kept old versions in memory: a watch that goes on from one gets 410."""
        def compact():
            newest = self.ask_etcd('kv/range', {'key': base64.b64encode(b'/').decode()})['header']['revision']
            self.ask_etcd('kv/compaction', {'revision': newest, 'physical': True})
            self.ask_etcd('maintenance/defragment', {})
        self.restart_api_server(compact)

    def ask_etcd(self, what, body):
        with urllib.request.urlopen(f'{self.stack.etcd_url}/v3/{what}', json.dumps(body).encode(), timeout=30) as answer:
            return json.loads(answer.read())

    def cut_watches(self):
        end = time.monotonic() + self.length()
        while time.monotonic() < end:
            self.choice.choice(self.replicas.serving).wire.break_connections()
            time.sleep(1)

    def kill_replica(self):
        """As with its node: the one that takes its place has another name."""
        self.replicas.remove(self.choice.choice(self.replicas.others()))
        self.replicas.start()

    def freeze_replica(self):
        """For longer than its leases last: others have its work when it goes on, so that it has to end."""
        frozen = self.choice.choice(self.replicas.others())
        frozen.process.signal(signal.SIGSTOP)
        time.sleep(LEASE + 3 * RETRY)
        frozen.process.signal(signal.SIGCONT)
        stack.wait_until(f'{frozen.name} ends, as others have its shards', lambda: not frozen.process.alive(), 15)
        self.replicas.remove(frozen)
        self.replicas.start(frozen.name)

    def rotate_credentials(self):
        """The key of before is refused for a while until the Secret has the new one."""
        self.aws.take_key(next(self.keys))
        time.sleep(self.length())
        self.stack.kube.must('PATCH', '/api/v1/namespaces/default/secrets/keys', {'stringData': {'AWS_ACCESS_KEY_ID': self.aws.key}},
                             'application/merge-patch+json')
