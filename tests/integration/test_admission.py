"""The admission webhook of a process that does not lead, asked by a real API server."""
import base64
import contextlib
import datetime
import http.client
import json
import ssl
import subprocess
import threading
import urllib.error
import urllib.request

import stack
from harness import GROUP, Case, World, wait_until

HOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
LEASE = 'admission-test'
# As the chart says them.
MATCH_CONDITIONS = [{'name': 'not-on-its-way-out', 'expression': '!has(object.metadata.deletionTimestamp)'},
                    {'name': 'not-by-the-operator', 'expression': "request.userInfo.username != 'operator'"}]
REVIEWED = {'apiGroups': [GROUP], 'apiVersions': ['*'], 'resources': ['*'], 'scope': 'Namespaced'}
DELETIONS = [{**REVIEWED, 'operations': ['DELETE']}]
SSH_FOR_ALL = {'ipProtocol': 'tcp', 'fromPort': 22, 'toPort': 22, 'cidrBlocks': ['0.0.0.0/0']}


class Authority:
    """Signs certificates for 127.0.0.1, in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        self.openssl('req', '-x509', *self.new_key('ca.key'), '-out', 'ca.crt', '-days', '2', '-subj', '/CN=test authority')
        self.certificate = folder / 'ca.crt'

    def openssl(self, *words):
        stack.must_run(['openssl', *words], cwd=self.folder)

    def new_key(self, name):
        return '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', name

    def sign_into(self, folder):
        """Key first, as if it were copied by hand: in between the two do not fit."""
        self.openssl('req', *self.new_key('new.key'), '-out', 'new.csr', '-subj', '/CN=webhook', '-addext', 'subjectAltName=IP:127.0.0.1')
        self.openssl('x509', '-req', '-in', 'new.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial',
                     '-copy_extensions', 'copy', '-days', '2', '-out', 'new.crt')
        folder.mkdir(exist_ok=True)
        for ending in ('key', 'crt'):
            (folder / f'tls.{ending}').write_bytes((self.folder / f'new.{ending}').read_bytes())


class Server:
    """A process that answers reviews and waits for a lease that somebody else holds."""

    def __init__(self, name, *flags):
        self.folder = World.stack.folder / name
        self.authority = Authority(self.folder / 'authority')
        self.certificates = self.folder / 'certificates'
        self.port = stack.free_port()
        self.operator = World.stack.start_operator('--leader-election-namespace', 'default', '--leader-election-name', LEASE,
                                                   '--webhook-port', str(self.port), '--webhook-cert-dir', str(self.certificates), *flags)

    def readyz(self):
        return self.operator.get(self.operator.health_port, '/readyz')[1]

    def rotate(self):
        self.authority.sign_into(self.certificates)

    def serve(self):
        self.rotate()
        self.operator.wait_ready()
        self.operator.process.wait_until('knows all objects', lambda: self.operator.find_line('the webhook knows all objects'))
        return self

    def client_config(self):
        bundle = base64.b64encode(self.authority.certificate.read_bytes()).decode()
        return {'url': f'https://127.0.0.1:{self.port}/validate', 'caBundle': bundle}

    def shown(self):
        return ssl.get_server_certificate(('127.0.0.1', self.port))

    def context(self):
        return ssl.create_default_context(cafile=str(self.authority.certificate))

    def status_for(self, size):
        """What it says to a body of that size before any of it has come."""
        connection = http.client.HTTPSConnection('127.0.0.1', self.port, context=self.context(), timeout=30)
        connection.putrequest('POST', '/validate')
        connection.putheader('Content-Length', str(size))
        connection.endheaders()
        with connection.getresponse() as answer:
            return answer.status

    def post(self, body, path='/validate'):
        request = urllib.request.Request(f'https://127.0.0.1:{self.port}{path}', data=body, method='POST')
        try:
            with urllib.request.urlopen(request, context=self.context(), timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def hold_lease():
    now = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%fZ')
    World.stack.kube.must('POST', '/apis/coordination.k8s.io/v1/namespaces/default/leases', {
        'metadata': {'name': LEASE},
        'spec': {'holderIdentity': 'somebody else', 'leaseDurationSeconds': 3600, 'acquireTime': now, 'renewTime': now}})


class Asked(Case):
    """Its `server` is asked by the API server about the objects of each test."""
    server = None

    @classmethod
    def setUpClass(cls):
        hold_lease()
        cls.addClassCleanup(World.stack.kube.request, 'DELETE', f'/apis/coordination.k8s.io/v1/namespaces/default/leases/{LEASE}')

    def ask_webhook(self, **more):
        """From here on the API server asks about every object in the test's namespace."""
        self.post_hook(**more)
        self.eventually('the webhook is asked', self.is_asked, 30)

    def post_hook(self, **more):
        hook = {'name': 'validate.example.com', 'failurePolicy': 'Fail', 'sideEffects': 'None', 'admissionReviewVersions': ['v1', 'v1beta1'],
                'timeoutSeconds': 10, 'rules': [{**REVIEWED, 'operations': ['CREATE', 'UPDATE']}],
                'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': self.ns}},
                'clientConfig': self.client_config(), **more}
        name = f'{self.ns}-{len(more)}'
        self.kube.must('POST', HOOKS, {'metadata': {'name': name}, 'webhooks': [hook]})
        self.addCleanup(self.kube.request, 'DELETE', f'{HOOKS}/{name}')

    def is_asked(self):
        reviews = 'infra_operator_admission_reviews_total'
        before = self.server.operator.metric(reviews)
        self.dry_run('VPC', 'probe', {'cidrBlock': '10.9.0.0/16'})
        return self.server.operator.metric(reviews) > before

    def dry_run(self, kind, name, spec):
        return self.kube.request('POST', self.path(kind) + '?dryRun=All', self.manifest(kind, name, spec))

    def kubectl(self, *words, **more):
        return subprocess.run([World.tools['kubectl'], '--kubeconfig', World.stack.kubeconfig, '--namespace', self.ns, *words],
                              capture_output=True, text=True, timeout=60, **more)

    def apply(self, kind, name, spec, *flags):
        return self.kubectl('apply', '-f', '-', *flags, input=json.dumps(self.manifest(kind, name, spec)))

    def dry_deletion(self, kind, name):
        return self.kubectl('delete', f'{kind}.{GROUP}', name, '--dry-run=server')

    def assert_refused(self, done, sentence):
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn('denied the request: ' + sentence, done.stderr)

    def knows(self, kind, name, spec, sentence):
        """Until the caches of the webhook have what makes it refuse this."""
        self.eventually('the webhook knows', lambda: sentence in self.dry_run(kind, name, spec)[1].get('message', ''))

    @contextlib.contextmanager
    def writers_that_are_never_refused(self):
        answers = []
        done = threading.Event()

        def write():
            while not done.is_set():
                answers.append(self.dry_run('VPC', 'net', {'cidrBlock': '10.0.0.0/16'}))
        writers = [threading.Thread(target=write) for _ in range(4)]
        for writer in writers:
            writer.start()
        try:
            yield
        finally:
            done.set()
            for writer in writers:
                writer.join()
        self.assertGreater(len(answers), 100)
        self.assertEqual([answer for status, answer in answers if status != 201], [])


class Admission(Asked):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = Server('webhook').serve()
        cls.addClassCleanup(lambda: cls.server.operator.process.alive() and cls.server.operator.stop())

    def setUp(self):
        super().setUp()
        if not self.server.operator.process.alive():
            type(self).server = Server(f'webhook-{self.number}').serve()
        self.ask_webhook()

    def client_config(self):
        return self.server.client_config()

    def test_a_subnet_lies_within_its_vpc(self):
        self.make_object_vpc('net')
        outside = {'vpcRef': {'name': 'net'}, 'cidrBlock': '10.1.0.0/24'}
        sentence = f'spec.cidrBlock 10.1.0.0/24 is not within 10.0.0.0/16, the range of VPC {self.ns}/net; choose one that is'
        self.knows('Subnet', 'a', outside, sentence)
        self.assert_refused(self.apply('Subnet', 'a', outside), sentence)
        good = self.apply('Subnet', 'a', {'vpcRef': {'name': 'net'}, 'cidrBlock': '10.0.1.0/24'})
        self.assertEqual((good.returncode, good.stderr), (0, ''))
        overlapping = {'vpcRef': {'name': 'net'}, 'cidrBlock': '10.0.0.0/23'}
        self.knows('Subnet', 'b', overlapping, f'overlaps that of Subnet {self.ns}/a in the same VPC')
        self.wait_ready('Subnet', 'a')  # the operator's own writes have got through, without matchConditions

    def test_a_subnet_may_name_its_vpc_by_id(self):
        self.make_object_vpc('net')
        vpc = self.wait_ready('VPC', 'net')['status']['vpcID']
        self.knows('Subnet', 'a', {'vpcID': vpc, 'cidrBlock': '10.1.0.0/24'}, f'the range of VPC {self.ns}/net')

    def test_a_name_is_taken_once(self):
        self.create('S3Bucket', 'first', {'bucketName': f'{self.ns}-logs'})
        self.knows('S3Bucket', 'second', {'bucketName': f'{self.ns}-logs'}, f'S3Bucket {self.ns}/first has that name already')
        self.create('SQSQueue', 'first', {'queueName': f'{self.ns}-work'})
        self.knows('SQSQueue', 'second', {'queueName': f'{self.ns}-work'}, f'SQSQueue {self.ns}/first has that name already')

    def test_a_policy_is_json(self):
        done = self.apply('IAMRole', 'role', {'roleName': self.ns, 'assumeRolePolicyDocument': '{"Version": "2012-10-17",\n}'})
        self.assert_refused(done, 'spec.assumeRolePolicyDocument must be a JSON object: not valid JSON: '
                                  'there is a comma too many before line 2, column 1')

    def test_a_provider_serves_its_namespaces(self):
        other = f'{self.ns}-other'
        self.kube.must('POST', '/api/v1/namespaces', {'metadata': {'name': other}})
        self.make_provider('theirs', ns=other, credentialsSecret={'name': 'none'})
        self.addCleanup(self.delete, 'AWSProvider', 'theirs', other)
        spec = {'cidrBlock': '10.0.0.0/16', 'providerRef': {'name': 'theirs', 'namespace': other}}
        self.knows('VPC', 'net', spec, f'AWSProvider {other}/theirs does not serve namespace {self.ns}')
        done = self.apply('VPC', 'net', {'cidrBlock': '10.0.0.0/16', 'providerRef': {'name': 'nobody'}}, '--dry-run=server')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f'Warning: there is no AWSProvider {self.ns}/nobody yet', done.stderr)

    def test_a_warning_is_shown(self):
        done = self.apply('SecurityGroup', 'open', {'groupName': 'open', 'description': 'open', 'vpcID': 'vpc-1',
                                                    'ingressRules': [SSH_FOR_ALL]}, '--dry-run=server')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('Warning: spec.ingressRules[0] lets everybody (0.0.0.0/0) in at port 22 (SSH)', done.stderr)

    def test_an_unknown_action_is_told(self):
        policy = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': '*', 'Action': 'sts:AssumeRoll'}]}
        done = self.apply('IAMRole', 'role', {'roleName': self.ns, 'assumeRolePolicyDocument': json.dumps(policy)}, '--dry-run=server')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('Warning: spec.assumeRolePolicyDocument names sts:AssumeRoll, which is no action', done.stderr)

    def test_the_deletion_of_what_is_used_is_told(self):
        self.post_hook(rules=DELETIONS)
        self.make_object_vpc('net')
        self.create('Subnet', 'a', {'vpcRef': {'name': 'net'}, 'cidrBlock': '10.0.1.0/24'})
        sentence = f'Warning: VPC {self.ns}/net is still used by Subnet {self.ns}/a; delete what uses it first'
        self.eventually('the webhook knows', lambda: sentence in self.dry_deletion('VPC', 'net').stderr)
        self.assertIn(f'Warning: AWSProvider {self.ns}/aws is still used by', self.dry_deletion('AWSProvider', 'aws').stderr)
        done = self.dry_deletion('Subnet', 'a')
        self.assertEqual((done.returncode, done.stderr), (0, ''))

    def test_a_dry_run_leaves_nothing_behind(self):
        for name in ('first', 'second'):
            done = self.apply('S3Bucket', name, {'bucketName': f'{self.ns}-dry'}, '--dry-run=server')
            self.assertEqual((done.returncode, done.stderr), (0, ''))

    def test_objects_go_while_nobody_answers(self):
        self.ask_webhook(matchConditions=MATCH_CONDITIONS)
        self.kube.must('DELETE', f'{HOOKS}/{self.ns}-0')
        self.make_object_vpc('net')
        self.wait_ready('VPC', 'net')
        self.server.operator.stop()
        status, answer = self.dry_run('VPC', 'other', {'cidrBlock': '10.0.0.0/16'})
        self.assertEqual(status, 500, answer)
        self.assertIn('failed calling webhook', answer['message'])
        self.delete_and_wait('VPC', 'net')

    def test_a_new_certificate_refuses_nobody(self):
        with self.writers_that_are_never_refused():
            for _ in range(3):
                before = self.server.shown()
                self.server.rotate()
                self.eventually('the new certificate is shown', lambda: self.server.shown() != before)

    def test_it_waits_for_its_certificate(self):
        server = Server(f'late-{self.number}')
        self.addCleanup(server.operator.stop)
        self.assertIn(f'[-]webhook failed: cannot read the file {server.certificates}/tls.crt', server.readyz())
        server.serve()
        self.assertIn('[+]webhook ok', server.readyz())

    def test_what_is_no_review_is_explained(self):
        review = {'apiVersion': 'admission.k8s.io/v1', 'kind': 'AdmissionReview', 'request': {'uid': 'u', 'operation': 'CREATE'}}
        large = json.dumps({**review, 'filler': 'x' * (3 << 20)}).encode()
        for why, body, status, said in (('half', b'{"kind": "Admi', 400, 'it ends too early'), ('nothing', b'', 400, 'it ends too early'),
                                        ('version', json.dumps({**review, 'apiVersion': 'admission.k8s.io/v9'}).encode(), 400, 'admission.k8s.io/v9'),
                                        ('3 MB', large, 200, '"allowed":true')):
            with self.subTest(why):
                answer = self.server.post(body)
                self.assertEqual(answer[0], status)
                self.assertIn(said, answer[1])
        self.assertEqual(self.server.status_for(9 << 20), 413)
        self.assertEqual(self.server.post(b'{}', '/other')[0], 404)
        wait_until('it goes on', lambda: self.server.post(json.dumps(review).encode())[0] == 200)


class Strict(Asked):
    def setUp(self):
        super().setUp()
        self.server = Server(self.ns, '--webhook-refuse-dangers', '--webhook-refuse-deletion-in-use').serve()
        self.addCleanup(self.server.operator.stop)
        self.ask_webhook()

    def client_config(self):
        return self.server.client_config()

    def test_dangers_are_refused(self):
        done = self.apply('SecurityGroup', 'open', {'groupName': 'open', 'description': 'open', 'vpcID': 'vpc-1',
                                                    'ingressRules': [SSH_FOR_ALL]})
        self.assert_refused(done, 'spec.ingressRules[0] lets everybody (0.0.0.0/0) in at port 22 (SSH)')

    def test_what_is_used_stays(self):
        self.post_hook(rules=DELETIONS)
        self.make_object_vpc('net')
        self.create('Subnet', 'a', {'vpcRef': {'name': 'net'}, 'cidrBlock': '10.0.1.0/24'})
        self.eventually('the webhook knows', lambda: self.dry_deletion('VPC', 'net').returncode)
        self.assert_refused(self.kubectl('delete', f'vpcs.{GROUP}', 'net', '--wait=false'),
                            f'VPC {self.ns}/net is still used by Subnet {self.ns}/a; delete what uses it first')
        self.wait_ready('Subnet', 'a')
        self.delete_and_wait('Subnet', 'a')
        self.eventually('the webhook knows', lambda: not self.dry_deletion('VPC', 'net').returncode)
        self.delete_and_wait('VPC', 'net')


class Maker:
    """A process that makes its own certificate."""

    def __init__(self, secret, configuration, port=None):
        self.port = port or stack.free_port()
        self.operator = World.stack.start_operator(
            '--leader-election-namespace', 'default', '--leader-election-name', LEASE, '--webhook-port', str(self.port),
            '--webhook-secret', secret, '--webhook-configuration', configuration, '--webhook-hosts', '127.0.0.1,webhook.default.svc',
            env={'POD_NAMESPACE': 'default'})

    def readyz(self):
        return self.operator.get(self.operator.health_port, '/readyz')[1]

    def shown(self):
        return ssl.get_server_certificate(('127.0.0.1', self.port))

    def said(self, message):
        return [line for line in self.operator.lines() if line.get('msg') == message]


class OwnCertificate(Asked):
    """Rights, Secret and configuration as the chart makes them."""

    def setUp(self):
        super().setUp()
        self.name = f'{self.ns}-0'  # of everything
        self.secret_path = f'/api/v1/namespaces/default/secrets/{self.name}'
        self.port = stack.free_port()
        self.kube.must('POST', '/api/v1/namespaces/default/secrets', {'metadata': {'name': self.name}, 'type': 'Opaque'})
        self.addCleanup(self.kube.request, 'DELETE', self.secret_path)

    def allow(self, *resources):
        rules = [{'apiGroups': ['', 'admissionregistration.k8s.io'], 'resources': list(resources), 'resourceNames': [self.name],
                  'verbs': ['get', 'patch']}]
        rbac = '/apis/rbac.authorization.k8s.io/v1'
        for plural, body in (('clusterroles', {'rules': rules}), ('clusterrolebindings', {
                'roleRef': {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'ClusterRole', 'name': self.name},
                'subjects': [{'kind': 'User', 'name': 'operator', 'apiGroup': 'rbac.authorization.k8s.io'}]})):
            self.kube.request('DELETE', f'{rbac}/{plural}/{self.name}')
            self.kube.must('POST', f'{rbac}/{plural}', {'metadata': {'name': self.name}, **body})
            self.addCleanup(self.kube.request, 'DELETE', f'{rbac}/{plural}/{self.name}')

    def client_config(self):
        return {'url': f'https://127.0.0.1:{self.port}/validate'}

    def make(self, port=None):
        server = Maker(self.name, self.name, port)
        self.addCleanup(lambda: server.operator.process.alive() and server.operator.stop())
        return server

    def data(self):
        return self.kube.must('GET', self.secret_path).get('data', {})

    def serve(self):
        """The one that the API server asks."""
        self.allow('secrets', 'validatingwebhookconfigurations')
        self.server = self.make(self.port)
        self.post_hook()
        self.server.operator.wait_ready()
        self.eventually('the webhook is asked', self.is_asked, 30)

    def test_it_is_made_and_trusted(self):
        self.serve()
        sentence = 'spec.assumeRolePolicyDocument must be a JSON object'
        self.assert_refused(self.apply('IAMRole', 'role', {'roleName': self.ns, 'assumeRolePolicyDocument': '{,}'}), sentence)
        self.assertEqual(set(self.data()), {'ca.crt', 'ca.key', 'tls.crt', 'tls.key', 'ca-before.crt'})
        self.assertNotIn('PRIVATE', self.server.operator.process.text())

    def test_an_emptied_secret_refuses_nobody(self):
        self.serve()
        other = self.make()
        other.operator.wait_ready()
        self.assertEqual(other.shown(), self.server.shown(), 'two processes share one certificate')
        before = self.server.shown()
        with self.writers_that_are_never_refused():
            self.kube.must('PATCH', self.secret_path, {'data': None}, 'application/merge-patch+json')
            for server in (self.server, other):
                self.eventually('the new certificate is shown', lambda server=server: server.shown() != before)
        self.assertEqual(other.shown(), self.server.shown())
        self.assertIn('[+]webhook ok', self.server.readyz())

    def test_it_says_what_it_may_not(self):
        self.allow('secrets')
        self.post_hook()
        server = self.make(self.port)
        sentence = f"the operator's account may not get ValidatingWebhookConfiguration {self.name}; give it get and patch on that one"
        self.eventually('it says so', lambda: f'[-]webhook failed: {sentence}' in server.readyz())
        self.allow('secrets', 'validatingwebhookconfigurations')
        server.operator.wait_ready()
        self.assertEqual(len(server.said("the webhook's certificate is no good")), 1)

    def test_it_says_what_is_not_there(self):
        self.allow('secrets', 'validatingwebhookconfigurations')
        server = self.make(self.port)
        self.eventually('it says so', lambda: f'there is no ValidatingWebhookConfiguration {self.name}; bring it back' in server.readyz())
        self.post_hook()
        server.operator.wait_ready()
