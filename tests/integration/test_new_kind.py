"""docs/adding-a-kind.md, followed: one file makes a kind."""
import pathlib
import shutil
import subprocess
import tempfile

from harness import Case, PLURALS, SERVICES, World, client
import stack

EXAMPLE = stack.ROOT / 'docs/examples/sns/topic.yaml'


class NewKind(Case):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='infra-new-kind-'))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / 'definitions/sns').mkdir(parents=True)
        shutil.copy(EXAMPLE, self.folder / 'definitions/sns/topic.yaml')
        self.generated = subprocess.run([World.tools['generate'], str(self.folder)], capture_output=True, text=True)
        self.assertEqual(self.generated.returncode, 0, self.generated.stderr)
        World.stack.kubectl('apply', '--server-side', '-f', self.folder / 'chart/templates/crds/aws-infra-operator.runner.codes_topics.yaml')
        World.stack.kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all')
        World.stack.kubectl('create', 'clusterrolebinding', f'new-kind-{id(self)}', '--clusterrole=cluster-admin', '--user=operator')
        World.operator.stop()
        World.operator = World.stack.start_operator('--no-leader-elect', '--log-level', 'debug', '--check-interval', '1s', '--cluster-name', 'test',
                                                    '--definitions', str(self.folder / 'definitions')).wait_ready()
        PLURALS['Topic'], SERVICES['Topic'] = 'topics', 'sns'
        self.addCleanup(self.back_to_the_kinds_built_in)
        super().setUp()

    def back_to_the_kinds_built_in(self):
        del PLURALS['Topic'], SERVICES['Topic']
        World.stack.kubectl('delete', 'clusterrolebinding', f'new-kind-{id(self)}')
        World.operator.stop()
        World.stack.kubectl('delete', '--timeout=20s', 'crd', 'topics.aws-infra-operator.runner.codes')
        World.start_operator()

    def attributes(self, arn):
        return client('sns').get_topic_attributes(TopicArn=arn)['Attributes']

    def test_the_files_that_follow_from_it(self):
        for name in ('chart/templates/crds/aws-infra-operator.runner.codes_topics.yaml', 'docs/kinds/Topic.md',
                     'samples/topics.yaml', 'chart/files/iam-policy.json', 'chart/files/rbac-rules.yaml'):
            self.assertTrue((self.folder / name).exists(), name)
        self.assertIn('sns:SetTopicAttributes', (self.folder / 'chart/files/iam-policy.json').read_text())

    def test_its_life(self):
        self.create('Topic', 'one', {'topicName': f'topic-{self.number}', 'displayName': 'first', 'tags': {'Team': 'a'}})
        arn = self.wait_ready('Topic', 'one')['status']['topicArn']
        self.assertEqual(self.attributes(arn)['DisplayName'], 'first')
        self.assert_settled('Topic', 'one')
        self.patch('Topic', 'one', {'displayName': 'second'})
        self.eventually('the new name', lambda: self.attributes(arn)['DisplayName'] == 'second')
        self.wait_ready('Topic', 'one')  # what changes before that looks as if AWS showed it late
        client('sns').set_topic_attributes(TopicArn=arn, AttributeName='DisplayName', AttributeValue='changed')
        self.eventually('it is put right', lambda: self.attributes(arn)['DisplayName'] == 'second')
        self.delete_and_wait('Topic', 'one')
        self.assertNotIn(arn, [one['TopicArn'] for one in client('sns').list_topics()['Topics']])
