"""What the tests on a real node share: the cluster, the emulator beside it, and the chart as a release."""
import datetime
import pathlib
import subprocess
import unittest

import caches
import objects
import proxy
import stack
from cluster import images
from cluster.place import NODE_IP, Place
from objects import API, PLURALS, ROOT
from stack import wait_until

NAME = 'infra-operator'  # of the release, its namespace and its account
TEAM = 'team'  # where the objects are
CHART = ROOT / 'chart'
DEPLOYMENT = f'/apis/apps/v1/namespaces/{NAME}/deployments/{NAME}'
PODS = f'/api/v1/namespaces/{NAME}/pods'
LEASE = f'/apis/coordination.k8s.io/v1/namespaces/{NAME}/leases/{NAME}'
# Probes that see at once what they are to see.
QUICK = {f'{probe}Probe.{field}': value for probe in ('startup', 'readiness')
         for field, value in (('initialDelaySeconds', 0), ('periodSeconds', 1))}
MERGE = 'application/merge-patch+json'


class World:
    place = None
    stack = None  # of which only the emulator runs
    door = None  # where pods find the emulator, which is on loopback
    image = None
    kube = None
    granted = {}  # rules of the release's roles, by their name
    changes = [('', False)]  # since when there is a release: a pod may outlive its rights, as they go with the release

    @classmethod
    def start(cls, folder, image, tools):
        cls.place, cls.image = Place(folder), pathlib.Path(image)
        cls.kube = cls.place.kube()
        images.load(cls.place, image)
        take_foreign_kinds(cls.place, tools['crds'])
        cls.stack = stack.Stack(tools)
        cls.stack.kubeconfig, cls.stack.kube = cls.place.kubeconfig('admin'), cls.kube
        cls.stack.start_moto()
        cls.door = proxy.Proxy(cls.stack.aws_port, NODE_IP)
        cls.door.rule = caches.Caches().answer
        make_namespaces()
        forget_release()

    @classmethod
    def stop(cls):
        if cls.stack:
            cls.stack.stop()


def take_foreign_kinds(place, folder):
    """What the chart makes for a Prometheus operator, which is not here; cert-manager has brought its own."""
    for kind in pathlib.Path(folder).glob('monitoring.coreos.com_*.yaml'):
        place.kubectl('apply', '--server-side', '-f', kind)


def helm(*words):
    return subprocess.run([World.stack.tools['helm'], '--kubeconfig', World.stack.kubeconfig, '--namespace', NAME, *map(str, words)],
                          capture_output=True, text=True, timeout=300)


def now():
    """As the API server writes it."""
    return datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%fZ')


def settings(values):
    return [word for key, value in values.items() for word in ('--set', f'{key}={value}')]


def make_namespaces():
    """Of the release, under Pod Security `restricted`, and of the objects."""
    for name, labels in ((NAME, {'pod-security.kubernetes.io/enforce': 'restricted'}), (TEAM, {})):
        World.kube.request('POST', '/api/v1/namespaces', {'metadata': {'name': name, 'labels': labels}})


def forget_release():
    """Nothing of the chart but its CRDs, of its objects and of what they stand for is left. The operator goes first, and takes no part."""
    World.changes.append((now(), False))
    helm('uninstall', NAME, '--no-hooks', '--wait', '--timeout', '1m')
    for plural in PLURALS.values():
        status, found = World.kube.request('GET', f'{API}/namespaces/{TEAM}/{plural}')
        for item in found['items'] if status == 200 else []:
            path = f'{API}/namespaces/{TEAM}/{plural}/{item["metadata"]["name"]}'
            World.kube.request('DELETE', path)
            World.kube.request('PATCH', path, {'metadata': {'finalizers': None}}, MERGE)
    # cert-manager leaves its Secrets behind.
    for path in (PODS, LEASE, *(f'/api/v1/namespaces/{name}/secrets' for name in (NAME, TEAM))):
        World.kube.request('DELETE', path)
    wait_until('no pod is left', lambda: not World.kube.must('GET', PODS)['items'], 60)
    World.stack.forget_aws()


class Release(objects.Objects, unittest.TestCase):
    """A test that installs the chart."""
    ns = TEAM

    def setUp(self):
        self.kube = World.kube
        self.addCleanup(forget_release)

    def provider_endpoint(self):
        return World.door.url

    def client(self, service):
        return objects.aws_client(World.stack.aws_endpoint, service)

    def helm(self, *words):
        done = helm(*words)
        self.assertEqual(done.returncode, 0, f'helm {" ".join(map(str, words))}: {done.stdout} {done.stderr}\n{self.state()}')
        return done.stdout

    def state(self):
        """Of the pods, for who has to find out why a test failed."""
        return World.stack.kubectl('-n', NAME, 'get', 'pods,events')

    def install(self, preset='localstack', more=(), chart=CHART, **values):
        """Also upgrades; without a preset with the chart's own values. `more`: files of values; `chart`: a folder or a package.
        Values are written with __ for a dot."""
        presets = [CHART / f'values-{preset}.yaml'] if preset else []
        files = [word for file in [*presets, *more] for word in ('--values', file)]
        emulator = {'localstack': {'aws.localstack.endpoint': World.door.url},
                    # AWS has another port here than the policy of the values knows.
                    'production': {'networkPolicy.egress[0].ports[0].port': World.door.server_port}}.get(preset, {})
        given = {'providers.endpoints[0]': World.door.url, **{key.replace('__', '.'): value for key, value in values.items()}}
        self.helm('upgrade', NAME, chart, '--install', '--wait', '--timeout', '3m', *files, *settings({**QUICK, **emulator, **given}))
        self.note_rights()
        wait_until('objects are taken', self.takes_objects, 60)

    def takes_objects(self):
        """With a webhook that must be asked: once the API server trusts it, which helm does not wait for."""
        example = self.manifest('AWSProvider', 'none', {'region': 'us-east-1'})
        return self.kube.request('POST', f'{self.path("AWSProvider")}?dryRun=All', example)[0] == 201

    def note_rights(self):
        World.changes.append((now(), True))
        rules = '/apis/rbac.authorization.k8s.io/v1'
        for path in (f'{rules}/clusterroles', f'{rules}/namespaces/{NAME}/roles'):
            for role in self.kube.must('GET', f'{path}?labelSelector=app.kubernetes.io/instance={NAME}')['items']:
                World.granted[role['metadata']['name']] = role['rules']

    def check_process(self, pid):
        """What the kernel says of it, not what the pod asks for."""
        status = said(f'/proc/{pid}/status')
        self.assertEqual(set(status['Uid'].split() + status['Gid'].split()), {'65532'})
        for kind in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
            self.assertEqual(int(status[kind], 16), 0, kind)
        self.assertEqual((status['Seccomp'], status['NoNewPrivs']), ('2', '1'))
        root = next(line.split() for line in pathlib.Path(f'/proc/{pid}/mountinfo').read_text().splitlines() if line.split()[4] == '/')
        self.assertEqual(root[5].split(',')[0], 'ro')

    def evict(self, pod):
        name = name_of(pod)
        return self.kube.request('POST', f'{PODS}/{name}/eviction', {'apiVersion': 'policy/v1', 'kind': 'Eviction', 'metadata': {'name': name}})

    def uninstall(self):
        World.changes.append((now(), False))
        self.helm('uninstall', NAME, '--wait')

    def pods(self):
        """Those that are not on their way out."""
        return [pod for pod in self.kube.must('GET', f'{PODS}?labelSelector=control-plane=controller-manager')['items']
                if 'deletionTimestamp' not in pod['metadata']]

    def holder(self):
        """The pod that has the lease; empty if none has."""
        status, lease = self.kube.request('GET', LEASE)
        return (lease['spec'].get('holderIdentity') or '').split('_')[0] if status == 200 else ''

    def leader(self):
        """Its name; not that of a pod that has gone without giving the lease back."""
        return wait_until('a pod leads', lambda: next((name for name in map(name_of, self.pods()) if name == self.holder()), None), 60)

    def metrics(self):
        """The leader's page."""
        return World.stack.kubectl('get', '--raw', f'{PODS}/{self.leader()}:8080/proxy/metrics')

    def make_first(self, *names):
        """A provider with the emulator's keys, and a queue of each name that is ready."""
        self.make_secret()
        self.make_provider()
        for name in names:
            self.make_queue(name)
        for name in names:
            self.wait_ready('SQSQueue', name, 60)

    def make_queue(self, name, **spec):
        return self.create('SQSQueue', name, {'queueName': name, **spec})

    def queues(self):
        """Names in AWS, each as often as there is one."""
        found = self.client('sqs').list_queues().get('QueueUrls', [])
        return sorted(url.rsplit('/', 1)[1] for url in found)


def name_of(one):
    return one['metadata']['name']


def said(path):
    """The lines of a file of /proc as name -> value."""
    return dict(line.split(':\t', 1) for line in pathlib.Path(path).read_text().splitlines() if ':\t' in line)


def process(pod):
    """The id, on this machine, of the program in the pod's first container."""
    container = pod['status']['containerStatuses'][0]['containerID'].rpartition('/')[2]
    rows = [row.split() for row in images.ctr(World.place, 'tasks', 'list').stdout.splitlines()[1:]]
    return next(int(pid) for task, pid, _ in rows if task == container)
