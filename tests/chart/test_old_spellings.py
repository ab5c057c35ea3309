"""Every older spelling of a key does what the new one does."""
import unittest

import helm
from helm import at, merged, tree

CONTEXT = {'webhooks': tree(webhooks__enabled=True, webhooks__certManager__enabled=True)}
VALUES = {'leaderElection.enabled': False, 'leaderElection.namespace': 'other', 'leaderElection.leaseDuration': '30s',
          'leaderElection.renewDeadline': '12s', 'leaderElection.retryPeriod': '3s', 'driftDetection.checkInterval': '9m', 'driftDetection.autoHeal': False,
          'webhooks.failurePolicy': 'Ignore', 'webhooks.timeoutSeconds': 7, 'webhooks.certManager.duration': '900h',
          'webhooks.certManager.renewBefore': '24h'}


class OldSpellings(unittest.TestCase):
    def setUp(self):
        self.renamed = helm.load_all((helm.CHART / 'files/renamed-keys.yaml').read_text())[0]

    def test_each_means_the_new_one(self):
        for row in self.renamed:
            base = CONTEXT.get(row['old'].split('.')[0], {})
            by_old, by_new, neither = helm.render_all([
                merged(base, at(row['old'], VALUES[row['old']])), merged(base, at(row['new'], VALUES[row['old']])), base])
            with self.subTest(key=row['old']):
                self.assertEqual(by_old.error, '')
                self.assertTrue(by_old.text == by_new.text, 'the two spellings differ')
                self.assertTrue(by_old.text != neither.text, 'nothing changes')

    def test_both_alike_are_taken(self):
        both = tree(leaderElection__leaseDuration='30s', operator__leaderElection__leaseDuration='30s')
        self.assertEqual(helm.render(both).flag('leader-election-lease-duration'), ['30s'])

    def test_the_defaults_in_the_list_are_those_of_the_chart(self):
        for row in self.renamed:
            value = helm.default_values()
            for name in row['new'].split('.'):
                value = value[name]
            with self.subTest(key=row['new']):
                self.assertEqual(row['default'], value)
