"""What tests of a running operator share, wherever it runs: ways to look at objects, and at what AWS holds.

They run in the emulator's virtual environment, so that boto3, which is not ours, says what AWS holds.
"""
import pathlib
import re

import boto3
import stack
from stack import wait_until

GROUP = stack.GROUP
API = f'/apis/{GROUP}/v1alpha1'
ROOT = pathlib.Path(__file__).resolve().parents[1]


def word(path, name):
    """The value of a word at the top of a definition."""
    return re.search(rf'^{name}: (.*)$', path.read_text(), re.MULTILINE)[1]


DEFINITIONS = sorted((ROOT / 'definitions').glob('*/*.yaml'))
SERVICES = {word(path, 'kind'): word(path, 'service') for path in DEFINITIONS}
PLURALS = {'AWSProvider': 'awsproviders', **{word(path, 'kind'): word(path, 'plural') for path in DEFINITIONS}}


def aws_client(endpoint, service, region='us-east-1', key='test'):
    return boto3.client(service, endpoint_url=endpoint, region_name=region, aws_access_key_id=key, aws_secret_access_key='test')


class Objects:
    """For a test case that has `kube`, a namespace `ns`, and says in provider_endpoint() where its providers find AWS."""

    def delete_everything(self):
        providers = [('AWSProvider', item) for item in self.items('AWSProvider')]
        others = [(kind, item) for kind in PLURALS if kind != 'AWSProvider' for item in self.items(kind)]
        for kind, item in others + providers:
            self.kube.request('DELETE', self.path(kind, item['metadata']['name']))
        wait_until(f'everything of {self.ns} goes', lambda: not any(self.items(kind) for kind in PLURALS), 30)

    def items(self, kind):
        return self.kube.must('GET', self.path(kind))['items']

    def path(self, kind, name=None, ns=None):
        path = f'{API}/namespaces/{ns or self.ns}/{PLURALS[kind]}'
        return path if name is None else f'{path}/{name}'

    def make_secret(self, name='aws-credentials', access='test', secret='test', ns=None):
        self.kube.must('POST', f'/api/v1/namespaces/{ns or self.ns}/secrets', {
            'metadata': {'name': name},
            'stringData': {'AWS_ACCESS_KEY_ID': access, 'AWS_SECRET_ACCESS_KEY': secret}})

    def make_provider(self, name='aws', ns=None, **spec):
        return self.create('AWSProvider', name, {
            'region': 'us-east-1', 'endpoint': self.provider_endpoint(),
            'credentialsSecret': {'name': 'aws-credentials'}, **spec}, ns)

    def say_of_pod_identity(self, ns, value):
        """With `allowed` providers of the namespace may use the operator's own identity."""
        self.kube.must('PATCH', f'/api/v1/namespaces/{ns}', {'metadata': {'labels': {f'{GROUP}/pod-identity': value}}},
                       'application/merge-patch+json')

    def manifest(self, kind, name, spec, annotations=None):
        if kind != 'AWSProvider':
            spec = {'providerRef': {'name': 'aws'}, **spec}
        return {'apiVersion': f'{GROUP}/v1alpha1', 'kind': kind,
                'metadata': {'name': name, 'annotations': annotations or {}}, 'spec': spec}

    def create(self, kind, name, spec, ns=None, annotations=None):
        return self.kube.must('POST', self.path(kind, ns=ns) + '?fieldValidation=Strict',
                              self.manifest(kind, name, spec, annotations))

    def refused(self, kind, name, spec):
        """The API server's words; fails if it takes the object."""
        status, answer = self.kube.request('POST', self.path(kind) + '?fieldValidation=Strict',
                                           self.manifest(kind, name, spec))
        self.assertGreaterEqual(status, 400, f'{kind} was accepted: {spec}')
        return answer['message']

    def patch(self, kind, name, spec=None, annotations=None, ns=None):
        body = {}
        if spec is not None:
            body['spec'] = spec
        if annotations is not None:
            body['metadata'] = {'annotations': {f'{GROUP}/{key}': value for key, value in annotations.items()}}
        return self.kube.must('PATCH', self.path(kind, name, ns), body, 'application/merge-patch+json')

    def get(self, kind, name, ns=None):
        return self.kube.must('GET', self.path(kind, name, ns))

    def condition(self, kind, name, wanted='Ready', ns=None):
        # An object that has gone meanwhile says nothing.
        found = self.kube.request('GET', self.path(kind, name, ns))[1]
        status = found.get('status') if found.get('kind') == kind else None
        conditions = (status or {}).get('conditions', [])
        return next((one for one in conditions if one['type'] == wanted), {'status': '', 'reason': '', 'message': ''})

    def wait_condition(self, kind, name, status, reason=None, wanted='Ready', seconds=20, ns=None):
        def holds():
            found = self.condition(kind, name, wanted, ns)
            return found if found['status'] == status and reason in (None, found['reason']) else None
        try:
            return wait_until('', holds, seconds)
        except TimeoutError:
            self.fail(f'{kind} {name}: {wanted} is not {status} {reason or ""} but {self.condition(kind, name, wanted, ns)}')

    def wait_ready(self, kind, name, seconds=20, ns=None):
        """Ready, and for the newest spec."""
        def ready():
            item = self.get(kind, name, ns)
            status = item.get('status', {})
            current = status.get('observedGeneration') == item['metadata']['generation']
            return item if current and status.get('ready') else None
        try:
            return wait_until('', ready, seconds)
        except TimeoutError:
            self.fail(f'{kind} {name} does not become ready: {self.get(kind, name, ns).get("status")}')

    def delete(self, kind, name, ns=None):
        self.kube.must('DELETE', self.path(kind, name, ns))

    def wait_gone(self, kind, name, seconds=20, ns=None):
        wait_until(f'{kind} {name} goes: {self.kube.request("GET", self.path(kind, name, ns))[1].get("status")}',
                   lambda: self.kube.request('GET', self.path(kind, name, ns))[0] == 404, seconds)

    def delete_and_wait(self, kind, name):
        self.delete(kind, name)
        self.wait_gone(kind, name)

    def events(self, name, reason=None):
        found = self.kube.must('GET', f'/api/v1/namespaces/{self.ns}/events')['items']
        return [one for one in found if one['involvedObject']['name'] == name and reason in (None, one['reason'])]
