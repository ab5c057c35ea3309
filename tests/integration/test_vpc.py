from harness import Case, GLOBAL_TAGS, GROUP, World, client, wait_until
from stack import must_run


class Vpc(Case):
    def setUp(self):
        super().setUp()
        self.ec2 = client('ec2')

    def attribute(self, vpc, name):
        answer = self.ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
        return answer[name[0].upper() + name[1:]]['Value']

    def tags(self, vpc):
        tags = self.ec2.describe_vpcs(VpcIds=[vpc])['Vpcs'][0].get('Tags', [])
        return {tag['Key']: tag['Value'] for tag in tags}

    def make(self, **spec):
        self.make_object_vpc(**spec)
        return self.wait_ready('VPC', 'vpc')['status']['vpcID']

    def test_create(self):
        vpc = self.make(cidrBlock='10.7.0.0/16', instanceTenancy='dedicated', enableDnsSupport=True,
                        enableDnsHostnames=False, tags={'Team': 'a'})
        status = self.get('VPC', 'vpc')['status']
        self.assertEqual(status['cidrBlock'], '10.7.0.0/16')
        self.assertEqual(status['state'], 'available')
        self.assertFalse(status['isDefault'])
        found = self.ec2.describe_vpcs(VpcIds=[vpc])['Vpcs'][0]
        self.assertEqual((found['CidrBlock'], found['InstanceTenancy']), ('10.7.0.0/16', 'dedicated'))
        self.assertTrue(self.attribute(vpc, 'enableDnsSupport'))
        self.assertFalse(self.attribute(vpc, 'enableDnsHostnames'))
        item = self.get('VPC', 'vpc')
        self.assertEqual(self.tags(vpc), {
            'Team': 'a', **GLOBAL_TAGS, f'{GROUP}/uid': item['metadata']['uid'], f'{GROUP}/cluster': 'test',
            f'{GROUP}/namespace': self.ns, f'{GROUP}/name': 'vpc'})
        self.assertEqual(item['metadata']['annotations'][f'{GROUP}/external-id'], vpc)
        self.assert_settled('VPC', 'vpc')

    def test_every_change_of_the_spec_reaches_aws(self):
        vpc = self.make(tags={'Team': 'a', 'Gone': 'x'})
        self.assertTrue(self.attribute(vpc, 'enableDnsHostnames'))
        self.patch('VPC', 'vpc', {'enableDnsHostnames': False, 'enableDnsSupport': False,
                                  'tags': {'Team': 'b', 'Gone': None, 'New': ''}})
        self.wait_ready('VPC', 'vpc')
        self.assertFalse(self.attribute(vpc, 'enableDnsHostnames'))
        self.assertFalse(self.attribute(vpc, 'enableDnsSupport'))
        tags = self.tags(vpc)
        self.assertEqual((tags['Team'], tags['New']), ('b', ''))
        self.assertNotIn('Gone', tags)

    def test_what_is_changed_in_aws_is_put_right(self):
        vpc = self.make(tags={'Team': 'a'})
        self.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={'Value': False})
        self.ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'z'}, {'Key': 'Foreign', 'Value': 'stays'}])
        self.eventually('the attribute is put right', lambda: self.attribute(vpc, 'enableDnsHostnames'))
        self.eventually('the tag is put right', lambda: self.tags(vpc)['Team'] == 'a')
        self.assertEqual(self.tags(vpc)['Foreign'], 'stays')
        self.eventually('an event says so', lambda: self.events('vpc', 'DriftHealed'))

    def test_a_lost_tag_of_ours_is_set_again(self):
        vpc = self.make()
        self.ec2.delete_tags(Resources=[vpc], Tags=[{'Key': f'{GROUP}/name'}])
        self.eventually('the tag is back', lambda: self.tags(vpc).get(f'{GROUP}/name') == 'vpc')

    def test_delete(self):
        vpc = self.make()
        self.delete_and_wait('VPC', 'vpc')
        self.assertEqual(self.vpcs_of(), [])
        self.assertNotIn(vpc, [one['VpcId'] for one in self.ec2.describe_vpcs()['Vpcs']])

    def test_delete_waits_for_what_is_in_the_vpc(self):
        vpc = self.make()
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock='10.0.1.0/24')['Subnet']['SubnetId']
        self.delete('VPC', 'vpc')
        blocked = self.wait_condition('VPC', 'vpc', 'False', wanted='Ready', reason='Deleting')
        wait_until('the reason is named', lambda: 'DependencyViolation' in self.condition('VPC', 'vpc')['message'])
        self.assertTrue(blocked)
        self.ec2.delete_subnet(SubnetId=subnet)
        self.wait_gone('VPC', 'vpc', 30)
        self.assertEqual(self.vpcs_of(), [])

    def test_retain_leaves_the_vpc(self):
        vpc = self.make(deletionPolicy='Retain')
        self.delete_and_wait('VPC', 'vpc')
        self.assertEqual([one['VpcId'] for one in self.vpcs_of()], [vpc])
        self.ec2.delete_vpc(VpcId=vpc)

    def test_deleted_in_aws_is_made_again(self):
        vpc = self.make()
        self.ec2.delete_vpc(VpcId=vpc)
        waits = self.wait_condition('VPC', 'vpc', 'False', 'ConfirmingAbsence')
        self.assertIn('not long ago', waits['message'])
        self.let_the_minutes_pass('VPC', 'vpc')
        self.eventually('another one', lambda: [one['VpcId'] for one in self.vpcs_of()] not in ([], [vpc]))
        again = self.wait_ready('VPC', 'vpc')['status']['vpcID']
        self.assertEqual([one['VpcId'] for one in self.vpcs_of()], [again])

    def test_deleted_in_aws_and_then_the_object(self):
        vpc = self.make()
        self.let_the_minutes_pass('VPC', 'vpc')
        self.ec2.delete_vpc(VpcId=vpc)
        self.delete_and_wait('VPC', 'vpc')
        self.assertEqual(self.vpcs_of(), [])

    def test_two_with_the_owner_tag_are_left_to_a_person(self):
        vpc = self.make()
        tags = self.ec2.describe_vpcs(VpcIds=[vpc])['Vpcs'][0]['Tags']
        twin = self.ec2.create_vpc(CidrBlock='10.0.0.0/16', TagSpecifications=[
            {'ResourceType': 'vpc', 'Tags': tags}])['Vpc']['VpcId']
        self.patch('VPC', 'vpc', annotations={'paused': 'true'})
        self.kube.must('PATCH', self.path('VPC', 'vpc') + '/status', {'status': None}, 'application/merge-patch+json')
        self.patch('VPC', 'vpc', annotations={'paused': None, 'external-id': None})
        said = self.wait_condition('VPC', 'vpc', 'False', 'Refused')['message']
        self.assertIn(vpc, said)
        self.assertIn(twin, said)
        self.ec2.delete_vpc(VpcId=twin)
        self.patch('VPC', 'vpc', annotations={'reconcile-requested-at': 'now'})
        self.assertEqual(self.wait_ready('VPC', 'vpc', 30)['status']['vpcID'], vpc)

    def test_paused_is_left_alone(self):
        vpc = self.make(tags={'Team': 'a'})
        self.patch('VPC', 'vpc', annotations={'paused': 'true'})
        self.ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'z'}])
        looked = self.looks()
        self.eventually('two more looks', lambda: self.looks() >= looked + 2)
        self.assertEqual(self.tags(vpc)['Team'], 'z')
        self.patch('VPC', 'vpc', annotations={'paused': None})
        self.eventually('the tag is put right', lambda: self.tags(vpc)['Team'] == 'a')

    def test_drift_is_left_where_that_is_wanted(self):
        vpc = self.make(tags={'Team': 'a'})
        self.patch('VPC', 'vpc', annotations={'auto-heal': 'false'})
        self.ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'z'}])
        self.wait_condition('VPC', 'vpc', 'False', 'Drifted', 'Synced')
        drift = self.get('VPC', 'vpc')['status']['drift']
        self.assertEqual((drift['detected'], drift['details']), (True, [
            {'field': 'tags.Team', 'expected': 'a', 'actual': 'z', 'severity': 'low'}]))
        self.eventually('an event says so', lambda: self.events('vpc', 'DriftDetected'))
        # What the user changes goes through all the same.
        self.patch('VPC', 'vpc', {'enableDnsHostnames': False, 'tags': {'Team': 'z'}})
        self.wait_ready('VPC', 'vpc')
        self.assertFalse(self.attribute(vpc, 'enableDnsHostnames'))
        self.ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'y'}])
        self.wait_condition('VPC', 'vpc', 'False', 'Drifted', 'Synced')
        self.patch('VPC', 'vpc', annotations={'auto-heal': 'true'})
        self.wait_ready('VPC', 'vpc')
        self.assertEqual(self.tags(vpc)['Team'], 'z')

    def test_a_provider_may_leave_drift(self):
        vpc = self.make(tags={'Team': 'a'})
        self.let_the_minutes_pass('VPC', 'vpc')
        self.patch('AWSProvider', 'aws', {'driftDetection': {'autoHeal': False}})
        self.wait_ready('AWSProvider', 'aws')
        self.ec2.delete_vpc(VpcId=vpc)
        self.wait_condition('VPC', 'vpc', 'False', 'Drifted', 'Synced')
        self.assertEqual(self.get('VPC', 'vpc')['status']['drift']['details'][0]['actual'], 'gone')
        self.patch('AWSProvider', 'aws', {'driftDetection': {'autoHeal': True}})
        self.eventually('another one', lambda: [one['VpcId'] for one in self.vpcs_of()] not in ([], [vpc]))
        self.wait_ready('VPC', 'vpc')

    def say_of_drift(self, **words):
        self.patch('AWSProvider', 'aws', {'driftDetection': words})
        self.wait_ready('AWSProvider', 'aws')

    def listed_drift(self):
        return must_run([World.tools['operator'], 'drift', '--namespaces', self.ns], env={'KUBECONFIG': str(World.stack.kubeconfig)})

    def test_a_provider_may_not_mind_what_is_less_severe(self):
        vpc = self.make(tags={'Team': 'a'})
        self.assertEqual(self.listed_drift(), 'Everything that was looked at is as declared.\n')
        self.say_of_drift(autoHeal=False, severityThreshold='high')
        self.ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'z'}])
        self.await_looks('VPC', 2)
        status = self.get('VPC', 'vpc')['status']
        self.assertEqual((status['ready'], status.get('drift'), self.tags(vpc)['Team']), (True, None, 'z'))
        self.say_of_drift(severityThreshold='low')
        self.wait_condition('VPC', 'vpc', 'False', 'Drifted', 'Synced')
        self.assertRegex(self.listed_drift(), rf'^vpcs {self.ns}/vpc: tags.Team is z, declared a \(low, since 20.*Z\)\n$')

    def test_a_provider_may_leave_fields_to_others(self):
        vpc = self.make(tags={'Team': 'a'})
        self.say_of_drift(ignoreFields=['tags.Team', 'what.others.have'])
        self.ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'z'}])
        self.await_looks('VPC', 2)
        self.assertEqual(self.tags(vpc)['Team'], 'z')
        self.say_of_drift(ignoreFields=None)
        self.eventually('the tag is put right', lambda: self.tags(vpc)['Team'] == 'a')

    def test_a_provider_may_want_no_looks(self):
        vpc = self.make(tags={'Team': 'a'})
        self.say_of_drift(enabled=False)
        self.make_provider('looked-at')
        self.create('VPC', 'other', {'cidrBlock': '10.1.0.0/16', 'providerRef': {'name': 'looked-at'}})
        self.wait_ready('VPC', 'other')
        self.await_looks('VPC', 1)  # after it the last look at the first has ended
        self.ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'z'}])
        self.await_looks('VPC', 3)
        self.assertEqual(self.tags(vpc)['Team'], 'z')
        self.patch('VPC', 'vpc', annotations={'check-interval': '1s'})
        self.eventually('the tag is put right', lambda: self.tags(vpc)['Team'] == 'a')

    def test_observed_only_reports_and_does_not_write(self):
        vpc = self.make(tags={'Team': 'a'})
        self.patch('VPC', 'vpc', annotations={'policy': 'observe'})
        self.ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'z'}])
        drifted = self.wait_condition('VPC', 'vpc', 'False', 'Drifted', 'Synced')
        self.assertIn('tags.Team', drifted['message'])
        self.assertEqual(self.tags(vpc)['Team'], 'z')
        self.patch('VPC', 'vpc', annotations={'policy': None})
        self.wait_ready('VPC', 'vpc')

    def test_a_restored_object_without_status_finds_its_vpc(self):
        vpc = self.make()
        self.patch('VPC', 'vpc', annotations={'paused': 'true'})
        self.kube.must('PATCH', self.path('VPC', 'vpc') + '/status', {'status': None}, 'application/merge-patch+json')
        self.patch('VPC', 'vpc', annotations={'paused': None})
        self.assertEqual(self.wait_ready('VPC', 'vpc')['status']['vpcID'], vpc)
        self.assertEqual([one['VpcId'] for one in self.vpcs_of()], [vpc])

    def test_id_and_annotation_lost_is_found_by_owner_tag(self):
        vpc = self.make()
        self.patch('VPC', 'vpc', annotations={'paused': 'true'})
        self.kube.must('PATCH', self.path('VPC', 'vpc') + '/status', {'status': None}, 'application/merge-patch+json')
        self.patch('VPC', 'vpc', annotations={'paused': None, 'external-id': None})
        self.assertEqual(self.wait_ready('VPC', 'vpc')['status']['vpcID'], vpc)
        self.assertEqual([one['VpcId'] for one in self.vpcs_of()], [vpc])

    def test_a_look_that_was_asked_for_is_acknowledged(self):
        self.make()
        self.patch('VPC', 'vpc', annotations={'reconcile-requested-at': '2026-01-01T00:00:00Z'})
        self.eventually('it is acknowledged', lambda: self.get('VPC', 'vpc')['status'].get(
            'lastHandledReconcileAt') == '2026-01-01T00:00:00Z')
        self.assert_settled('VPC', 'vpc')

    def looks(self):
        return self.operator_metric('infra_operator_reconcile_total')

    def operator_metric(self, name):
        from harness import World
        return World.operator.metric(name, resource_type='VPC')
