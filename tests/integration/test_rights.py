"""The operator's account lacks a right: it stays alive, says which one and what to do, and goes on by itself once it has it."""
from harness import Case, World

RULES = '/apis/rbac.authorization.k8s.io/v1'


class MissingRights(Case):
    def setUp(self):
        super().setUp()
        World.operator.stop()
        self.addCleanup(World.start_operator)
        self.rules = self.kube.must('GET', f'{RULES}/clusterroles/infra-operator')['rules']
        self.role = f'{RULES}/clusterroles/{self.ns}'

    def rules_without(self, resource):
        rules = [{**rule, 'resources': [one for one in rule['resources'] if one != resource]} for rule in self.rules]
        return [rule for rule in rules if rule['resources']]

    def start_without(self, resource, *flags):
        """As an account with the rules of the chart, but for those about this resource."""
        self.kube.must('POST', f'{RULES}/clusterroles', {'metadata': {'name': self.ns}, 'rules': self.rules_without(resource)})
        self.addCleanup(self.kube.request, 'DELETE', self.role)
        self.kube.must('POST', f'/api/v1/namespaces/{self.ns}/serviceaccounts', {'metadata': {'name': 'limited'}})
        self.kube.must('POST', f'{RULES}/clusterrolebindings', {
            'metadata': {'name': self.ns}, 'roleRef': {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'ClusterRole', 'name': self.ns},
            'subjects': [{'kind': 'ServiceAccount', 'name': 'limited', 'namespace': self.ns}]})
        self.addCleanup(self.kube.request, 'DELETE', f'{RULES}/clusterrolebindings/{self.ns}')
        kubeconfig = World.stack.folder / f'{self.ns}.kubeconfig'
        World.stack.write_kubeconfig(kubeconfig, World.stack.token_of(self.ns, 'limited'))
        self.operator = World.stack.start_operator('--check-interval', '1s', *flags, kubeconfig=kubeconfig, env={
            'POD_NAMESPACE': self.ns, 'POD_NAME': 'the-pod', 'POD_UID': 'the-uid'})
        self.addCleanup(self.operator.stop)

    def give(self, rules):
        self.kube.must('PATCH', self.role, {'rules': rules}, 'application/merge-patch+json')

    def give_all(self):
        self.give(self.rules)

    def ready(self):
        return self.operator.get(self.operator.health_port, '/readyz')

    def line(self, message, **fields):
        return next((one for one in self.operator.lines() if one['msg'] == message and fields.items() <= one.items()), None)

    def assert_says(self, verb, resource, text):
        self.assertIn(f'cannot {verb} resource "{resource}"', text)
        self.assertIn('rbac-rules.yaml', text)

    def assert_alive_and_unready(self, verb, resource):
        self.eventually('/readyz says why', lambda: f'cannot {verb}' in self.ready()[1])
        status, text = self.ready()
        self.assertEqual(status, 503)
        self.assert_says(verb, resource, text)
        self.assertEqual(self.operator.get(self.operator.health_port, '/healthz')[0], 200)

    def assert_goes_on(self):
        self.give_all()
        self.operator.wait_ready()
        self.make_object_vpc()
        self.wait_ready('VPC', 'vpc')
        self.delete_and_wait('VPC', 'vpc')

    def test_to_list_a_kind(self):
        self.start_without('vpcs', '--no-leader-elect')
        self.assert_alive_and_unready('list', 'vpcs')
        self.assert_says('list', 'vpcs', self.line('cannot watch', kind='VPC', level='error', reason='AccessDenied')['message'])
        event = self.eventually('an event', lambda: self.events('the-pod', 'AccessDenied'))[0]
        self.assertEqual((event['type'], event['involvedObject']['kind'], event['involvedObject']['uid']), ('Warning', 'Pod', 'the-uid'))
        self.assert_says('list', 'vpcs', event['message'])
        self.assert_goes_on()

    def test_to_list_a_kind_taken_away_later(self):
        self.start_without('none', '--no-leader-elect')
        self.operator.wait_ready()
        self.give(self.rules_without('vpcs'))
        self.take_api_server_away()  # it ends a watch at its time alone, which is minutes away
        self.bring_api_server_back()
        self.assert_alive_and_unready('list', 'vpcs')
        self.assert_goes_on()

    def test_to_the_lease(self):
        self.start_without('leases')
        self.assert_alive_and_unready('get', 'leases')
        self.assert_says('get', 'leases', self.line('cannot get or renew the lease', level='error', reason='AccessDenied')['message'])
        self.assert_goes_on()

    def test_to_write_what_it_has_done(self):
        self.start_without('vpcs/status', '--no-leader-elect')
        self.operator.wait_ready()
        self.make_object_vpc()
        line = self.eventually('the log says it', lambda: self.line('reconciled', kind='VPC', namespace=self.ns, name='vpc', result='failed'))
        self.assert_says('patch', 'vpcs/status', line['message'])
        self.give_all()
        self.wait_ready('VPC', 'vpc')
        self.assertEqual(len(self.vpcs_of()), 1)
        self.delete_and_wait('VPC', 'vpc')
