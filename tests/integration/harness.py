"""What the integration tests share: one stack, one operator, and ways to look at both sides.

The tests run in the emulator's virtual environment, so that boto3, which is not ours, says what AWS holds.
"""
import itertools
import json
import pathlib
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tools'))

import actions  # noqa: E402
import boto3  # noqa: E402
import botocore.exceptions  # noqa: E402
import proxy  # noqa: E402
import stack  # noqa: E402

GROUP = stack.GROUP
API = f'/apis/{GROUP}/v1alpha1'
ROOT = pathlib.Path(__file__).resolve().parents[2]


def word(path, name):
    """The value of a word at the top of a definition."""
    return re.search(rf'^{name}: (.*)$', path.read_text(), re.MULTILINE)[1]


DEFINITIONS = sorted((ROOT / 'definitions').glob('*/*.yaml'))
SERVICES = {word(path, 'kind'): word(path, 'service') for path in DEFINITIONS}
PLURALS = {'AWSProvider': 'awsproviders', **{word(path, 'kind'): word(path, 'plural') for path in DEFINITIONS}}
GLOBAL_TAGS = {'Suite': 'integration', 'Place': 'everywhere'}  # on everything that the operator makes
LONG_AGO = '2026-01-01T00:00:00Z'
Reply, wait_until = proxy.Reply, stack.wait_until


class World:
    """The one stack of a run, made when first asked for."""
    stack = None
    operator = None
    door = None
    tools = {}
    called = {}  # IAM action -> an operation that needed it
    numbers = itertools.count(1)

    @classmethod
    def start(cls, tools):
        cls.tools = tools
        cls.stack = stack.Stack(tools).start()
        cls.door = Door()
        cls.start_operator()

    @classmethod
    def start_operator(cls):
        """Without a lease, which a killed process would leave to run out."""
        cls.operator = cls.stack.start_operator('--no-leader-elect', '--check-interval', '1s',
                                                '--cluster-name', 'test',
                                                '--global-tags', ','.join(f'{key}={value}' for key, value in GLOBAL_TAGS.items())).wait_ready()

    @classmethod
    def stop(cls):
        if cls.stack:
            cls.stack.stop()


def client(service, region='us-east-1'):
    return boto3.client(service, endpoint_url=World.stack.aws_endpoint, region_name=region,
                        aws_access_key_id='test', aws_secret_access_key='test')


class Door(proxy.Proxy):
    """What the operator asks of AWS comes through it; the actions that this needs are put down."""

    def __init__(self):
        super().__init__(World.stack.aws_port)

    def note(self, request):
        for action in actions.actions_of(request):
            World.called.setdefault(action, actions.operation_of(request))


class Case(unittest.TestCase):
    """A test with a namespace of its own, in it a Secret and a provider named `aws`."""

    def setUp(self):
        if not World.operator.process.alive():
            World.start_operator()
        self.number = next(World.numbers)
        self.ns = f'test-{self.number}'
        self.kube = World.stack.kube
        self.kube.must('POST', '/api/v1/namespaces', {'metadata': {'name': self.ns}})
        self.addCleanup(self.delete_everything)
        self.make_secret()
        self.make_provider()

    def delete_everything(self):
        providers = [('AWSProvider', item) for item in self.items('AWSProvider')]
        others = [(kind, item) for kind in PLURALS if kind != 'AWSProvider' for item in self.items(kind)]
        for kind, item in others + providers:
            self.kube.request('DELETE', self.path(kind, item['metadata']['name']))
        wait_until(f'everything of {self.ns} goes', lambda: not any(self.items(kind) for kind in PLURALS), 30)

    def items(self, kind):
        return self.kube.must('GET', self.path(kind))['items']

    def path(self, kind, name=None, ns=None):
        path = f'{API}/namespaces/{ns or self.ns}/{PLURALS[kind]}'
        return path if name is None else f'{path}/{name}'

    def make_secret(self, name='aws-credentials', access='test', secret='test', ns=None):
        self.kube.must('POST', f'/api/v1/namespaces/{ns or self.ns}/secrets', {
            'metadata': {'name': name},
            'stringData': {'AWS_ACCESS_KEY_ID': access, 'AWS_SECRET_ACCESS_KEY': secret}})

    def make_provider(self, name='aws', ns=None, **spec):
        return self.create('AWSProvider', name, {
            'region': 'us-east-1', 'endpoint': World.door.url,
            'credentialsSecret': {'name': 'aws-credentials'}, **spec}, ns)

    def manifest(self, kind, name, spec, annotations=None):
        if kind != 'AWSProvider':
            spec = {'providerRef': {'name': 'aws'}, **spec}
        return {'apiVersion': f'{GROUP}/v1alpha1', 'kind': kind,
                'metadata': {'name': name, 'annotations': annotations or {}}, 'spec': spec}

    def create(self, kind, name, spec, ns=None, annotations=None):
        return self.kube.must('POST', self.path(kind, ns=ns) + '?fieldValidation=Strict',
                              self.manifest(kind, name, spec, annotations))

    def refused(self, kind, name, spec):
        """The API server's words; fails if it takes the object."""
        status, answer = self.kube.request('POST', self.path(kind) + '?fieldValidation=Strict',
                                           self.manifest(kind, name, spec))
        self.assertGreaterEqual(status, 400, f'{kind} was accepted: {spec}')
        return answer['message']

    def patch(self, kind, name, spec=None, annotations=None, ns=None):
        body = {}
        if spec is not None:
            body['spec'] = spec
        if annotations is not None:
            body['metadata'] = {'annotations': {f'{GROUP}/{key}': value for key, value in annotations.items()}}
        return self.kube.must('PATCH', self.path(kind, name, ns), body, 'application/merge-patch+json')

    def get(self, kind, name, ns=None):
        return self.kube.must('GET', self.path(kind, name, ns))

    def condition(self, kind, name, wanted='Ready', ns=None):
        # An object that has gone meanwhile says nothing.
        found = self.kube.request('GET', self.path(kind, name, ns))[1]
        status = found.get('status') if found.get('kind') == kind else None
        conditions = (status or {}).get('conditions', [])
        return next((one for one in conditions if one['type'] == wanted), {'status': '', 'reason': '', 'message': ''})

    def wait_condition(self, kind, name, status, reason=None, wanted='Ready', seconds=20, ns=None):
        def holds():
            found = self.condition(kind, name, wanted, ns)
            return found if found['status'] == status and reason in (None, found['reason']) else None
        try:
            return wait_until('', holds, seconds)
        except TimeoutError:
            self.fail(f'{kind} {name}: {wanted} is not {status} {reason or ""} but {self.condition(kind, name, wanted, ns)}')

    def wait_ready(self, kind, name, seconds=20, ns=None):
        """Ready, and for the newest spec."""
        def ready():
            item = self.get(kind, name, ns)
            status = item.get('status', {})
            current = status.get('observedGeneration') == item['metadata']['generation']
            return item if current and status.get('ready') else None
        try:
            return wait_until('', ready, seconds)
        except TimeoutError:
            self.fail(f'{kind} {name} does not become ready: {self.get(kind, name, ns).get("status")}')

    def delete(self, kind, name, ns=None):
        self.kube.must('DELETE', self.path(kind, name, ns))

    def wait_gone(self, kind, name, seconds=20, ns=None):
        wait_until(f'{kind} {name} goes: {self.kube.request("GET", self.path(kind, name, ns))[1].get("status")}',
                   lambda: self.kube.request('GET', self.path(kind, name, ns))[0] == 404, seconds)

    def let_the_minutes_pass(self, kind, name):
        """Those within which AWS may hide what was made, and its absence is not believed."""
        status, _ = self.kube.request('PATCH', self.path(kind, name) + '/status',
                                      {'status': {'creation': {'startedAt': LONG_AGO}}}, 'application/merge-patch+json')
        self.assertIn(status, (200, 404))  # it may have gone meanwhile

    def say_that_it_is_ours(self, kind, name):
        """Of a bucket with a lost create: the emulator drops the tags of a CreateBucket, and only they could prove it."""
        body = {'metadata': {'annotations': {f'{GROUP}/adopt': 'true'}}}
        status, _ = self.kube.request('PATCH', self.path(kind, name), body, 'application/merge-patch+json')
        self.assertIn(status, (200, 404))  # it may have gone meanwhile

    def delete_and_wait(self, kind, name):
        self.delete(kind, name)
        self.wait_gone(kind, name)

    def events(self, name, reason=None):
        found = self.kube.must('GET', f'/api/v1/namespaces/{self.ns}/events')['items']
        return [one for one in found if one['involvedObject']['name'] == name and reason in (None, one['reason'])]

    def eventually(self, what, condition, seconds=20):
        """What goes away between two calls of one look is refused by the second: the look is taken again."""
        refused = None

        def look():
            nonlocal refused
            try:
                return condition()
            except botocore.exceptions.ClientError as error:
                refused = error
                return None
        try:
            return wait_until(what, look, seconds)
        except TimeoutError as error:
            self.fail(f'{error}' + (f'; a look was refused: {refused}' if refused else ''))

    def assert_settled(self, kind, name):
        """Two more looks at AWS change neither side, once the pass under way has ended: AWS may show already what that one does."""
        self.await_looks(kind, 1)
        before = self.get(kind, name)['metadata']['resourceVersion']
        writes = self.writes(kind)
        self.await_looks(kind, 2)
        self.assertEqual(self.get(kind, name)['metadata']['resourceVersion'], before, 'a second pass wrote to Kubernetes')
        self.assertEqual(self.writes(kind), writes, 'a second pass wrote to AWS')

    def await_looks(self, kind, count):
        def settled():
            return World.operator.metric('infra_operator_reconcile_total', resource_type=kind, result='settled')
        before = settled()
        self.eventually(f'{count} more looks', lambda: settled() >= before + count)

    def writes(self, kind):
        """Calls that change AWS, as the operator counts them, of the kind's service."""
        page = World.operator.get(World.operator.metrics_port, '/metrics')[1]
        reads = ('Get', 'List', 'Describe', 'Head')
        return sum(float(line.rsplit(' ', 1)[1]) for line in page.splitlines()
                   if line.startswith('infra_operator_aws_api_calls_total{') and
                   f'service="{SERVICES[kind]}"' in line and
                   not line.split('operation="')[1].startswith(reads))

    def make_object_vpc(self, name='vpc', annotations=None, provider='aws', **spec):
        return self.create('VPC', name, {'cidrBlock': '10.0.0.0/16', 'providerRef': {'name': provider}, **spec},
                           annotations=annotations)

    def vpcs_of(self, name='vpc', ns=None):
        """What AWS holds for an object, by the tags that name it."""
        return client('ec2').describe_vpcs(Filters=[
            {'Name': f'tag:{GROUP}/namespace', 'Values': [ns or self.ns]},
            {'Name': f'tag:{GROUP}/name', 'Values': [name]}])['Vpcs']


class Faults(Door):
    """A door with faults, that keeps what it has seen."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def note(self, request):
        super().note(request)
        self.seen.append(request)

    def hold(self, operation, seconds=10):
        """Keeps back the answers to an operation; gives two events: one has arrived, and let it go."""
        arrived, go_on = threading.Event(), threading.Event()

        def answered(reply):
            arrived.set()
            go_on.wait(seconds)
            return reply
        self.rule = lambda request: answered if request.operation == operation else None
        return arrived, go_on

    def wait_idle(self, seconds=20):
        """Until what a killed operator has asked for has arrived and been done."""
        wait_until('no call is under way', lambda: self.under_way == 0, seconds)


class FaultCase(Case):
    """A Case whose provider `faulty` goes through a Faults server."""

    def setUp(self):
        super().setUp()
        self.faults = Faults()
        self.addCleanup(self.faults.close)
        self.addCleanup(self.let_everything_pass)
        self.make_provider('faulty', endpoint=self.faults.url)
        self.wait_condition('AWSProvider', 'faulty', 'True')
        # Cleanups run last first: objects go before the server does.
        self.addCleanup(self.delete_everything)
        self.addCleanup(self.let_everything_pass)

    def let_everything_pass(self):
        self.faults.rule = lambda request: None

    def nudge(self, kind, name):
        """Reconciles now instead of at the end of a pause."""
        self.patch(kind, name, annotations={'reconcile-requested-at': str(time.monotonic())})


def policy(service='lambda.amazonaws.com'):
    return json.dumps({'Version': '2012-10-17', 'Statement': [
        {'Effect': 'Allow', 'Principal': {'Service': service}, 'Action': 'sts:AssumeRole'}]})
