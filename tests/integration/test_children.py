"""Kinds whose spec declares children: rules of a security group, routes and subnets of a route table."""
import re

from harness import Case, FaultCase, client
from test_kinds import Ec2Fields, Fields


class SecurityGroup(Ec2Fields, Case):
    kind = 'SecurityGroup'
    status_id = 'groupID'
    unchangeable = {'groupName': 'other', 'description': 'Other', 'vpcID': 'vpc-1'}
    https = {'ipProtocol': 'tcp', 'fromPort': 443, 'toPort': 443}

    def required(self):
        return {'vpcID': self.vpc, 'groupName': 'web', 'description': 'Web servers'}

    def table(self):
        inside = {**self.https, 'cidrBlocks': ['10.0.0.0/8'], 'description': 'inside'}
        return {
            'ingressRules': ([inside], ['tcp 443 443 10.0.0.0/8 inside'],
                             [{**self.https, 'cidrBlocks': ['10.0.0.5/8', '192.168.0.0/16'], 'description': 'both'}],
                             ['tcp 443 443 10.0.0.0/8 both', 'tcp 443 443 192.168.0.0/16 both']),
            'egressRules': ([{'ipProtocol': '-1', 'cidrBlocks': ['0.0.0.0/0']}], ['-1 -1 -1 0.0.0.0/0 '],
                            [{'ipProtocol': '17', 'fromPort': 53, 'toPort': 53, 'cidrBlocks': ['10.0.0.2/32']}],
                            ['udp 53 53 10.0.0.2/32 ']),
        }

    def describe(self):
        return self.ec2.describe_security_groups(GroupIds=[self.made])['SecurityGroups'][0]

    def rules(self, egress=False):
        found = self.ec2.describe_security_group_rules(Filters=[{'Name': 'group-id', 'Values': [self.made]}])
        return [rule for rule in found['SecurityGroupRules'] if rule['IsEgress'] == egress]

    def read(self, field):
        if field == 'tags':
            return super().read(field)

        def text(rule):
            source = rule.get('CidrIpv4') or rule.get('CidrIpv6') or rule.get('ReferencedGroupInfo', {}).get('GroupId')
            words = rule['IpProtocol'], rule.get('FromPort', -1), rule.get('ToPort', -1), source, rule.get('Description', '')
            return ' '.join(map(str, words))
        return sorted(text(rule) for rule in self.rules(field == 'egressRules'))

    def disturb(self, field):
        ids = [rule['SecurityGroupRuleId'] for rule in self.rules(field == 'egressRules')]
        foreign = [{'IpProtocol': 'tcp', 'FromPort': 22, 'ToPort': 22, 'IpRanges': [{'CidrIp': '0.0.0.0/0'}]}]
        if field == 'egressRules':
            self.ec2.revoke_security_group_egress(GroupId=self.made, SecurityGroupRuleIds=ids)
            self.ec2.authorize_security_group_egress(GroupId=self.made, IpPermissions=foreign)
        else:
            self.ec2.revoke_security_group_ingress(GroupId=self.made, SecurityGroupRuleIds=ids)
            self.ec2.authorize_security_group_ingress(GroupId=self.made, IpPermissions=foreign)

    def test_status(self):
        status = self.make()['status']
        self.assertEqual((status['groupID'], status['groupName'], status['vpcID']), (self.describe()['GroupId'], 'web', self.vpc))

    def test_without_egress_rules_what_aws_gives_stays(self):
        self.create('SecurityGroup', 'one', self.required())
        self.wait_ready('SecurityGroup', 'one')
        self.made = self.get('SecurityGroup', 'one')['status']['groupID']
        self.assertEqual(self.read('egressRules'), ['-1 -1 -1 0.0.0.0/0 '])
        self.assert_settled('SecurityGroup', 'one')

    def test_rules_of_every_source(self):
        other = self.ec2.create_security_group(GroupName='other', Description='Other', VpcId=self.vpc)['GroupId']
        self.create('SecurityGroup', 'one', {**self.required(), 'egressRules': [], 'ingressRules': [
            {**self.https, 'ipv6CidrBlocks': ['2001:DB8::/32'], 'sourceSecurityGroupID': other},
            {'ipProtocol': 'icmp', 'fromPort': 8, 'toPort': -1, 'cidrBlocks': ['10.0.0.0/8']},
            {'ipProtocol': '-1', 'fromPort': 0, 'toPort': 0, 'cidrBlocks': ['10.1.0.0/16']}]})
        self.wait_ready('SecurityGroup', 'one')
        self.made = self.get('SecurityGroup', 'one')['status']['groupID']
        self.assertEqual(self.read('ingressRules'), sorted([
            'tcp 443 443 2001:db8::/32 ', f'tcp 443 443 {other} ', 'icmp 8 -1 10.0.0.0/8 ', '-1 -1 -1 10.1.0.0/16 ']))
        self.assertEqual(self.read('egressRules'), [])
        self.assert_settled('SecurityGroup', 'one')

    def test_what_a_rule_is_for_may_change(self):
        rule = {'ipProtocol': 'udp', 'fromPort': 53, 'toPort': 53, 'cidrBlocks': ['10.0.0.2/32']}
        self.create('SecurityGroup', 'one', {**self.required(), 'egressRules': [{**rule, 'description': 'names'}]})
        self.made = self.wait_ready('SecurityGroup', 'one')['status']['groupID']
        before = [one['SecurityGroupRuleId'] for one in self.rules(egress=True)]
        self.patch('SecurityGroup', 'one', {'egressRules': [{**rule, 'description': 'other names'}]})
        self.eventually('the new text', lambda: self.read('egressRules') == ['udp 53 53 10.0.0.2/32 other names'])
        self.assertEqual([one['SecurityGroupRuleId'] for one in self.rules(egress=True)], before, 'the same rule')

    def test_two_groups_that_name_each_other_are_deleted(self):
        for name in ('one', 'two'):
            self.create('SecurityGroup', name, {**self.required(), 'groupName': name})
        ids = {name: self.wait_ready('SecurityGroup', name)['status']['groupID'] for name in ('one', 'two')}
        for name, other in (('one', 'two'), ('two', 'one')):
            self.patch('SecurityGroup', name, {'ingressRules': [{**self.https, 'sourceSecurityGroupID': ids[other]}]})
            self.wait_ready('SecurityGroup', name)
        for name in ('one', 'two'):
            self.delete('SecurityGroup', name)
        for name in ('one', 'two'):
            self.wait_gone('SecurityGroup', name)

    def test_what_aws_would_refuse(self):
        for rule, word in (({**self.https, 'fromPort': 444, 'cidrBlocks': ['10.0.0.0/8']}, 'fromPort must not be above toPort'),
                           ({'ipProtocol': 'tcp', 'cidrBlocks': ['10.0.0.0/8']}, 'needs fromPort and toPort'),
                           (self.https, 'needs cidrBlocks'),
                           ({**self.https, 'fromPort': '443', 'cidrBlocks': ['10.0.0.0/8']}, 'fromPort'),
                           ({**self.https, 'toPort': 65536, 'cidrBlocks': ['10.0.0.0/8']}, 'toPort')):
            self.assertIn(word, self.refused('SecurityGroup', 'one', {**self.required(), 'ingressRules': [rule]}))

    def test_one_wrong_rule_does_not_hold_up_the_others(self):
        self.create('SecurityGroup', 'one', {**self.required(), 'ingressRules': [
            {**self.https, 'cidrBlocks': ['nowhere']}, {**self.https, 'cidrBlocks': ['10.0.0.0/8']}]})
        self.assertIn('nowhere', self.wait_condition('SecurityGroup', 'one', 'False', 'Refused')['message'])
        self.made = self.get('SecurityGroup', 'one')['status']['groupID']
        self.assertEqual(self.read('ingressRules'), ['tcp 443 443 10.0.0.0/8 '])


class RouteTable(Ec2Fields, Case):
    kind = 'RouteTable'
    status_id = 'routeTableID'
    unchangeable = {'vpcID': 'vpc-1'}

    def setUp(self):
        super().setUp()
        self.subnets = [self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f'10.8.{number}.0/24')['Subnet']['SubnetId']
                        for number in (1, 2, 3)]
        self.gateway = self.ec2.create_internet_gateway()['InternetGateway']['InternetGatewayId']
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.interface = self.ec2.create_network_interface(SubnetId=self.subnets[0])['NetworkInterface']['NetworkInterfaceId']

    def required(self):
        return {'vpcID': self.vpc}

    def table(self):
        one, two, three = self.subnets
        return {
            'routes': ([{'destinationCidrBlock': '0.0.0.0/0', 'gatewayID': self.gateway}], [f'0.0.0.0/0 {self.gateway}'],
                       [{'destinationCidrBlock': '0.0.0.0/0', 'networkInterfaceID': self.interface},
                        {'destinationCidrBlock': '192.168.0.7/16', 'gatewayID': self.gateway}],
                       [f'0.0.0.0/0 {self.interface}', f'192.168.0.0/16 {self.gateway}']),
            'subnetAssociations': ([one, two], sorted([one, two]), [two, three], sorted([two, three])),
        }

    def describe(self):
        return self.ec2.describe_route_tables(RouteTableIds=[self.made])['RouteTables'][0]

    def read(self, field):
        if field == 'tags':
            return super().read(field)
        if field == 'subnetAssociations':
            return sorted(one['SubnetId'] for one in self.describe()['Associations'] if one.get('SubnetId'))
        return sorted(f"{route['DestinationCidrBlock']} {route.get('GatewayId') or route.get('NetworkInterfaceId')}"
                      for route in self.describe()['Routes'] if route['Origin'] == 'CreateRoute')

    def disturb(self, field):
        if field == 'routes':
            self.ec2.delete_route(RouteTableId=self.made, DestinationCidrBlock='0.0.0.0/0')
            self.ec2.create_route(RouteTableId=self.made, DestinationCidrBlock='172.16.0.0/12', GatewayId=self.gateway)
        else:
            ids = [one['RouteTableAssociationId'] for one in self.describe()['Associations'] if one.get('SubnetId')]
            self.ec2.disassociate_route_table(AssociationId=ids[0])

    def test_status(self):
        status = self.make()['status']
        self.assertEqual((status['routeTableID'], status['vpcID']), (self.describe()['RouteTableId'], self.vpc))
        self.assertEqual(sorted(status['associatedSubnets']), sorted(self.subnets[:2]))

    def test_the_local_route_stays(self):
        self.create('RouteTable', 'one', {**self.required(), 'routes': []})
        self.wait_ready('RouteTable', 'one')
        self.made = self.get('RouteTable', 'one')['status']['routeTableID']
        self.assertEqual([route['GatewayId'] for route in self.describe()['Routes']], ['local'])
        self.assert_settled('RouteTable', 'one')

    def test_subnets_the_spec_names_no_more_are_let_go(self):
        self.make()
        self.patch('RouteTable', 'one', {'subnetAssociations': None})
        self.eventually('the subnets are let go', lambda: self.read('subnetAssociations') == [])

    def test_routes_that_refer_to_other_objects(self):
        self.ec2.detach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.create('InternetGateway', 'net', {'vpcID': self.vpc})
        gateway = self.wait_ready('InternetGateway', 'net')['status']['internetGatewayID']
        self.create('RouteTable', 'one', {**self.required(), 'routes': [
            {'destinationCidrBlock': '0.0.0.0/0', 'gatewayRef': {'name': 'net'}}]})
        self.wait_ready('RouteTable', 'one')
        self.made = self.get('RouteTable', 'one')['status']['routeTableID']
        self.assertEqual(self.read('routes'), [f'0.0.0.0/0 {gateway}'])
        self.assert_settled('RouteTable', 'one')


class SnsTopic(Fields, Case):
    kind = 'SNSTopic'

    def setUp(self):
        super().setUp()
        self.sns, self.sqs = client('sns'), client('sqs')
        self.name = f'topic-{self.number}'
        self.queues = [self.queue(f'{self.name}-{index}') for index in range(3)]

    def queue(self, name):
        url = self.sqs.create_queue(QueueName=name)['QueueUrl']
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['QueueArn'])['Attributes']['QueueArn']

    def required(self):
        return {'topicName': self.name}

    def subscription(self, index, **more):
        return {'protocol': 'sqs', 'endpoint': self.queues[index], **more}

    def table(self):
        one = self.subscription(0, filterPolicy='{"kind": ["a"]}', rawMessageDelivery=True, deadLetterQueueArn=self.queues[2])
        changed = self.subscription(0, filterPolicy='{"kind": ["b"]}', rawMessageDelivery=False, deadLetterQueueArn=self.queues[1])
        dead = '{"deadLetterTargetArn":"%s"}'
        policy = '{"http": {"defaultHealthyRetryPolicy": {"numRetries": %d}}}'
        return {
            'displayName': ('first', 'first', 'second', 'second'),
            'deliveryPolicy': (policy % 3, policy % 3, policy % 5, policy % 5),
            'subscriptions': ([one, self.subscription(1)],
                              {self.queues[0]: ('{"kind": ["a"]}', 'true', dead % self.queues[2]), self.queues[1]: (None, 'false', None)},
                              [changed], {self.queues[0]: ('{"kind": ["b"]}', 'false', dead % self.queues[1])}),
        }

    def arn(self):
        return next((one['TopicArn'] for one in self.sns.list_topics()['Topics'] if one['TopicArn'].endswith(f':{self.name}')), None)

    def read(self, field):
        if field == 'tags':
            return {tag['Key']: tag['Value'] for tag in self.sns.list_tags_for_resource(ResourceArn=self.arn())['Tags']}
        if field != 'subscriptions':
            return self.sns.get_topic_attributes(TopicArn=self.arn())['Attributes'][field[0].upper() + field[1:]]
        out = {}
        for one in self.sns.list_subscriptions_by_topic(TopicArn=self.arn())['Subscriptions']:
            found = self.sns.get_subscription_attributes(SubscriptionArn=one['SubscriptionArn'])['Attributes']
            out[one['Endpoint']] = found.get('FilterPolicy'), found.get('RawMessageDelivery'), found.get('RedrivePolicy')
        return out

    def disturb(self, field):
        if field == 'subscriptions':
            for one in self.sns.list_subscriptions_by_topic(TopicArn=self.arn())['Subscriptions']:
                if one['Endpoint'] == self.queues[1]:
                    self.sns.unsubscribe(SubscriptionArn=one['SubscriptionArn'])
        elif field == 'deliveryPolicy':
            self.sns.set_topic_attributes(TopicArn=self.arn(), AttributeName='DeliveryPolicy', AttributeValue='{}')
        else:
            self.sns.set_topic_attributes(TopicArn=self.arn(), AttributeName='DisplayName', AttributeValue='changed')

    def exists(self):
        return self.arn() is not None

    def test_subscriptions_of_others_stay(self):
        self.make()
        self.sns.subscribe(TopicArn=self.arn(), Protocol='sqs', Endpoint=self.queues[2])
        self.patch('SNSTopic', 'one', {'subscriptions': [self.subscription(0)]})
        self.eventually('ours has gone', lambda: self.queues[1] not in self.read('subscriptions'))
        self.assertEqual(sorted(self.read('subscriptions')), sorted([self.queues[0], self.queues[2]]))
        self.patch('SNSTopic', 'one', {'subscriptions': None})
        self.eventually('all of ours have gone', lambda: sorted(self.read('subscriptions')) == [self.queues[2]])

    def test_status(self):
        status = self.make()['status']
        found = self.sns.list_subscriptions_by_topic(TopicArn=self.arn())['Subscriptions']
        self.assertEqual(status['topicArn'], self.arn())
        self.assertEqual(sorted(status['subscriptionArns']), sorted(one['SubscriptionArn'] for one in found))
        # moto 5.2.5 says 0 for both whatever there is: Topic.__init__ sets them, and nothing else does.
        self.assertEqual((status['subscriptionsConfirmed'], status['subscriptionsPending']), (0, 0))

    def test_a_fifo_topic(self):
        self.name += '.fifo'
        self.create('SNSTopic', 'one', {**self.required(), 'fifoTopic': True, 'contentBasedDeduplication': True})
        self.wait_ready('SNSTopic', 'one')
        self.assertEqual((self.read('fifoTopic'), self.read('contentBasedDeduplication')), ('true', 'true'))
        self.patch('SNSTopic', 'one', {'contentBasedDeduplication': False})
        self.eventually('it is off', lambda: self.read('contentBasedDeduplication') == 'false')

    def test_no_fifo_topic_may_be_said(self):
        self.create('SNSTopic', 'one', {**self.required(), 'fifoTopic': False, 'contentBasedDeduplication': False})
        self.wait_ready('SNSTopic', 'one')
        self.assert_settled('SNSTopic', 'one')


class SnsTopicInAws(FaultCase):
    def test_what_waits_for_its_receiver_is_left_alone(self):
        # moto 5.2.5 confirms every subscription at once.
        def waiting(reply):
            reply.body = re.sub(rb'<SubscriptionArn>[^<]*</SubscriptionArn>', b'<SubscriptionArn>PendingConfirmation</SubscriptionArn>', reply.body)
            return reply
        self.faults.rule = lambda request: waiting if request.operation == 'ListSubscriptionsByTopic' else None
        self.create('SNSTopic', 'one', {'topicName': f'topic-{self.number}', 'providerRef': {'name': 'faulty'}, 'subscriptions': [
            {'protocol': 'email', 'endpoint': 'a@example.com', 'rawMessageDelivery': True}]})
        status = self.wait_ready('SNSTopic', 'one')['status']
        self.assertEqual(status['subscriptionArns'], ['PendingConfirmation'])
        self.patch('SNSTopic', 'one', {'subscriptions': []})
        self.wait_ready('SNSTopic', 'one')
        self.assertNotIn('Unsubscribe', [one.operation for one in self.faults.seen])


class TableIndexes(Case):
    def setUp(self):
        super().setUp()
        self.dynamodb = client('dynamodb')
        self.name = f'table-{self.number}'

    def index(self, name, **more):
        return {'indexName': name, 'hashKey': 'owner', 'projectionType': 'KEYS_ONLY', **more}

    def make(self, *indexes, **more):
        self.create('DynamoDBTable', 'one', {
            'tableName': self.name, 'hashKey': {'name': 'id', 'type': 'S'}, 'billingMode': 'PAY_PER_REQUEST', **more,
            'attributes': [{'name': 'owner', 'type': 'S'}, {'name': 'id', 'type': 'S'}] + [
                {'name': 'when', 'type': 'N'}] * any('rangeKey' in one for one in indexes),
            'globalSecondaryIndexes': list(indexes)})
        return self.wait_ready('DynamoDBTable', 'one')

    def indexes(self):
        return {one['IndexName']: one for one in
                self.dynamodb.describe_table(TableName=self.name)['Table'].get('GlobalSecondaryIndexes', [])}

    def test_made_with_the_table(self):
        self.make(self.index('by-owner', rangeKey='when', projectionType='INCLUDE', nonKeyAttributes=['b', 'a']))
        found = self.indexes()['by-owner']
        self.assertEqual(found['KeySchema'], [{'AttributeName': 'owner', 'KeyType': 'HASH'}, {'AttributeName': 'when', 'KeyType': 'RANGE'}])
        self.assertEqual(found['Projection'], {'ProjectionType': 'INCLUDE', 'NonKeyAttributes': ['b', 'a']})
        self.assert_settled('DynamoDBTable', 'one')

    def test_added_and_taken_away(self):
        self.make(self.index('first'), self.index('stays', rangeKey='when'))
        self.patch('DynamoDBTable', 'one', {'globalSecondaryIndexes': [
            self.index('stays', rangeKey='when'), self.index('second', rangeKey='when'), self.index('third', rangeKey='when')]})
        self.eventually('the indexes are as declared', lambda: sorted(self.indexes()) == ['second', 'stays', 'third'])
        self.wait_ready('DynamoDBTable', 'one')
        self.assert_settled('DynamoDBTable', 'one')

    def test_an_index_cannot_be_changed(self):
        self.make(self.index('first'))
        self.patch('DynamoDBTable', 'one', {'globalSecondaryIndexes': [self.index('first', projectionType='ALL')]})
        self.assertIn('globalSecondaryIndexes[first]', self.wait_condition('DynamoDBTable', 'one', 'False', 'Immutable')['message'])
        self.patch('DynamoDBTable', 'one', {'globalSecondaryIndexes': [self.index('first')]})
        self.wait_ready('DynamoDBTable', 'one')
