"""Manifests as users of the interface have them, in drop_in/, one of them with every field: applied unchanged they become ready.

What AWS assigns (ids, an object's version) stands in them as an example, and for it what is there is put in.
"""
import functools
import json
import re

import yaml

from caches import Caches
from harness import FaultCase, GROUP, PLURALS, ROOT, World, client, policy
from test_kinds import archive

# In no list of the interface: added by us, beside references and selectors.
ADDED = {'allowedNamespaces', 'foreignTags', 'generate', 'writeConnectionSecretToRef', 'RDSInstance.masterUserPasswordSecretRef.namespace'}
# Without these a rule refuses a manifest that has only what is required.
KEPT = {'LambdaFunction': ['code'], 'NATGateway': ['allocationID'], 'RDSInstance': ['masterUserPassword'], 'SQSQueue': ['fifoQueue']}
# What moto 5.2.5 takes no notice of: the answers to AllocateAddress and DescribeAddresses are without it.
LACKED = {'ElasticIP': 'networkBorderGroup'}
# How users who have objects of old find theirs in status.
STATUS = {
    'DynamoDBTable': 'tableARN', 'EC2Instance': 'instanceID', 'ECRRepository': 'repositoryArn', 'ElastiCacheCluster': 'cacheClusterARN',
    'ElasticIP': 'allocationID', 'IAMRole': 'roleArn', 'InternetGateway': 'internetGatewayID', 'KMSKey': 'keyId',
    'LambdaFunction': 'functionArn', 'NATGateway': 'natGatewayID', 'RDSInstance': 'dbInstanceArn', 'RouteTable': 'routeTableID',
    'S3Bucket': 'arn', 'SNSTopic': 'topicArn', 'SQSQueue': 'queueURL', 'SecretsManagerSecret': 'arn', 'SecurityGroup': 'groupID',
    'Subnet': 'subnetID', 'VPC': 'vpcID',
}
OURS = [f'{GROUP}/{part}' for part in ('uid', 'cluster', 'namespace', 'name')]


def untag(kind, spec, status):
    """As a resource looks that another operator has made."""
    known = status[STATUS[kind]]
    by_arn = {'ResourceArn': known, 'TagKeys': OURS}
    match kind:
        case 'DynamoDBTable': client('dynamodb').untag_resource(**by_arn)
        case 'ECRRepository': client('ecr').untag_resource(resourceArn=known, tagKeys=OURS)
        case 'ElastiCacheCluster': client('elasticache').remove_tags_from_resource(ResourceName=known, TagKeys=OURS)
        case 'IAMRole': client('iam').untag_role(RoleName=spec['roleName'], TagKeys=OURS)
        case 'KMSKey': client('kms').untag_resource(KeyId=known, TagKeys=OURS)
        case 'LambdaFunction': client('lambda').untag_resource(Resource=known, TagKeys=OURS)
        case 'RDSInstance': client('rds').remove_tags_from_resource(ResourceName=known, TagKeys=OURS)
        case 'S3Bucket': client('s3').delete_bucket_tagging(Bucket=spec['bucketName'])
        case 'SNSTopic': client('sns').untag_resource(**by_arn)
        case 'SQSQueue': client('sqs').untag_queue(QueueUrl=known, TagKeys=OURS)
        case 'SecretsManagerSecret': client('secretsmanager').untag_resource(SecretId=known, TagKeys=OURS)
        case _: client('ec2').delete_tags(Resources=[known], Tags=[{'Key': key} for key in OURS])


def address():
    """A new one for each gateway: moto 5.2.5 keeps it associated when the gateway goes."""
    return client('ec2').allocate_address(Domain='vpc')['AllocationId']


@functools.cache
def given():
    """Example in the manifests -> what stands for it; made once."""
    ec2, iam, s3, sqs, function = (client(name) for name in ('ec2', 'iam', 's3', 'sqs', 'lambda'))
    vpc, other = (ec2.create_vpc(CidrBlock=cidr)['Vpc']['VpcId'] for cidr in ('10.90.0.0/16', '10.91.0.0/16'))
    # Each gateway has a subnet of its own: moto 5.2.5 finds gateways by their subnet, and does not know the filter for tags.
    subnet, another, of_gateway = (ec2.create_subnet(VpcId=vpc, CidrBlock=f'10.90.{number}.0/24')['Subnet']['SubnetId'] for number in range(3))
    gateway = ec2.create_internet_gateway()['InternetGateway']['InternetGatewayId']
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    group = ec2.create_security_group(GroupName='given', Description='given', VpcId=vpc)['GroupId']
    ec2.create_key_pair(KeyName='given')
    iam.create_role(RoleName='given-function', AssumeRolePolicyDocument=policy())
    iam.create_instance_profile(InstanceProfileName='given')
    iam.add_role_to_instance_profile(InstanceProfileName='given', RoleName='given-function')
    for name in ('given-target', 'given-lost'):
        sqs.create_queue(QueueName=name)
    sqs.create_queue(QueueName='given-dead.fifo', Attributes={'FifoQueue': 'true'})
    client('sns').create_topic(Name='given-caches')
    code = {'ZipFile': archive('def handler(event, context): pass')}
    s3.create_bucket(Bucket='given-code')
    s3.put_bucket_versioning(Bucket='given-code', VersioningConfiguration={'Status': 'Enabled'})
    version = s3.put_object(Bucket='given-code', Key='code.zip', Body=b'code')['VersionId']
    function.publish_layer_version(LayerName='given', Content=code)
    function.create_function(FunctionName='given-rotates', Runtime='python3.12', Handler='index.handler', Code=code,
                             Role='arn:aws:iam::123456789012:role/given-function')
    return {
        'vpc-0a1b2c3d4e5f60718': vpc,
        'vpc-0a1b2c3d4e5f60719': other,
        'subnet-0a1b2c3d4e5f60718': subnet,
        'subnet-0a1b2c3d4e5f60719': another,
        'igw-0a1b2c3d4e5f60718': gateway,
        'nat-0a1b2c3d4e5f60718': ec2.create_nat_gateway(SubnetId=of_gateway, AllocationId=address())['NatGateway']['NatGatewayId'],
        'sg-0a1b2c3d4e5f60718': group,
        'eni-0a1b2c3d4e5f60718': ec2.create_network_interface(SubnetId=subnet)['NetworkInterface']['NetworkInterfaceId'],
        'i-0a1b2c3d4e5f60719': ec2.run_instances(ImageId='ami-12c6146b', MinCount=1, MaxCount=1, SubnetId=subnet)['Instances'][0]['InstanceId'],
        'pcx-0a1b2c3d4e5f60718': ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)['VpcPeeringConnection']['VpcPeeringConnectionId'],
        '0a1b2c3d-0000-4000-8000-000000000001': client('kms').create_key()['KeyMetadata']['KeyId'],
        'version-of-the-code': version,
    }


def schema(kind):
    crd = yaml.safe_load((ROOT / f'chart/templates/crds/{GROUP}_{PLURALS[kind]}.yaml').read_text())
    return crd['spec']['versions'][0]['schema']['openAPIV3Schema']['properties']['spec']


def literals(properties):
    """Without the reference and the selector that we have added beside literals."""
    stems = {name.removesuffix('Selector') for name in properties if name.endswith('Selector')}
    added = {stem + end for stem in stems for end in ('Ref', 'Refs', 'Selector')}
    return {name: one for name, one in properties.items() if name not in added}


def missing(node, values, at):
    """Fields of a schema that none of these values has, as paths."""
    for name, one in literals(node.get('properties', {})).items():
        path, found = f'{at}.{name}', [value[name] for value in values if name in value]
        if not found:
            yield path
        if 'items' in one:
            found = [item for items in found for item in items]
        yield from missing(one.get('items', one), found, path)


def blank(node, value, nothing):
    """A value with what is required of it, and for the rest `nothing`: None, or '' where texts go."""
    rules = ' '.join(rule['message'] for rule in node.get('x-kubernetes-validations', ()))
    required = {*node.get('required', ()), *re.findall(r'needs one of (\w+),', rules)}
    out = {}
    for name, one in literals(node['properties']).items():
        if name in required:
            out[name] = blank(one, value[name], nothing) if 'properties' in one else value[name]
        elif one['type'] == 'string' or nothing is None:
            out[name] = nothing
    return out


class DropIn(FaultCase):
    def setUp(self):
        super().setUp()
        self.caches = Caches()
        self.let_everything_pass()
        self.kube.must('POST', f'/api/v1/namespaces/{self.ns}/secrets', {'metadata': {'name': 'passwords'}, 'stringData': {
            'database': 'password-of-a-test', 'cache': 'token-of-a-test-long-enough'}})

    def let_everything_pass(self):
        self.faults.rule = self.caches.answer

    def manifests(self):
        text = '---\n'.join(path.read_text() for path in sorted((ROOT / 'tests/integration/drop_in').glob('*.yaml')))
        here = {'team-a': self.ns, 'drop-in': f'drop-in-{self.number}', 'http://127.0.0.1:5000': self.faults.url,
                'eipalloc-0a1b2c3d4e5f60718': address()}
        for old, new in {**given(), **here}.items():
            text = text.replace(old, new)
        return list(yaml.safe_load_all(text))

    def apply(self, manifests):
        World.stack.kubectl('apply', '-f', '-', input=json.dumps({'apiVersion': 'v1', 'kind': 'List', 'items': manifests}))

    def check_ready(self, manifests):
        for one in manifests:
            kind, name = one['kind'], one['metadata']['name']
            with self.subTest(kind=kind, name=name):
                if one['spec'].get(LACKED.get(kind)):
                    self.assertIn(LACKED[kind], self.wait_condition(kind, name, 'False', 'Immutable')['message'])
                else:
                    self.wait_ready(kind, name, 40)

    def first_of_each_kind(self):
        found = {}
        for one in self.manifests():
            found.setdefault(one['kind'], one)
        return list(found.values())

    def test_every_field(self):
        manifests = self.manifests()
        for kind in PLURALS:
            specs = [one['spec'] for one in manifests if one['kind'] == kind]
            found = [path for path in missing(schema(kind), specs, kind) if not ADDED.intersection([path, *path.split('.')])]
            self.assertEqual(found, [], 'fields that no manifest has')
        self.apply(manifests)
        self.check_ready(manifests)

    def check_blank(self, nothing, finalizer):
        manifests = self.first_of_each_kind()
        for one in manifests:
            kind = one['kind']
            if kind == 'AWSProvider':
                continue
            kept = {name: one['spec'][name] for name in KEPT.get(kind, ())}
            one['spec'] = {**blank(schema(kind), one['spec'], nothing), **kept}
            one['metadata']['finalizers'] = [finalizer.format(kind.lower())]
        self.apply(manifests)
        self.check_ready(manifests)

    def test_empty_strings(self):
        self.check_blank('', f'{GROUP}/{{}}-finalizer')

    def test_nulls(self):
        self.check_blank(None, f'{{}}.{GROUP}/finalizer')

    def test_objects_of_old_keep_what_is_theirs(self):
        manifests = self.first_of_each_kind()
        for one in manifests:
            one['spec'].pop(LACKED.get(one['kind']), None)
        self.apply(manifests)
        self.check_ready(manifests)
        World.operator.stop()
        before = {}
        for one in manifests:
            kind, name = one['kind'], one['metadata']['name']
            if kind == 'AWSProvider':
                continue
            found = self.get(kind, name)
            before[kind] = found['status'][STATUS[kind]]
            untag(kind, found['spec'], found['status'])
            self.kube.must('PATCH', self.path(kind, name), {'metadata': {'finalizers': []}}, 'application/merge-patch+json')
            self.delete(kind, name)
            one['metadata']['finalizers'] = [f'{GROUP}/{kind.lower()}-finalizer']
            self.kube.must('POST', self.path(kind), one)
            self.kube.must('PATCH', self.path(kind, name) + '/status', {'status': {STATUS[kind]: before[kind], 'ready': True}},
                           'application/merge-patch+json')
        seen = len(self.faults.seen)
        World.start_operator()
        for kind, known in before.items():
            with self.subTest(kind=kind):
                name = next(one['metadata']['name'] for one in manifests if one['kind'] == kind)
                self.assertEqual(self.wait_ready(kind, name, 40)['status'][STATUS[kind]], known)
        asked = [one.operation for one in self.faults.seen[seen:]]
        self.assertEqual([one for one in asked if one.startswith(('Allocate', 'Run', 'Delete'))], [])
        self.assertEqual([one for one in asked if one.startswith('Create')], ['CreateTags'] * asked.count('CreateTags'))
