"""Kinds whose spec declares children: rules of a security group, routes and subnets of a route table."""
from harness import Case, client
from test_kinds import Ec2Fields


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
