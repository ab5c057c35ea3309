"""Objects that refer to each other, by name and by label."""
import pathlib
import re

import yaml

from harness import GROUP, Case, World, client

ALLOW = f'{GROUP}/allow-references-from'
# In the order in which they depend on each other.
NETWORK = ('VPC', 'Subnet', 'InternetGateway', 'ElasticIP', 'NATGateway')


class References(Case):
    def setUp(self):
        super().setUp()
        self.ec2 = client('ec2')

    def network(self, **subnet):
        """Each kind with its spec, of objects that are all named `net`."""
        return {'VPC': {'cidrBlock': '10.20.0.0/16'},
                'Subnet': {'vpcRef': {'name': 'network'}, 'cidrBlock': '10.20.1.0/24', **subnet},
                'InternetGateway': {'vpcRef': {'name': 'network'}},
                'ElasticIP': {},
                'NATGateway': {'subnetRef': {'name': 'network'}, 'allocationRef': {'name': 'network'}}}

    def apply_network(self):
        specs = self.network()
        for kind in reversed(NETWORK):
            self.create(kind, 'network', specs[kind])

    def id_of(self, kind, field, name='network', ns=None):
        return self.wait_ready(kind, name, 30, ns)['status'][field]

    def waits(self, kind, name, reason, seconds=20):
        return self.wait_condition(kind, name, 'True', reason, 'Synced', seconds)['message']

    def ours_in_aws(self):
        """What carries the tags of this namespace."""
        tagged = client('resourcegroupstaggingapi').get_resources(
            TagFilters=[{'Key': f'{GROUP}/namespace', 'Values': [self.ns]}])['ResourceTagMappingList']
        gone = [one['NatGatewayId'] for one in self.ec2.describe_nat_gateways()['NatGateways'] if one['State'] == 'deleted']
        return [one['ResourceARN'] for one in tagged if one['ResourceARN'].rsplit('/', 1)[-1] not in gone]

    def test_a_network_in_any_order(self):
        page = (pathlib.Path(__file__).parents[2] / 'docs/references.md').read_text()
        objects = list(yaml.safe_load_all(re.search('```yaml\n(.*?)```', page, re.S).group(1)))
        self.assertEqual([one['kind'] for one in objects], list(reversed(NETWORK)))
        for one in objects:
            self.create(one['kind'], 'network', one['spec'])
        vpc = self.id_of('VPC', 'vpcID')
        subnet = self.id_of('Subnet', 'subnetID')
        address = self.id_of('ElasticIP', 'allocationID')
        self.assertEqual(self.id_of('Subnet', 'vpcID'), vpc)
        self.assertEqual(self.id_of('InternetGateway', 'vpcID'), vpc)
        gateway = self.id_of('NATGateway', 'natGatewayID')
        found = self.ec2.describe_nat_gateways(NatGatewayIds=[gateway])['NatGateways'][0]
        self.assertEqual((found['SubnetId'], found['NatGatewayAddresses'][0]['AllocationId']), (subnet, address))
        spec = self.get('Subnet', 'network')['spec']
        self.assertNotIn('vpcID', spec, 'the object stays as its user wrote it')
        self.assert_settled('NATGateway', 'network')

    def test_the_namespace_goes_with_all_of_it(self):
        self.apply_network()
        for kind in NETWORK:
            self.wait_ready(kind, 'network', 30)
        self.assertTrue(self.ours_in_aws())
        # As the namespace controller does it: everything at once. The provider waits for its users by itself.
        for kind in (*NETWORK, 'AWSProvider'):
            self.kube.must('DELETE', self.path(kind))
        for kind in (*reversed(NETWORK), 'AWSProvider'):
            self.eventually(f'every {kind} goes', lambda: not self.items(kind), 40)
        self.assertEqual(self.ours_in_aws(), [])

    def test_what_is_missing_is_waited_for(self):
        self.create('Subnet', 'network', self.network()['Subnet'])
        self.assertEqual(self.waits('Subnet', 'network', 'ReferenceNotFound'),
                         f'Waits for VPC {self.ns}/network, which does not exist')
        self.create('VPC', 'network', self.network()['VPC'])
        self.wait_ready('Subnet', 'network', 8)

    def test_what_is_not_ready_is_waited_for(self):
        self.create('VPC', 'network', {'cidrBlock': '10.20.0.0/16', 'providerRef': {'name': 'late'}})
        self.create('Subnet', 'network', self.network()['Subnet'])
        self.assertIn('which has no vpcID yet', self.waits('Subnet', 'network', 'ReferenceNotReady'))
        self.make_provider('late')
        self.wait_ready('Subnet', 'network', 8)

    def test_labels_find_an_object(self):
        self.create('Subnet', 'network', {'vpcSelector': {'matchLabels': {'network': 'a'}}, 'cidrBlock': '10.20.1.0/24'})
        self.assertIn('spec.vpcSelector', self.waits('Subnet', 'network', 'ReferenceNotFound'))
        for name in ('one', 'two'):
            self.create('VPC', name, self.network()['VPC'])
            self.wait_ready('VPC', name)
        self.label('VPC', 'one', 'a')
        self.assertEqual(self.id_of('Subnet', 'vpcID'), self.get('VPC', 'one')['status']['vpcID'])
        self.label('VPC', 'two', 'a')
        self.create('InternetGateway', 'network', {'vpcSelector': {'matchLabels': {'network': 'a'}}})
        self.assertIn('2 objects', self.waits('InternetGateway', 'network', 'ReferenceAmbiguous'))
        self.label('VPC', 'two', 'b')
        self.assertEqual(self.id_of('InternetGateway', 'vpcID'), self.get('VPC', 'one')['status']['vpcID'])

    def label(self, kind, name, value):
        self.kube.must('PATCH', self.path(kind, name), {'metadata': {'labels': {'network': value}}},
                       'application/merge-patch+json')

    def test_another_namespace_must_allow_it(self):
        other = f'{self.ns}-other'
        self.kube.must('POST', '/api/v1/namespaces', {'metadata': {'name': other}})
        self.make_secret(ns=other)
        self.make_provider(ns=other)
        self.addCleanup(self.delete_in, other)
        self.create('VPC', 'network', self.network()['VPC'], ns=other)
        vpc = self.id_of('VPC', 'vpcID', ns=other)
        self.create('Subnet', 'network', self.network(vpcRef={'name': 'network', 'namespace': other})['Subnet'])
        self.assertIn('does not let', self.waits('Subnet', 'network', 'ReferenceForbidden'))
        self.patch('VPC', 'network', annotations={'allow-references-from': f'nobody, {self.ns}'}, ns=other)
        self.assertEqual(self.id_of('Subnet', 'vpcID'), vpc)
        self.delete('VPC', 'network', ns=other)
        self.wait_condition('VPC', 'network', 'True', 'InUse', 'Synced', ns=other)
        self.delete_and_wait('Subnet', 'network')
        self.wait_gone('VPC', 'network', 8, ns=other)

    def delete_in(self, ns):
        for kind in ('Subnet', 'VPC', 'AWSProvider'):
            self.kube.must('DELETE', self.path(kind, ns=ns))

    def test_in_a_ring_all_say_so(self):
        ring = {'one': 'two', 'two': 'three', 'three': 'one'}
        for name, target in ring.items():
            self.create('SQSQueue', name, {'queueName': f'{name}-{self.number}', 'deadLetterQueue': {
                'targetRef': {'name': target}, 'maxReceiveCount': 3}})
        for name in ring:
            self.assertIn(f'SQSQueue {self.ns}/{name} waits for', self.waits('SQSQueue', name, 'ReferenceCycle', 30))
        self.patch('SQSQueue', 'three', {'deadLetterQueue': None})
        for name in ring:
            self.wait_ready('SQSQueue', name)

    def test_an_object_that_refers_to_itself(self):
        self.create('SQSQueue', 'one', {'queueName': f'self-{self.number}', 'deadLetterQueue': {
            'targetRef': {'name': 'one'}, 'maxReceiveCount': 3}})
        self.waits('SQSQueue', 'one', 'ReferenceCycle')
        self.delete_and_wait('SQSQueue', 'one')

    def test_two_queues_that_refer_to_each_other_both_go(self):
        for name in ('one', 'two'):
            self.create('SQSQueue', name, {'queueName': f'{name}-{self.number}'})
            self.wait_ready('SQSQueue', name)
        for name, target in (('one', 'two'), ('two', 'one')):
            self.patch('SQSQueue', name, {'deadLetterQueue': {'targetRef': {'name': target}, 'maxReceiveCount': 3}})
            self.wait_ready('SQSQueue', name)
        self.delete('SQSQueue', 'one')
        self.assertIn(f'SQSQueue {self.ns}/two', self.waits('SQSQueue', 'one', 'InUse'))
        self.delete('SQSQueue', 'two')
        self.wait_gone('SQSQueue', 'one')
        self.wait_gone('SQSQueue', 'two')

    def test_what_is_in_use_goes_last(self):
        specs = self.network()
        for kind in ('VPC', 'Subnet'):
            self.create(kind, 'network', specs[kind])
        self.wait_ready('Subnet', 'network')
        self.delete('VPC', 'network')
        self.assertEqual(self.waits('VPC', 'network', 'InUse'),
                         f'Goes when what refers to it has gone: Subnet {self.ns}/network')
        self.create('InternetGateway', 'network', specs['InternetGateway'])
        self.assertIn('is being deleted', self.waits('InternetGateway', 'network', 'ReferenceNotReady'))
        self.delete_and_wait('InternetGateway', 'network')
        self.delete('Subnet', 'network')
        self.wait_gone('Subnet', 'network')
        self.wait_gone('VPC', 'network', 8)

    def test_what_leaves_its_resource_waits_for_nobody(self):
        specs = self.network()
        for kind in ('VPC', 'Subnet'):
            self.create(kind, 'network', specs[kind])
        subnet = self.id_of('Subnet', 'subnetID')
        vpc = self.get('VPC', 'network')['status']['vpcID']
        self.patch('VPC', 'network', {'deletionPolicy': 'Retain'})
        self.delete_and_wait('VPC', 'network')
        # The subnet stays as it is; only its object says what is missing.
        self.waits('Subnet', 'network', 'ReferenceNotFound')
        self.patch('Subnet', 'network', {'mapPublicIpOnLaunch': True})
        self.eventually('it is looked at', lambda: self.get('Subnet', 'network')['status']['observedGeneration'] == 2)
        found = self.ec2.describe_subnets(SubnetIds=[subnet])['Subnets'][0]
        self.assertEqual((found['VpcId'], found['MapPublicIpOnLaunch']), (vpc, False))
        # A literal takes the place of the reference, if it means the same.
        self.patch('Subnet', 'network', {'vpcRef': None, 'vpcID': vpc})
        self.wait_ready('Subnet', 'network')
        self.assertTrue(self.ec2.describe_subnets(SubnetIds=[subnet])['Subnets'][0]['MapPublicIpOnLaunch'])
        self.delete_and_wait('Subnet', 'network')
        self.ec2.delete_vpc(VpcId=vpc)

    def test_a_reference_may_only_lead_to_the_same_value(self):
        for name in ('network', 'other'):
            self.create('VPC', name, self.network()['VPC'])
        vpc = self.id_of('VPC', 'vpcID')
        self.wait_ready('VPC', 'other')
        self.create('Subnet', 'network', {'vpcID': vpc, 'cidrBlock': '10.20.1.0/24'})
        self.wait_ready('Subnet', 'network')
        self.patch('Subnet', 'network', {'vpcID': None, 'vpcRef': {'name': 'network'}})
        self.wait_ready('Subnet', 'network')
        self.patch('Subnet', 'network', {'vpcRef': {'name': 'other'}})
        self.assertIn('vpcID', self.wait_condition('Subnet', 'network', 'False', 'Immutable')['message'])
        self.patch('Subnet', 'network', {'vpcRef': {'name': 'network'}})
        self.wait_ready('Subnet', 'network')

    def test_literal_and_reference_together_are_refused(self):
        both = self.network(vpcID='vpc-1')['Subnet']
        self.assertIn('needs one of vpcID, vpcRef and vpcSelector', self.refused('Subnet', 'network', both))
        self.assertIn('needs one of vpcID, vpcRef and vpcSelector',
                      self.refused('Subnet', 'network', {'cidrBlock': '10.20.1.0/24'}))
        self.assertIn('takes only one of', self.refused('SQSQueue', 'one', {
            'queueName': 'x', 'kmsMasterKeyId': 'k', 'kmsMasterKeyRef': {'name': 'k'}}))
        self.assertIn('should have at least 1', self.refused('InternetGateway', 'network', {'vpcSelector': {'matchLabels': {}}}))
        self.create('Subnet', 'network', {'vpcID': 'vpc-1', 'cidrBlock': '10.20.1.0/24'})
        status, answer = self.kube.request('PATCH', self.path('Subnet', 'network'), {'spec': {'vpcID': 'vpc-2'}},
                                           'application/merge-patch+json')
        self.assertEqual(status, 422)
        self.assertIn('vpcID cannot be changed', answer['message'])

    def test_values_inside_of_objects(self):
        self.create('KMSKey', 'key', {'pendingWindowInDays': 7, 'deletionPolicy': 'Delete'})
        self.create('SQSQueue', 'dead', {'queueName': f'dead-{self.number}'})
        self.create('SQSQueue', 'one', {'queueName': f'one-{self.number}', 'kmsMasterKeyRef': {'name': 'key'},
                                        'deadLetterQueue': {'targetRef': {'name': 'dead'}, 'maxReceiveCount': 3}})
        self.create('S3Bucket', 'one', {'bucketName': f'refs-{self.number}', 'encryption': {
            'algorithm': 'aws_kms', 'kmsKeyRef': {'name': 'key'}}})
        key = self.id_of('KMSKey', 'arn', 'key')
        dead = self.id_of('SQSQueue', 'queueARN', 'dead')
        sqs = client('sqs')
        attributes = sqs.get_queue_attributes(QueueUrl=self.id_of('SQSQueue', 'queueURL', 'one'), AttributeNames=['All'])['Attributes']
        self.assertEqual(attributes['KmsMasterKeyId'], key)
        self.assertIn(dead, attributes['RedrivePolicy'])
        self.wait_ready('S3Bucket', 'one')
        encryption = client('s3').get_bucket_encryption(Bucket=f'refs-{self.number}')['ServerSideEncryptionConfiguration']
        self.assertEqual(encryption['Rules'][0]['ApplyServerSideEncryptionByDefault']['KMSMasterKeyID'], key)
        self.assert_settled('SQSQueue', 'one')

    def test_a_restart_forgets_nobody(self):
        specs = self.network()
        for kind in ('VPC', 'Subnet'):
            self.create(kind, 'network', specs[kind])
        self.wait_ready('Subnet', 'network')
        self.delete('VPC', 'network')
        self.waits('VPC', 'network', 'InUse')
        World.operator.stop()
        World.start_operator()
        self.waits('VPC', 'network', 'InUse')
        self.delete_and_wait('Subnet', 'network')
        self.wait_gone('VPC', 'network', 8)
