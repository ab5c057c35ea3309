"""The chart on an API server of its own. No kubelet runs here: the program is started with the arguments, settings and rights
of the Deployment's pod.
"""
import base64
import subprocess
import unittest

import stack
from harness import API, GROUP, ROOT, World, client

NAME = 'infra-operator'
RULES = '/apis/rbac.authorization.k8s.io/v1'


class Chart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = stack.Stack(World.tools)
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.start_etcd()
        cls.stack.start_apiserver()
        cls.kube = cls.stack.kube
        for ns in (NAME, 'team', 'other'):
            cls.kube.must('POST', '/api/v1/namespaces', {'metadata': {'name': ns}})

    def setUp(self):
        self.addCleanup(self.helm, 'uninstall', NAME)

    def helm(self, *words):
        done = subprocess.run([World.tools['helm'], '--kubeconfig', self.stack.kubeconfig, '--namespace', NAME, *words],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, f'helm {" ".join(words)}: {done.stderr}')

    def apply_chart(self, command, **values):
        settings = [word for key, value in values.items() for word in ('--set', f'{key.replace("__", ".")}={value}')]
        self.helm(command, NAME, str(ROOT / 'chart'), '--values', str(ROOT / 'chart/values-localstack.yaml'),
                  '--set', f'aws.localstack.endpoint={World.stack.aws_endpoint}', *settings)

    def pod(self):
        return self.kube.must('GET', f'/apis/apps/v1/namespaces/{NAME}/deployments/{NAME}')['spec']['template']['spec']

    def setting(self, variable):
        source = variable.get('valueFrom', {})
        if 'fieldRef' in source:
            return NAME
        if 'secretKeyRef' in source:
            secret = self.kube.must('GET', f'/api/v1/namespaces/{NAME}/secrets/{source["secretKeyRef"]["name"]}')
            return base64.b64decode(secret['data'].get(source['secretKeyRef']['key'], '')).decode()
        return variable.get('value', '')

    def start_as_the_pod(self):
        """Its addresses and the form of its log are the test's."""
        pod = self.pod()
        self.stack.write_kubeconfig(self.stack.operator_kubeconfig, self.stack.token_of(NAME, pod['serviceAccountName']))
        container = pod['containers'][0]
        own = ('run', '--metrics-bind', '--health-probe', '--log-format', '--check-interval')
        flags = [word for word in container['args'] if not word.startswith(own)]
        settings = {one['name']: self.setting(one) for one in container['env']}
        operator = self.stack.start_operator(*flags, '--check-interval=1s', env={key: value for key, value in settings.items() if value})
        self.addCleanup(operator.process.stop)
        return operator.wait_ready()

    def make_vpc(self, ns):
        for plural, kind, name, spec in (('awsproviders', 'AWSProvider', 'aws', {'region': 'us-east-1'}),
                                         ('vpcs', 'VPC', 'one', {'providerRef': {'name': 'aws'}, 'cidrBlock': '10.0.0.0/16'})):
            self.kube.must('POST', f'{API}/namespaces/{ns}/{plural}', {
                'apiVersion': f'{GROUP}/v1alpha1', 'kind': kind, 'metadata': {'name': name}, 'spec': spec})
            self.addCleanup(self.forget, f'{API}/namespaces/{ns}/{plural}/{name}')

    def forget(self, path):
        self.kube.request('PATCH', path, {'metadata': {'finalizers': None}}, 'application/merge-patch+json')
        self.kube.request('DELETE', path)

    def vpc(self, ns):
        return self.kube.must('GET', f'{API}/namespaces/{ns}/vpcs/one')

    def wait_vpc(self, ns):
        return stack.wait_until('the VPC is ready', lambda: self.vpc(ns).get('status', {}).get('ready') and self.vpc(ns), 60)

    def in_aws(self):
        return client('ec2').describe_vpcs(Filters=[{'Name': f'tag:{GROUP}/uid', 'Values': [self.vpc('team')['metadata']['uid']]}])['Vpcs']

    def test_installed_upgraded_taken_away_and_installed_again(self):
        self.apply_chart('install')
        operator = self.start_as_the_pod()
        self.make_vpc('team')
        made = self.wait_vpc('team')['status']['vpcID']
        self.apply_chart('upgrade', logging__level='info', operator__clusterName='other')
        self.assertIn('--cluster-name=other', self.pod()['containers'][0]['args'])
        self.assertNotIn('orbidden', operator.process.text(), 'the account may do all that it does')
        operator.process.stop()
        self.helm('uninstall', NAME)
        self.assertEqual(self.vpc('team')['status']['vpcID'], made, 'the objects outlive the release')
        self.apply_chart('install')
        again = self.start_as_the_pod()
        settled = again.metric('infra_operator_reconcile_total', resource_type='VPC', result='settled')
        stack.wait_until('it is looked at again', lambda: again.metric(
            'infra_operator_reconcile_total', resource_type='VPC', result='settled') > settled, 60)
        self.assertEqual([one['VpcId'] for one in self.in_aws()], [made])

    def webhook_secret(self, ending):
        return self.kube.must('GET', f'/api/v1/namespaces/{NAME}/secrets/{NAME}-webhook-{ending}').get('data', {})

    def bundle(self):
        hooks = self.kube.must('GET', f'/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{NAME}')['webhooks']
        return hooks[0]['clientConfig'].get('caBundle')

    def test_an_upgrade_keeps_the_certificate_that_the_chart_has_made(self):
        values = {'webhooks__enabled': 'true', 'webhooks__certMode': 'chart'}
        self.apply_chart('install', **values)
        made = self.webhook_secret('cert')
        self.assertEqual(self.bundle(), made['ca.crt'])
        self.apply_chart('upgrade', logging__level='info', **values)
        self.assertEqual((self.webhook_secret('cert'), self.bundle()), (made, made['ca.crt']))

    def test_an_upgrade_keeps_the_certificate_that_the_operator_has_made(self):
        port = stack.free_port()
        values = {'webhooks__enabled': 'true', 'webhooks__certMode': 'operator', 'operator__webhooks__port': port,
                  'webhooks__service__targetPort': port}
        self.apply_chart('install', **values)
        self.assertEqual((self.webhook_secret('authority'), self.bundle()), ({}, None))
        operator = self.start_as_the_pod()
        made = self.webhook_secret('authority')
        self.assertEqual(self.bundle(), made['ca.crt'])
        self.apply_chart('upgrade', webhooks__validating__timeoutSeconds='5', **values)
        self.assertEqual((self.webhook_secret('authority'), self.bundle()), (made, made['ca.crt']))
        self.assertNotIn('orbidden', operator.process.text(), 'the account may do all that it does')
        self.assertNotIn('may not', operator.process.text())

    def test_without_rights_in_the_whole_cluster(self):
        self.apply_chart('install', rbac__clusterRole='false', watchNamespaces='{team}')
        self.assertEqual(self.kube.request('GET', f'{RULES}/clusterroles/{NAME}')[0], 404)
        operator = self.start_as_the_pod()
        for ns in ('other', 'team'):
            self.make_vpc(ns)
        self.wait_vpc('team')
        self.assertNotIn('status', self.vpc('other'))
        self.assertNotIn('orbidden', operator.process.text(), 'the account may do all that it does')
