"""Every kind, all at once, when AWS denies, throttles or loses answers; observed only; let go and taken over again."""
import collections

import actions
from harness import GROUP
from proxy import Reply
from refusals import denied, throttled
from samples import SamplesCase

# The emulator drops the tags of a CreateBucket, and only they could tell whose a bucket is whose create was lost.
NEVER_LOST = 's3:CreateBucket'


def first_of_each(rule):
    """A rule for the first request of each operation; the others pass."""
    seen = collections.Counter()

    def verdict(request):
        operation = actions.operation_of(request)
        seen[operation] += 1
        return rule(request) if seen[operation] == 1 else None
    return verdict


class WholeLife(SamplesCase):
    def obey(self, rule):
        """What the rule refuses does not arrive; what it does to an answer comes after all else. Who signs in is left alone."""
        def verdict(request):
            ruled = None if request.service == 'sts' else rule(request)
            if isinstance(ruled, Reply):
                return ruled
            answer = self.caches.answer(request)
            if ruled is None:
                return answer
            return ruled(answer) if isinstance(answer, Reply) else ruled
        self.faults.rule = verdict

    def ready(self):
        self.apply()
        self.wait_until_ready()

    def nudge_all(self):
        for kind, item in self.resources():
            self.nudge(kind, item['metadata']['name'])

    def says(self, kind, name, wanted):
        return self.condition(kind, name, wanted)['reason']

    def reasons(self):
        return {kind: self.says(kind, item['metadata']['name'], 'Synced') for kind, item in self.resources()}

    def wait_for_reasons(self, *reasons):
        """Until each object gives one of these for not being in sync."""
        try:
            self.eventually('', lambda: set(self.reasons().values()) <= set(reasons), 40)
        except AssertionError:
            self.fail(f'they do not all say one of {reasons}: {self.reasons()}')

    def test_denied(self):
        self.obey(lambda request: denied(request) if actions.writes(request) else None)
        self.apply()
        # Whoever needs another object waits for that.
        self.wait_for_reasons('AccessDenied', 'ReferenceNotReady', 'ReferenceNotFound')
        self.assertGreater(list(self.reasons().values()).count('AccessDenied'), 8)
        self.assertEqual(self.made(), set())
        self.let_everything_pass()
        self.nudge_all()
        self.wait_until_ready()
        self.delete_in_any_order()

    def test_denied_to_look(self):
        self.ready()
        made = self.made()
        self.obey(denied)
        self.wait_for_reasons('AccessDenied')
        self.assertEqual(self.made(), made)
        self.let_everything_pass()
        self.nudge_all()
        self.wait_until_ready()
        self.assertEqual(self.made(), made, 'nothing was made a second time')
        self.delete_in_any_order()

    def test_throttled(self):
        self.obey(first_of_each(throttled))
        self.ready()
        self.obey(first_of_each(throttled))
        self.delete_in_any_order()

    def test_answers_are_lost(self):
        def lost(request):
            kept = not actions.writes(request) or actions.operation_of(request) == NEVER_LOST
            return None if kept else lambda reply: Reply(close=True)
        self.obey(first_of_each(lost))
        self.ready()
        # Of what was made this lately, absence after a deletion without an answer is not believed for minutes.
        self.let_everything_pass()
        self.delete_in_any_order()

    def test_only_observed(self):
        self.ready()
        for kind, item in self.resources():
            self.patch(kind, item['metadata']['name'], annotations={'policy': 'observe'})
        for kind, item in self.resources():
            self.patch(kind, item['metadata']['name'], {'tags': {'Changed': 'x'}})
        seen = len(self.faults.seen)
        self.eventually('each says how it differs', lambda: all(
            'tags.Changed' in self.condition(kind, item['metadata']['name'])['message'] for kind, item in self.resources()), 40)
        self.assertEqual({self.says(kind, item['metadata']['name'], 'Ready') for kind, item in self.resources()}, {'Drifted'})
        self.assertEqual([actions.operation_of(one) for one in self.faults.seen[seen:] if actions.writes(one)], [])
        for kind, item in self.resources():
            self.patch(kind, item['metadata']['name'], annotations={'policy': None})
        self.wait_until_ready()
        self.delete_in_any_order()

    def test_let_go_and_taken_over_again(self):
        self.ready()
        made = self.made()
        ids = {kind: item['metadata']['annotations'][f'{GROUP}/external-id'] for kind, item in self.resources()}
        uids = {item['metadata']['uid'] for _, item in self.resources()}
        for kind, item in self.resources():
            self.patch(kind, item['metadata']['name'], {'deletionPolicy': 'Retain'})
        for kind, item in self.objects():
            self.delete(kind, item['metadata']['name'])
        self.eventually('the objects go', lambda: not self.objects())
        self.assertEqual(self.made(), made, 'and AWS keeps what is theirs')
        self.faults.rule = lambda request: denied(request)  # until each has been told which is its own
        self.apply()
        for kind, item in self.resources():
            self.patch(kind, item['metadata']['name'], annotations={'external-id': ids[kind]})
        self.let_everything_pass()
        self.nudge_all()
        self.wait_until_ready()
        self.assertEqual(self.made(), made, 'nothing was made a second time')
        self.assertFalse(uids & {item['metadata']['uid'] for _, item in self.resources()})
        self.delete_in_any_order()
