"""The simulation's fake API server against the real one: the same requests must be answered alike.

Each scenario below is one test. It runs against both sides, and everything that was answered is compared after what
must differ was named alike: versions, uids, times. What may differ stands in tests/simulation/kube/DIFFERENCES.md.
"""
import http.client
import itertools
import json
import pathlib
import re
import subprocess
import unittest

from harness import API, GROUP, PLURALS, World

HERE = pathlib.Path(__file__).resolve().parent
NOTES = HERE.parent / 'simulation' / 'kube' / 'DIFFERENCES.md'
CHART = HERE.parents[1] / 'chart' / 'templates' / 'crds'
MERGE = 'application/merge-patch+json'
JSON_PATCH = 'application/json-patch+json'
STAMPS = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z')
CLUSTER = f'/apis/{GROUP}/v1alpha1'

SPECS = {
    'AWSProvider': {'region': 'us-east-1'},
    'VPC': {'cidrBlock': '10.0.0.0/16', 'providerRef': {'name': 'aws'}},
    'IAMRole': {'roleName': 'role', 'assumeRolePolicyDocument': '{}', 'providerRef': {'name': 'aws'}},
    'SQSQueue': {'queueName': 'queue', 'providerRef': {'name': 'aws'}},
    'KMSKey': {'providerRef': {'name': 'aws'}},
    'LambdaFunction': {'functionName': 'f', 'role': 'arn:aws:iam::123456789012:role/r', 'runtime': 'python3.12',
                       'handler': 'a.b', 'code': {'s3Bucket': 'b', 's3Key': 'k'}, 'providerRef': {'name': 'aws'}},
    'S3Bucket': {'bucketName': 'a-bucket', 'providerRef': {'name': 'aws'}},
}
CONDITION = {'type': 'Ready', 'status': 'True', 'reason': 'Settled', 'message': '',
             'lastTransitionTime': '2026-01-02T03:04:05Z'}


class Names:
    """Gives what differs between two servers the same names, in the order of appearance."""

    def __init__(self, ns):
        self.ns = ns
        self.uids = {}
        self.versions = []

    def plain(self, value, key=''):
        if isinstance(value, dict):
            return {name: self.plain(inner, name) for name, inner in value.items() if name != 'managedFields'}
        if isinstance(value, list):
            return [self.plain(inner, key) for inner in value]
        if key == 'uid' and value:
            return self.uids.setdefault(value, f'<uid {len(self.uids) + 1}>')
        if key == 'resourceVersion' and value:
            if value not in self.versions:
                self.versions.append(value)
            return f'<version {self.versions.index(value) + 1}>'
        if key in ('creationTimestamp', 'deletionTimestamp'):
            return STAMPS.sub('<time>', value) if value else value
        if key == 'continue' and value:
            return '<more>'
        if isinstance(value, str):
            return value.replace(self.ns, '<ns>')
        return value


def put(value, path, leaf):
    """A copy with a member changed; None removes it."""
    value = json.loads(json.dumps(value))
    *way, last = path.split('.')
    inner = value
    for step in way:
        inner = inner.setdefault(step, {})
    inner.pop(last, None)
    if leaf is not None:
        inner[last] = leaf
    return value


class Side:
    """One server, a namespace in it, and what it has answered."""

    def __init__(self, name, send, ns):
        self.name = name
        self.send = send  # (method, path, body text or None, content type) -> (status, text)
        self.ns = ns
        self.names = Names(ns)
        self.answers = []

    def raw(self, method, path, text, content_type='application/json', note=True):
        status, answer = self.send(method, path.replace('<ns>', self.ns), text, content_type)
        try:
            body = json.loads(answer)
        except ValueError:
            body = {'text': answer} if answer.strip() else {}
        if note:
            asked = re.sub(r'(continue|resourceVersion)=[^&]+', r'\1=...', path)
            self.answers.append({'request': f'{method} {asked}', 'status': status, **self.told(body)})
        return body

    def told(self, body):
        if body.get('kind') == 'Status' and body.get('status') == 'Failure':
            details = {key: value for key, value in (body.get('details') or {}).items() if key != 'causes'}
            causes = sorted({(cause.get('reason', ''), cause.get('field', '')) for cause in
                             (body.get('details') or {}).get('causes', [])})
            return {'reason': body.get('reason'), 'code': body.get('code'), 'details': self.names.plain(details),
                    'causes': self.names.plain([list(cause) for cause in causes])}
        if isinstance(body.get('items'), list):
            body = {**body, 'metadata': {key: value for key, value in body['metadata'].items() if key != 'resourceVersion'}}
        return {'body': self.names.plain(body)}

    def ask(self, method, path, body=None, content_type='application/json', note=True):
        return self.raw(method, path, None if body is None else json.dumps(body), content_type, note)

    def path(self, kind, name=None, sub=None, ns='<ns>'):
        return f'{API}/namespaces/{ns}/{PLURALS[kind]}' + (f'/{name}' if name else '') + (f'/{sub}' if sub else '')

    def manifest(self, kind, name='a', spec=None, **metadata):
        return {'apiVersion': f'{GROUP}/v1alpha1', 'kind': kind, 'metadata': {'name': name, **metadata},
                'spec': SPECS[kind] if spec is None else spec}

    def make(self, kind='VPC', name='a', spec=None, query='', **metadata):
        return self.ask('POST', self.path(kind) + query, self.manifest(kind, name, spec, **metadata))

    def patch(self, body, name='a', sub=None, kind='VPC', content_type=MERGE, query=''):
        return self.ask('PATCH', self.path(kind, name, sub) + query, body, content_type)

    def put(self, body, name='a', sub=None, kind='VPC'):
        return self.ask('PUT', self.path(kind, name, sub), body)

    def get(self, name='a', kind='VPC'):
        return self.ask('GET', self.path(kind, name))

    def delete(self, name='a', kind='VPC', body=None):
        return self.ask('DELETE', self.path(kind, name), body)

    def list_version(self, kind='VPC'):
        return self.ask('GET', self.path(kind), note=False)['metadata']['resourceVersion']

    def watch(self, query, kind='VPC'):
        """The events of one second, each on a line."""
        path = self.path(kind).replace('<ns>', self.ns)
        status, text = self.send('GET', f'{path}?watch=true&timeoutSeconds=1&{query}', None, '')
        events = [json.loads(line) for line in text.splitlines() if line.strip()]
        if status != 200:
            self.answers.append({'request': 'watch', 'status': status, **self.told(events[0])})
            return events
        # A bookmark of the last moment is the real server's own affair.
        shown = [{'type': event['type'], **self.told(event['object'])} for event in events if event['type'] != 'BOOKMARK']
        self.answers.append({'request': 'watch', 'status': status, 'events': shown})
        return events


SCENARIOS = {}


def scenario(run):
    SCENARIOS[run.__name__] = run
    return run


def scenarios(prefix, cases, run):
    for name, case in cases.items():
        SCENARIOS[f'{prefix}_{name}'] = lambda side, case=case: run(side, *case)


# What is created, and how.

@scenario
def create_and_read(side):
    side.make()
    side.get()
    side.make()
    side.get('absent')
    side.ask('GET', side.path('VPC'))


@scenario
def create_fills_in_defaults_of_every_kind(side):
    for kind in SPECS:
        side.make(kind)


@scenario
def create_ignores_status(side):
    side.ask('POST', side.path('VPC'), {**side.manifest('VPC'), 'status': {'vpcID': 'vpc-1', 'nonsense': True}})


@scenario
def create_ignores_what_only_the_server_sets(side):
    side.make(uid='my-own', generation=7, creationTimestamp='2020-01-01T00:00:00Z', selfLink='x',
              deletionTimestamp='2020-01-01T00:00:00Z', deletionGracePeriodSeconds=5)


@scenario
def create_with_a_version(side):
    side.make(resourceVersion='5')


@scenario
def create_prunes_unknown_fields(side):
    side.make(spec={**SPECS['VPC'], 'cidrblock': 'x', 'providerRef': {'name': 'aws', 'nonsense': {'a': [1]}}}, nonsense='x')
    side.ask('POST', side.path('VPC'), {**side.manifest('VPC', 'b'), 'extra': 1})


@scenario
def create_strictly(side):
    side.make(spec={**SPECS['VPC'], 'cidrblock': 'x'}, query='?fieldValidation=Strict')
    side.make(query='?fieldValidation=Strict')


@scenario
def create_with_nulls(side):
    side.make(spec={**SPECS['VPC'], 'instanceTenancy': None, 'tags': None, 'enableDnsSupport': None})
    side.make('KMSKey', spec={**SPECS['KMSKey'], 'description': None, 'tags': {'a': None}})


@scenario
def create_with_empty_metadata(side):
    side.make(labels={}, annotations={}, finalizers=[], ownerReferences=[])
    side.make(name='b', labels=None, annotations=None)


@scenario
def create_with_a_generated_name(side):
    body = side.manifest('VPC')
    body['metadata'] = {'generateName': 'made-'}
    status, text = side.send('POST', side.path('VPC').replace('<ns>', side.ns), json.dumps(body), 'application/json')
    name = json.loads(text)['metadata']['name']
    side.answers.append({'status': status, 'fits': bool(re.fullmatch('made-[a-z0-9]{5}', name))})


@scenario
def create_without_a_name(side):
    body = side.manifest('VPC')
    del body['metadata']['name']
    side.ask('POST', side.path('VPC'), body)
    del body['metadata']
    side.ask('POST', side.path('VPC'), body)


@scenario
def create_without_a_namespace(side):
    side.ask('POST', f'{API}/namespaces/no-such-namespace/vpcs', side.manifest('VPC'))
    side.ask('POST', f'{API}/vpcs', side.manifest('VPC'))


@scenario
def create_in_another_namespace_than_the_body_says(side):
    side.make(namespace='default')
    side.ask('POST', side.path('VPC'), {**side.manifest('VPC'), 'metadata': {'name': 'a', 'namespace': side.ns}})


@scenario
def create_of_another_kind_than_the_path_says(side):
    side.ask('POST', side.path('VPC'), side.manifest('KMSKey'))
    side.ask('POST', side.path('VPC'), {**side.manifest('VPC'), 'apiVersion': f'{GROUP}/v1'})
    side.ask('POST', side.path('VPC'), {**side.manifest('VPC'), 'kind': ''})


@scenario
def create_from_what_is_no_object(side):
    for text in ('{', '[]', '"x"', '', 'null', '{"a": 1'):
        side.raw('POST', side.path('VPC'), text)


@scenario
def create_without_a_spec(side):
    body = side.manifest('VPC')
    del body['spec']
    side.ask('POST', side.path('VPC'), body)


def refused_name(side, name):
    side.make(name=name)


scenarios('create_named', {
    'with_capitals': ['Capital'], 'with_underscore': ['a_b'], 'ending_in_dash': ['a-'], 'with_dots': ['a.b.c'],
    'of_253': ['a' * 253], 'of_254': ['a' * 254], 'digit': ['1'], 'double_dot': ['a..b']}, refused_name)


def refused_metadata(side, metadata):
    side.make(**metadata)


scenarios('create_metadata', {
    'bad_label_key': [{'labels': {'a b': 'c'}}],
    'bad_label_value': [{'labels': {'a': 'b c'}}],
    'long_label_value': [{'labels': {'a': 'b' * 64}}],
    'label_of_number': [{'labels': {'a': 1}}],
    'labels_of_list': [{'labels': ['a']}],
    'bad_annotation_key': [{'annotations': {'a/b/c': ''}}],
    'capital_annotation_key': [{'annotations': {'Capital.example/Name': 'x'}}],
    'annotation_of_number': [{'annotations': {'a': 1}}],
    'too_large_annotations': [{'annotations': {'a': 'x' * (256 * 1024)}}],
    'plain_finalizer': [{'finalizers': ['plain']}],
    'bad_finalizer': [{'finalizers': ['a b']}],
    'finalizers_of_text': [{'finalizers': 'a'}],
    'owner_without_uid': [{'ownerReferences': [{'apiVersion': 'v1', 'kind': 'Pod', 'name': 'x'}]}],
    'owner': [{'ownerReferences': [{'apiVersion': 'v1', 'kind': 'Pod', 'name': 'x', 'uid': 'y', 'controller': True}]}],
}, refused_metadata)


def refused_spec(side, kind, changes):
    spec = SPECS[kind]
    for path, value in changes.items():
        spec = put(spec, path, value)
    side.make(kind, spec=spec)


REFUSALS = {
    'vpc_without_cidr': ['VPC', {'cidrBlock': None}],
    'vpc_without_provider': ['VPC', {'providerRef': None}],
    'vpc_provider_without_name': ['VPC', {'providerRef.name': None}],
    'vpc_provider_of_text': ['VPC', {'providerRef': 'aws'}],
    'vpc_cidr_of_number': ['VPC', {'cidrBlock': 10}],
    'vpc_dns_of_text': ['VPC', {'enableDnsSupport': 'yes'}],
    'vpc_tenancy': ['VPC', {'instanceTenancy': 'shared'}],
    'vpc_tenancy_empty': ['VPC', {'instanceTenancy': ''}],
    'vpc_tags_of_number': ['VPC', {'tags': {'a': 1}}],
    'vpc_tags_of_list': ['VPC', {'tags': ['a']}],
    'vpc_policy': ['VPC', {'deletionPolicy': 'Orphan'}],
    'vpc_two_wrongs': ['VPC', {'deletionPolicy': 'Keep', 'cidrBlock': 'x'}],
    'role_policy_orphan': ['IAMRole', {'deletionPolicy': 'Orphan'}],
    'role_name_pattern': ['IAMRole', {'roleName': 'a b'}],
    'role_name_signs': ['IAMRole', {'roleName': 'a+=,.@-_Z9'}],
    'role_name_empty': ['IAMRole', {'roleName': ''}],
    'role_name_long': ['IAMRole', {'roleName': 'x' * 65}],
    'role_description_long': ['IAMRole', {'description': 'x' * 1001}],
    'role_description_umlauts': ['IAMRole', {'description': 'ü' * 1000}],
    'role_session_short': ['IAMRole', {'maxSessionDuration': 3599}],
    'role_session_long': ['IAMRole', {'maxSessionDuration': 43201}],
    'role_session_bounds': ['IAMRole', {'maxSessionDuration': 43200}],
    'queue_name_pattern': ['SQSQueue', {'queueName': 'a.b'}],
    'queue_name_fifo': ['SQSQueue', {'queueName': 'a.fifo'}],
    'queue_name_long': ['SQSQueue', {'queueName': 'x' * 81}],
    'queue_delay': ['SQSQueue', {'delaySeconds': 901}],
    'queue_delay_negative': ['SQSQueue', {'delaySeconds': -1}],
    'queue_delay_fraction': ['SQSQueue', {'delaySeconds': 1.5}],
    'queue_delay_whole_fraction': ['SQSQueue', {'delaySeconds': 2.0}],
    'queue_delay_of_text': ['SQSQueue', {'delaySeconds': '5'}],
    'queue_delay_huge': ['SQSQueue', {'delaySeconds': 5_000_000_000}],
    'queue_dead_letter_empty': ['SQSQueue', {'deadLetterQueue': {}}],
    'queue_dead_letter_count': ['SQSQueue', {'deadLetterQueue': {'targetArn': 'x', 'maxReceiveCount': '3'}}],
    'key_window': ['KMSKey', {'pendingWindowInDays': 6}],
    'key_usage': ['KMSKey', {'keyUsage': 'DRAW'}],
    'key_description_long': ['KMSKey', {'description': 'x' * 8193}],
    'function_memory': ['LambdaFunction', {'memorySize': 1}],
    'function_timeout': ['LambdaFunction', {'timeout': 901}],
    'function_name': ['LambdaFunction', {'functionName': 'a b'}],
    'function_without_code': ['LambdaFunction', {'code': None}],
    'bucket_ip': ['S3Bucket', {'bucketName': '192.168.0.1'}],
    'bucket_short': ['S3Bucket', {'bucketName': 'ab'}],
    'bucket_long': ['S3Bucket', {'bucketName': 'x' * 64}],
    'bucket_dots': ['S3Bucket', {'bucketName': 'two..dots'}],
    'bucket_dash': ['S3Bucket', {'bucketName': '-start'}],
    'bucket_acl': ['S3Bucket', {'acl': 'mine'}],
    'bucket_versioning': ['S3Bucket', {'versioning': {}}],
    'bucket_encryption': ['S3Bucket', {'encryption': {'algorithm': 'ROT13'}}],
    'bucket_lifecycle_of_object': ['S3Bucket', {'lifecycleRules': {}}],
    'bucket_lifecycle_item': ['S3Bucket', {'lifecycleRules': [{'id': 'a', 'enabled': True}, {'id': 'b'}]}],
    'bucket_lifecycle_null': ['S3Bucket', {'lifecycleRules': [None]}],
    'bucket_transition': ['S3Bucket', {'lifecycleRules': [{'id': 'a', 'enabled': True, 'transitions': [
        {'days': 1, 'storageClass': 'GOLD'}]}]}],
    'bucket_cors': ['S3Bucket', {'corsRules': [{'allowedMethods': ['GET']}]}],
    'provider_without_region': ['AWSProvider', {'region': None}],
    'provider_region_empty': ['AWSProvider', {'region': ''}],
    'provider_secret': ['AWSProvider', {'credentialsSecret': {}}],
    'provider_key': ['AWSProvider', {'accessKeyIDRef': {'name': 'x'}}],
    'provider_namespaces': ['AWSProvider', {'allowedNamespaces': 'all'}],
    'provider_tags': ['AWSProvider', {'defaultTags': {'a': {'b': 'c'}}}],
}
scenarios('spec', REFUSALS, refused_spec)
scenarios('cidr', {f'{number}': ['VPC', {'cidrBlock': text}] for number, text in enumerate((
    '10.0.0.0', '10.0.0.0/33', '300.0.0.0/16', '10.0.0.0/8', '10.0.0.0/29', 'fd00::/8', '10.0.0.1/16x', '', '10.0.0/16',
    '10.0.0.0/28', '010.0.0.0/16', '1000.0.0.0/16', '10.0.0.0/16\n', 'x' * 100))}, refused_spec)


# Spec, status and generations.

@scenario
def patch_of_spec_moves_the_generation(side):
    side.make()
    side.patch({'spec': {'enableDnsSupport': False}})
    side.patch({'spec': {'tags': {'a': 'b'}}})
    side.patch({'spec': {'tags': {'a': None}}})
    side.patch({'spec': {'tags': None}})


@scenario
def patch_of_metadata_does_not(side):
    side.make()
    side.patch({'metadata': {'labels': {'a': 'b'}}})
    side.patch({'metadata': {'annotations': {'a': 'b'}, 'finalizers': ['x.io/y']}})
    side.patch({'metadata': {'labels': None, 'annotations': {'a': None}}})


@scenario
def patch_of_nothing_makes_no_version(side):
    side.make(labels={'a': 'b'})
    side.patch({})
    side.patch({'metadata': {'labels': {'a': 'b'}}})
    side.patch({'spec': {'cidrBlock': '10.0.0.0/16'}})
    side.patch({'spec': {'nonsense': 1}})
    side.patch({'status': {'vpcID': 'x'}})
    side.patch({'spec': {'enableDnsSupport': None}})
    side.get()


@scenario
def patch_that_removes_a_default(side):
    side.make(spec={**SPECS['VPC'], 'enableDnsSupport': False})
    side.patch({'spec': {'enableDnsSupport': None}})


@scenario
def status_and_spec_are_written_apart(side):
    side.make()
    side.patch({'status': {'vpcID': 'vpc-1'}, 'spec': {'enableDnsSupport': False}, 'metadata': {'labels': {'a': 'b'}}}, sub='status')
    side.patch({'status': {'vpcID': 'vpc-2'}, 'spec': {'enableDnsSupport': False}})
    side.patch({'status': {'conditions': [CONDITION]}}, sub='status')
    side.patch({'status': {'conditions': [CONDITION]}}, sub='status')
    side.patch({'status': None}, sub='status')


@scenario
def status_is_pruned_and_checked(side):
    side.make()
    side.patch({'status': {'vpcID': 'vpc-1', 'nonsense': 1}}, sub='status')
    side.patch({'status': {'vpcID': 5}}, sub='status')
    side.patch({'status': 'x'}, sub='status')
    side.patch({'status': {'ready': 'yes'}}, sub='status')
    side.patch({'status': {'observedGeneration': -1}}, sub='status')
    side.patch({'status': {'observedGeneration': 1.0}}, sub='status')


def status_condition(side, changes):
    side.make()
    condition = CONDITION
    for path, value in changes.items():
        condition = put(condition, path, value)
    side.patch({'status': {'conditions': [condition]}}, sub='status')


scenarios('condition', {
    'whole': [{}], 'without_message': [{'message': None}], 'without_time': [{'lastTransitionTime': None}],
    'status': [{'status': 'Maybe'}], 'reason_empty': [{'reason': ''}], 'reason_words': [{'reason': 'Two Words'}],
    'reason_long': [{'reason': 'x' * 1025}], 'message_long': [{'message': 'x' * 32769}],
    'type_pattern': [{'type': '-Ready'}], 'type_qualified': [{'type': 'example.com/Ready'}],
    'generation_negative': [{'observedGeneration': -1}], 'generation_of_text': [{'observedGeneration': '1'}],
    'time_1': [{'lastTransitionTime': 'yesterday'}], 'time_2': [{'lastTransitionTime': '2026-01-02T03:04:05'}],
    'time_3': [{'lastTransitionTime': '2026-01-02T03:04:05.123456Z'}], 'time_4': [{'lastTransitionTime': '2026-13-02T03:04:05Z'}],
    'time_5': [{'lastTransitionTime': '2026-01-02T03:04:05+01:00'}], 'time_6': [{'lastTransitionTime': '2026-01-02T25:04:05Z'}],
    'time_7': [{'lastTransitionTime': '2026-02-30T03:04:05Z'}], 'time_8': [{'lastTransitionTime': ''}],
}, status_condition)


@scenario
def two_conditions_of_one_type(side):
    side.make()
    side.patch({'status': {'conditions': [CONDITION, {**CONDITION, 'status': 'False'}]}}, sub='status')


def immutable(side, kind, first, then):
    side.make(kind, spec={**SPECS[kind], **first})
    side.patch({'spec': then}, kind=kind)
    side.get(kind=kind)


scenarios('immutable', {
    'cidr': ['VPC', {}, {'cidrBlock': '10.1.0.0/16'}],
    'tenancy': ['VPC', {}, {'instanceTenancy': 'dedicated'}],
    'tenancy_removed': ['VPC', {'instanceTenancy': 'dedicated'}, {'instanceTenancy': None}],
    'role_name': ['IAMRole', {}, {'roleName': 'other'}],
    'path_added': ['IAMRole', {}, {'path': '/x/'}],
    'path_added_empty': ['IAMRole', {}, {'path': ''}],
    'path_changed': ['IAMRole', {'path': '/x/'}, {'path': '/y/'}],
    'path_removed': ['IAMRole', {'path': '/x/'}, {'path': None}],
    'path_same': ['IAMRole', {'path': '/x/'}, {'path': '/x/', 'description': 'd'}],
    'fifo_added': ['SQSQueue', {}, {'fifoQueue': True}],
    'fifo_removed': ['SQSQueue', {'fifoQueue': True}, {'fifoQueue': None}],
    'fifo_changed': ['SQSQueue', {'fifoQueue': True}, {'fifoQueue': False}],
    'queue_name': ['SQSQueue', {}, {'queueName': 'other'}],
    'bucket_name': ['S3Bucket', {}, {'bucketName': 'other-bucket'}],
    'key_spec': ['KMSKey', {}, {'keySpec': 'RSA_2048'}],
    'multi_region_added': ['KMSKey', {}, {'multiRegion': True}],
    'function_name': ['LambdaFunction', {}, {'functionName': 'other'}],
    'two_at_once': ['VPC', {}, {'cidrBlock': '10.1.0.0/16', 'instanceTenancy': 'host'}],
    'wrong_and_changed': ['VPC', {}, {'cidrBlock': '10.1.0.0/16', 'deletionPolicy': 'Keep'}],
    'provider_changed': ['VPC', {}, {'providerRef': {'name': 'other'}}],
}, immutable)


# Replacing, patching and conflicts.

@scenario
def replace_with_and_without_a_version(side):
    body = side.make()
    side.put({**body, 'spec': {**body['spec'], 'tags': {'a': 'b'}}})
    side.put({**body, 'spec': {**body['spec'], 'tags': {'a': 'c'}}})
    side.put(side.manifest('VPC'))
    side.put(side.manifest('VPC', resourceVersion='x'))
    side.put(side.manifest('VPC', resourceVersion='0'))
    side.put(side.manifest('VPC', 'b', resourceVersion='1'))
    side.put(side.manifest('VPC', 'b', resourceVersion='1'), name='b')


@scenario
def replace_with_nothing_new(side):
    body = side.make()
    side.put(body)
    side.put({**body, 'status': {'vpcID': 'x'}})
    side.put({**body, 'metadata': {'name': 'a', 'resourceVersion': body['metadata']['resourceVersion']}})


@scenario
def replace_drops_what_is_left_out(side):
    body = side.make(labels={'a': 'b'}, finalizers=['x.io/y'], spec={**SPECS['VPC'], 'tags': {'a': 'b'}})
    side.put(side.manifest('VPC', resourceVersion=body['metadata']['resourceVersion']))


@scenario
def replace_of_status(side):
    body = side.make()
    body = side.put({**body, 'spec': {}, 'status': {'vpcID': 'vpc-1'}}, sub='status')
    side.put({**body, 'status': {'vpcID': 5}}, sub='status')
    body.pop('status', None)
    side.put(body, sub='status')


@scenario
def replace_of_another_uid(side):
    body = side.make()
    side.put(put(body, 'metadata.uid', 'another'))
    side.put(put(body, 'metadata.uid', 'another'), sub='status')


@scenario
def patch_with_versions(side):
    first = side.make()['metadata']['resourceVersion']
    side.patch({'metadata': {'resourceVersion': first, 'labels': {'a': 'b'}}})
    side.patch({'metadata': {'resourceVersion': first, 'labels': {'a': 'c'}}})
    side.patch({'metadata': {'resourceVersion': first}, 'status': {'vpcID': 'x'}}, sub='status')
    side.patch({'metadata': {'resourceVersion': first}})
    side.patch({'metadata': {'resourceVersion': None, 'labels': {'a': 'd'}}})
    side.patch({'metadata': {'resourceVersion': 'x'}})
    side.get()


@scenario
def patch_of_another_uid(side):
    uid = side.make()['metadata']['uid']
    side.patch({'metadata': {'uid': uid, 'labels': {'a': 'b'}}})
    side.patch({'metadata': {'uid': 'another', 'labels': {'a': 'c'}}})
    side.patch({'metadata': {'uid': 'another'}})
    side.patch({'metadata': {'uid': None, 'labels': {'a': 'd'}}})


@scenario
def patch_of_status_with_another_uid(side):
    uid = side.make()['metadata']['uid']
    side.patch({'metadata': {'uid': uid}, 'status': {'vpcID': 'vpc-1'}}, sub='status')
    # The status of another object of this name, and it is taken: of metadata only the version counts here.
    answer = side.patch({'metadata': {'uid': 'another'}, 'status': {'vpcID': 'vpc-2'}}, sub='status')
    side.answers.append({'taken': answer.get('status', {}).get('vpcID') == 'vpc-2'})


@scenario
def json_patch_that_tests_the_uid(side):
    uid = side.make()['metadata']['uid']
    for value in (uid, 'another'):
        steps = [{'op': 'test', 'path': '/metadata/uid', 'value': value}, {'op': 'add', 'path': '/status', 'value': {'vpcID': 'vpc-1'}}]
        side.patch(steps, sub='status', content_type=JSON_PATCH)
        steps = [{'op': 'test', 'path': '/metadata/uid', 'value': value}, {'op': 'add', 'path': '/metadata/labels', 'value': {'a': 'b'}}]
        side.patch(steps, content_type=JSON_PATCH)


@scenario
def patch_of_another_uid_and_an_old_version(side):
    made = side.make()
    side.patch({'metadata': {'labels': {'a': 'b'}}})
    old = {'uid': 'another', 'resourceVersion': made['metadata']['resourceVersion']}
    side.patch({'metadata': {**old, 'labels': {'a': 'c'}}})
    side.patch({'metadata': old, 'status': {'vpcID': 'vpc-1'}}, sub='status')


@scenario
def patch_of_what_is_not_there(side):
    side.patch({'metadata': {'labels': {'a': 'b'}}})
    side.patch({'status': {}}, sub='status')
    side.patch({'metadata': {'uid': 'x'}})


@scenario
def patch_of_what_only_the_server_sets(side):
    side.make()
    side.patch({'metadata': {'generation': 9}})
    side.patch({'metadata': {'creationTimestamp': '2020-01-01T00:00:00Z'}})
    side.patch({'metadata': {'creationTimestamp': None}})
    side.patch({'metadata': {'deletionTimestamp': '2020-01-01T00:00:00Z'}})
    side.patch({'metadata': {'deletionGracePeriodSeconds': 3}})
    side.patch({'metadata': {'name': 'b'}})
    side.patch({'metadata': {'name': None}})
    side.patch({'metadata': {'namespace': 'default'}})
    side.patch({'metadata': {'namespace': None}})
    side.patch({'kind': 'KMSKey'})
    side.patch({'apiVersion': None})
    side.patch({'spec': None})
    side.patch({'metadata': None})
    side.patch({'metadata': {'labels': {'a': 1}}})
    side.patch({'metadata': {'labels': {'a b': 'c'}}})
    side.get()


@scenario
def patch_that_cannot_be_read(side):
    side.make()
    for text in ('{', '[]', '"x"', '', 'null'):
        side.raw('PATCH', side.path('VPC', 'a'), text, MERGE)


@scenario
def patch_of_unknown_type(side):
    side.make()
    side.patch({}, content_type='application/json')
    side.patch({}, content_type='text/plain')


@scenario
def patch_strictly(side):
    side.make()
    side.patch({'spec': {'nonsense': 1}}, query='?fieldValidation=Strict')


@scenario
def json_patches(side):
    side.make(labels={'a': 'b', 'x/y': 'z'})
    apply = lambda *steps: side.patch(list(steps), content_type=JSON_PATCH)
    apply({'op': 'add', 'path': '/metadata/labels/c', 'value': 'd'}, {'op': 'remove', 'path': '/metadata/labels/a'})
    apply({'op': 'test', 'path': '/metadata/labels/c', 'value': 'x'}, {'op': 'remove', 'path': '/metadata/labels/c'})
    apply({'op': 'remove', 'path': '/metadata/labels/absent'})
    apply({'op': 'replace', 'path': '/metadata/labels/x~1y', 'value': 'w'})
    apply({'op': 'add', 'path': '/metadata/finalizers', 'value': ['x.io/a']})
    apply({'op': 'add', 'path': '/metadata/finalizers/-', 'value': 'x.io/b'})
    apply({'op': 'remove', 'path': '/metadata/finalizers/0'})
    side.patch({'op': 'add'}, content_type=JSON_PATCH)
    side.patch([{'op': 'add', 'path': '/status', 'value': {'vpcID': 'vpc-1'}}], sub='status', content_type=JSON_PATCH)


# Deletion.

@scenario
def delete_and_make_again(side):
    side.make()
    side.delete()
    side.delete()
    side.get()
    side.make()


@scenario
def finalizers_hold_an_object(side):
    side.make(finalizers=['x.io/a', 'x.io/b'])
    side.delete()
    side.delete()
    side.make()
    side.patch({'metadata': {'finalizers': ['x.io/a', 'x.io/b', 'x.io/c']}})
    side.patch({'metadata': {'finalizers': ['x.io/c']}})
    side.patch({'metadata': {'finalizers': ['x.io/b', 'x.io/a']}})
    side.patch({'spec': {'enableDnsSupport': False}})
    side.patch({'status': {'vpcID': 'vpc-1'}}, sub='status')
    side.patch({'metadata': {'deletionTimestamp': None}})
    side.patch({'metadata': {'finalizers': ['x.io/b']}})
    side.patch({'metadata': {'finalizers': []}}, sub='status')
    side.patch({'metadata': {'finalizers': None}})
    side.get()


@scenario
def the_last_finalizer_goes_with_a_version(side):
    version = side.make(finalizers=['x.io/a'])['metadata']['resourceVersion']
    current = side.delete()['metadata']['resourceVersion']
    side.patch({'metadata': {'resourceVersion': version, 'finalizers': []}})
    side.patch({'metadata': {'resourceVersion': current, 'finalizers': []}})
    side.get()


@scenario
def delete_with_preconditions(side):
    made = side.make()
    side.delete(body={'preconditions': {'uid': 'another'}})
    side.delete(body={'preconditions': {'resourceVersion': '1'}})
    side.delete(body={'kind': 'DeleteOptions', 'apiVersion': 'v1', 'propagationPolicy': 'Background',
                      'preconditions': {'uid': made['metadata']['uid']}})
    side.get()


@scenario
def delete_with_what_is_no_options(side):
    side.make()
    side.raw('DELETE', side.path('VPC', 'a'), '{')
    side.ask('DELETE', side.path('VPC', 'a'), {'preconditions': {'uid': 5}})


@scenario
def delete_of_a_collection(side):
    side.make()
    side.make(name='b', finalizers=['x.io/y'])
    side.ask('DELETE', side.path('VPC'))
    side.ask('GET', side.path('VPC'))


@scenario
def namespace_takes_no_more_when_it_goes(side):
    ns = f'{side.ns}-going'
    side.ask('POST', '/api/v1/namespaces', {'metadata': {'name': ns}})
    side.ask('POST', f'{API}/namespaces/{ns}/vpcs', side.manifest('VPC', finalizers=['x.io/y']))
    side.ask('DELETE', f'/api/v1/namespaces/{ns}')
    side.ask('POST', f'{API}/namespaces/{ns}/vpcs', side.manifest('VPC', 'b'))
    side.ask('PATCH', f'{API}/namespaces/{ns}/vpcs/a', {'spec': {'enableDnsSupport': False}}, MERGE)


# Lists.

@scenario
def lists_in_pages(side):
    for name in 'edcba':
        side.make(name=name)
    page = side.ask('GET', side.path('VPC') + '?limit=2')
    side.delete('d')
    side.make(name='f')
    while page['metadata'].get('continue'):
        page = side.ask('GET', side.path('VPC') + f'?limit=2&continue={page["metadata"]["continue"]}')
    side.ask('GET', side.path('VPC') + '?limit=5')


@scenario
def lists_by_labels_and_fields(side):
    side.make(name='a', labels={'x': '1', 'y': '1'})
    side.make(name='b', labels={'x': '2'})
    side.make(name='c')
    for query in ('labelSelector=x%3D1', 'labelSelector=x!%3D1', 'labelSelector=x%20in%20(1,2)', 'labelSelector=!x', 'labelSelector=x',
                  'labelSelector=x%20notin%20(1)', 'labelSelector=x%3D2,!y', 'labelSelector=x%20y', 'fieldSelector=metadata.name%3Db',
                  'fieldSelector=metadata.name!%3Db', 'fieldSelector=spec.cidrBlock%3Db', 'labelSelector=x&limit=1'):
        side.ask('GET', side.path('VPC') + '?' + query)


@scenario
def lists_with_versions(side):
    side.make()
    side.ask('GET', side.path('VPC') + '?resourceVersion=0')
    side.ask('GET', side.path('VPC') + '?resourceVersion=' + side.list_version())
    side.ask('GET', side.path('VPC') + '?resourceVersion=x')
    side.ask('GET', side.path('VPC') + '?resourceVersion=9999999999')
    side.ask('GET', side.path('VPC') + '?continue=nonsense')
    side.ask('GET', side.path('VPC', 'a') + '?resourceVersion=0')


@scenario
def lists_of_an_exact_version(side):
    made = side.make()['metadata']['resourceVersion']
    side.patch({'metadata': {'labels': {'a': 'b'}}})
    side.ask('GET', side.path('VPC') + f'?resourceVersion={made}&resourceVersionMatch=Exact')


@scenario
def pages_and_versions_do_not_go_together(side):
    side.make()
    side.make(name='b')
    token = side.ask('GET', side.path('VPC') + '?limit=1')['metadata']['continue']
    side.ask('GET', side.path('VPC') + f'?limit=1&continue={token}&resourceVersion=1')


@scenario
def paths_that_are_not_there(side):
    side.ask('GET', f'{API}/namespaces/<ns>/unknowns')
    side.ask('GET', '/apis/unknown.io/v1/things')
    side.ask('GET', f'/apis/{GROUP}/v9/vpcs')
    side.ask('GET', f'{API}/vpcs/a')
    side.ask('GET', side.path('VPC', 'a', 'scale'))
    side.ask('POST', side.path('VPC', 'a'), {})
    side.ask('PUT', side.path('VPC'), {})
    side.ask('PATCH', side.path('VPC'), {}, MERGE)


# Watches.

@scenario
def watch_tells_what_happened(side):
    version = side.list_version()
    side.make()
    side.patch({'metadata': {'labels': {'a': 'b'}}})
    side.patch({'metadata': {'labels': {'a': 'b'}}})
    side.patch({'status': {'vpcID': 'vpc-1'}}, sub='status')
    side.delete()
    side.watch(f'resourceVersion={version}')


@scenario
def watch_tells_of_a_deletion_with_finalizers(side):
    version = side.list_version()
    side.make(finalizers=['x.io/y'])
    side.delete()
    side.patch({'metadata': {'finalizers': []}})
    side.watch(f'resourceVersion={version}')


@scenario
def watch_begins_with_what_is_there(side):
    side.make()
    side.make(name='b')
    side.delete('a')
    side.watch('')
    side.watch('resourceVersion=0')


@scenario
def watch_sees_labels_come_and_go(side):
    version = side.list_version()
    side.make(labels={'x': '1'})
    side.patch({'metadata': {'labels': {'x': '2'}}})
    side.patch({'metadata': {'labels': {'x': '1'}}})
    side.patch({'spec': {'enableDnsSupport': False}})
    side.make(name='b')
    side.delete()
    side.watch(f'resourceVersion={version}&labelSelector=x%3D1')


@scenario
def watch_of_one_by_name(side):
    version = side.list_version()
    side.make()
    side.make(name='b')
    side.watch(f'resourceVersion={version}&fieldSelector=metadata.name%3Db')
    side.ask('GET', side.path('VPC', 'b') + '?watch=true')


@scenario
def watch_from_a_bad_version(side):
    side.watch('resourceVersion=x')
    side.watch('resourceVersion=1')


@scenario
def watch_from_the_future(side):
    side.watch('resourceVersion=9999999999')


# What the fake leaves out, so that it is noticed when somebody begins to need it.

@scenario
def server_side_apply(side):
    path = side.path('VPC', 'a') + '?fieldManager=me&force=true'
    side.ask('PATCH', path, side.manifest('VPC'), 'application/apply-patch+yaml')
    side.get()


@scenario
def dry_runs(side):
    side.make(query='?dryRun=All')
    side.get()


@scenario
def delete_in_the_foreground(side):
    side.make()
    side.delete(body={'propagationPolicy': 'Foreground'})
    side.get()


# What is built in.

@scenario
def secrets(side):
    path = '/api/v1/namespaces/<ns>/secrets'
    side.ask('POST', path, {'metadata': {'name': 's'}, 'stringData': {'a': 'b'}, 'data': {'c': 'ZA=='}})
    side.ask('GET', path + '/s')
    side.ask('GET', path)
    side.ask('PATCH', path + '/s', {'stringData': {'a': 'x'}}, MERGE)
    side.ask('PATCH', path + '/s', {'data': {'a': None}}, MERGE)
    side.ask('PATCH', path + '/s', {'type': 'other'}, MERGE)
    side.ask('PATCH', path + '/s', {'metadata': {'uid': 'another'}}, MERGE)
    side.ask('PUT', path + '/s', {'metadata': {'name': 's'}, 'data': {'z': 'ZA=='}})
    side.ask('POST', path, {'metadata': {'name': 't'}, 'data': {'a': '%'}})
    side.ask('POST', path, {'metadata': {'name': 't'}, 'data': {'a b': 'ZA=='}})
    side.ask('POST', path, {'metadata': {'name': 't'}, 'data': {'a': 5}})
    side.ask('DELETE', path + '/s')
    side.ask('GET', path + '/s')


LEASES = '/apis/coordination.k8s.io/v1/namespaces/<ns>/leases'
TIME = '2026-01-02T03:04:05.000000Z'


def lease(**spec):
    return {'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'metadata': {'name': 'l'}, 'spec': spec}


@scenario
def leases(side):
    made = side.ask('POST', LEASES, lease(holderIdentity='a', leaseDurationSeconds=15, renewTime=TIME, acquireTime=TIME, leaseTransitions=0))
    version = made['metadata']['resourceVersion']
    change = {'metadata': {'resourceVersion': version}, 'spec': {'holderIdentity': 'b', 'leaseTransitions': 1}}
    side.ask('PATCH', LEASES + '/l', change, MERGE)
    side.ask('PATCH', LEASES + '/l', change, MERGE)
    side.ask('PATCH', LEASES + '/l', {'spec': {'holderIdentity': '', 'leaseDurationSeconds': 1}}, MERGE)
    side.ask('POST', LEASES, lease())
    side.ask('GET', LEASES)
    side.ask('GET', LEASES + '/absent')
    side.ask('PUT', LEASES + '/l', lease(holderIdentity='c'))
    side.ask('PUT', LEASES + '/m', {**lease(holderIdentity='c'), 'metadata': {'name': 'm'}})


def bad_lease(side, spec):
    side.ask('POST', LEASES, lease(**spec))


scenarios('lease', {
    'duration_zero': [{'leaseDurationSeconds': 0}], 'transitions_negative': [{'leaseTransitions': -1}],
    'duration_of_text': [{'leaseDurationSeconds': '5'}], 'holder_of_number': [{'holderIdentity': 5}],
    'time_of_seconds': [{'renewTime': '2026-01-02T03:04:05Z'}], 'time_of_millis': [{'renewTime': '2026-01-02T03:04:05.123Z'}],
    'unknown': [{'nonsense': 5}], 'empty': [{}]}, bad_lease)


def event(side, **more):
    return {'apiVersion': 'v1', 'kind': 'Event', 'metadata': {'name': 'e'}, 'reason': 'R', 'message': 'm', 'type': 'Normal', 'count': 1,
            'involvedObject': {'apiVersion': f'{GROUP}/v1alpha1', 'kind': 'VPC', 'name': 'a', 'namespace': side.ns, 'uid': 'x'},
            'firstTimestamp': '2026-01-02T03:04:05Z', 'lastTimestamp': '2026-01-02T03:04:05Z', 'source': {'component': 'c'},
            'reportingComponent': 'c', **more}


EVENTS = '/api/v1/namespaces/<ns>/events'


@scenario
def events(side):
    side.ask('POST', EVENTS, event(side))
    side.ask('PATCH', EVENTS + '/e', {'count': 2, 'lastTimestamp': '2026-01-02T03:05:05Z'}, MERGE)
    side.ask('PATCH', EVENTS + '/absent', {'count': 2}, MERGE)
    side.ask('POST', EVENTS, event(side))
    side.ask('GET', EVENTS)
    side.ask('GET', EVENTS + '?fieldSelector=involvedObject.name%3Da')
    side.ask('GET', EVENTS + '?fieldSelector=involvedObject.name%3Db')
    side.ask('DELETE', EVENTS + '/e')


@scenario
def events_about_others(side):
    for number, about in enumerate(({'kind': 'VPC', 'name': 'a', 'namespace': 'default'}, {'kind': 'VPC', 'name': 'a'},
                                    {'kind': 'VPC', 'name': 'a', 'namespace': side.ns})):
        side.ask('POST', EVENTS, event(side, metadata={'name': f'e{number}'}, involvedObject=about))
    side.ask('POST', EVENTS, event(side, type='Odd', message='x' * 2000, reason='y' * 200))
    side.ask('POST', EVENTS, event(side, metadata={'name': 'e5'}, count='5'))
    side.ask('POST', EVENTS, event(side, metadata={'name': 'e6'}, firstTimestamp='x'))
    side.ask('POST', EVENTS, event(side, metadata={'name': 'E7'}))
    side.ask('POST', EVENTS, event(side, metadata={'name': 'vpc.0123456789abcdef'}))


@scenario
def namespaces(side):
    name = f'{side.ns}-new'
    path = '/api/v1/namespaces'
    side.ask('POST', path, {'metadata': {'name': name, 'labels': {'a': 'b'}}})
    side.ask('POST', path, {'metadata': {'name': name}})
    side.ask('GET', f'{path}/{name}')
    side.ask('PATCH', f'{path}/{name}', {'metadata': {'labels': {'a': 'c'}}}, MERGE)
    side.ask('POST', path, {'metadata': {'name': 'Bad'}})
    side.ask('POST', path, {'metadata': {'name': 'a.b'}})
    side.ask('GET', f'{path}/absent')


class Fake:
    """The process of the fake API server."""

    def __init__(self):
        binary = pathlib.Path(World.tools['operator']).resolve().parents[2] / 'tests/simulation/sim_kube_server'
        self.process = subprocess.Popen([str(binary), str(CHART)], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def send(self, method, path, text, content_type):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        try:
            return exchange(connection, method, path, text, content_type, {})
        finally:
            connection.close()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


class Real:
    def __init__(self):
        self.kube = World.stack.kube

    def send(self, method, path, text, content_type):
        host = self.kube.server.removeprefix('https://')
        connection = http.client.HTTPSConnection(host, context=self.kube.context, timeout=30)
        try:
            return exchange(connection, method, path, text, content_type, {'Authorization': f'Bearer {self.kube.token}'})
        finally:
            connection.close()


def exchange(connection, method, path, text, content_type, headers):
    headers = {**headers, 'Accept': 'application/json'}
    if content_type:
        headers['Content-Type'] = content_type
    connection.request(method, path, None if text is None else text.encode(), headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def differences(real, fake, at=''):
    """Where two answers are not the same, as lines 'path: real, fake'."""
    if isinstance(real, dict) and isinstance(fake, dict):
        for key in sorted({*real, *fake}):
            yield from differences(real.get(key, '<absent>'), fake.get(key, '<absent>'), f'{at}.{key}' if at else key)
    elif isinstance(real, list) and isinstance(fake, list) and len(real) == len(fake):
        for number, (a, b) in enumerate(zip(real, fake)):
            yield from differences(a, b, f'{at}[{number}]')
    elif real != fake or isinstance(real, bool) != isinstance(fake, bool):
        yield f'{at}: {json.dumps(real)[:200]} is {json.dumps(fake)[:200]} here'


def listed():
    """Scenario and path (* for all) of each difference that the notes allow: lines '- `scenario` `path`: why'."""
    if not NOTES.exists():
        return set()
    return set(re.findall(r'^- `([^`]+)` `([^`]+)`', NOTES.read_text(), re.MULTILINE))


class Contract(unittest.TestCase):
    numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        # The operator would write to the real objects.
        if World.operator.process.alive():
            World.operator.stop()
        cls.real, cls.fake = Real(), Fake()
        cls.allowed = listed()

    @classmethod
    def tearDownClass(cls):
        cls.fake.stop()
        kube = World.stack.kube
        for plural in PLURALS.values():
            for item in kube.must('GET', f'{API}/{plural}')['items']:
                where = f'{API}/namespaces/{item["metadata"]["namespace"]}/{plural}/{item["metadata"]["name"]}'
                if item['metadata']['namespace'].startswith('contract-'):
                    kube.request('PATCH', where, {'metadata': {'finalizers': None}}, MERGE)
                    kube.request('DELETE', where)
        World.start_operator()

    def compare(self, name):
        ns = f'contract-{next(self.numbers)}'
        sides = [Side('real', self.real.send, ns), Side('fake', self.fake.send, ns)]
        for side in sides:
            side.ask('POST', '/api/v1/namespaces', {'metadata': {'name': ns}}, note=False)
            SCENARIOS[name](side)
        real, fake = (side.answers for side in sides)
        self.assertEqual(len(real), len(fake), 'not as many answers')
        found = list(differences(real, fake))
        new = [line for line in found if not {(name, line.split(': ')[0]), (name, '*')} & self.allowed]
        requests = '\n'.join(f'[{number}] {answer.get("request")}: {answer.get("status")}' for number, answer in enumerate(real))
        self.assertFalse(new, '\n' + '\n'.join(new) + '\n' + requests)
        paths = {line.split(': ')[0] for line in found} | ({'*'} if found else set())
        gone = [path for scene, path in self.allowed if scene == name and path not in paths]
        self.assertFalse(gone, f'no longer different; remove from {NOTES.name}')


def make_test(name):
    return lambda self: self.compare(name)


for _name in SCENARIOS:
    setattr(Contract, f'test_{_name}', make_test(_name))
