"""The checklist for an installation, a test a line: the values for production on a node with cert-manager, and a real Prometheus."""
import base64
import datetime
import json
import ssl
import subprocess
import unittest

import proxy
from cluster.place import NODE_IP
from harness import DEPLOYMENT, MERGE, NAME, PODS, PLURALS, TEAM, Release, World, forget_release, name_of, process, wait_until
from objects import GROUP, ROOT
from prometheus import Prometheus

ROLE = 'arn:aws:iam::123456789012:role/infra-operator-role'
OF_RELEASE = f'labelSelector=app.kubernetes.io/instance={NAME}'
OTHER_NODE = 'other'


def setUpModule():
    """One release for all lines."""
    unittest.addModuleCleanup(forget_release)
    release = Release()
    release.kube = World.kube
    release.install('production', [ROOT / 'tests/e2e/eks.yaml'])
    release.say_of_pod_identity(TEAM, 'allowed')
    unittest.addModuleCleanup(release.say_of_pod_identity, TEAM, None)
    release.create('AWSProvider', 'aws', {'region': 'us-east-1', 'endpoint': World.door.url})
    release.make_queue('one')


class Checklist(Release):
    def setUp(self):
        self.kube = World.kube
        wait_until('both pods are there', lambda: self.kube.must('GET', DEPLOYMENT)['status'].get('availableReplicas') == 2, 60)

    def of_release(self, path):
        return self.kube.must('GET', f'{path}?{OF_RELEASE}')['items']

    def in_namespace(self, group, plural):
        return self.of_release(f'/apis/{group}/namespaces/{NAME}/{plural}')

    def containers(self):
        return [container for pod in self.pods() for container in pod['spec']['containers'] + pod['spec'].get('initContainers', [])]

    def assert_condition(self, one, kind, status='True'):
        found = {condition['type']: condition for condition in one['status']['conditions']}
        self.assertEqual(found[kind]['status'], status, found[kind])

    def may(self, verb, group, plural, namespace=''):
        """Whether the release's account has this right."""
        return self.kube.must('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {'spec': {
            'user': f'system:serviceaccount:{NAME}:{NAME}',
            'resourceAttributes': {'verb': verb, 'group': group, 'resource': plural, 'namespace': namespace}}})['status']['allowed']


class Installation(Checklist):
    def test_the_chart_is_installed(self):
        self.assertEqual(json.loads(self.helm('status', NAME, '--output', 'json'))['info']['status'], 'deployed')

    def test_all_pods_run(self):
        self.assertEqual([pod['status']['phase'] for pod in self.pods()], ['Running'] * 2)

    def test_the_deployment_is_available(self):
        self.assert_condition(self.kube.must('GET', DEPLOYMENT), 'Available')

    def test_the_services_have_endpoints(self):
        services = {name_of(one) for one in self.of_release(f'/api/v1/namespaces/{NAME}/services')}
        self.assertEqual(len(services), 2)
        for service in services:
            slices = self.kube.must('GET', f'/apis/discovery.k8s.io/v1/namespaces/{NAME}/endpointslices'
                                           f'?labelSelector=kubernetes.io/service-name={service}')['items']
            ready = [end['conditions']['ready'] for one in slices for end in one['endpoints']]
            self.assertEqual(ready, [True, True], service)

    def test_the_kinds_are_there(self):
        found = {one['spec']['names']['kind']: one for one in self.of_release('/apis/apiextensions.k8s.io/v1/customresourcedefinitions')}
        self.assertEqual(set(found), set(PLURALS))
        for one in found.values():
            self.assert_condition(one, 'Established')


class Security(Checklist):
    def test_pods_are_not_root_and_cannot_write_their_files(self):
        for pod in self.pods():
            self.check_process(process(pod))

    def test_no_container_is_privileged(self):
        for container in self.containers():
            self.assertFalse(container['securityContext'].get('privileged'))
            self.assertFalse(container['securityContext']['allowPrivilegeEscalation'])

    def test_the_network_policy_is_enforced(self):
        pod = self.pods()[0]
        of_pod = f'http://{pod["status"]["podIP"]}'
        self.assertTrue(self.stranger_reaches(f'{of_pod}:8080/metrics'))
        self.assertFalse(self.stranger_reaches(f'{of_pod}:8081/healthz'))
        # Two doors to the same emulator, of which the values name one.
        other = proxy.Proxy(World.stack.aws_port, NODE_IP)
        self.addCleanup(other.close)
        self.assertTrue(self.reaches(pod, f'{World.door.url}/moto-api/data.json'))
        self.assertFalse(self.reaches(pod, f'{other.url}/moto-api/data.json'))

    def stranger_reaches(self, url):
        """From a pod of another namespace."""
        pods = f'/api/v1/namespaces/{TEAM}/pods'
        image = self.kube.must('GET', DEPLOYMENT)['spec']['template']['spec']['containers'][0]['image']
        name = name_of(self.kube.must('POST', pods, {'metadata': {'generateName': 'stranger-'}, 'spec': {
            'restartPolicy': 'Never', 'containers': [{'name': 'probe', 'image': image, 'args': ['probe', url]}]}}))
        self.addCleanup(self.kube.request, 'DELETE', f'{pods}/{name}')

        def ended():
            phase = self.kube.must('GET', f'{pods}/{name}')['status']['phase']
            return phase if phase in ('Succeeded', 'Failed') else None
        return wait_until(f'{name} has asked', ended, 60) == 'Succeeded'

    def reaches(self, pod, url):
        """From within a pod of the operator."""
        kubectl = [World.stack.tools['kubectl'], '--kubeconfig', World.stack.kubeconfig, 'exec', '-n', NAME, name_of(pod), '--']
        return subprocess.run([*map(str, kubectl), '/infra-operator', 'probe', url], capture_output=True, timeout=60).returncode == 0

    def test_the_rights_are_those_that_it_needs(self):
        self.assertTrue(self.may('patch', GROUP, 'vpcs', TEAM))
        self.assertTrue(self.may('get', '', 'secrets', TEAM))
        for verb, group, plural in (('delete', '', 'secrets'), ('delete', GROUP, 'vpcs'), ('create', GROUP, 'vpcs'), ('create', '', 'pods'),
                                    ('update', 'rbac.authorization.k8s.io', 'clusterroles')):
            self.assertFalse(self.may(verb, group, plural, TEAM), f'{verb} {plural}')


class Aws(Checklist):
    def provider(self):
        self.wait_ready('AWSProvider', 'aws', 60)
        return self.get('AWSProvider', 'aws')

    def test_the_account_names_its_role(self):
        account = self.kube.must('GET', f'/api/v1/namespaces/{NAME}/serviceaccounts/{NAME}')
        self.assertEqual(account['metadata']['annotations']['eks.amazonaws.com/role-arn'], ROLE)

    def test_the_role_is_taken_on(self):
        self.assertIn(':assumed-role/infra-operator-role/', self.provider()['status']['callerIdentity'])

    def test_calls_succeed(self):
        self.wait_ready('SQSQueue', 'one', 60)
        self.assertEqual(self.queues(), ['one'])

    def test_the_provider_is_ready(self):
        self.assert_condition(self.provider(), 'Ready')


class Monitoring(Checklist):
    def page(self, pod, port, path):
        return World.stack.kubectl('get', '--raw', f'{PODS}/{name_of(pod)}:{port}/proxy{path}')

    def test_metrics_are_served(self):
        for pod in self.pods():
            self.assertIn('infra_operator_build_info{', self.page(pod, 8080, '/metrics'))

    def test_health_checks_pass(self):
        for pod in self.pods():
            for path in ('/healthz', '/readyz'):
                self.assertTrue(self.page(pod, 8081, path))

    def test_a_prometheus_that_follows_the_service_monitor_has_looked_at_each_pod(self):
        monitor, = self.in_namespace('monitoring.coreos.com/v1', 'servicemonitors')
        prometheus = Prometheus(World.stack, self.targets_of(monitor['spec']), {})
        self.addCleanup(prometheus.process.stop)

        def seen():
            found = prometheus.get('query', query='infra_operator_build_info')['result']
            return {one['metric']['pod'] for one in found} == {name_of(pod) for pod in self.pods()}
        wait_until('it has looked at each pod', seen, 60)

    def targets_of(self, monitor):
        """What a Prometheus operator makes of a ServiceMonitor; Debian's Prometheus cannot ask Kubernetes itself."""
        end, = monitor['endpoints']
        namespace, = monitor['namespaceSelector']['matchNames']
        chosen = ','.join(f'{key}={value}' for key, value in monitor['selector']['matchLabels'].items())
        slices = self.kube.must('GET', f'/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector={chosen}')['items']
        return {'metrics_path': end['path'], 'static_configs': [
            {'targets': [f'{address}:{port["port"]}' for address in one['addresses']], 'labels': {'pod': one['targetRef']['name']}}
            for part in slices for port in part['ports'] if port['name'] == end['port'] for one in part['endpoints']]}


class Webhooks(Checklist):
    SERVICE = f'{NAME}-webhook'

    def certificate(self):
        """The server's, not that of its authority."""
        return next(one for one in self.in_namespace('cert-manager.io/v1', 'certificates') if not one['spec'].get('isCA'))

    def secret(self):
        return self.kube.must('GET', f'/api/v1/namespaces/{NAME}/secrets/{self.certificate()["spec"]["secretName"]}')['data']

    def configuration(self):
        return self.of_release('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations')[0]

    def test_cert_manager_has_issued_the_certificate(self):
        self.assert_condition(self.certificate(), 'Ready')
        self.assertEqual(set(self.secret()), {'ca.crt', 'tls.crt', 'tls.key'})

    def test_the_service_answers_with_it(self):
        service = self.kube.must('GET', f'/api/v1/namespaces/{NAME}/services/{self.SERVICE}')['spec']
        World.stack.folder.joinpath('webhook-ca').write_bytes(base64.b64decode(self.secret()['ca.crt']))
        trust = ssl.create_default_context(cafile=str(World.stack.folder / 'webhook-ca'))
        with ssl.create_connection((service['clusterIP'], 443), timeout=10) as plain, \
                trust.wrap_socket(plain, server_hostname=f'{self.SERVICE}.{NAME}.svc') as connection:
            self.assertIn(connection.version(), ('TLSv1.2', 'TLSv1.3'))

    def test_the_api_server_trusts_it(self):
        hooks = self.configuration()['webhooks']
        self.assertEqual([hook['clientConfig']['caBundle'] for hook in hooks], 2 * [self.secret()['ca.crt']])
        self.assertEqual([hook['failurePolicy'] for hook in hooks], ['Fail', 'Ignore'])

    def test_objects_are_judged(self):
        self.assertIn('one', self.refused('SQSQueue', 'two', {'queueName': 'one'}))


class HighAvailability(Checklist):
    def test_two_pods_of_which_one_leads(self):
        self.assertEqual(len(self.pods()), 2)
        self.assertIn(self.leader(), [name_of(pod) for pod in self.pods()])

    def test_the_budget_keeps_one_of_two(self):
        first, second = self.pods()
        self.assertEqual(self.evict(first)[0], 201)
        self.assertEqual(self.evict(second)[0], 429)

    def test_the_scheduler_spreads_them(self):
        """Over a node that nobody runs: what is put there never begins."""
        self.make_node()
        self.addCleanup(self.forget_node)
        self.kube.must('DELETE', f'{PODS}/{name_of(self.pods()[0])}')
        wait_until('each has a node of its own', lambda: {pod['spec'].get('nodeName') for pod in self.pods()} == {'node', OTHER_NODE}, 60)

    def make_node(self):
        there = self.kube.must('GET', '/api/v1/nodes/node')['status']
        self.kube.must('POST', '/api/v1/nodes', {'metadata': {'name': OTHER_NODE, 'labels': {'kubernetes.io/hostname': OTHER_NODE}}})
        moment = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
        ready = {'type': 'Ready', 'status': 'True', 'reason': 'Test', 'lastHeartbeatTime': moment, 'lastTransitionTime': moment}
        self.kube.must('PATCH', f'/api/v1/nodes/{OTHER_NODE}/status', {'status': {
            'capacity': there['capacity'], 'allocatable': there['allocatable'], 'conditions': [ready]}}, MERGE)
        # A new node is closed until somebody has seen that it is ready.
        wait_until('it takes pods', lambda: not self.kube.must('GET', f'/api/v1/nodes/{OTHER_NODE}')['spec'].get('taints'), 30)

    def forget_node(self):
        self.kube.request('DELETE', f'/api/v1/nodes/{OTHER_NODE}')
        for pod in self.kube.must('GET', f'{PODS}?fieldSelector=spec.nodeName={OTHER_NODE}')['items']:
            self.kube.request('DELETE', f'{PODS}/{name_of(pod)}?gracePeriodSeconds=0')
