"""A real etcd, kube-apiserver and AWS emulator on loopback, and the operator beside them.

For ./dev demo and the integration tests. Every part listens on a port that was free a moment before, keeps its files in
one temporary folder, and is ended by its process id. Standard library only.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
GROUP = 'aws-infra-operator.runner.codes'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def wait_until(what, condition, seconds=30.0):
    """Polls; gives back the condition's first true answer, or raises with `what`."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f'not within {seconds:g} s: {what}')
        time.sleep(0.02)


class Watched:
    """A process that has a name, alive() and the text() of its log."""

    def wait_until(self, what, condition, seconds=60.0):
        def look():
            answer = condition()
            if not answer and not self.alive():
                raise RuntimeError(f'{self.name} has ended:\n{self.text()[-3000:]}')
            return answer
        return wait_until(f'{self.name}: {what}', look, seconds)


class Process(Watched):
    """A child with its output in a file; ended politely, then not."""

    def __init__(self, name, command, folder, env=None):
        self.name = name
        self.log_path = pathlib.Path(folder) / f'{name}.log'
        self.log = open(self.log_path, 'ab')
        self.popen = subprocess.Popen(
            [str(word) for word in command], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})}, start_new_session=True)

    def alive(self):
        return self.popen.poll() is None

    def text(self):
        return self.log_path.read_text(errors='replace')

    def signal(self, number):
        if self.alive():
            self.popen.send_signal(number)

    def stop(self, seconds=10.0):
        """The exit code; None if it had to be killed."""
        self.signal(signal.SIGTERM)
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            code = None
        self.log.close()
        return code

    def kill(self):
        self.signal(signal.SIGKILL)
        self.popen.wait()
        self.log.close()


class Kube:
    """The API server's REST interface, as one user; each thread keeps a connection of its own."""

    def __init__(self, server, token, ca):
        self.server = server
        self.token = token
        self.context = ssl.create_default_context(cafile=str(ca))
        self.kept = threading.local()

    def request(self, method, path, body=None, content_type='application/json'):
        data = None if body is None else json.dumps(body).encode()
        headers = {'Authorization': 'Bearer ' + self.token} | ({} if data is None else {'Content-Type': content_type})
        status, text = self.send(method, path, data, headers)
        try:
            return status, json.loads(text or b'null')
        except ValueError:
            if status < 300:
                raise
            return status, {'message': text.decode(errors='replace')}

    def send(self, *request):
        """Over the connection that is kept; over a new one if the server has closed that meanwhile."""
        connection, self.kept.connection = getattr(self.kept, 'connection', None), None
        if connection:
            try:
                return self.exchange(connection, *request)
            except (ConnectionError, ssl.SSLError):
                connection.close()
        return self.exchange(http.client.HTTPSConnection(self.server.removeprefix('https://'), context=self.context, timeout=30), *request)

    def exchange(self, connection, *request):
        connection.request(*request)
        answer = connection.getresponse()
        text = answer.read()
        self.kept.connection = connection
        return answer.status, text

    def must(self, method, path, body=None, content_type='application/json'):
        status, answer = self.request(method, path, body, content_type)
        if status >= 300:
            raise RuntimeError(f'{method} {path}: {status} {answer.get("message")}')
        return answer

    def answers(self, path='/readyz'):
        try:
            request = urllib.request.Request(self.server + path)
            request.add_header('Authorization', 'Bearer ' + self.token)
            with urllib.request.urlopen(request, context=self.context, timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False


def end_in_order_when_told():
    """SIGTERM then runs the finally clauses, which stop what was started. Any other exception than Ctrl+C's unittest takes for a test's."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def must_run(command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f'{command[0]} failed: {done.stderr or done.stdout}')
    return done.stdout


def kubeconfig(server, ca, token):
    return json.dumps({
        'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'test',
        'clusters': [{'name': 'test', 'cluster': {'server': server, 'certificate-authority': str(ca)}}],
        'users': [{'name': 'test', 'user': {'token': token}}],
        'contexts': [{'name': 'test', 'context': {'cluster': 'test', 'user': 'test', 'namespace': 'default'}}]})


def metric_samples(page, name):
    """Labels and value of each sample on a page of metrics."""
    for line in page.splitlines():
        if line.startswith((name + '{', name + ' ')):
            text, value = line.rsplit(' ', 1)
            yield text, float(value)


def aws_writes(page, service=''):
    """Calls that change AWS, as the operator counts them; of one service, or of all."""
    reads = ('Get', 'List', 'Describe', 'Head')
    return sum(value for text, value in metric_samples(page, 'infra_operator_aws_api_calls_total')
               if f'service="{service}' in text and not text.split('operation="')[1].startswith(reads))


class Stack:
    """Start with start(); the tools' paths come from `./dev path`."""

    def __init__(self, tools, folder=None):
        self.tools = tools  # name -> path: etcd, kube-apiserver, kubectl, moto_server, operator
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix='infra-operator-'))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes = []
        self.kubeconfig = self.folder / 'kubeconfig'
        self.operator_kubeconfig = self.folder / 'operator.kubeconfig'

    def start(self):
        """etcd, the API server with our CRDs, and the emulator; about 6 s, most of it the API server."""
        emulator = threading.Thread(target=self.start_moto)
        emulator.start()
        self.start_kube()
        emulator.join()
        return self

    def start_kube(self):
        self.start_etcd()
        self.start_apiserver()
        self.install_crds()
        self.allow_operator()

    def spawn(self, name, command, env=None):
        process = Process(name, command, self.folder, env)
        self.processes.append(process)
        return process

    def start_moto(self):
        self.aws_port = free_port()
        self.aws_endpoint = f'http://127.0.0.1:{self.aws_port}'
        self.moto = self.spawn('moto', [self.tools['moto_server'], '-H', '127.0.0.1', '-p', self.aws_port],
                               {'MOTO_IAM_LOAD_MANAGED_POLICIES': 'true', 'PYTHONUNBUFFERED': '1'})

        def answers():
            try:
                with urllib.request.urlopen(self.aws_endpoint + '/moto-api/data.json', timeout=5):
                    return True
            except OSError:
                return False
        self.moto.wait_until('answers', answers, 60)

    def start_etcd(self):
        client, peer = free_port(), free_port()
        self.etcd_url = f'http://127.0.0.1:{client}'
        self.etcd = self.spawn('etcd', [
            self.tools['etcd'], '--data-dir', self.folder / 'etcd', '--unsafe-no-fsync', '--log-level', 'warn',
            '--listen-client-urls', self.etcd_url, '--advertise-client-urls', self.etcd_url,
            '--listen-peer-urls', f'http://127.0.0.1:{peer}', '--initial-advertise-peer-urls', f'http://127.0.0.1:{peer}',
            '--initial-cluster', f'default=http://127.0.0.1:{peer}'])

    def start_apiserver(self):
        self.api_port = free_port()
        self.server = f'https://127.0.0.1:{self.api_port}'
        self.certs = self.folder / 'certs'
        key = self.folder / 'service-account.key'
        if not key.exists():
            must_run(['openssl', 'genrsa', '-out', key, '2048'])
            (self.folder / 'tokens.csv').write_text(
                'admin-token,admin,admin,system:masters\noperator-token,operator,operator\n')
        self.run_apiserver()
        self.kube = Kube(self.server, 'admin-token', self.certs / 'apiserver.crt')
        self.write_kubeconfig(self.kubeconfig, 'admin-token')
        self.write_kubeconfig(self.operator_kubeconfig, 'operator-token')

    def run_apiserver(self):
        """Also for a second time, at the same port, after the first was stopped."""
        key = self.folder / 'service-account.key'
        self.apiserver = self.spawn('kube-apiserver', [
            self.tools['kube-apiserver'], '--etcd-servers', self.etcd_url, '--cert-dir', self.certs,
            '--bind-address', '127.0.0.1', '--secure-port', self.api_port, '--advertise-address', '127.0.0.1',
            '--endpoint-reconciler-type', 'none', '--service-cluster-ip-range', '10.0.0.0/24',
            '--service-account-issuer', self.server, '--service-account-key-file', key,
            '--service-account-signing-key-file', key, '--disable-admission-plugins', 'ServiceAccount',
            '--authorization-mode', 'RBAC', '--token-auth-file', self.folder / 'tokens.csv',
            '--audit-policy-file', self.audit_policy(), '--audit-log-path', self.folder / 'audit.log'])
        crt = self.certs / 'apiserver.crt'
        self.apiserver.wait_until('makes its certificate', crt.exists)
        kube = wait_until('certificate is readable', lambda: self.client_or_none(crt))
        self.apiserver.wait_until('is ready', kube.answers, 60)

    def audit_policy(self):
        """Has every write of the user `operator` put down, but for the renewals of its lease."""
        path = self.folder / 'audit-policy.json'
        path.write_text(json.dumps({
            'apiVersion': 'audit.k8s.io/v1', 'kind': 'Policy', 'omitStages': ['RequestReceived'], 'rules': [
                {'level': 'None', 'resources': [{'group': 'coordination.k8s.io', 'resources': ['leases']}]},
                {'level': 'Metadata', 'users': ['operator'], 'verbs': ['create', 'update', 'patch', 'delete']},
                {'level': 'None'}]}))
        return path

    def operator_writes(self):
        """What the operator has asked the API server to write so far, such as «patch /apis/...»."""
        lines = (self.folder / 'audit.log').read_text().splitlines()
        return [f'{one["verb"]} {one["requestURI"]}' for one in map(json.loads, lines)]

    def client_or_none(self, crt):
        try:
            return Kube(self.server, 'admin-token', crt)
        except ssl.SSLError:
            return None

    def write_kubeconfig(self, path, token, server=None):
        path.write_text(kubeconfig(server or self.server, self.certs / 'apiserver.crt', token))

    def token_of(self, ns, account):
        """A token of a service account, as a pod gets it."""
        return self.kube.must('POST', f'/api/v1/namespaces/{ns}/serviceaccounts/{account}/token', {
            'apiVersion': 'authentication.k8s.io/v1', 'kind': 'TokenRequest', 'spec': {}})['status']['token']

    def kubectl(self, *words, **options):
        return must_run([self.tools['kubectl'], '--kubeconfig', self.kubeconfig, *words], **options)

    def install_crds(self):
        self.kubectl('apply', '--server-side', '-f', ROOT / 'chart/templates/crds')
        self.kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all')

    def allow_operator(self):
        """Gives the user `operator` the rules of the chart, and no more."""
        rules = (ROOT / 'chart/files/rbac-rules.yaml').read_text()
        indented = ''.join('  ' + line + '\n' for line in rules.splitlines())
        self.kubectl('apply', '-f', '-', input=f'''
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: infra-operator}}
rules:
{indented}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: infra-operator}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: infra-operator}}
subjects: [{{kind: User, name: operator, apiGroup: rbac.authorization.k8s.io}}]
''')

    def forget_aws(self):
        """The emulator is as new."""
        urllib.request.urlopen(urllib.request.Request(f'{self.aws_endpoint}/moto-api/reset', method='POST')).close()

    def apply_samples(self, endpoint, *flags):
        """All at once, unchanged but for where the provider finds AWS."""
        texts = [path.read_text() for path in sorted((ROOT / 'samples').glob('*.yaml'))]
        self.kubectl('apply', *flags, '-f', '-', input='---\n'.join(texts).replace('http://127.0.0.1:5000', endpoint))

    def start_operator(self, *flags, env=None, kubeconfig=None):
        """Waits until it has started. Its ports come from its own log."""
        return Operator(self, flags, env, kubeconfig or self.operator_kubeconfig)

    def stop(self, keep_files=False):
        for process in reversed(self.processes):
            process.stop()
        self.processes.clear()
        if not keep_files:
            shutil.rmtree(self.folder, ignore_errors=True)


class Operator:
    count = 0

    def __init__(self, stack, flags, env, kubeconfig):
        Operator.count += 1
        self.process = stack.spawn(f'operator-{Operator.count}', [
            stack.tools['operator'], 'run', '--kubeconfig', kubeconfig,
            '--metrics-bind-address', '127.0.0.1:0', '--health-probe-bind-address', '127.0.0.1:0',
            '--provider-endpoint', 'http://127.0.0.1:*', '--provider-endpoint', 'https://127.0.0.1:*', *flags], env)
        self.stack = stack
        started = self.process.wait_until('says that it has started', lambda: self.find_line('started'))
        self.health_port = started['health_port']
        self.metrics_port = started['metrics_port']

    def lines(self):
        for line in self.process.text().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def find_line(self, message):
        return next((line for line in self.lines() if line.get('msg') == message), None)

    def get(self, port, path):
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def wait_ready(self, seconds=30.0):
        self.process.wait_until('is ready', lambda: self.get(self.health_port, '/readyz')[0] == 200, seconds)
        return self

    def metric(self, name, **labels):
        """The sum of the samples that have these labels."""
        return sum(value for text, value in metric_samples(self.get(self.metrics_port, '/metrics')[1], name)
                   if all(f'{key}="{wanted}"' in text for key, wanted in labels.items()))

    def stop(self):
        self.stack.processes.remove(self.process)
        return self.process.stop(30)

    def kill(self):
        self.stack.processes.remove(self.process)
        self.process.kill()
