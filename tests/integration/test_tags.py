"""Who puts which tags on a resource, who takes them off, and which fields are left to others (docs/tags.md, docs/annotations.md)."""
from harness import Case, GROUP, client

IGNORE = f'{GROUP}/ignore-fields'


class Tags(Case):
    def setUp(self):
        super().setUp()
        self.ec2 = client('ec2')

    def tags(self, vpc):
        found = self.ec2.describe_vpcs(VpcIds=[vpc])['Vpcs'][0].get('Tags', [])
        return {tag['Key']: tag['Value'] for tag in found if not tag['Key'].startswith(GROUP)}

    def make(self, **spec):
        self.make_object_vpc(**spec)
        return self.wait_ready('VPC', 'vpc')['status']['vpcID']

    def add(self, vpc, **tags):
        self.ec2.create_tags(Resources=[vpc], Tags=[{'Key': key, 'Value': value} for key, value in tags.items()])

    def test_whoever_comes_later_wins(self):
        self.patch('AWSProvider', 'aws', {'defaultTags': {'Team': 'provider', 'Env': 'provider', 'Suite': 'provider'}})
        self.wait_ready('AWSProvider', 'aws')
        vpc = self.make(tags={'Team': 'object'})
        everywhere = {'Suite': 'provider', 'Place': 'everywhere', 'Team': 'object', 'Env': 'provider'}
        self.eventually('the tags are merged', lambda: self.tags(vpc) == everywhere)
        self.patch('AWSProvider', 'aws', {'defaultTags': {'Env': None, 'Suite': None}})
        self.eventually('the global one is back, and the other has gone', lambda: self.tags(vpc) == {
            'Suite': 'integration', 'Place': 'everywhere', 'Team': 'object'})

    def test_foreign_tags_go_where_the_provider_says_so(self):
        vpc = self.make(tags={'Team': 'a'})
        self.add(vpc, Foreign='x')
        self.assert_settled('VPC', 'vpc')
        self.assertEqual(self.tags(vpc)['Foreign'], 'x')
        self.patch('AWSProvider', 'aws', {'foreignTags': 'Remove'})
        self.eventually('it has gone', lambda: 'Foreign' not in self.tags(vpc))
        self.assertEqual(self.tags(vpc)['Team'], 'a')
        self.assert_settled('VPC', 'vpc')

    def test_one_tag_may_be_left_to_others(self):
        vpc = self.make(tags={'Team': 'a', 'CostCenter': '1'})
        self.patch('VPC', 'vpc', annotations={'ignore-fields': 'tags.CostCenter'})
        self.add(vpc, CostCenter='2', Team='z')
        self.eventually('the other tag is put right', lambda: self.tags(vpc)['Team'] == 'a')
        self.assertEqual(self.tags(vpc)['CostCenter'], '2')
        self.patch('VPC', 'vpc', annotations={'ignore-fields': None})
        self.eventually('and this one too, now', lambda: self.tags(vpc)['CostCenter'] == '1')

    def test_what_aws_would_refuse_is_named(self):
        for tags, word in (({'aws:x': '1'}, 'aws:x'), ({'AWS:x': '1'}, 'AWS:x'), ({'k' * 129: ''}, '128'), ({'k': 'v' * 257}, '256'),
                           ({f'k{number}': '' for number in range(50)}, '50')):
            with self.subTest(word=word):
                self.create('VPC', 'refused', {'cidrBlock': '10.0.0.0/16', 'tags': tags})
                self.wait_condition('VPC', 'refused', 'False', 'InvalidSpec')
                self.assertIn(word, self.condition('VPC', 'refused')['message'])
                self.delete_and_wait('VPC', 'refused')


class IgnoredFields(Case):
    def setUp(self):
        super().setUp()
        self.iam = client('iam')
        self.name = f'ignored-{self.number}'

    def role(self):
        return self.iam.get_role(RoleName=self.name)['Role']

    def test_what_aws_has_stays_though_a_neighbour_in_the_same_call_changes(self):
        trust = '{"Version":"2012-10-17","Statement":[]}'
        self.create('IAMRole', 'one', {'roleName': self.name, 'assumeRolePolicyDocument': trust, 'description': 'first',
                                       'maxSessionDuration': 3600}, annotations={IGNORE: 'description'})
        self.wait_ready('IAMRole', 'one')
        self.assertEqual(self.role()['Description'], 'first')
        self.iam.update_role(RoleName=self.name, Description='theirs', MaxSessionDuration=7200)
        self.eventually('the neighbour is put right', lambda: self.role()['MaxSessionDuration'] == 3600)
        self.assertEqual(self.role()['Description'], 'theirs')
        self.assert_settled('IAMRole', 'one')
        self.patch('IAMRole', 'one', annotations={'ignore-fields': None})
        self.eventually('ours again', lambda: self.role()['Description'] == 'first')

    def test_a_whole_set_may_be_left_to_others(self):
        ec2 = client('ec2')
        self.make_object_vpc()
        vpc = self.wait_ready('VPC', 'vpc')['status']['vpcID']
        rule = {'ipProtocol': 'tcp', 'fromPort': 443, 'toPort': 443, 'cidrBlocks': ['10.0.0.0/8']}
        self.create('SecurityGroup', 'one', {'groupName': self.name, 'description': 'x', 'vpcID': vpc, 'ingressRules': [rule]},
                    annotations={IGNORE: 'ingressRules'})
        made = self.wait_ready('SecurityGroup', 'one')['status']['groupID']

        def ports():
            rules = ec2.describe_security_groups(GroupIds=[made])['SecurityGroups'][0]['IpPermissions']
            return sorted(rule['FromPort'] for rule in rules)
        self.assertEqual(ports(), [443], 'it was made as declared')
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[{'IpProtocol': 'tcp', 'FromPort': 22, 'ToPort': 22,
                                                                           'IpRanges': [{'CidrIp': '10.0.0.0/8'}]}])
        self.assert_settled('SecurityGroup', 'one')
        self.assertEqual(ports(), [22, 443])
        self.patch('SecurityGroup', 'one', annotations={'ignore-fields': None})
        self.eventually('the foreign rule has gone', lambda: ports() == [443])

    def test_a_field_that_does_not_exist_is_named(self):
        self.make_object_vpc()
        self.wait_ready('VPC', 'vpc')
        self.patch('VPC', 'vpc', annotations={'ignore-fields': 'enableDnsSuport'})
        self.wait_condition('VPC', 'vpc', 'False', 'InvalidSpec')
        self.assertIn('enableDnsSuport', self.condition('VPC', 'vpc')['message'])
