"""What is refused, with a sentence that names the key and what to set; and what is only warned about."""
import json
import unittest

import helm
from helm import merged, tree

ROLE = 'arn:aws:iam::111122223333:role/infra'
IRSA = tree(aws__irsa__enabled=True, aws__irsa__roleARN=ROLE)
WEBHOOK = tree(webhooks__enabled=True, webhooks__certManager__enabled=True)
HPA = tree(autoscaling__enabled=True)
PDB = tree(podDisruptionBudget__enabled=True)
EMULATOR = tree(aws__localstack__enabled=True)

# By the templates: values that have the right type and make no sense.
SENTENCES = {
    'irsa_without_role': (tree(aws__irsa__enabled=True), 'aws.irsa.enabled=true: there is no role to take on. Set aws.irsa.roleARN.'),
    'role_that_is_no_arn': (tree(aws__irsa__roleARN='infra'), 'aws.irsa.roleARN=infra: is not the ARN of a role'),
    'role_of_a_short_account': (tree(aws__irsa__roleARN='arn:aws:iam::123:role/a'), 'aws.irsa.roleARN=arn:aws:iam::123:role/a: is not'),
    'role_and_annotation_that_differ': (merged(IRSA, {'serviceAccount': {'annotations': {'eks.amazonaws.com/role-arn': ROLE + '2'}}}),
                                        'differs from serviceAccount.annotations'),
    'irsa_and_static_keys': (merged(IRSA, tree(aws__staticCredentials__enabled=True)),
                             'aws.irsa.enabled=true: aws.staticCredentials.enabled is on too, and only one can give the credentials. '
                             'Set all but one to false.'),
    'irsa_and_pod_identity': (merged(IRSA, tree(aws__podIdentity__enabled=True)), 'aws.podIdentity.enabled is on too'),
    'static_keys_in_no_secret': (tree(aws__staticCredentials__enabled=True, aws__staticCredentials__secretName=''),
                                 'aws.staticCredentials.secretName=: a Secret has a name'),
    'secret_without_keys': (tree(aws__staticCredentials__enabled=True, aws__staticCredentials__create=True),
                            'aws.staticCredentials.create=true: there are no keys to put into the Secret. Set aws.staticCredentials.accessKeyID'),
    'secret_that_is_not_used': (tree(aws__staticCredentials__create=True), 'the Secret would not be used'),
    'assumed_role_without_arn': (tree(aws__assumeRole__enabled=True), 'aws.assumeRole.roleARN=: is not the ARN of a role'),
    'assumed_role_for_a_minute': (tree(aws__assumeRole__enabled=True, aws__assumeRole__roleARN=ROLE, aws__assumeRole__duration='1m'),
                                  'aws.assumeRole.duration=1m: AWS gives keys for 15m to 12h'),
    'assumed_role_for_a_day': (tree(aws__assumeRole__enabled=True, aws__assumeRole__roleARN=ROLE, aws__assumeRole__duration='24h'),
                               'aws.assumeRole.duration=24h: AWS gives keys for 15m to 12h'),
    'endpoint_without_scheme': (merged(EMULATOR, tree(aws__localstack__endpoint='localstack:4566')),
                                'aws.localstack.endpoint=localstack:4566: is not a URL with scheme'),
    'emulator_with_irsa': (merged(EMULATOR, IRSA), 'aws.localstack.enabled=true: an emulator knows no roles of EKS'),
    'emulator_without_path_style': (merged(EMULATOR, tree(aws__localstack__s3ForcePathStyle=False)),
                                    'aws.localstack.s3ForcePathStyle=false: at an emulator'),
    'lease_shorter_than_deadline': (tree(operator__leaderElection__leaseDuration='5s'),
                                    'operator.leaderElection.leaseDuration=5s: is not longer than operator.leaderElection.renewDeadline=10s'),
    'deadline_equal_to_retry': (tree(operator__leaderElection__retryPeriod='10s'),
                                'operator.leaderElection.renewDeadline=10s: is not longer than operator.leaderElection.retryPeriod=10s'),
    'several_pods_without_election': (tree(operator__leaderElection__enabled=False, replicaCount=2),
                                      'operator.leaderElection.enabled=false: several pods (replicaCount=2, autoscaling.enabled=false)'),
    'autoscaling_without_election': (merged(HPA, tree(operator__leaderElection__enabled=False)), 'would do the same work twice'),
    'shards_without_election': (tree(operator__shards=4, operator__leaderElection__enabled=False),
                                'operator.shards=4: each part is a lease, and operator.leaderElection.enabled is false'),
    'shards_zero': (tree(operator__shards=0), "at '/operator/shards': minimum"),
    'autoscaling_with_replicas': (merged(HPA, {'replicaCount': 3}), 'replicaCount=3: autoscaling.enabled is true, so the autoscaler decides. '
                                                                   'Set autoscaling.minReplicas instead, and replicaCount=1.'),
    'autoscaling_from_more_to_fewer': (merged(HPA, tree(autoscaling__minReplicas=5)), 'autoscaling.minReplicas=5: is more than autoscaling.maxReplicas=3'),
    'autoscaling_without_request': (merged(HPA, tree(resources__requests={'cpu': '1', 'memory': None})),
                                    'autoscaling.targetMemoryUtilizationPercentage=80: is a percentage of resources.requests.memory, which is not set'),
    'budget_of_both_kinds': (merged(PDB, tree(replicaCount=3, podDisruptionBudget={'minAvailable': 2, 'maxUnavailable': 1})),
                             'podDisruptionBudget.minAvailable=2: podDisruptionBudget.maxUnavailable=1 is set too'),
    'budget_of_nothing': (merged(PDB, tree(replicaCount=3, podDisruptionBudget__maxUnavailable=0)),
                          'podDisruptionBudget.maxUnavailable=0: no pod could ever be evicted'),
    'budget_of_all_pods': (merged(PDB, tree(replicaCount=2, podDisruptionBudget__minAvailable=2)),
                           'podDisruptionBudget.minAvailable=2: of 2 pods none could ever be evicted'),
    'budget_of_a_hundred_percent': (merged(PDB, tree(replicaCount=2, podDisruptionBudget__minAvailable='100%')),
                                    'podDisruptionBudget.minAvailable=100%: of 2 pods none could ever be evicted'),
    'metrics_on_two_ports': (tree(operator__metrics__port=9090), 'operator.metrics.bindAddress=8080: operator.metrics.port has port 9090, '
                                                                 'and they are one port. Set both alike.'),
    'service_to_another_port': (tree(service__targetPort=9090), 'service.targetPort=9090: operator.metrics.port has port 8080'),
    'health_on_two_ports': (tree(operator__health__bindAddress=':8089'), 'operator.health.bindAddress=8089: operator.health.port has port 8081'),
    'probe_of_another_port': (tree(readinessProbe__httpGet__port=8082), 'readinessProbe.httpGet.port=8082: operator.health.port has port 8081'),
    'webhook_to_another_port': (merged(WEBHOOK, tree(webhooks__service__targetPort=1)), 'webhooks.service.targetPort=1: operator.webhooks.port has port 9443'),
    'one_port_for_two': (tree(operator__webhooks__port=8081), 'operator.health.port=8081: is operator.webhooks.port too. Set two different ports.'),
    'monitor_of_nothing': (tree(operator__metrics__enabled=False, prometheus__serviceMonitor__enabled=True),
                           'prometheus.serviceMonitor.enabled=true: operator.metrics.enabled is false'),
    'traces_to_nowhere': (tree(tracing__enabled=True), 'tracing.endpoint=: is not the URL of a collector with scheme'),
    'collector_without_scheme': (tree(tracing__enabled=True, tracing__endpoint='collector:4318'),
                                 'tracing.endpoint=collector:4318: is not the URL of a collector with scheme, such as http://collector:4318'),
    'host_network_without_its_dns': ({'hostNetwork': True}, 'dnsPolicy=ClusterFirst: with hostNetwork=true'),
    'priority_class_of_kubernetes': (tree(priorityClass__create=True, priorityClass__name='system-mine'), 'priorityClass.name=system-mine: names that begin'),
    'priority_class_nobody_uses': (tree(priorityClass__create=True, priorityClass__name='a', priorityClassName='b'),
                                   'priorityClassName=b: the chart makes the class a'),
    'webhook_without_certificate': (tree(webhooks__enabled=True), 'webhooks.enabled=true: the webhook has no certificate. '
                                                                  'Set webhooks.certMode=operator, or webhooks.certManager.enabled=true, or'),
    'webhook_without_certificate_by_the_other_switch': (tree(operator__webhooks__enabled=True), 'webhooks.enabled=true: the webhook has no certificate'),
    'webhook_that_nobody_trusts': (tree(webhooks__enabled=True, webhooks__existingSecret='tls'), 'webhooks.existingSecret=tls: the API server would not trust'),
    'certificate_of_two': (merged(WEBHOOK, tree(webhooks__certMode='operator')),
                           'webhooks.certMode=operator: is set beside webhooks.certManager.enabled, and only one can give the certificate. '
                           'Set webhooks.certMode="", or leave the other out.'),
    'certificate_of_three': (tree(webhooks={'enabled': True, 'certMode': 'chart', 'existingSecret': 'tls', 'validating': {'caBundle': 'Q0E='}}),
                             'webhooks.certMode=chart: is set beside webhooks.existingSecret and webhooks.validating.caBundle, and'),
    'operator_that_may_not_say_whom_to_trust': (tree(webhooks__enabled=True, webhooks__certMode='operator', rbac__clusterRole=False,
                                                     watchNamespaces=['one']),
                                                'webhooks.certMode=operator: rbac.clusterRole is false, so the operator could not tell the API '
                                                'server whom to trust. Set rbac.clusterRole=true, or webhooks.certMode=chart.'),
    'certificate_renewed_after_its_end': (merged(WEBHOOK, tree(webhooks__certManager__certificate__renewBefore='9000h')),
                                          'webhooks.certManager.certificate.renewBefore=9000h: is not shorter than duration=8760h'),
    'webhook_of_all_without_cluster_role': (merged(WEBHOOK, tree(rbac__clusterRole=False)), 'rbac.clusterRole=false: the webhook would ask'),
    'label_that_selects': (tree(commonLabels={'control-plane': 'x'}), 'commonLabels.control-plane=x: the chart finds its pods by this label'),
    'pod_label_that_selects': (tree(podLabels={'app.kubernetes.io/name': 'x'}), 'podLabels.app.kubernetes.io/name=x: the chart finds'),
    'no_token': (tree(serviceAccount__automountServiceAccountToken=False), 'serviceAccount.automountServiceAccountToken=false: the operator could not sign in'),
    'digest_that_is_none': (tree(image__digest='sha256:abc'), 'image.digest=sha256:abc: is not sha256: and 64 hexadecimal digits'),
    'tag_that_is_a_number': (tree(image__tag=1.3), 'image.tag=1.3: is a number, and 1.30 would become 1.3. Set it with --set-string.'),
    'own_object_before_its_kind': ({'extraObjects': [{'apiVersion': 'aws-infra-operator.runner.codes/v1alpha1', 'kind': 'VPC',
                                                      'metadata': {'name': 'a'}}]}, 'extraObjects=an object of aws-infra-operator.runner.codes: its kind'),
    'own_object_as_text': ({'extraObjects': ['apiVersion: aws-infra-operator.runner.codes/v1alpha1']}, 'Apply it after the install'),
    'identity_for_what_is_no_namespace': (tree(providers__podIdentity__namespaces=['a,b']),
                                          'providers.podIdentity.namespaces[0]=a,b: is not the name of a namespace, or * for all'),
    'role_for_what_is_no_namespace': (tree(providers__podIdentity__roles=[{'namespaces': ['a=b'], 'arns': ['*']}]),
                                      'providers.podIdentity.roles[0].namespaces=a=b: is not the name of a namespace'),
    'role_that_is_no_arn': (tree(providers__podIdentity__roles=[{'namespaces': ['a'], 'arns': ['team-a-*']}]),
                            'providers.podIdentity.roles[0].arns=team-a-*: is not the ARN of a role'),
    'provider_endpoint_without_scheme': (tree(providers__endpoints=['localstack:4566']),
                                         'providers.endpoints[0]=localstack:4566: is not a URL of scheme, host and port'),
    'provider_endpoint_with_path': (tree(providers__endpoints=['https://localstack/x/y']), 'providers.endpoints[0]=https://localstack/x/y: is not'),
    'too_many_tags': ({'globalTags': {f'tag{n}': 'x' for n in range(47)}}, 'globalTags=47 tags: AWS allows 50'),
    'tag_of_aws': ({'globalTags': {'aws:name': 'x'}}, 'globalTags.aws:name=x: keys that begin with aws:'),
    'tag_too_long': ({'globalTags': {'k': 'x' * 257}}, 'AWS allows 128 characters in a key and 256 in a value'),
    'tag_with_comma': ({'globalTags': {'k': 'a,b'}}, 'globalTags.k=a,b: a comma'),
    'old_and_new_that_differ': (tree(leaderElection__leaseDuration='20s', operator__leaderElection__leaseDuration='30s'),
                                'leaderElection.leaseDuration=20s: is an older spelling of operator.leaderElection.leaseDuration, which is 30s. '
                                'Set only operator.leaderElection.leaseDuration.'),
}

# By the schema: the path of the key, and what is wrong with it.
BY_SCHEMA = {
    'unknown_key': ({'replicas': 2}, "at '': additional properties 'replicas' not allowed"),
    'unknown_key_below': (tree(image__tagg='x'), "at '/image': additional properties 'tagg' not allowed"),
    'unknown_key_deep': (tree(operator__leaderElection__lease='x'), "at '/operator/leaderElection': additional properties 'lease'"),
    'key_of_another_level': (tree(networkPolicy__podSelector={}), "at '/networkPolicy': additional properties 'podSelector'"),
    'missing_key': ({'replicaCount': None}, "missing property 'replicaCount'"),
    'missing_block': ({'image': None}, "missing property 'image'"),
    'replicas_as_text': ({'replicaCount': 'two'}, "at '/replicaCount': got string, want integer"),
    'negative_replicas': ({'replicaCount': -1}, "at '/replicaCount': minimum: got -1, want 0"),
    'switch_as_text': (tree(webhooks__enabled='yes'), "at '/webhooks/enabled': got string, want boolean"),
    'role_as_number': (tree(aws__irsa__roleARN=123456789012), "at '/aws/irsa/roleARN': got number, want string"),
    'labels_as_list': ({'commonLabels': ['a']}, "at '/commonLabels': got array, want object"),
    'label_as_number': ({'podLabels': {'a': 1}}, "at '/podLabels/a': got number, want string"),
    'env_as_map': ({'env': {'A': 'b'}}, "at '/env': got object, want array"),
    'pull_policy': (tree(image__pullPolicy='Sometimes'), "at '/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'"),
    'log_level': (tree(logging__level='loud'), "at '/logging/level': value must be one of"),
    'log_encoder': (tree(logging__encoder='xml'), "at '/logging/encoder': value must be one of 'json', 'console'"),
    'port_zero': (tree(service__port=0), "at '/service/port': minimum"),
    'port_too_great': (tree(operator__metrics__port=70000), "at '/operator/metrics/port': maximum"),
    'workers_zero': (tree(operator__reconciliation__maxConcurrentReconciles=0), "at '/operator/reconciliation/maxConcurrentReconciles': minimum"),
    'workers_too_many': (tree(operator__reconciliation__maxConcurrentReconciles=1001), "at '/operator/reconciliation/maxConcurrentReconciles': maximum"),
    'jitter_over_a_hundred': (tree(driftDetection__jitter=101), "at '/driftDetection/jitter': maximum"),
    'time_without_unit': (tree(driftDetection__defaultCheckInterval='5'), "at '/driftDetection/defaultCheckInterval': '5' does not match pattern"),
    'time_as_number': (tree(operator__leaderElection__leaseDuration=15), "at '/operator/leaderElection/leaseDuration': got number, want string"),
    'time_of_days': (tree(operator__reconciliation__timeout='1d'), "at '/operator/reconciliation/timeout': '1d' does not match pattern"),
    'sampling_over_one': (tree(tracing__samplingRatio=1.5), "at '/tracing/samplingRatio': maximum: got 1.5, want 1"),
    'region': (tree(aws__defaultRegion='Virginia'), "at '/aws/defaultRegion': 'Virginia' does not match pattern"),
    'proxy_without_scheme': (tree(proxy__https='proxy:3128'), "at '/proxy/https': 'proxy:3128' does not match pattern"),
    'webhook_timeout': (tree(webhooks__validating__timeoutSeconds=31), "at '/webhooks/validating/timeoutSeconds': maximum: got 31, want 30"),
    'certificate_of_nobody': (tree(webhooks__certMode='somebody'), "at '/webhooks/certMode': value must be one of '', 'operator', 'chart'"),
    'failure_policy': (tree(webhooks__validating__failurePolicy='Maybe'), "at '/webhooks/validating/failurePolicy': value must be one of"),
    'side_effects': (tree(webhooks__validating__sideEffects='Some'), "at '/webhooks/validating/sideEffects': value must be one of"),
    'policy_type': (tree(networkPolicy__policyTypes=['Both']), "at '/networkPolicy/policyTypes/0': value must be one of"),
    'service_type': (tree(service__type='ExternalName'), "at '/service/type': value must be one of"),
    'budget_as_fraction': (tree(podDisruptionBudget__minAvailable='half'), "at '/podDisruptionBudget/minAvailable'"),
    'priority_too_great': (tree(priorityClass__value=2000000000), "at '/priorityClass/value': maximum"),
    'old_key_of_wrong_type': (tree(leaderElection__enabled='yes'), "at '/leaderElection/enabled': got string, want boolean"),
    'old_key_unknown': (tree(leaderElection__id='x'), "at '/leaderElection': additional properties 'id'"),
    'extra_object_as_number': ({'extraObjects': [1]}, "at '/extraObjects/0'"),
}

# Not refused: what somebody might regret is said after the install.
WARNINGS = {
    'example_role': (tree(aws__irsa__enabled=True, aws__irsa__roleARN='arn:aws:iam::123456789012:role/a'), "aws.irsa.roleARN is the example's"),
    'account_of_others': (merged(IRSA, tree(serviceAccount__create=False, serviceAccount__name='theirs')),
                          f'kubectl -n here annotate serviceaccount theirs eks.amazonaws.com/role-arn={ROLE}'),
    'keys_in_the_release': (tree(aws__staticCredentials={'enabled': True, 'create': True, 'accessKeyID': 'a', 'secretAccessKey': 'b'}),
                            "The AWS keys are in this release's own Secret"),
    'budget_of_one_pod': (PDB, 'With one pod the disruption budget allows it to be evicted'),
    'autoscaling': (HPA, 'More pods stand by'),
    'more_pods_than_shards': (tree(replicaCount=3, operator__shards=2), 'Of up to 3 pods 2 work'),
    'crds_that_go': (tree(crds__keep=False), 'an uninstall takes the CRDs along, and fails while there are objects'),
    'priority_of_the_system': ({'priorityClassName': 'system-cluster-critical'}, 'priorityClass.create makes one of your own'),
    'no_drift_detection': (tree(driftDetection__enabled=False), 'driftDetection.enabled is false'),
    'shell_that_is_not_there': ({'lifecycle': {'preStop': {'exec': {'command': ['/bin/sh', '-c', 'sleep 5']}}}}, 'lifecycle.preStop.sleep'),
    'root': (tree(securityContext__runAsUser=0), 'The pod runs as root'),
    'network_policy': (tree(networkPolicy__enabled=True), 'The network policy opens DNS'),
}


class Refusals(unittest.TestCase):
    cases = {}

    @classmethod
    def setUpClass(cls):
        cls.errors = dict(zip(map(id, cls.cases.values()), [
            ' '.join(one.error.split()) for one in helm.render_all([values for values, _ in cls.cases.values()])]))

    def refused(self, values, sentence, case):
        self.assertIn(sentence, self.errors[id(case)])


def each_is_refused(cases):
    def decorate(kind):
        kind.cases = cases
        for name, case in cases.items():
            setattr(kind, f'test_{name}', lambda self, case=case: self.refused(*case, case))
        return kind
    return decorate


@each_is_refused(SENTENCES)
class ByTheTemplates(Refusals):
    def test_all_at_once(self):
        error = helm.render(merged(tree(aws__irsa__enabled=True), tree(webhooks__enabled=True))).error
        self.assertEqual(error.count('infra-operator: '), 2)


@each_is_refused(BY_SCHEMA)
class ByTheSchema(Refusals):
    def test_templates_hold_without_it(self):
        error = helm.render(tree(aws__irsa__roleARN=123456789012), '--skip-schema-validation').error
        self.assertIn('aws.irsa.roleARN=', error)


class Warned(unittest.TestCase):
    def notes(self, values):
        done = helm.helm('install', 'op', str(helm.slim), '--dry-run=client', '--namespace', helm.NAMESPACE, '--values', '-', given=json.dumps(values))
        self.assertEqual(done.error, '')
        return ' '.join(done.text.split('NOTES:')[1].split())

    def test_each(self):
        quiet = self.notes({})
        for name, (values, sentence) in WARNINGS.items():
            with self.subTest(warning=name):
                self.assertIn(sentence, self.notes(values))
                self.assertNotIn(sentence, quiet)

    def test_where_calls_go(self):
        for values, said in (({}, 'the real AWS, by default in us-east-1'), (IRSA, f'with the role {ROLE}'),
                             (EMULATOR, 'the emulator at http://localstack.localstack.svc.cluster.local:4566'),
                             (tree(rbac__clusterRole=False), 'metadata: {name: default, namespace: here}'),
                             (tree(watchNamespaces=['shop']), 'metadata: {name: default, namespace: shop}'),
                             (tree(aws__podIdentity__enabled=True), 'what EKS Pod Identity gives to here/op-infra-operator'),
                             (tree(aws__assumeRole__enabled=True, aws__assumeRole__roleARN=ROLE), f'and then the role {ROLE}')):
            with self.subTest(said=said):
                self.assertIn(said, self.notes(values))
