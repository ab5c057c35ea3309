"""What the integration tests share: one stack, one operator, and ways to look at both sides."""
import itertools
import json
import threading
import time
import unittest

import actions
import botocore.exceptions
import objects
import proxy
import stack
from objects import API, GROUP, PLURALS, ROOT, SERVICES  # noqa: F401, some for the tests

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
    return objects.aws_client(World.stack.aws_endpoint, service, region)


class Door(proxy.Proxy):
    """What the operator asks of AWS comes through it; the actions that this needs are put down."""

    def __init__(self):
        super().__init__(World.stack.aws_port)

    def note(self, request):
        for action in actions.actions_of(request):
            World.called.setdefault(action, actions.operation_of(request))


class Case(objects.Objects, unittest.TestCase):
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

    def provider_endpoint(self):
        return World.door.url

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

    def start_instead(self, *flags, **env):
        """An operator in the place of the usual one, until the test has ended."""
        World.operator.stop()
        self.addCleanup(World.start_operator)
        World.operator = World.stack.start_operator('--no-leader-elect', '--check-interval', '1s', *flags, env=env).wait_ready()
        self.addCleanup(World.operator.stop)

    def take_api_server_away(self):
        World.stack.processes.remove(World.stack.apiserver)
        World.stack.apiserver.kill()

    def bring_api_server_back(self):
        World.stack.run_apiserver()
        self.eventually('custom resources are served again', lambda: all(
            self.kube.request('GET', self.path(kind))[0] == 200 for kind in PLURALS), 60)

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
        return stack.aws_writes(World.operator.get(World.operator.metrics_port, '/metrics')[1], SERVICES[kind])

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

    def signed_by(self, key):
        return [request for request in self.seen if request.key == key]

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
