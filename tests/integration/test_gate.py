"""Every sample becomes ready, a full check of everything then writes nothing, and all of it goes again."""
import os
import random

import yaml

import actions
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


class Gate(FaultCase):
    def setUp(self):
        super().setUp()
        self.caches = Caches()
        self.let_everything_pass()

    def let_everything_pass(self):
        self.faults.rule = self.caches.answer

    def objects(self):
        return [(kind, item) for kind in PLURALS for item in self.items(kind) if item['metadata']['name'] != 'faulty']

    def wait_until_ready(self):
        names = {one['kind']: one['metadata']['name'] for path in sorted((ROOT / 'samples').glob('*.yaml'))
                 for one in yaml.safe_load_all(path.read_text()) if one['kind'] in PLURALS}
        self.assertEqual(set(names), set(PLURALS), 'there is a sample of every kind')
        for kind, name in names.items():
            self.wait_ready(kind, name, 60)

    def wait_for_looks(self, count):
        """Until every object was looked at so many times, from the beginning to a good end."""
        def settled():
            return {kind: World.operator.metric('infra_operator_reconcile_total', resource_type=kind, result='settled')
                    for kind in PLURALS if kind != 'AWSProvider'}
        before = settled()
        self.eventually(f'{count} looks at every object', lambda: all(
            now >= before[kind] + count for kind, now in settled().items()), 30)

    def test_every_sample(self):
        before = all_of_aws()
        World.stack.apply_samples(self.faults.url, '--namespace', self.ns)
        self.wait_until_ready()
        self.check_that_nothing_is_written()
        self.delete_in_any_order()
        self.assertEqual(all_of_aws() - before, set(), 'left in AWS')

    def check_that_nothing_is_written(self):
        self.wait_for_looks(1)  # events may be written a moment after what they tell of
        versions = {item['metadata']['uid']: item['metadata']['resourceVersion'] for _, item in self.objects()}
        written, seen = len(World.stack.operator_writes()), len(self.faults.seen)
        # One may have been under way.
        self.wait_for_looks(2)
        self.assertEqual(World.stack.operator_writes()[written:], [], 'written to Kubernetes')
        asked = self.faults.seen[seen:]
        self.assertEqual([actions.operation_of(one) for one in asked if actions.writes(one)], [], 'written to AWS')
        self.assertGreater(len(asked), len(PLURALS), 'everything was looked at')
        self.assertEqual({item['metadata']['uid']: item['metadata']['resourceVersion'] for _, item in self.objects()}, versions)

    def delete_in_any_order(self):
        seed = os.environ.get('INFRA_GATE_SEED') or str(random.randrange(10**6))
        doomed = self.objects()
        random.Random(seed).shuffle(doomed)
        for kind, item in doomed:
            self.delete(kind, item['metadata']['name'])
        self.eventually(f'everything goes; INFRA_GATE_SEED={seed} repeats the order', lambda: not self.objects(), 60)
