"""The release goes, and comes back; what it looks after stays."""
import stack
from harness import API, NAME, Release, World, helm, wait_until


class Uninstall(Release):
    def test_objects_stay_and_come_back_without_a_write_to_aws(self):
        self.install()
        self.make_first('one')
        before = self.get('SQSQueue', 'one')
        self.uninstall()
        self.assertEqual(self.get('SQSQueue', 'one')['metadata']['uid'], before['metadata']['uid'])
        self.install(driftDetection__defaultCheckInterval='1s')
        self.await_looks(2)
        self.assertEqual(stack.aws_writes(self.metrics()), 0)
        self.assertEqual(self.get('SQSQueue', 'one')['metadata']['resourceVersion'], before['metadata']['resourceVersion'])
        self.patch('SQSQueue', 'one', {'visibilityTimeout': 77})
        self.wait_ready('SQSQueue', 'one', 60)
        self.assertEqual(self.queues(), ['one'])

    def test_without_keep_it_is_refused_while_there_are_objects(self):
        self.install(crds__keep='false')
        self.make_first('one')
        self.assertNotEqual(helm('uninstall', NAME, '--wait').returncode, 0)
        self.assertIn('sqsqueues team/one\n', World.stack.kubectl('-n', NAME, 'logs', f'{NAME}-uninstall-guard'))
        self.assertEqual((len(self.pods()), self.queues()), (1, ['one']))
        self.delete_everything()
        self.uninstall()
        self.assertEqual(self.kube.request('GET', f'{API}/sqsqueues')[0], 404)

    def await_looks(self, count):
        wait_until(f'{count} looks', lambda: self.looks() >= count, 60)

    def looks(self):
        return sum(value for text, value in stack.metric_samples(self.metrics(), 'infra_operator_reconcile_total')
                   if 'resource_type="SQSQueue"' in text and 'result="settled"' in text)
