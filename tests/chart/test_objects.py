"""What is rendered: right for Kubernetes, safe, and nothing more than is needed."""
import base64
import functools
import gzip
import json
import pathlib
import subprocess
import tempfile
import unittest

import conform
import helm
from helm import CHART, CLUSTER_WIDE, NAMESPACE, PRESETS, at, merged, tree

VERSIONS = ('1.29', '1.30', '1.31', '1.32', '1.33', '1.34', '1.35', '1.36', '1.37')
CUSTOM = {'ServiceMonitor', 'PrometheusRule', 'Certificate', 'Issuer'}  # of cert-manager and the Prometheus operator
ROLE = 'arn:aws:iam::111122223333:role/infra'
EVERYTHING = functools.reduce(merged, (
    tree(autoscaling__enabled=True, podDisruptionBudget__enabled=True, networkPolicy__enabled=True, priorityClass__create=True),
    tree(webhooks__enabled=True, webhooks__certManager__enabled=True, grafana__dashboards__enabled=True),
    tree(prometheus__serviceMonitor__enabled=True, prometheus__prometheusRule__enabled=True),
    tree(configMap={'create': True, 'data': {'a': 'b'}, 'binaryData': {'c': 'ZA=='}}, imagePullSecrets=['pull', {'name': 'other'}]),
    tree(aws__staticCredentials={'enabled': True, 'create': True, 'accessKeyID': 'a', 'secretAccessKey': 'b', 'sessionToken': 'c'}),
    tree(proxy__https='http://proxy:3128', globalTags={'team': 'x', 'cost': 123456789012, 'on': True}, watchNamespaces=['one', 'two'])))
BY_THE_OPERATOR = tree(webhooks__enabled=True, webhooks__certMode='operator')
BY_THE_CHART = tree(webhooks__enabled=True, webhooks__certMode='chart')
NAMESPACED = merged(EVERYTHING, tree(rbac__clusterRole=False, priorityClass__create=False, webhooks__enabled=False))


class Rendered(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.presets = {name: helm.render(files=files, crds=True) for name, files in PRESETS.items()}
        cls.everything = helm.render(EVERYTHING)
        cls.namespaced = helm.render(NAMESPACED)
        # Not rendered twice: what the chart makes is new each time where no cluster is asked what it has.
        cls.by_the_chart = helm.render(BY_THE_CHART)
        cls.all = {**cls.presets, 'everything': cls.everything, 'namespaced': cls.namespaced, 'by the chart': cls.by_the_chart}

    def test_every_kubernetes_takes_it(self):
        kinds = {one['kind'] for rendered in self.all.values() for one in rendered.objects}
        schemas = conform.Schemas(VERSIONS, kinds, helm.TOOLS['crds'])
        for name, rendered in self.all.items():
            for version in VERSIONS:
                with self.subTest(values=name, version=version):
                    self.assertEqual(schemas.complaints(rendered.text, version), [])

    def test_helm_3_renders_the_same(self):
        for name, values in (*((name, files) for name, files in PRESETS.items()), ('everything', None)):
            files = [word for file in values or () for word in ('--values', file)]
            given = json.dumps({} if values is not None else EVERYTHING)
            # Helm 3 supposes an old Kubernetes where it is not told.
            words = ('template', 'op', str(helm.slim), '--namespace', NAMESPACE, '--kube-version', '1.36.0', *files, '--values', '-')
            with self.subTest(values=name):
                old, new = (sorted(helm.helm(*words, given=given, program=program).objects, key=json.dumps) for program in ('helm3', 'helm'))
                self.assertEqual(old, new)

    def test_every_kind_of_object_is_among_them(self):
        wanted = {'Deployment', 'Service', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding', 'Secret', 'ConfigMap',
                  'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'PriorityClass', 'NetworkPolicy', 'ValidatingWebhookConfiguration', 'Pod',
                  *CUSTOM}
        self.assertEqual({one['kind'] for one in self.everything.objects}, wanted)

    def test_two_renderings_are_equal(self):
        for name, files in PRESETS.items():
            with self.subTest(values=name):
                self.assertTrue(helm.render(files=files, crds=True).text == self.presets[name].text)
        self.assertTrue(helm.render(EVERYTHING).text == self.everything.text)

    def test_everything_says_its_namespace(self):
        for name, rendered in self.all.items():
            for one in rendered.objects:
                with self.subTest(values=name, kind=one['kind']):
                    self.assertEqual('namespace' in one['metadata'], one['kind'] not in CLUSTER_WIDE)

    def test_nothing_stands_twice(self):
        for name, rendered in self.all.items():
            names = [(one['kind'], one['metadata'].get('namespace'), one['metadata']['name']) for one in rendered.objects]
            self.assertEqual(len(names), len(set(names)), name)

    def test_names_are_no_longer_than_allowed(self):
        for one in helm.render(EVERYTHING, name='r' * 53).objects:
            self.assertLessEqual(len(one['metadata']['name']), 63, one['kind'])

    def test_pods_are_restricted(self):
        for name, rendered in self.all.items():
            for spec in (rendered.pod, rendered.one('Pod')['spec']):
                with self.subTest(values=name):
                    self.assertTrue(spec['securityContext']['runAsNonRoot'])
                    self.assertEqual(spec['securityContext']['runAsUser'], 65532)
                    self.assertEqual(spec['securityContext']['seccompProfile'], {'type': 'RuntimeDefault'})
                    self.assertNotIn('hostNetwork', spec)
                    for container in spec['containers']:
                        context = container['securityContext']
                        self.assertTrue(context['readOnlyRootFilesystem'])
                        self.assertFalse(context['allowPrivilegeEscalation'])
                        self.assertFalse(context['privileged'])
                        self.assertEqual(context['capabilities'], {'drop': ['ALL']})

    def test_the_release_fits_into_its_secret(self):
        files = [{'name': str(path.relative_to(CHART)), 'data': base64.b64encode(path.read_bytes()).decode()}
                 for path in CHART.rglob('*') if path.is_file()]
        release = json.dumps({'chart': files, 'manifest': self.presets['production'].text})
        size = len(base64.b64encode(gzip.compress(release.encode(), 9)))
        self.assertLessEqual(size, 0.6 * 2**20)

    def test_helm_test_asks_the_service(self):
        service = self.everything.one('Service', 'metrics')
        url = self.everything.one('Pod')['spec']['containers'][0]['args'][1]
        self.assertEqual(url, f'http://{service["metadata"]["name"]}.{NAMESPACE}.svc:8080/metrics')

    def test_only_the_pods_of_the_operator_are_selected(self):
        labels = self.everything.one('Deployment')['spec']['template']['metadata']['labels']
        for selector in (self.everything.one('Service', 'metrics')['spec']['selector'],
                         self.everything.one('PodDisruptionBudget')['spec']['selector']['matchLabels'],
                         self.everything.one('NetworkPolicy')['spec']['podSelector']['matchLabels'],
                         self.everything.one('Deployment')['spec']['selector']['matchLabels']):
            self.assertLessEqual(selector.items(), labels.items())
            self.assertFalse(selector.items() <= self.everything.one('Pod')['metadata']['labels'].items())

    def test_the_monitor_finds_the_service_and_no_other(self):
        selector = self.everything.one('ServiceMonitor')['spec']['selector']['matchLabels'].items()
        found = [one['metadata']['name'] for one in self.everything.all('Service') if selector <= one['metadata']['labels'].items()]
        self.assertEqual(found, ['op-infra-operator-metrics'])


class Crds(unittest.TestCase):
    def setUp(self):
        self.files = {path.name: path.read_text() for path in (CHART / 'templates/crds').iterdir()}

    def test_kubectl_reads_what_helm_renders(self):
        rendered = {one['metadata']['name']: one['spec'] for one in helm.render(crds=True).all('CustomResourceDefinition')}
        plain = {}
        for name, text in self.files.items():
            (one,) = helm.load_all(text)
            self.assertEqual(set(one['metadata']), {'name'}, name)
            plain[one['metadata']['name']] = one['spec']
        self.assertGreaterEqual(len(plain), 20)
        self.assertTrue(rendered == plain)

    def test_none_is_too_big(self):
        for name, text in self.files.items():
            with self.subTest(file=name):
                self.assertLess(len(text), 200_000)

    def test_they_can_be_left_out(self):
        self.assertEqual(helm.render(tree(crds__install=False), crds=True).all('CustomResourceDefinition'), [])

    def test_keep_and_annotations(self):
        for values, wanted in (({}, {'helm.sh/resource-policy': 'keep'}), (tree(crds__keep=False), None),
                               (tree(crds__annotations={'a': 'b'}), {'helm.sh/resource-policy': 'keep', 'a': 'b'}),
                               (tree(crds={'keep': False, 'annotations': {'a': 'b'}}), {'a': 'b'})):
            for one in helm.render(values, crds=True).all('CustomResourceDefinition'):
                self.assertEqual(one['metadata'].get('annotations'), wanted)


class Permissions(unittest.TestCase):
    def setUp(self):
        rules = helm.load_all((CHART / 'files/rbac-rules.yaml').read_text())[0]
        self.lease = [one for one in rules if one['resources'] == ['leases']]
        self.objects = [one for one in rules if one not in self.lease]

    def test_no_look_at_namespaces_where_no_label_counts(self):
        rules = helm.render(tree(providers__podIdentity__namespaceLabel=False)).one('ClusterRole')['rules']
        self.assertEqual(rules, [one for one in self.objects if one['resources'] != ['namespaces']])
        self.assertLess(len(rules), len(self.objects))

    def test_cluster_wide(self):
        rendered = helm.render()
        self.assertEqual(rendered.one('ClusterRole')['rules'], self.objects)
        role = rendered.one('Role')
        self.assertEqual((role['rules'], role['metadata']['namespace']), (self.lease, NAMESPACE))

    def test_in_the_namespaces_alone(self):
        rendered = helm.render(NAMESPACED)
        self.assertEqual({one['kind'] for one in rendered.objects} & CLUSTER_WIDE, set())
        roles = {(one['metadata']['namespace'], one['metadata']['name']): one['rules'] for one in rendered.all('Role')}
        self.assertEqual(roles, {(NAMESPACE, 'op-infra-operator-leader-election'): self.lease,
                                 ('one', 'op-infra-operator'): self.objects, ('two', 'op-infra-operator'): self.objects})
        self.assertEqual(rendered.flag('namespaces'), ['one,two'])

    def test_in_the_release_namespace_by_default(self):
        rendered = helm.render(tree(rbac__clusterRole=False))
        self.assertEqual({one['metadata']['namespace'] for one in rendered.all('Role')}, {NAMESPACE})
        self.assertEqual(rendered.flag('namespaces'), [NAMESPACE])

    def test_every_binding_binds_the_account_to_a_role_there_is(self):
        for values in ({}, NAMESPACED, tree(operator__leaderElection__namespace='elsewhere')):
            rendered = helm.render(values)
            account = rendered.one('ServiceAccount')['metadata']
            for one in rendered.all('RoleBinding') + rendered.all('ClusterRoleBinding'):
                self.assertEqual(one['subjects'], [{'kind': 'ServiceAccount', 'name': account['name'], 'namespace': account['namespace']}])
                roles = [role for role in rendered.all(one['roleRef']['kind']) if role['metadata']['name'] == one['roleRef']['name']
                         and role['metadata'].get('namespace') == one['metadata'].get('namespace')]
                self.assertEqual(len(roles), 1)

    def test_none_without_election_for_leases(self):
        self.assertEqual(helm.render(tree(operator__leaderElection__enabled=False)).all('Role'), [])

    def test_none_at_all(self):
        kinds = {one['kind'] for one in helm.render(tree(rbac__create=False)).objects}
        self.assertFalse(kinds & {'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'})


class Details(unittest.TestCase):
    def test_image(self):
        digest = 'sha256:' + 'a' * 64
        for values, image in (({}, 'ghcr.io/andrebassi/aws-infra-operator:1.0.0'),
                              (tree(image__tag='2.0'), 'ghcr.io/andrebassi/aws-infra-operator:2.0'),
                              (tree(image__digest=digest), f'ghcr.io/andrebassi/aws-infra-operator:1.0.0@{digest}'),
                              (tree(image__registry='r', global__imageRegistry='g'), 'g/andrebassi/aws-infra-operator:1.0.0')):
            self.assertEqual(helm.render(values).container['image'], image)

    def test_replicas_belong_to_the_autoscaler(self):
        self.assertNotIn('replicas', helm.render(tree(autoscaling__enabled=True)).one('Deployment')['spec'])

    def test_no_two_versions_at_once_without_election(self):
        strategy = helm.render(tree(operator__leaderElection__enabled=False)).one('Deployment')['spec']['strategy']
        self.assertEqual(strategy, {'type': 'Recreate'})

    def test_a_budget_of_one_pod_lets_it_go(self):
        budget = helm.render(tree(podDisruptionBudget__enabled=True)).one('PodDisruptionBudget')['spec']
        self.assertEqual((budget.get('maxUnavailable'), budget.get('minAvailable')), (1, None))

    def test_several_pods_are_spread_softly(self):
        spread = helm.render({'replicaCount': 2}).pod['topologySpreadConstraints']
        self.assertEqual({one['whenUnsatisfiable'] for one in spread}, {'ScheduleAnyway'})
        self.assertNotIn('topologySpreadConstraints', helm.render().pod)

    def test_keys_come_from_the_secret(self):
        rendered = helm.render(tree(aws__staticCredentials={'enabled': True, 'secretName': 's', 'accessKeyIDKey': 'k'}))
        self.assertEqual(rendered.env('AWS_ACCESS_KEY_ID')['valueFrom'], {'secretKeyRef': {'name': 's', 'key': 'k'}})
        self.assertTrue(rendered.env('AWS_SESSION_TOKEN')['valueFrom']['secretKeyRef']['optional'])
        self.assertEqual(rendered.all('Secret'), [])

    def test_what_the_pod_is_given_starts_it_anew(self):
        def sums(values):
            return helm.render(values).one('Deployment')['spec']['template']['metadata']['annotations']
        data = tree(configMap={'create': True, 'data': {'a': 'b'}})
        self.assertNotEqual(sums(data), sums(merged(data, tree(configMap__data__a='c'))))

    def test_pods_say_where_their_metrics_are(self):
        def told(values):
            annotations = helm.render(values).one('Deployment')['spec']['template']['metadata']['annotations']
            return {key: value for key, value in annotations.items() if key.startswith('prometheus.io/')}
        self.assertEqual(told({}), {'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080', 'prometheus.io/path': '/metrics'})
        self.assertEqual(told({'podAnnotations': {'prometheus.io/scrape': 'false'}})['prometheus.io/scrape'], 'false')
        for values in (tree(operator__metrics__enabled=False), tree(prometheus__serviceMonitor__enabled=True)):
            self.assertEqual(told(values), {})

    def test_irsa_annotates_the_account(self):
        account = helm.render(tree(aws__irsa={'enabled': True, 'roleARN': ROLE})).one('ServiceAccount')
        self.assertEqual(account['metadata']['annotations'], {'eks.amazonaws.com/role-arn': ROLE})

    def test_times_may_be_of_several_units(self):
        self.assertEqual(helm.render(tree(driftDetection__defaultCheckInterval='1h30m5s')).flag('check-interval'), ['5405s'])

    def test_long_numbers_stay_whole(self):
        self.assertEqual(helm.render(at('globalTags', {'n': 123456789012})).flag('global-tags'), ['n=123456789012'])

    def test_the_proxy_is_not_asked_for_what_is_near(self):
        rendered = helm.render(tree(proxy={'https': 'http://proxy:3128', 'noProxy': 'a.example.com'}))
        self.assertEqual(rendered.env('NO_PROXY')['value'], '$(KUBERNETES_SERVICE_HOST),.svc,169.254.169.254,169.254.170.23,a.example.com')

    def test_network_policy_opens_what_is_needed(self):
        def ports(values):
            policy = helm.render(merged(values, tree(networkPolicy__enabled=True))).one('NetworkPolicy')['spec']
            return [[port['port'] for rule in policy[way] for port in rule['ports']] for way in ('ingress', 'egress')]
        static = tree(aws__staticCredentials__enabled=True)
        self.assertEqual(ports(static), [[8080], [53, 53, 443, 6443]])
        self.assertEqual(ports({}), [[8080], [53, 53, 443, 6443, 80]])
        self.assertEqual(ports(merged(static, tree(aws__localstack__enabled=True))), [[8080], [53, 53, 443, 6443, 4566]])
        traced = tree(tracing={'enabled': True, 'endpoint': 'http://collector:4318'})
        self.assertEqual(ports(merged(static, traced)), [[8080], [53, 53, 443, 6443, 4318]])
        self.assertEqual(ports(merged(static, tree(proxy__https='http://proxy'))), [[8080], [53, 53, 443, 6443, 80]])

    def test_the_webhook_lets_go_what_must_not_wait(self):
        hook = helm.render(EVERYTHING).one('ValidatingWebhookConfiguration')
        self.assertEqual(hook['metadata']['annotations']['cert-manager.io/inject-ca-from'], f'{NAMESPACE}/webhook-server-cert')
        self.assertEqual([one['name'] for one in hook['webhooks'][0]['matchConditions']], ['not-on-its-way-out', 'not-by-the-operator'])
        self.assertEqual(hook['webhooks'][0]['namespaceSelector']['matchExpressions'],
                         [{'key': 'kubernetes.io/metadata.name', 'operator': 'NotIn', 'values': [NAMESPACE]},
                          {'key': 'kubernetes.io/metadata.name', 'operator': 'In', 'values': EVERYTHING['watchNamespaces']}])
        self.assertEqual([(one['failurePolicy'], one['rules'][0]['operations']) for one in hook['webhooks']],
                         [('Fail', ['CREATE', 'UPDATE']), ('Ignore', ['DELETE'])])
        volumes = helm.render(EVERYTHING).one('Deployment')['spec']['template']['spec']['volumes']
        self.assertTrue(next(one for one in volumes if one['name'] == 'webhook-cert')['secret']['optional'])

    def test_the_certificate_is_for_the_service(self):
        names = helm.render(EVERYTHING).one('Certificate', 'webhook-server-cert')['spec']['dnsNames']
        self.assertIn(f'op-infra-operator-webhook.{NAMESPACE}.svc', names)

    def test_its_authority_outlives_it(self):
        """What a new certificate is signed by is what the API server trusts already."""
        rendered = helm.render(EVERYTHING)
        authority, server = rendered.one('Certificate', '-ca')['spec'], rendered.one('Certificate', 'webhook-server-cert')['spec']
        self.assertEqual(rendered.one('Issuer', '-ca')['spec'], {'ca': {'secretName': authority['secretName']}})
        self.assertEqual(server['issuerRef']['name'], rendered.one('Issuer', '-ca')['metadata']['name'])
        self.assertEqual((authority['isCA'], authority['privateKey']['rotationPolicy']), (True, 'Never'))

    def test_the_operator_may_keep_a_certificate_and_say_whom_to_trust(self):
        rendered = helm.render(BY_THE_OPERATOR)
        secret = rendered.one('Secret')
        name = secret['metadata']['name']
        self.assertFalse({'data', 'stringData'} & set(secret), 'an upgrade would take back what the operator has made')
        self.assertNotIn('caBundle', rendered.one('ValidatingWebhookConfiguration')['webhooks'][0]['clientConfig'])
        self.assertEqual(rendered.one('Role', name)['rules'], [
            {'apiGroups': [''], 'resources': ['secrets'], 'resourceNames': [name], 'verbs': ['get', 'patch']}])
        self.assertEqual(rendered.one('RoleBinding', name)['metadata']['namespace'], NAMESPACE)
        hook = rendered.one('ValidatingWebhookConfiguration')['metadata']['name']
        self.assertIn({'apiGroups': ['admissionregistration.k8s.io'], 'resources': ['validatingwebhookconfigurations'],
                       'resourceNames': [hook], 'verbs': ['get', 'patch']}, rendered.one('ClusterRole')['rules'])
        self.assertEqual((rendered.flag('webhook-secret'), rendered.flag('webhook-configuration')), ([name], [hook]))
        service = rendered.one('Service', 'webhook')['metadata']['name']
        self.assertEqual(rendered.flag('webhook-hosts'), [f'{service},{service}.{NAMESPACE},{service}.{NAMESPACE}.svc'])
        self.assertNotIn('volumes', rendered.pod)

    def test_it_gets_no_such_right_otherwise(self):
        for values in ({}, EVERYTHING, BY_THE_CHART):
            rules = [rule for kind in ('Role', 'ClusterRole') for one in helm.render(values).all(kind) for rule in one['rules']]
            self.assertEqual([rule for rule in rules if 'resourceNames' in rule], [])

    def test_the_chart_makes_a_certificate_for_the_service(self):
        rendered = helm.render(BY_THE_CHART)
        secret = rendered.one('Secret')
        ca, certificate = (base64.b64decode(secret['data'][key]).decode() for key in ('ca.crt', 'tls.crt'))
        hook = rendered.one('ValidatingWebhookConfiguration')['webhooks'][0]
        self.assertEqual(hook['clientConfig']['caBundle'], secret['data']['ca.crt'])
        self.assertEqual(rendered.pod['volumes'][0]['secret']['secretName'], secret['metadata']['name'])
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'ca.crt'
            path.write_text(ca)
            done = subprocess.run(['openssl', 'verify', '-CAfile', path, '-verify_hostname', f'op-infra-operator-webhook.{NAMESPACE}.svc'],
                                  input=certificate, capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_port_may_come_from_the_command_line(self):
        """Where numbers are of another type than in a file."""
        rendered = helm.render(BY_THE_OPERATOR, '--set', 'operator.webhooks.port=9444,webhooks.service.targetPort=9444')
        self.assertEqual(rendered.flag('webhook-port'), ['9444'])

    def test_extra_objects_may_have_templates(self):
        rendered = helm.render({'extraObjects': ['{apiVersion: v1, kind: ConfigMap, metadata: {name: "{{ .Release.Name }}-x", namespace: a}}']})
        self.assertEqual(rendered.one('ConfigMap')['metadata']['name'], 'op-x')

    def test_common_labels_are_everywhere(self):
        for one in helm.render(merged(EVERYTHING, {'commonLabels': {'team': 'blue'}, 'commonAnnotations': {'note': 'x'}})).objects:
            with self.subTest(kind=one['kind']):
                self.assertEqual((one['metadata']['labels']['team'], one['metadata']['annotations']['note']), ('blue', 'x'))
