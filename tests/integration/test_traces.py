"""Traces, as a collector gets them that decodes with OpenTelemetry's own protos."""
import base64
import http.server
import json
import subprocess

from google.protobuf import json_format
from harness import Case, World
from loopback import Loopback, QuietHandler
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
import stack

IDS = ('traceId', 'spanId', 'parentSpanId')
TOKEN, KEY = 'not-to-be-seen', 'neither-is-this'


def with_base64_ids(json_value):
    """OTLP has ids as hexadecimal digits where protobuf's own JSON has base64."""
    if isinstance(json_value, list):
        return [with_base64_ids(item) for item in json_value]
    if not isinstance(json_value, dict):
        return json_value
    return {key: base64.b64encode(bytes.fromhex(value)).decode() if key in IDS else with_base64_ids(value)
            for key, value in json_value.items()}


def attributes_of(item):
    return {one.key: getattr(one.value, one.value.WhichOneof('value')) for one in item.attributes}


class Collector(Loopback, http.server.ThreadingHTTPServer):
    def __init__(self, port=0):
        self.refusals = []  # (status, headers), answered first
        self.requests, self.spans, self.resources = [], [], []
        super().__init__(Handler, port=port)

    def take(self, body):
        request = ExportTraceServiceRequest()
        json_format.Parse(json.dumps(with_base64_ids(json.loads(body))), request)
        for group in request.resource_spans:
            self.resources.append(attributes_of(group.resource))
            for scope in group.scope_spans:
                self.spans += scope.spans


class Handler(QuietHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.server.requests.append((self.path, dict(self.headers), body.decode()))
        status, headers = self.server.refusals.pop(0) if self.server.refusals else (200, {})
        if status == 200:
            self.server.take(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'{}')


class Traces(Case):
    def setUp(self):
        super().setUp()
        self.collector = Collector()
        self.addCleanup(lambda: self.collector.close())
        self.make_secret('hushed', secret=KEY)

    def start_operator(self, *flags, env=None):
        World.operator.stop()
        operator = World.operator = World.stack.start_operator('--no-leader-elect', '--cluster-name', 'test', *flags, env=env).wait_ready()
        # Cleanups run last first: objects go before the operator does.
        self.addCleanup(self.stop, operator)
        self.addCleanup(self.delete_everything)
        self.make_provider('traced', credentialsSecret={'name': 'hushed'})
        return operator

    def stop(self, operator):
        """The usual one takes over, if it has not yet."""
        if World.operator is operator:
            operator.stop()
            World.start_operator()

    def make_ready_vpc(self, name='vpc'):
        self.make_object_vpc(name, provider='traced')
        self.wait_ready('VPC', name)

    def roots(self, kind, name, outcome='settled'):
        wanted = {'infra.kind': kind, 'k8s.namespace.name': self.ns, 'infra.name': name, 'infra.outcome': outcome}
        return [span for span in self.collector.spans if wanted.items() <= attributes_of(span).items()]

    def root_with(self, kind, name, part):
        """The span of the reconcile that has a part of this name, and its parts by name."""
        for root in self.roots(kind, name):
            parts = {span.name: span for span in self.collector.spans
                     if span.trace_id == root.trace_id and span.span_id != root.span_id}
            if part in parts:
                return root, parts
        return None

    def metric(self, result):
        return World.operator.metric('infra_operator_trace_spans_total', result=result)

    def test_a_reconcile_is_a_trace_with_its_calls(self):
        self.start_operator('--otlp-endpoint', self.collector.url, '--log-level', 'debug',
                            env={'POD_NAME': 'pod-1', 'OTEL_EXPORTER_OTLP_HEADERS': f'api-key={TOKEN}'})
        self.make_ready_vpc()
        root, parts = self.eventually('a trace', lambda: self.root_with('VPC', 'vpc', 'EC2/CreateVpc'))
        self.assertEqual((root.name, root.kind, root.parent_span_id), ('reconcile VPC', Span.SPAN_KIND_INTERNAL, b''))
        self.assertEqual((len(root.trace_id), len(root.span_id)), (16, 8))
        for part in parts.values():
            with self.subTest(part=part.name):
                self.assertEqual((part.parent_span_id, part.kind), (root.span_id, Span.SPAN_KIND_CLIENT))
                self.assertLessEqual(root.start_time_unix_nano, part.start_time_unix_nano)
                self.assertLessEqual(part.start_time_unix_nano, part.end_time_unix_nano)
                self.assertLessEqual(part.end_time_unix_nano, root.end_time_unix_nano)
        aws = attributes_of(parts['EC2/CreateVpc'])
        self.assertTrue(aws.pop('aws.request_id'))
        self.assertEqual(aws, {'rpc.system': 'aws-api', 'rpc.service': 'EC2', 'rpc.method': 'CreateVpc', 'http.response.status_code': 200})
        kube = attributes_of(parts['PATCH vpcs/status'])
        self.assertEqual({name: kube[name] for name in ('http.request.method', 'url.path', 'http.response.status_code')}, {
            'http.request.method': 'PATCH', 'url.path': self.path('VPC', 'vpc') + '/status', 'http.response.status_code': 200})
        self.assertIn('PATCH vpcs', parts)
        logged = [line for line in World.operator.lines() if line.get('trace_id') == root.trace_id.hex()]
        self.assertEqual([(line['msg'], line['name']) for line in logged], [('reconciled', 'vpc')])
        self.eventually('the trace of the provider', lambda: self.root_with('AWSProvider', 'traced', 'STS/GetCallerIdentity'))
        resource = self.collector.resources[0]
        self.assertEqual({name: resource[name] for name in ('service.name', 'k8s.pod.name', 'k8s.cluster.name')},
                         {'service.name': 'infra-operator', 'k8s.pod.name': 'pod-1', 'k8s.cluster.name': 'test'})
        self.assert_nothing_secret()

    def assert_nothing_secret(self):
        path, headers, _ = self.collector.requests[0]
        self.assertEqual((path, headers['api-key'], headers['Content-Type']), ('/v1/traces', TOKEN, 'application/json'))
        said = World.operator.process.text() + ''.join(body for _, _, body in self.collector.requests)
        for secret in (TOKEN, KEY, 'operator-token'):
            self.assertNotIn(secret, said)

    def test_what_fails_is_marked(self):
        self.start_operator('--otlp-endpoint', self.collector.url)
        self.create('Subnet', 'lost', {'vpcID': 'vpc-0123456789abcdef0', 'cidrBlock': '10.0.1.0/24', 'providerRef': {'name': 'traced'}})
        root = self.eventually('a trace of the failure', lambda: self.roots('Subnet', 'lost', 'failed') or self.roots('Subnet', 'lost', 'blocked'))[0]
        call = next(span for span in self.collector.spans if span.trace_id == root.trace_id and span.name == 'EC2/CreateSubnet')
        self.assertEqual((call.status.code, call.status.message), (Status.STATUS_CODE_ERROR, 'InvalidVpcID.NotFound'))
        self.assertEqual(attributes_of(call)['http.response.status_code'], 400)

    def test_nothing_is_lost_when_the_collector_wants_it_later(self):
        self.collector.refusals = [(429, {'Retry-After': '1'}), (503, {})]
        self.start_operator('--otlp-endpoint', self.collector.url)
        self.make_ready_vpc()
        self.eventually('a trace', lambda: self.root_with('VPC', 'vpc', 'EC2/CreateVpc'), 30)
        self.assertEqual(self.collector.refusals, [])
        self.assertEqual(self.metric('dropped'), 0)
        self.stop(World.operator)
        known = {span.span_id for span in self.collector.spans}
        self.assertEqual([span.name for span in self.collector.spans if span.parent_span_id and span.parent_span_id not in known], [])

    def test_a_stop_sends_what_there_is(self):
        self.start_operator('--otlp-endpoint', self.collector.url)
        self.make_ready_vpc()
        self.make_ready_vpc('second')
        self.stop(World.operator)
        self.assertTrue(self.root_with('VPC', 'second', 'EC2/CreateVpc'))

    def test_a_collector_that_is_away_holds_up_nothing(self):
        port = stack.free_port()
        operator = self.start_operator('--otlp-endpoint', f'http://127.0.0.1:{port}', '--check-interval', '1s')
        self.make_ready_vpc()
        operator.process.wait_until('complains', lambda: operator.find_line('cannot send traces; of what waits for the collector, the oldest are dropped'))
        self.assert_settled('VPC', 'vpc')
        self.collector.close()
        self.collector = Collector(port)
        operator.process.wait_until('recovers', lambda: operator.find_line('traces are sent again'), 40)
        self.assertTrue(self.root_with('VPC', 'vpc', 'EC2/CreateVpc'))
        self.assertEqual(sum('cannot send traces' in line.get('msg', '') for line in operator.lines()), 1)

    def test_what_is_not_sampled_is_not_sent(self):
        self.start_operator('--otlp-endpoint', self.collector.url, '--trace-sampling', '0', '--check-interval', '1s')
        self.make_ready_vpc()
        self.await_looks('VPC', 3)
        self.assertEqual(self.collector.requests, [])

    def test_bad_values_are_refused_in_words(self):
        for words, code, said in ((['--otlp-endpoint', 'collector:4318'], 1, 'such as http://collector:4318'),
                                  (['--otlp-endpoint', self.collector.url, '--trace-sampling', '2'], 2, '--trace-sampling'),
                                  (['--trace-sampling', '0.5'], 2, '--trace-sampling requires --otlp-endpoint'),
                                  (['--otlp-endpoint', self.collector.url], 1, 'item 1 of OTEL_EXPORTER_OTLP_HEADERS')):
            with self.subTest(words=words):
                done = subprocess.run([World.tools['operator'], 'run', '--kubeconfig', str(World.stack.kubeconfig), *words], capture_output=True,
                                      text=True, timeout=30, env={'OTEL_EXPORTER_OTLP_HEADERS': TOKEN})
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(said, done.stderr)
                self.assertNotIn(TOKEN, done.stderr)
