"""What the tests before these have asked of AWS, held against the policy of the chart. run.py has them run last."""
import json
import unittest

import actions
from harness import ROOT, World

STATEMENTS = json.loads((ROOT / 'chart/files/iam-policy.json').read_text())['Statement']
ALLOWED = {action for statement in STATEMENTS for action in statement['Action']}
# What services do with the operator's permissions does not count for what it asks itself.
DIRECTLY = {action for statement in STATEMENTS if 'Condition' not in statement for action in statement['Action']}

# Called, and for others to allow.
ELSEWHERE = {
    ':AssumeRoleWithWebIdentity': 'is not signed: the token says who asks',
    'sqs:DeleteMessage': 'only where a provider names a queue of changes, and then for that queue alone',
    'sqs:ReceiveMessage': 'the same',
    'sts:AssumeRole': 'only where a provider names assumeRoleARN, and then for that role alone',
}
# Allowed, and called by no test.
IMAGES = 'for functions that come as an image, of which moto makes none without one in its registry'
NEVER_CALLED = {
    'ecr:BatchGetImage': IMAGES,
    'ecr:GetDownloadUrlForLayer': IMAGES,
    'ecr:GetRepositoryPolicy': IMAGES,
    'ecr:SetRepositoryPolicy': IMAGES,
    'ssm:GetParameters': 'for an imageID such as resolve:ssm:..., which moto does not resolve',
}


class Called(unittest.TestCase):
    def test_aws_takes_the_policy(self):
        policy = (ROOT / 'chart/files/iam-policy.json').read_text()
        self.assertLessEqual(len(''.join(policy.split())), 6144, 'characters, without white space')

    def test_everything_is_allowed(self):
        missing = {action: operation for action, operation in World.called.items()
                   if action not in (DIRECTLY if action == actions.own(operation) else ALLOWED) and action not in ELSEWHERE}
        self.assertEqual(missing, {}, 'actions that the policy lacks, each with an operation that needs it')


class Allowed(unittest.TestCase):
    def test_everything_is_called(self):
        never = ALLOWED - set(World.called)
        for action in sorted(never):
            print(f'never called: {action}: {NEVER_CALLED.get(action, "for no reason that is known")}')
        self.assertEqual(never, set(NEVER_CALLED))
