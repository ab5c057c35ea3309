"""Every key of values.yaml is described, is in the schema, and changes what is rendered."""
import json
import re
import unittest

import helm
from helm import at, merged, tree

# Keys that change nothing, and why.
WITHOUT_EFFECT = {
    'logging.stacktraceLevel': 'the operator writes no stack traces',
    'aws.localstack.s3ForcePathStyle': 'always so at an emulator; false is refused, see test_refusals',
    'crds.annotations.helm.sh/resource-policy': 'follows crds.keep',
}

WEBHOOK = tree(webhooks__enabled=True, webhooks__certManager__enabled=True)
EXISTING = tree(webhooks__enabled=True, webhooks__existingSecret='tls', webhooks__validating__caBundle='Q0E=')
STATIC = tree(aws__staticCredentials__enabled=True)
MADE = merged(STATIC, tree(aws__staticCredentials__create=True, aws__staticCredentials__accessKeyID='a',
                           aws__staticCredentials__secretAccessKey='s'))
ROLE = 'arn:aws:iam::111122223333:role/infra'

# What has to be set for keys that begin so to have an effect; the longest match counts.
CONTEXT = {
    'autoscaling.': tree(autoscaling__enabled=True),
    'podDisruptionBudget.': tree(podDisruptionBudget__enabled=True, replicaCount=3),
    'priorityClass.': tree(priorityClass__create=True),
    'priorityClass.create': {},
    'networkPolicy.': tree(networkPolicy__enabled=True),
    'aws.podIdentity.': tree(networkPolicy__enabled=True),
    'proxy.noProxy': tree(proxy__https='http://proxy:3128'),
    'operator.reconciliation.requeueAfter': tree(driftDetection__enabled=False),
    'driftDetection.enabled': tree(operator__reconciliation__requeueAfter='1h'),
    'operator.webhooks.': WEBHOOK,
    'operator.webhooks.enabled': tree(webhooks__certManager__enabled=True),
    'webhooks.': WEBHOOK,
    'webhooks.enabled': tree(webhooks__certManager__enabled=True),
    'webhooks.certManager.enabled': EXISTING,
    'webhooks.existingSecret': EXISTING,
    'webhooks.certMode': EXISTING,
    'webhooks.validating.caBundle': EXISTING,
    'prometheus.serviceMonitor.': tree(prometheus__serviceMonitor__enabled=True),
    'prometheus.serviceMonitor.enabled': {},
    'prometheus.prometheusRule.': tree(prometheus__prometheusRule__enabled=True),
    'prometheus.prometheusRule.enabled': {},
    'grafana.dashboards.': tree(grafana__dashboards__enabled=True),
    'grafana.dashboards.enabled': {},
    'configMap.': tree(configMap__create=True),
    'configMap.create': {},
    'aws.irsa.roleARN': tree(aws__irsa__enabled=True, aws__irsa__roleARN=ROLE),
    'aws.staticCredentials.': STATIC,
    'aws.staticCredentials.enabled': {},
    **{f'aws.staticCredentials.{key}': MADE for key in ('create', 'accessKeyID', 'secretAccessKey', 'sessionToken')},
    'aws.assumeRole.': tree(aws__assumeRole__enabled=True, aws__assumeRole__roleARN=ROLE),
    'aws.localstack.endpoint': tree(aws__localstack__enabled=True),
    'tracing.': tree(tracing__enabled=True, tracing__endpoint='http://collector:4318'),
    'tracing.enabled': tree(tracing__endpoint='http://collector:4318'),
    'livenessProbe.': tree(operator__health__enabled=True),
    'logging.sampling.': tree(logging__sampling__enabled=True),
    'logging.sampling.enabled': {},
}

OBJECT = [{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'more', 'namespace': helm.NAMESPACE}}]
# Another value, where none can be made from the default, with what has to change beside it.
CHANGED = {
    'image.pullPolicy': 'Always', 'image.digest': 'sha256:' + '0' * 64, 'imagePullSecrets': ['pull'], 'global.imagePullSecrets': ['pull'],
    'updateStrategy.type': 'Recreate', 'serviceAccount.automountServiceAccountToken': (False, {'extraVolumeMounts': [
        {'name': 'token', 'mountPath': '/var/run/secrets/kubernetes.io/serviceaccount'}]}),
    'podSecurityContext.fsGroupChangePolicy': 'Always', 'podSecurityContext.seccompProfile.type': 'Localhost',
    'podSecurityContext.supplementalGroups': [1], 'securityContext.capabilities.drop': ['NET_RAW'],
    'networkPolicy.policyTypes': ['Egress'], 'networkPolicy.ingress': [{'ports': [{'port': 1}]}],
    'networkPolicy.egress': [{'ports': [{'port': 1}]}], 'watchNamespaces': ['one'],
    'autoscaling.minReplicas': 2, 'autoscaling.metrics': [{'type': 'Pods'}], 'autoscaling.behavior': {'scaleDown': {}},
    'podDisruptionBudget.minAvailable': '50%', 'podDisruptionBudget.maxUnavailable': 2,
    'tolerations': [{'operator': 'Exists'}], 'affinity': {'nodeAffinity': {}}, 'priorityClass.preemptionPolicy': 'Never',
    'topologySpreadConstraints': [{'maxSkew': 2, 'topologyKey': 'zone', 'whenUnsatisfiable': 'DoNotSchedule'}],
    'dnsPolicy': 'Default', 'dnsConfig': {'nameservers': ['10.0.0.1']}, 'hostNetwork': (True, {'dnsPolicy': 'ClusterFirstWithHostNet'}),
    'proxy.http': 'http://proxy:3128', 'proxy.https': 'http://proxy:3128',
    'operator.leaderElection.leaseDuration': '30s', 'operator.leaderElection.renewDeadline': '12s',
    'operator.leaderElection.retryPeriod': '3s', 'operator.shards': 4,
    'operator.metrics.port': (8090, tree(operator__metrics__bindAddress='0.0.0.0:8090', service__targetPort=8090)),
    'operator.metrics.bindAddress': '127.0.0.1:8080',
    'operator.health.port': (8091, merged(tree(operator__health__bindAddress='0.0.0.0:8091'), {
        probe: tree(httpGet__port=8091) for probe in ('livenessProbe', 'readinessProbe', 'startupProbe')})),
    'operator.health.bindAddress': '127.0.0.1:8081',
    'operator.webhooks.port': (9444, tree(webhooks__service__targetPort=9444)), 'operator.webhooks.certDir': '/certs',
    'operator.reconciliation.requeueAfter': '7m', 'operator.reconciliation.timeout': '1m', 'driftDetection.defaultCheckInterval': '7m', 'logging.level': 'error', 'logging.encoder': 'console',
    'tracing.endpoint': 'http://other:4318', 'tracing.samplingRatio': 0.5, 'aws.defaultRegion': 'eu-west-1', 'aws.irsa.enabled': (True, tree(aws__irsa__roleARN=ROLE)), 'aws.irsa.roleARN': ROLE + '2',
    'aws.assumeRole.enabled': False, 'aws.assumeRole.roleARN': ROLE + '2', 'aws.assumeRole.duration': '30m',
    'aws.localstack.endpoint': 'http://other:4566',
    'providers.podIdentity.namespaces': ['team'], 'providers.podIdentity.roles': [{'namespaces': ['team'], 'arns': [ROLE]}],
    'providers.endpoints': ['http://emulator:4566'],
    'service.type': 'NodePort', 'service.targetPort': (8090, tree(operator__metrics__bindAddress='0.0.0.0:8090', operator__metrics__port=8090)),
    'service.sessionAffinity': 'ClientIP', 'prometheus.serviceMonitor.interval': '1m', 'prometheus.serviceMonitor.scrapeTimeout': '5s',
    'prometheus.serviceMonitor.metricRelabelings': [{'action': 'drop'}], 'prometheus.serviceMonitor.relabelings': [{'action': 'drop'}],
    'prometheus.prometheusRule.disabledAlerts': ['InfraOperatorDown'],
    'prometheus.prometheusRule.groups': [{'name': 'mine', 'rules': []}],
    'webhooks.certMode': ('operator', tree(webhooks__existingSecret='', webhooks__validating__caBundle='')),
    'webhooks.enabled': (True, {}), 'operator.webhooks.enabled': (True, {}), 'webhooks.existingSecret': 'other',
    'webhooks.validating.caBundle': 'Q0EK', 'webhooks.service.type': 'NodePort',
    'webhooks.service.targetPort': (9444, tree(operator__webhooks__port=9444)), 'webhooks.certManager.issuerRef.kind': 'ClusterIssuer',
    'webhooks.certManager.certificate.duration': '900h', 'webhooks.certManager.certificate.renewBefore': '24h',
    'webhooks.certManager.certificate.dnsNames': ['more.example.com'], 'webhooks.validating.failurePolicy': 'Ignore',
    'webhooks.validating.matchPolicy': 'Exact', 'webhooks.validating.sideEffects': 'NoneOnDryRun',
    'webhooks.validating.admissionReviewVersions': ['v1'], 'env': [{'name': 'A', 'value': 'b'}],
    'envFrom': [{'secretRef': {'name': 'a'}}], 'extraVolumes': [{'name': 'a', 'emptyDir': {}}],
    'extraVolumeMounts': [{'name': 'a', 'mountPath': '/a'}], 'initContainers': [{'name': 'a', 'image': 'b'}],
    'sidecars': [{'name': 'a', 'image': 'b'}], 'lifecycle': {'preStop': {'sleep': {'seconds': 1}}}, 'extraObjects': OBJECT,
    **{f'{probe}.httpGet.port': (8091, merged(tree(operator__health__bindAddress='0.0.0.0:8091', operator__health__port=8091), {
        other: tree(httpGet__port=8091) for other in ('livenessProbe', 'readinessProbe', 'startupProbe')}))
       for probe in ('livenessProbe', 'readinessProbe', 'startupProbe')},
    **{f'{probe}.httpGet.scheme': 'HTTPS' for probe in ('livenessProbe', 'readinessProbe', 'startupProbe')},
}


def leaves(values, path=()):
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def context_of(key):
    found = [start for start in CONTEXT if key.startswith(start)]
    return CONTEXT[max(found, key=len)] if found else {}


def another(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + 'x' if value else 'x'
    return {'a': 'b'} if isinstance(value, dict) else None


def value_at(values, path):
    for name in path:
        values = values.get(name) if isinstance(values, dict) else None
    return values


def changes(keys):
    """key -> the values before and after its change."""
    out = {}
    for path, default in keys:
        key = '.'.join(path)
        base = context_of(key)
        now = value_at(base, path)
        value, beside = CHANGED[key] if isinstance(CHANGED.get(key), tuple) else (
            CHANGED.get(key, another(default if now is None else now)), {})
        out[key] = (base, merged(merged(base, beside), at(path, value)))
    return out


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.leaves = list(leaves(helm.default_values()))

    def test_each_changes_what_is_rendered(self):
        pairs = changes((path, value) for path, value in self.leaves
                        if path[0] != 'crds' and '.'.join(path) not in WITHOUT_EFFECT)
        bases = {json.dumps(base): base for base, _ in pairs.values()}
        before = dict(zip(bases, helm.render_all(bases.values())))
        after = helm.render_all(one for _, one in pairs.values())
        for (key, (base, _)), rendered in zip(pairs.items(), after):
            with self.subTest(key=key):
                self.assertEqual(rendered.error, '')
                self.assertTrue(rendered.text != before[json.dumps(base)].text, f'{key} changes nothing')

    def test_those_of_the_crds_change_what_is_rendered(self):
        before = helm.render(crds=True).text
        for values in (tree(crds__install=False), tree(crds__keep=False), tree(crds__annotations__a='b')):
            with self.subTest(values=values):
                self.assertTrue(helm.render(values, crds=True).text != before)

    def test_what_has_no_effect_has_none(self):
        keys = [key for key, why in WITHOUT_EFFECT.items() if 'refused' not in why and not key.startswith('crds')]
        default = helm.render().text
        chosen = [at(key, {'logging.stacktraceLevel': 'info'}[key]) for key in keys]
        for key, rendered in zip(keys, helm.render_all(chosen)):
            with self.subTest(key=key):
                self.assertTrue(rendered.text == default, f'{key} changes something')

    def test_each_is_explained(self):
        for line in (helm.CHART / 'README.md').read_text().splitlines():
            if line.startswith('| `'):
                with self.subTest(line=line):
                    self.assertNotIn('|  |', line)

    def test_templates_ask_for_no_other(self):
        for path in (helm.CHART / 'templates').rglob('*.*'):
            for found in re.findall(r'\.Values((?:\.\w+)+)', path.read_text()):
                values = helm.default_values()
                for name in found[1:].split('.'):
                    # What is below an empty or open value is its user's.
                    if not isinstance(values, dict) or not values:
                        break
                    with self.subTest(file=path.name, key=found[1:]):
                        self.assertIn(name, values)
                    values = values.get(name)

    def test_there_are_as_many_as_promised(self):
        self.assertGreaterEqual(len(self.leaves), 106)

    def test_the_schema_knows_each_and_no_other(self):
        schema = json.loads((helm.CHART / 'values.schema.json').read_text())
        old = {'enabled', *(one['old'] for one in helm.load_all((helm.CHART / 'files/renamed-keys.yaml').read_text())[0])}

        def closed(part, path):
            for name, one in part.get('properties', {}).items():
                key = f'{path}.{name}' if path else name
                if one.get('type') == 'object' and 'properties' in one:
                    yield from closed(one, key)
                else:
                    yield key
        known = set(closed(schema, ''))
        ours = {'.'.join(path) for path, _ in self.leaves}
        self.assertEqual({key for key in known - old if not any(one == key or one.startswith(key + '.') for one in ours)},
                         {'resources.claims'})
        self.assertEqual({key for key in ours if not any(key == one or key.startswith(one + '.') for one in known)}, set())
