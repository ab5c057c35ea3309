"""The operator killed at random moments while calls to AWS fail: in the end one resource for each object.

INFRA_KILL_SEED repeats a run (its seed is printed), INFRA_KILL_RUNS makes so many runs, with the seeds that follow.
"""
import collections
import json
import os
import random
import threading
import time
import traceback

from harness import FaultCase, GROUP, LONG_AGO, PLURALS, Reply, World, client, policy, wait_until
from test_kinds import archive

SEED = int(os.environ.get('INFRA_KILL_SEED') or random.SystemRandom().randrange(1_000_000))
RUNS = int(os.environ.get('INFRA_KILL_RUNS') or 1)
OBJECTS = {'VPC': 12, 'IAMRole': 5, 'SQSQueue': 5, 'KMSKey': 8, 'LambdaFunction': 5, 'S3Bucket': 5}
KILLS = 10
FAULTS = 0.05  # share of the calls to AWS
CREATE_FAULTS = 0.3  # the same of creates, which are few and where a lost answer costs most
INLINE = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:Get*', 'Resource': '*'}]})


class Failing:
    """A rule for Faults: a share of the calls fails, half of the broken connections after AWS has done its work."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.counts = collections.Counter()

    def __call__(self, request):
        creates = request.operation.startswith('Create')
        share = CREATE_FAULTS if creates else FAULTS
        with self.lock:
            self.counts['calls'] += 1
            if self.random.random() >= share:
                return None
            how = self.random.choice(['error', 'lost request', 'lost answer'])
            self.counts[how] += 1
            self.counts['creates with a lost answer'] += creates and how == 'lost answer'
        if how == 'error':
            return Reply(500)
        return Reply(close=True) if how == 'lost request' else lambda reply: Reply(close=True)


class Killer(threading.Thread):
    """Kills the operator with SIGKILL every 0.5 to 2 s and starts the next one, until told to end."""

    def __init__(self, seed):
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.told = threading.Event()
        self.kills = 0
        self.problem = None

    def run(self):
        try:
            while not self.told.wait(self.random.uniform(0.5, 2)):
                World.operator.kill()
                self.kills += 1
                World.operator = start_operator()
        except Exception:  # pylint: disable=broad-except
            self.problem = traceback.format_exc()

    def end(self):
        self.told.set()
        self.join()


def start_operator():
    """Without a lease, which a killed process would leave to run out."""
    return World.stack.start_operator('--no-leader-elect', '--check-interval', '5s', '--cluster-name', 'test')


def tags_of(pairs, key='Key', value='Value'):
    return {pair[key]: pair[value] for pair in pairs}


def vpcs():
    for vpc in client('ec2').describe_vpcs()['Vpcs']:
        yield vpc['VpcId'], tags_of(vpc.get('Tags', []))


def keys():
    """Without those that wait for their deletion."""
    kms = client('kms')
    for page in kms.get_paginator('list_keys').paginate():
        for key in page['Keys']:
            if kms.describe_key(KeyId=key['KeyId'])['KeyMetadata']['KeyState'] != 'PendingDeletion':
                yield key['KeyId'], tags_of(kms.list_resource_tags(KeyId=key['KeyId'])['Tags'], 'TagKey', 'TagValue')


def queues():
    sqs = client('sqs')
    for page in sqs.get_paginator('list_queues').paginate():
        for url in page.get('QueueUrls', []):
            yield url.rsplit('/', 1)[1], sqs.list_queue_tags(QueueUrl=url).get('Tags', {})


def roles():
    iam = client('iam')
    for page in iam.get_paginator('list_roles').paginate():
        for role in page['Roles']:
            yield role['RoleName'], tags_of(iam.list_role_tags(RoleName=role['RoleName'])['Tags'])


def functions():
    aws = client('lambda')
    for page in aws.get_paginator('list_functions').paginate():
        for function in page['Functions']:
            yield function['FunctionName'], aws.list_tags(Resource=function['FunctionArn'])['Tags']


def buckets():
    s3 = client('s3')
    for bucket in s3.list_buckets()['Buckets']:
        try:
            yield bucket['Name'], tags_of(s3.get_bucket_tagging(Bucket=bucket['Name'])['TagSet'])
        except s3.exceptions.ClientError:
            yield bucket['Name'], {}  # has no tags


CENSUS = {'VPC': vpcs, 'IAMRole': roles, 'SQSQueue': queues, 'KMSKey': keys, 'LambdaFunction': functions,
          'S3Bucket': buckets}


class KilledAtRandom(FaultCase):
    def setUp(self):
        super().setUp()
        World.operator.stop()
        self.addCleanup(World.start_operator)
        self.addCleanup(lambda: World.operator.process.alive() and World.operator.kill())
        self.prefix = f'kill-{self.number}-'
        # The role that functions name; its own name keeps it out of the count.
        self.role = client('iam').create_role(RoleName=f'runs-{self.number}', AssumeRolePolicyDocument=policy())['Role']['Arn']
        self.changes = collections.Counter()  # how often each object was changed
        self.lives = collections.Counter()    # how often each was made
        self.doomed = set()                   # those that were deleted

    def spec(self, kind, name):
        own = {
            'VPC': lambda: {'cidrBlock': '10.0.0.0/16'},
            'IAMRole': lambda: {'roleName': self.prefix + name, 'assumeRolePolicyDocument': policy(),
                                'inlinePolicy': {'policyName': 'p', 'policyDocument': INLINE}},
            'SQSQueue': lambda: {'queueName': self.prefix + name},
            'KMSKey': lambda: {'deletionPolicy': 'Delete', 'pendingWindowInDays': 7, 'enableKeyRotation': True},
            'LambdaFunction': lambda: {'functionName': self.prefix + name, 'runtime': 'python3.12', 'handler': 'index.handler',
                                       'role': self.role, 'code': {'zipFile': archive('first')}},
            # A name of its own each time: to a new bucket the emulator gives the tags of the one before it.
            'S3Bucket': lambda: {'bucketName': f'{self.prefix}{name}-{self.lives[kind, name]}', 'versioning': {'enabled': True}},
        }[kind]()
        return {**own, 'providerRef': {'name': 'faulty'}, **self.changed(kind, name)}

    def changed(self, kind, name):
        """What an edit changes: a tag, and something of the kind's own."""
        number = self.changes[kind, name]
        own = {'VPC': {'enableDnsHostnames': number % 2 == 0}, 'IAMRole': {'description': f'number {number}'},
               'SQSQueue': {'visibilityTimeout': 30 + number}, 'KMSKey': {'description': f'number {number}'},
               'LambdaFunction': {'memorySize': 128 + number}, 'S3Bucket': {}}[kind]
        return {'tags': {'Number': str(number)}, **own}

    # What users do meanwhile.

    def make(self, kind, name):
        self.lives[kind, name] += 1
        self.create(kind, name, self.spec(kind, name))

    def edit(self, kind, name):
        if (kind, name) in self.doomed:
            return
        self.changes[kind, name] += 1
        self.patch(kind, name, self.changed(kind, name))

    def doom(self, kind, name):
        if (kind, name) not in self.doomed:
            self.doomed.add((kind, name))
            self.delete(kind, name)

    def make_again(self, kind, name):
        """Under the same name, if the first has gone by now."""
        gone = (kind, name) in self.doomed and self.kube.request('GET', self.path(kind, name))[0] == 404
        if gone:
            self.doomed.discard((kind, name))
            self.make(kind, name)

    def script(self, rng):
        """All objects made, in some order, and each change somewhere after its object was made."""
        names = [(kind, f'{kind.lower()}-{n}') for kind, count in OBJECTS.items() for n in range(count)]
        rng.shuffle(names)
        steps = [(rng.uniform(0, 0.6), self.make, one) for one in names]
        made = {one: when for when, _, one in steps}
        steps += [(rng.uniform(made[one], 1), self.edit, one) for one in rng.choices(names, k=len(names) // 2)]
        for one in rng.sample(names, len(names) // 4):
            when = rng.uniform(made[one], 1)
            steps += [(when, self.doom, one), (rng.uniform(when, 1), self.make_again, one)]
        return sorted(steps, key=lambda step: step[0])

    # The run.

    def check(self, seed):
        print(f'seed {seed}: INFRA_KILL_SEED={seed} ./dev integration test_kill', flush=True)
        rng = random.Random(seed)
        self.faults.rule = failing = Failing(rng.randrange(1 << 32))
        World.operator = start_operator()
        killer = Killer(rng.randrange(1 << 32))
        killer.start()
        try:
            self.chaos(rng, killer)
        finally:
            killer.end()
        self.assertIsNone(killer.problem)
        self.let_everything_pass()
        self.faults.wait_idle()
        self.calm('each object is ready or gone', self.unsettled)
        self.assert_one_each()
        print(f'  {killer.kills} kills, {dict(failing.counts)}, {len(self.objects())} objects '
              f'with one resource each, {sum(self.changes.values())} edits, {len(self.doomed)} deleted, '
              f'{sum(self.lives.values()) - len(self.lives)} made again', flush=True)
        for kind, name in self.objects():
            self.delete(kind, name)
        self.calm('all objects are gone', self.objects)
        self.assertEqual(self.resources(), [], 'resources without an object')

    def chaos(self, rng, killer):
        for _, act, one in self.script(rng):
            time.sleep(rng.uniform(0.05, 0.3))
            act(*one)
        self.eventually('it was killed often enough', lambda: killer.kills >= KILLS or killer.problem, 60)

    def calm(self, what, left):
        """Until nothing is left. The minutes within which AWS may still hide a lost create pass at once."""
        def done():
            for kind, item in self.all_items():
                self.let_minutes_pass_of(kind, item)
            return not left()
        try:
            wait_until(what, done, 60)
        except TimeoutError as error:
            self.fail(f'{error}; left: {left()}')

    def let_minutes_pass_of(self, kind, item):
        creation = item.get('status', {}).get('creation', {})
        if creation.get('startedAt') in (None, LONG_AGO):
            return
        if kind == 'S3Bucket' and 'token' in creation:
            self.say_that_it_is_ours(kind, item['metadata']['name'])
        reasons = {one['reason'] for one in item['status'].get('conditions', [])}
        if any(reason.startswith('Confirming') for reason in reasons) or 'deletionTimestamp' in item['metadata']:
            self.let_the_minutes_pass(kind, item['metadata']['name'])

    def all_items(self):
        return [(kind, item) for kind in OBJECTS for item in self.items(kind)]

    def objects(self):
        return [(kind, item['metadata']['name']) for kind, item in self.all_items()]

    def unsettled(self):
        """What is not as it should be: objects with what they say."""
        out = []
        for kind, item in self.all_items():
            name, status = item['metadata']['name'], item.get('status', {})
            current = status.get('observedGeneration') == item['metadata']['generation'] and status.get('ready')
            if (kind, name) in self.doomed or not current:
                out.append((kind, name, [one['message'] for one in status.get('conditions', [])][:1]))
        return out

    def resources(self):
        """(kind, uid, tag Number) of what AWS holds for this test, by owner tag or by name."""
        found = []
        for kind, each in CENSUS.items():
            for name, tags in each():
                if tags.get(f'{GROUP}/namespace') == self.ns or name.startswith(self.prefix):
                    found.append((kind, tags.get(f'{GROUP}/uid'), tags.get('Number')))
        return sorted(found, key=str)

    def assert_one_each(self):
        wanted = [(kind, item['metadata']['uid'], str(self.changes[kind, item['metadata']['name']]))
                  for kind, item in self.all_items()]
        self.assertEqual(self.resources(), sorted(wanted, key=str), 'one resource for each object, with its newest tag')


assert set(OBJECTS) < set(PLURALS)
for number in range(RUNS):
    setattr(KilledAtRandom, f'test_run_{number + 1:02}', lambda self, seed=SEED + number: self.check(seed))
