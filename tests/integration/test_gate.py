"""Every sample becomes ready, a full check of everything then writes nothing, and all of it goes again."""
import actions
from harness import PLURALS, World
from samples import SamplesCase


class Gate(SamplesCase):
    def wait_for_looks(self, count):
        """Until every object was looked at so many times, from the beginning to a good end."""
        def settled():
            return {kind: World.operator.metric('infra_operator_reconcile_total', resource_type=kind, result='settled')
                    for kind in PLURALS if kind != 'AWSProvider'}
        before = settled()
        self.eventually(f'{count} looks at every object', lambda: all(
            now >= before[kind] + count for kind, now in settled().items()), 30)

    def test_every_sample(self):
        self.apply()
        self.wait_until_ready()
        self.check_that_nothing_is_written()
        self.delete_in_any_order()

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
