"""The operator killed, the API server restarted, objects deleted at the wrong moment: one resource, or none."""
import json
import signal
import threading

from harness import Case, FaultCase, Faults, GROUP, Reply, World, client, policy

INLINE = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:Get*', 'Resource': '*'}]})
KINDS = {
    'VPC': lambda number: {'cidrBlock': '10.0.0.0/16', 'tags': {'A': 'b'}},
    'KMSKey': lambda number: {'description': 'crash', 'enableKeyRotation': True, 'deletionPolicy': 'Delete'},
    'SQSQueue': lambda number: {'queueName': f'crash-{number}'},
    'IAMRole': lambda number: {'roleName': f'crash-{number}', 'assumeRolePolicyDocument': policy(),
                               'inlinePolicy': {'policyName': 'p', 'policyDocument': INLINE}},
    'S3Bucket': lambda number: {'bucketName': f'crash-{number}-bucket', 'versioning': {'enabled': True}},
}


def owned(kind, uid):
    """How many resources of this kind carry the object's uid."""
    owner = f'{GROUP}/uid'
    if kind == 'VPC':
        return len(client('ec2').describe_vpcs(Filters=[{'Name': f'tag:{owner}', 'Values': [uid]}])['Vpcs'])
    if kind == 'KMSKey':
        kms = client('kms')
        keys = [key['KeyId'] for page in kms.get_paginator('list_keys').paginate() for key in page['Keys']]
        alive = [key for key in keys if kms.describe_key(KeyId=key)['KeyMetadata']['KeyState'] != 'PendingDeletion']
        return sum({'TagKey': owner, 'TagValue': uid} in kms.list_resource_tags(KeyId=key)['Tags'] for key in alive)
    if kind == 'SQSQueue':
        sqs = client('sqs')
        return sum(sqs.list_queue_tags(QueueUrl=url).get('Tags', {}).get(owner) == uid
                   for url in sqs.list_queues().get('QueueUrls', []))
    if kind == 'IAMRole':
        iam = client('iam')
        return sum({'Key': owner, 'Value': uid} in iam.list_role_tags(RoleName=role['RoleName'])['Tags']
                   for role in iam.list_roles()['Roles'])
    s3 = client('s3')
    count = 0
    for bucket in s3.list_buckets()['Buckets']:
        try:
            count += {'Key': owner, 'Value': uid} in s3.get_bucket_tagging(Bucket=bucket['Name'])['TagSet']
        except s3.exceptions.ClientError:
            continue  # has no tags
    return count


class Killer:
    """A rule for Faults: kills the operator at the number-th call from now, once."""

    def __init__(self, number, after):
        self.calls_left, self.after = number, after
        self.lock = threading.Lock()
        self.killed = False

    def __call__(self, request):
        if request.operation == 'GetCallerIdentity':
            return None
        with self.lock:
            self.calls_left -= 1
            if self.calls_left != 0:
                return None
            if not self.after:
                return self.kill()
        return self.kill_unless_disarmed

    def kill_unless_disarmed(self, reply):
        with self.lock:
            return self.kill() if self.calls_left == 0 else reply

    def kill(self):
        World.operator.kill()
        self.killed = True
        return Reply(close=True)

    def disarm(self):
        """Whether it has killed; it will not any more."""
        with self.lock:
            self.calls_left = -1
            return self.killed


class Killed(FaultCase):
    """kill -9 at each call to AWS in turn, once before it arrives and once before its answer does."""

    def killed_before(self, killer, what, done):
        """Waits for `done` or the kill; starts a killed operator again. Whether it was killed."""
        self.eventually(what, lambda: killer.killed or done())
        killed = killer.disarm()
        self.let_everything_pass()
        if killed:
            World.start_operator()
        return killed

    def let_the_lists_catch_up(self, kind, name, done):
        """Where a create or a deletion was lost, minutes pass before its absence is believed: here they pass at once."""
        def waits():
            reason = self.condition(kind, name, 'Synced')['reason']
            return reason if reason.startswith('Confirming') else None
        reason = self.eventually('it is looked at', lambda: done() or waits())
        if reason == 'ConfirmingOwner':
            self.assertEqual(kind, 'S3Bucket')
            self.say_that_it_is_ours(kind, name)
        elif not done():
            self.let_the_minutes_pass(kind, name)

    def check(self, kind, after):
        for number in range(1, 30):
            name = f'{kind.lower()}-{number}'
            self.faults.rule = killer = Killer(number, after)
            made = self.create(kind, name, {**KINDS[kind](f'{self.number}-{number}'), 'providerRef': {'name': 'faulty'}})
            uid = made['metadata']['uid']

            def ready():
                return self.get(kind, name).get('status', {}).get('ready')
            making = self.killed_before(killer, 'it is ready', ready)
            if making:
                self.let_the_lists_catch_up(kind, name, ready)
            self.wait_ready(kind, name, 30)
            self.assertEqual(owned(kind, uid), 1, f'killed at call {number} of {kind}, after={after}')
            self.faults.rule = killer = Killer(number, after)
            self.delete(kind, name)

            def gone():
                return self.kube.request('GET', self.path(kind, name))[0] == 404
            deleting = self.killed_before(killer, 'it is gone', gone)
            if deleting:
                self.let_the_lists_catch_up(kind, name, gone)
            self.wait_gone(kind, name, 30)
            self.assertEqual(owned(kind, uid), 0, f'killed at call {number} of deleting {kind}, after={after}')
            if not making and not deleting:
                return
        self.fail('more calls than a small object can need')


for one in KINDS:
    setattr(Killed, f'test_{one}_before_each_call', lambda self, kind=one: self.check(kind, False))
    setattr(Killed, f'test_{one}_after_each_call', lambda self, kind=one: self.check(kind, True))


class Deleted(FaultCase):
    def test_while_its_create_is_running(self):
        arrived, go_on = self.faults.hold('CreateVpc')
        uid = self.make_object_vpc(provider='faulty')['metadata']['uid']
        self.assertTrue(arrived.wait(10))
        self.delete('VPC', 'vpc')
        go_on.set()
        self.wait_gone('VPC', 'vpc', 20)
        self.assertEqual(owned('VPC', uid), 0)

    def test_and_made_again_under_the_same_name(self):
        first = self.make_object_vpc(provider='faulty')['metadata']['uid']
        self.wait_ready('VPC', 'vpc')
        self.delete_and_wait('VPC', 'vpc')
        second = self.make_object_vpc(provider='faulty')['metadata']['uid']
        self.wait_ready('VPC', 'vpc')
        self.assertEqual((owned('VPC', first), owned('VPC', second)), (0, 1))


class Stopped(FaultCase):
    def test_a_term_signal_lets_a_create_end_and_saves_its_id(self):
        arrived, go_on = self.faults.hold('CreateVpc')
        uid = self.make_object_vpc(provider='faulty')['metadata']['uid']
        self.assertTrue(arrived.wait(10))
        World.operator.process.signal(signal.SIGTERM)
        self.eventually('it is told to stop', lambda: World.operator.find_line('stopping'))
        self.assertTrue(World.operator.process.alive(), 'it waits for the create')
        go_on.set()
        self.eventually('it ends', lambda: not World.operator.process.alive())
        self.assertEqual(World.operator.process.popen.returncode, 0)
        self.assertTrue(self.get('VPC', 'vpc')['status'].get('vpcID'), 'the id was saved before the end')
        self.assertEqual(owned('VPC', uid), 1)
        World.start_operator()
        self.wait_ready('VPC', 'vpc')
        self.assertEqual(owned('VPC', uid), 1)


class ApiServer(Case):
    def test_restarted(self):
        self.make_object_vpc('before', tags={'Team': 'a'})
        vpc = self.wait_ready('VPC', 'before')['status']['vpcID']

        def team():
            tags = client('ec2').describe_vpcs(VpcIds=[vpc])['Vpcs'][0]['Tags']
            return next(tag['Value'] for tag in tags if tag['Key'] == 'Team')
        self.take_api_server_away()
        try:
            client('ec2').create_tags(Resources=[vpc], Tags=[{'Key': 'Team', 'Value': 'changed'}])
            self.eventually('drift is put right without the API server', lambda: team() == 'a')
        finally:
            self.bring_api_server_back()
        self.make_object_vpc('after')
        self.wait_ready('VPC', 'after', 60)
        self.wait_ready('VPC', 'before')
        self.assertEqual([one['VpcId'] for one in self.vpcs_of('before')], [vpc])
        self.assertEqual(len(self.vpcs_of('after')), 1)

    def test_away_when_the_operator_starts(self):
        World.operator.stop()
        self.take_api_server_away()
        try:
            operator = World.operator = World.stack.start_operator('--no-leader-elect', '--check-interval', '1s',
                                                                   '--cluster-name', 'test')
            self.assertEqual(operator.get(operator.health_port, '/healthz')[0], 200)
            self.assertEqual(operator.get(operator.health_port, '/readyz')[0], 503)
        finally:
            self.bring_api_server_back()
        operator.wait_ready(60)

    def test_away_while_an_id_is_to_be_saved(self):
        faults = Faults()
        self.addCleanup(faults.close)
        self.make_provider('faulty', endpoint=faults.url)

        def rule(request):
            if request.operation != 'CreateVpc':
                return None

            def made(reply):
                self.take_api_server_away()
                return reply
            return made
        faults.rule = rule
        uid = self.make_object_vpc(provider='faulty')['metadata']['uid']
        self.eventually('the API server is gone', lambda: not World.stack.apiserver.alive())
        faults.rule = lambda request: None
        self.bring_api_server_back()
        self.wait_ready('VPC', 'vpc', 60)
        self.assertEqual(owned('VPC', uid), 1)
        self.delete_and_wait('VPC', 'vpc')


class Signals(Case):
    def test_interrupt_is_a_clean_stop_too(self):
        World.operator.process.signal(signal.SIGINT)
        self.eventually('it ends', lambda: not World.operator.process.alive())
        self.assertEqual(World.operator.process.popen.returncode, 0)
        World.start_operator()
