"""What a real Prometheus sees of a running operator: every metric is fed, every query of the dashboard shows something, and
alerts fire.
"""
import contextlib
import json
import re

import refusals
import yaml
from harness import FaultCase, ROOT, World, client
from prometheus import Prometheus
from stack import must_run

# Names, types and labels that dashboards use.
METRICS = {
    'reconcile_total': ('counter', {'resource_type', 'result'}),
    'reconcile_duration_seconds': ('histogram', {'resource_type'}),
    'reconcile_errors_total': ('counter', {'resource_type', 'error_type'}),
    'resources_total': ('gauge', {'resource_type', 'status'}),
    'resource_creation_timestamp_seconds': ('gauge', {'resource_type', 'resource_namespace', 'resource_name'}),
    'aws_api_calls_total': ('counter', {'service', 'operation', 'result'}),
    'aws_api_call_duration_seconds': ('histogram', {'service', 'operation'}),
    'aws_api_errors_total': ('counter', {'service', 'operation', 'error_code'}),
    'aws_api_throttles_total': ('counter', {'service', 'operation'}),
    'aws_budget_requests_per_second': ('gauge', {'account', 'region', 'service', 'operation'}),
    'drift_detected_total': ('counter', {'resource_type', 'severity'}),
    'drift_healed_total': ('counter', {'resource_type'}),
    'drift_healing_failures_total': ('counter', {'resource_type', 'error_type'}),
    'drift_detection_duration_seconds': ('histogram', {'resource_type'}),
    'finalizer_duration_seconds': ('histogram', {'resource_type'}),
    'finalizer_errors_total': ('counter', {'resource_type', 'error_type'}),
    'provider_ready': ('gauge', {'provider_namespace', 'provider_name', 'region'}),
    'provider_credential_rotations_total': ('counter', {'provider_namespace', 'provider_name'}),
    'shards_held': ('gauge', {'shard'}),
    'workqueue_depth': ('gauge', {'resource_type'}),
    'workqueue_adds_total': ('counter', {'resource_type'}),
    'cache_hits_total': ('counter', {'resource_type'}),
    'cache_misses_total': ('counter', {'resource_type'}),
}
# By what this operator is not asked to do: test_push.py, test_traces.py, test_admission.py and test_crowds.py.
FED_ELSEWHERE = {'change_events_total', 'trace_spans_total', 'admission_reviews_total', 'admission_review_duration_seconds', 'aws_budget_waiting'}
VPC = {'resource_type': 'VPC'}
NAMES = [f'vpc-{number}' for number in range(6)]
FIRING = {'InfraOperatorResourcesNotReady', 'InfraOperatorDriftDetected', 'InfraOperatorDriftHealingFailed', 'InfraOperatorProviderNotReady'}


def alerts():
    """The rules of the chart, as its users get them."""
    rendered = must_run([World.tools['helm'], 'template', 'op', ROOT / 'chart', '--set', 'prometheus.prometheusRule.enabled=true',
                         '--show-only', 'templates/prometheus/prometheusrule.yaml'])
    return yaml.safe_load(rendered)['spec']['groups']


def at_once(groups):
    """The same without waiting before they fire."""
    return [{'name': 'at-once', 'rules': [{**rule, 'for': '0s'} for group in groups for rule in group['rules']]}]


class Observed(FaultCase):
    def setUp(self):
        super().setUp()
        World.operator.stop()
        self.addCleanup(World.start_operator)
        self.operator = World.stack.start_operator(
            '--no-leader-elect', '--check-interval', '1s', '--cluster-name', 'test', '--max-concurrent-reconciles', '2',
            '--metrics-per-object').wait_ready()
        self.addCleanup(lambda: self.operator.process.alive() and self.operator.stop())
        self.groups = alerts()
        self.prometheus = Prometheus(World.stack, {'static_configs': [{'targets': [f'127.0.0.1:{self.operator.metrics_port}']}]}, {'chart': self.groups, 'at-once': at_once(self.groups)})
        self.addCleanup(self.prometheus.process.stop)
        # A rise from before the first look would be none to it.
        self.eventually('it has looked', lambda: self.shows('infra_operator_build_info'))
        self.fed = set()

    @contextlib.contextmanager
    def feeding(self, **series):
        """What happens within raises each of these metrics, given with some of its labels."""
        def value(name):
            sample = name + ('_count' if METRICS[name][0] == 'histogram' else '')
            return self.operator.metric(f'infra_operator_{sample}', **series[name])
        before = {name: value(name) for name in series}
        yield
        for name, was in before.items():
            self.eventually(f'{name} {series[name]} rises', lambda name=name, was=was: value(name) > was)
            self.fed.add(name)

    def refuse(self, operation, refusal):
        self.faults.rule = lambda request: refusal(request) if request.operation == operation else None

    def vpc_id(self, name):
        return self.get('VPC', name)['status']['vpcID']

    def shows(self, query):
        return any(max(values) > 0 for _, values in self.prometheus.since_begun(query))

    def test_every_metric_is_fed_every_panel_shows_it_and_alerts_fire(self):
        self.work()
        self.make()
        self.wait_for_another()
        self.change_tags_in_aws()
        self.keep_from_putting_right()
        self.throttle()
        self.change_keys()
        self.lose_keys()
        self.be_busy()
        self.take_away()
        self.assertEqual(self.fed, set(METRICS))
        self.check_page()
        self.check_dashboard()
        self.check_alerts()

    def work(self):
        self.assertEqual(self.operator.metric('infra_operator_shards_held', shard='0'), 1)
        self.fed.add('shards_held')

    def make(self):
        calls = {'service': 'ec2', 'operation': 'CreateVpc'}
        with self.feeding(reconcile_total={'result': 'settled', **VPC}, reconcile_duration_seconds=VPC, cache_misses_total=VPC,
                          resources_total={'status': 'ready', **VPC}, workqueue_adds_total=VPC, drift_detection_duration_seconds=VPC,
                          resource_creation_timestamp_seconds={'resource_name': NAMES[0], 'resource_namespace': self.ns, **VPC},
                          aws_api_calls_total={'result': 'success', **calls}, aws_api_call_duration_seconds=calls,
                          provider_ready={'provider_name': 'another', 'provider_namespace': self.ns}):
            self.make_provider('another')
            for name in NAMES:
                self.make_object_vpc(name, provider='faulty', tags={'Team': 'a'})
            for name in NAMES:
                self.wait_ready('VPC', name)

    def wait_for_another(self):
        subnet = {'resource_type': 'Subnet'}
        with self.feeding(cache_hits_total=subnet, resources_total={'status': 'notready', **subnet}):
            self.create('Subnet', 'waits', {'vpcRef': {'name': 'nowhere'}, 'cidrBlock': '10.0.1.0/24'})

    def change_tags_in_aws(self):
        with self.feeding(drift_detected_total={'severity': 'low', **VPC}, drift_healed_total=VPC):
            client('ec2').create_tags(Resources=[self.vpc_id(NAMES[0])], Tags=[{'Key': 'Team', 'Value': 'z'}])

    def keep_from_putting_right(self):
        refused = {'service': 'ec2', 'operation': 'ModifyVpcAttribute', 'error_code': 'UnauthorizedOperation'}
        self.refuse('ModifyVpcAttribute', refusals.denied)
        with self.feeding(drift_detected_total={'severity': 'high', **VPC}, aws_api_errors_total=refused,
                          drift_healing_failures_total={'error_type': 'AccessDenied', **VPC},
                          reconcile_errors_total={'error_type': 'AccessDenied', **VPC}):
            client('ec2').modify_vpc_attribute(VpcId=self.vpc_id(NAMES[1]), EnableDnsHostnames={'Value': False})
        with self.feeding(drift_healed_total=VPC):
            self.let_everything_pass()

    def throttle(self):
        with self.feeding(aws_api_throttles_total={'service': 'ec2', 'operation': 'DescribeVpcs'},
                          aws_api_errors_total={'error_code': 'RequestLimitExceeded'},
                          aws_budget_requests_per_second={'service': 'ec2', 'operation': 'DescribeVpcs'}):
            self.refuse('DescribeVpcs', refusals.throttled)
            self.eventually('more than once', lambda: self.shows('rate(infra_operator_aws_api_errors_total[$__rate_interval])'))
        self.let_everything_pass()

    def change_keys(self):
        with self.feeding(provider_credential_rotations_total={'provider_name': 'faulty', 'provider_namespace': self.ns}):
            self.kube.must('PATCH', f'/api/v1/namespaces/{self.ns}/secrets/aws-credentials',
                           {'stringData': {'AWS_ACCESS_KEY_ID': 'other'}}, 'application/merge-patch+json')

    def lose_keys(self):
        self.make_provider('keyless', credentialsSecret={'name': 'nothing'})
        self.eventually('an alert says so', lambda: 'InfraOperatorProviderNotReady' in self.fired())
        self.delete('AWSProvider', 'keyless')
        self.eventually('it is shown no more', lambda: 'keyless' not in self.page())

    def be_busy(self):
        arrived, go_on = self.faults.hold('DescribeVpcs')
        self.assertTrue(arrived.wait(10))
        with self.feeding(workqueue_depth=VPC):
            # More than there are places for.
            for name in NAMES:
                self.nudge('VPC', name)
        self.eventually('it is shown', lambda: self.shows('infra_operator_workqueue_depth'))
        go_on.set()
        self.let_everything_pass()

    def take_away(self):
        self.refuse('DeleteVpc', refusals.denied)
        with self.feeding(finalizer_errors_total={'error_type': 'AccessDenied', **VPC}):
            self.delete('VPC', NAMES[0])
        with self.feeding(finalizer_duration_seconds=VPC):
            self.let_everything_pass()
        self.assertEqual(self.operator.metric('infra_operator_resource_creation_timestamp_seconds', resource_name=NAMES[0]), 0)

    def page(self):
        return self.operator.get(self.operator.metrics_port, '/metrics')[1]

    def check_page(self):
        page = self.page()
        types = dict(re.findall(r'^# TYPE infra_operator_(\S+) (\S+)$', page, re.M))
        self.assertEqual(set(types), set(METRICS) | FED_ELSEWHERE | {'build_info'})
        for name, (kind, labels) in METRICS.items():
            with self.subTest(name=name):
                self.assertEqual(types[name], kind)
                sample = re.search(rf'^infra_operator_{name}(?:_bucket)?{{(.*)}} \S+$', page, re.M)
                self.assertEqual(set(re.findall(r'(\w+)="', sample[1])) - {'le'}, labels)

    def check_dashboard(self):
        for path in (ROOT / 'chart/dashboards').glob('*.json'):
            board = json.loads(path.read_text())
            self.assertEqual([one['type'] for one in board['templating']['list']], ['datasource'], 'a variable that asks nothing')
            for panel in board['panels']:
                for target in panel['targets']:
                    if any(f'infra_operator_{name}' in target['expr'] for name in FED_ELSEWHERE):
                        continue
                    with self.subTest(panel=panel['title'], query=target['expr']):
                        self.eventually('it shows something', lambda query=target['expr']: self.shows(query), 10)

    def check_alerts(self):
        rules = self.prometheus.rules()
        self.assertEqual(sorted(rule['name'] for rule in rules), sorted(2 * [rule['alert'] for group in self.groups for rule in group['rules']]))
        # Each is there twice, and two that write the same sample at once are in each other's way for one turn.
        self.eventually('all rules are healthy', lambda: {rule['health'] for rule in self.prometheus.rules()} == {'ok'}, 30)
        self.eventually('they fire', lambda: FIRING <= self.fired())
        self.assertNotIn('InfraOperatorDown', self.firing_now())
        self.operator.stop()
        self.eventually('it is missed', lambda: 'InfraOperatorDown' in self.firing_now())

    def fired(self):
        return {labels['alertname'] for labels, _ in self.prometheus.since_begun('ALERTS{alertstate="firing"}')}

    def firing_now(self):
        return {alert['labels']['alertname'] for alert in self.prometheus.get('alerts')['alerts'] if alert['state'] == 'firing'}
