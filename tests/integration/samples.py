"""All samples at once, through a server that may refuse what the operator asks; and what AWS then holds."""
import os
import random

import yaml

from caches import Caches
from harness import FaultCase, PLURALS, ROOT, World, client


def ids(service, operation, items, name, keep=lambda item: True, **given):
    """What AWS lists, as ids; `items` is a path."""
    found = []
    for page in client(service).get_paginator(operation).paginate(**given):
        for outer in page.get(items.split('.')[0], []):
            found += outer[items.split('.')[1]] if '.' in items else [outer]
    return {f'{service} {one if name is None else one[name]}' for one in found if keep(one)}


def lives(state):
    """Whether something in that state is there, and stays."""
    return state not in ('deleted', 'deleting', 'terminated')


def all_of_aws():
    """An id for each thing that our kinds can make; what only waits for its end does not count.

    No network interfaces: moto 5.2.5 never deletes those of a NAT gateway or, unless it was told to, of an instance.
    """
    kms = client('kms')
    of_aws = {one.get('TargetKeyId') for one in kms.list_aliases()['Aliases'] if one['AliasName'].startswith('alias/aws/')}
    return set().union(
        ids('dynamodb', 'list_tables', 'TableNames', None),
        ids('ec2', 'describe_vpcs', 'Vpcs', 'VpcId'),
        ids('ec2', 'describe_subnets', 'Subnets', 'SubnetId'),
        ids('ec2', 'describe_internet_gateways', 'InternetGateways', 'InternetGatewayId'),
        ids('ec2', 'describe_nat_gateways', 'NatGateways', 'NatGatewayId', lambda one: lives(one['State'])),
        {f'ec2 {one["AllocationId"]}' for one in client('ec2').describe_addresses()['Addresses']},
        ids('ec2', 'describe_route_tables', 'RouteTables', 'RouteTableId'),
        ids('ec2', 'describe_security_groups', 'SecurityGroups', 'GroupId'),
        ids('ec2', 'describe_instances', 'Reservations.Instances', 'InstanceId', lambda one: lives(one['State']['Name'])),
        ids('ec2', 'describe_volumes', 'Volumes', 'VolumeId'),
        ids('ecr', 'describe_repositories', 'repositories', 'repositoryName'),
        ids('elasticache', 'describe_replication_groups', 'ReplicationGroups', 'ReplicationGroupId', lambda one: lives(one['Status'])),
        ids('elasticache', 'describe_cache_clusters', 'CacheClusters', 'CacheClusterId', lambda one: lives(one['CacheClusterStatus'])),
        ids('iam', 'list_roles', 'Roles', 'RoleName'),
        ids('kms', 'list_keys', 'Keys', 'KeyId',
            lambda one: one['KeyId'] not in of_aws and
            kms.describe_key(KeyId=one['KeyId'])['KeyMetadata']['KeyState'] != 'PendingDeletion'),
        ids('lambda', 'list_functions', 'Functions', 'FunctionName'),
        ids('rds', 'describe_db_instances', 'DBInstances', 'DBInstanceIdentifier'),
        {f's3 {one["Name"]}' for one in client('s3').list_buckets()['Buckets']},
        ids('secretsmanager', 'list_secrets', 'SecretList', 'Name'),
        ids('sns', 'list_topics', 'Topics', 'TopicArn'),
        ids('sns', 'list_subscriptions', 'Subscriptions', 'SubscriptionArn'),
        ids('sqs', 'list_queues', 'QueueUrls', None))


class SamplesCase(FaultCase):
    """Afterwards nothing of the samples may be left, in AWS neither."""

    def setUp(self):
        super().setUp()
        self.caches = Caches()
        self.let_everything_pass()
        # What was deleted lately keeps its name: secrets for days, and moto 5.2.5 never ends the deletion of a cache.
        World.stack.forget_aws()
        # Else the first of the samples may still find AWS by the way that the provider had before.
        self.patch('AWSProvider', 'aws', {'endpoint': self.faults.url})
        self.wait_ready('AWSProvider', 'aws')
        self.before = all_of_aws()

    def let_everything_pass(self):
        self.faults.rule = self.caches.answer

    def objects(self):
        return [(kind, item) for kind in PLURALS for item in self.items(kind) if item['metadata']['name'] != 'faulty']

    def resources(self):
        """The objects but for providers."""
        return [(kind, item) for kind, item in self.objects() if kind != 'AWSProvider']

    def made(self):
        return all_of_aws() - self.before

    def apply(self):
        World.stack.apply_samples(self.faults.url, '--namespace', self.ns)

    def wait_until_ready(self):
        names = {one['kind']: one['metadata']['name'] for path in sorted((ROOT / 'samples').glob('*.yaml'))
                 for one in yaml.safe_load_all(path.read_text()) if one['kind'] in PLURALS}
        self.assertEqual(set(names), set(PLURALS), 'there is a sample of every kind')
        for kind, name in names.items():
            self.wait_ready(kind, name, 60)

    def delete_in_any_order(self):
        seed = os.environ.get('INFRA_GATE_SEED') or str(random.randrange(10**6))
        doomed = self.objects()
        random.Random(seed).shuffle(doomed)
        for kind, item in doomed:
            self.delete(kind, item['metadata']['name'])
        try:
            self.eventually(f'everything goes; INFRA_GATE_SEED={seed} repeats the order', lambda: not self.objects(), 60)
        except AssertionError as error:
            left = {kind: self.condition(kind, item['metadata']['name'])['message'] for kind, item in self.objects()}
            self.fail(f'{error}; left: {left}')
        self.assertEqual(self.made(), set(), 'left in AWS')
