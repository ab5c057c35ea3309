"""The program itself: flags, probes, metrics, the log."""
import contextlib
import json
import subprocess
import urllib.error

import stack
from harness import Case, World

def run(*words):
    return subprocess.run([World.tools['operator'], *words], capture_output=True, text=True, timeout=30)


def is_ready(port):
    with contextlib.suppress(ConnectionError, urllib.error.URLError):
        return World.operator.get(port, '/readyz')[0] == 200


class Flags(Case):
    def test_wrong_flags_are_named(self):
        for words, said in ((['run', '--nonsense'], '--nonsense'), (['run', '--check-interval', '5'], '--check-interval'),
                            (['run', '--log-level', 'loud'], '--log-level'), (['run', '--max-concurrent-reconciles', '0'],
                                                                             '--max-concurrent-reconciles'),
                            (['run', '--check-jitter', '101'], '--check-jitter'),
                            (['run', '--leader-election-retry-period', '2'], '--leader-election-retry-period'),
                            (['run', '--leader-election-lease-duration', '10s'], '--leader-election-renew-deadline'),
                            ([], 'subcommand')):
            with self.subTest(words=words):
                done = run(*words)
                self.assertEqual(done.returncode, 2)
                self.assertIn(said, done.stderr + done.stdout)

    def test_what_keeps_it_from_starting_is_said(self):
        for words, said in ((['--kubeconfig', '/nonexistent'], '/nonexistent'),
                            (['--kubeconfig', str(World.stack.kubeconfig), '--context', 'other'], 'other'),
                            (['--kubeconfig', str(World.stack.kubeconfig), '--metrics-bind-address', '127.0.0.1:0',
                              '--health-probe-bind-address', '127.0.0.1:99999'], '--health-probe-bind-address'),
                            (['--kubeconfig', str(World.stack.kubeconfig), '--global-tags', 'Team'], 'KEY=VALUE'),
                            (['--kubeconfig', str(World.stack.kubeconfig), '--global-tags', 'aws:x=1'], 'aws:x'),
                            (['--kubeconfig', str(World.stack.kubeconfig), '--definitions', '/nonexistent'], '/nonexistent')):
            with self.subTest(words=words):
                done = run('run', *words)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(said, done.stderr)

    def test_only_the_namespaces_asked_for(self):
        World.operator.stop()
        other = f'{self.ns}-other'
        self.kube.must('POST', '/api/v1/namespaces', {'metadata': {'name': other}})
        self.make_secret(ns=other)
        self.make_provider(ns=other)
        operator = World.stack.start_operator('--namespaces', f'{self.ns},nowhere', '--no-leader-elect').wait_ready()
        self.create('VPC', 'not-seen', {'cidrBlock': '10.0.0.0/16'}, ns=other)
        self.make_object_vpc()
        self.wait_ready('VPC', 'vpc')
        self.assertNotIn('status', self.get('VPC', 'not-seen', ns=other))
        operator.stop()
        World.start_operator()
        self.delete('VPC', 'not-seen', ns=other)
        self.wait_gone('VPC', 'not-seen', ns=other)
        self.delete('AWSProvider', 'aws', ns=other)


class Probes(Case):
    def test_healthz_and_readyz(self):
        operator = World.operator
        self.assertEqual(operator.get(operator.health_port, '/healthz')[0], 200)
        status, text = operator.get(operator.health_port, '/readyz')
        self.assertEqual(status, 200)
        self.assertIn('[+]caches ok', text)
        self.assertEqual(operator.get(operator.health_port, '/nothing')[0], 404)
        self.assertEqual(operator.get(operator.metrics_port, '/nothing')[0], 404)


class Metrics(Case):
    def test_they_count_what_happens(self):
        count = World.operator.metric
        ready = count('infra_operator_resources_total', resource_type='VPC', status='ready')
        calls = count('infra_operator_aws_api_calls_total', service='ec2', operation='CreateVpc', result='success')
        self.make_object_vpc()
        self.wait_ready('VPC', 'vpc')
        self.eventually('one more ready', lambda: count(
            'infra_operator_resources_total', resource_type='VPC', status='ready') == ready + 1)
        self.assertEqual(count('infra_operator_aws_api_calls_total', service='ec2', operation='CreateVpc',
                               result='success'), calls + 1)
        self.assertEqual(count('infra_operator_provider_ready', provider_name='aws', provider_namespace=self.ns), 1)
        self.delete_and_wait('VPC', 'vpc')
        self.eventually('and one less', lambda: count(
            'infra_operator_resources_total', resource_type='VPC', status='ready') == ready)


class Log(Case):
    # What lines of the operator may have besides time, level and message.
    KEYS = {'kind', 'namespace', 'name', 'reason', 'message', 'result', 'seconds', 'account', 'version', 'metrics_port', 'health_port', 'webhook_port', 'trace_id', 'spans'}

    def test_every_line_of_every_operator_so_far_has_the_usual_fields(self):
        lines = [line for path in World.stack.folder.glob('operator-*.log') for line in path.read_text().splitlines()]
        for line in lines:
            fields = json.loads(line)
            self.assertEqual(list(fields)[:3], ['ts', 'level', 'msg'], line)
            self.assertIn(fields['level'], ('debug', 'info', 'error'), line)
            self.assertLessEqual(set(fields) - {'ts', 'level', 'msg'}, self.KEYS, line)
            self.assertEqual('name' in fields, 'namespace' in fields, line)
            self.assertLessEqual({'kind'} if 'name' in fields else set(), set(fields), line)
            self.assertEqual('reason' in fields, 'message' in fields, line)

    def start_with(self, *flags, until=''):
        """What it writes until it is ready, has written this, and is told to stop."""
        port = stack.free_port()
        process = World.stack.spawn('-'.join(['with', *flags]), [
            World.tools['operator'], 'run', '--kubeconfig', World.stack.operator_kubeconfig, '--no-leader-elect', '--namespaces', self.ns,
            '--metrics-bind-address', '0', '--health-probe-bind-address', f'127.0.0.1:{port}', '--provider-endpoint', 'http://127.0.0.1:*', *flags])
        process.wait_until('is ready', lambda: is_ready(port))
        process.wait_until(f'writes {until}', lambda: until in process.text())
        process.stop()
        World.stack.processes.remove(process)
        return process.text().splitlines()

    def test_level(self):
        self.assertEqual(self.start_with('--log-level', 'error'), [])
        self.make_object_vpc()
        self.wait_ready('VPC', 'vpc')
        looked = '"msg":"reconciled"'
        for level, until in (('info', 'provider is ready'), ('debug', looked)):
            text = '\n'.join(self.start_with('--log-level', level, '--check-interval', '1s', until=until))
            self.assertEqual(looked in text, level == 'debug', text)

    def test_console(self):
        lines = self.start_with('--log-format', 'console')
        self.assertTrue(lines)
        for line in lines:
            self.assertRegex(line, r'^\S+Z info  \S')

    def test_the_secret_of_a_provider_is_nowhere(self):
        self.make_secret('quiet', 'AKIAQUIET', 'do-not-print-this')
        self.make_provider('quiet', credentialsSecret={'name': 'quiet'})
        self.make_object_vpc(provider='quiet')
        self.wait_ready('VPC', 'vpc')
        everything = World.operator.process.text() + json.dumps(self.items('AWSProvider')) + json.dumps(self.items('VPC'))
        everything += json.dumps(self.kube.must('GET', f'/api/v1/namespaces/{self.ns}/events'))
        everything += World.operator.get(World.operator.metrics_port, '/metrics')[1]
        self.assertNotIn('do-not-print-this', everything)


class AwsCommand(Case):
    def call(self, *words, **env):
        return subprocess.run(
            [World.tools['operator'], 'aws', *words, '--endpoint-url', World.stack.aws_endpoint], capture_output=True, text=True,
            timeout=30, env={'AWS_ACCESS_KEY_ID': 'test', 'AWS_SECRET_ACCESS_KEY': 'test', 'AWS_REGION': 'us-east-1', **env})

    def test_prints_the_answer_as_json(self):
        done = self.call('sts', 'get-caller-identity')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)['Account'], '123456789012')

    def test_each_protocol(self):
        for words in (['ec2', 'DescribeVpcs'], ['iam', 'ListRoles'], ['sqs', 'ListQueues'], ['kms', 'ListKeys'],
                      ['lambda', 'ListFunctions'], ['s3', 'ListBuckets'], ['dynamodb', 'ListTables'], ['sns', 'ListTopics']):
            with self.subTest(words=words):
                done = self.call(*words)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIsInstance(json.loads(done.stdout), dict)

    def test_input_from_a_file_and_an_error(self):
        path = World.stack.folder / 'input.json'
        path.write_text('{"VpcIds": ["vpc-nothing"]}')
        done = self.call('ec2', 'DescribeVpcs', '--input', f'@{path}')
        self.assertEqual(done.returncode, 1)
        self.assertIn('InvalidVpcID.NotFound', done.stderr)
        self.assertIn('request id', done.stderr)

    def test_all_pages(self):
        for number in range(3):
            subprocess.run([World.tools['operator'], 'aws', 'iam', 'CreateRole', '--endpoint-url', World.stack.aws_endpoint,
                            '--input', json.dumps({'RoleName': f'page-{self.number}-{number}', 'AssumeRolePolicyDocument': '{}'})],
                           env={'AWS_ACCESS_KEY_ID': 't', 'AWS_SECRET_ACCESS_KEY': 't', 'AWS_REGION': 'us-east-1'}, check=True,
                           capture_output=True)
        done = self.call('iam', 'ListRoles', '--input', '{"MaxItems": 1}', '--all-pages')
        names = [role['RoleName'] for role in json.loads(done.stdout)['Roles']]
        self.assertLessEqual({f'page-{self.number}-{number}' for number in range(3)}, set(names))

    def test_without_credentials(self):
        done = self.call('sts', 'GetCallerIdentity', AWS_ACCESS_KEY_ID='', AWS_SECRET_ACCESS_KEY='',
                         AWS_EC2_METADATA_DISABLED='true')
        self.assertEqual(done.returncode, 1)
        self.assertIn('no AWS credentials', done.stderr)
