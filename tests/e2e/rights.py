"""Whether the account may do what it does, and does what it may: by the API server's own record of all the tests before."""
import json
import unittest

from cluster import control_plane
from harness import NAME, World
from objects import GROUP, PLURALS

ACCOUNT = f'system:serviceaccount:{NAME}:{NAME}'
# Granted, and needed by what these tests do not do, or cannot.
UNUSED = {
    ('get', 'kinds'): 'after a conflict an object is read anew',
    ('update', 'kinds/finalizers'): 'with OwnerReferencesPermissionEnforcement a Secret that has an object as its owner needs it',
    ('create', 'secrets'): 'an object that has its connection, or a password, put into a Secret',
    ('update', 'secrets'): 'a connection that has changed',
    ('list', 'leases'): 'with operator.shards of 2 and more (tests/integration/test_shards.py)',
}


def kind_of(group, resource):
    """The kinds are as one: each is looked after by the same code."""
    name, _, part = resource.partition('/')
    if group == GROUP and name in PLURALS.values():
        return '/'.join(['kinds', *([part] if part else [])])
    return resource


def asked():
    for line in control_plane.audit_log(World.place).read_text().splitlines():
        entry = json.loads(line)
        if entry['user']['username'] == ACCOUNT and 'objectRef' in entry:
            yield entry


def installed(entry):
    """Whether the release was there, and with it the rights."""
    return [there for since, there in World.changes if since <= entry['requestReceivedTimestamp']][-1]


def used(entry):
    about = entry['objectRef']
    resource = about['resource'] + (f'/{about["subresource"]}' if 'subresource' in about else '')
    return entry['verb'], kind_of(about.get('apiGroup', ''), resource)


class Rights(unittest.TestCase):
    def test_they_are_enough(self):
        refused = sorted({used(entry) for entry in asked() if entry['responseStatus']['code'] in (401, 403) and installed(entry)})
        self.assertEqual(refused, [])

    def test_each_is_used(self):
        granted = {(verb, kind_of(group, resource)) for rules in World.granted.values() for rule in rules
                   for group in rule['apiGroups'] for resource in rule['resources'] for verb in rule['verbs']}
        self.assertTrue(granted)
        self.assertEqual(sorted(granted - {used(entry) for entry in asked()} - set(UNUSED)), [])

    def test_what_is_said_to_be_unused_is(self):
        self.assertEqual(sorted(set(UNUSED) & {used(entry) for entry in asked()}), [])
