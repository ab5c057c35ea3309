"""What ./dev soak holds the operator to. Pure: from what Kubernetes and AWS hold, and from what the processes use, to sentences."""
import collections

from stack import GROUP

OWNER = f'{GROUP}/uid'
# By what factor, and how much besides, a figure may be higher at the end: memory is fragmented a little more, and a client keeps up to 64 idle connections.
ROOM = {'MiB of memory': (1.1, 3), 'open files': (1, 64)}


def is_done(then, now):
    """Whether what was asked for `then` is done; `now` is the same object, or None where it has gone."""
    if now is None:
        return True
    if 'deletionTimestamp' in now['metadata']:
        return 'deletionTimestamp' not in then['metadata']  # that was asked for later
    status = now.get('status', {})
    return bool(status.get('ready')) and status.get('observedGeneration', 0) >= then['metadata']['generation']


def in_doubt(item):
    """An answer was lost, so that it waits on purpose until AWS must have shown what it may hide (docs/design/004-one-create.md): minutes."""
    return any(one['reason'].startswith('Confirming') for one in item.get('status', {}).get('conditions', []))


def label(item):
    return f'{item["kind"]} {item["metadata"]["name"]}'


def in_words(item):
    """An object that is not done, for whoever has to find out why."""
    metadata, status = item['metadata'], item.get('status', {})
    deleted = f', deleted at {metadata["deletionTimestamp"]}' if 'deletionTimestamp' in metadata else ''
    said = [f'{one["type"]}={one["status"]} {one["reason"]}: {one["message"]}' for one in status.get('conditions', [])]
    return f'{label(item)} (generation {metadata["generation"]}, seen {status.get("observedGeneration")}{deleted}) says {"; ".join(said) or "nothing"}'


def broken_promises(wanted, items, held):
    """At rest, but for those in doubt: `wanted` has the tags of each object by its label, `items` are the objects there are, `held` is what AWS tells."""
    there = {label(item): item for item in items}
    owners = {item['metadata']['uid']: item for item in items}
    resources = collections.defaultdict(list)
    for resource in held['resources']:
        resources[resource['tags'].get(OWNER)].append(resource)
    problems = [f'{name} is lost: nobody has deleted it' for name in sorted(wanted.keys() - there.keys())]
    problems += [f'{name} is still there: its deletion is stuck' for name in sorted(there.keys() - wanted.keys()) if not in_doubt(there[name])]
    problems += [f'{one["kind"]} {one["id"]} is in AWS without an object: its owner is {owner}'
                 for owner, of_owner in resources.items() if owner not in owners for one in of_owner]
    problems += [f'{label(owners[owner]) if owner in owners else owner} was made {count} times'
                 for owner, count in held['made'].items() if count > 1]
    for name, item in sorted(there.items()):
        of_item = resources[item['metadata']['uid']]
        if len(of_item) > 1:
            problems.append(f'{name} has {len(of_item)} resources: {", ".join(one["id"] for one in of_item)}')
        elif name in wanted and not in_doubt(item):
            problems += wrong_resource(name, wanted[name], of_item)
    return problems


def wrong_resource(name, tags, resources):
    if not resources:
        return [f'{name} is lost in AWS']
    found = {key: value for key, value in resources[0]['tags'].items() if not key.startswith(GROUP)}
    return [] if found == tags else [f'{name} ({resources[0]["id"]}) has the tags {found}, and its spec {tags}: an edit is lost']


def ends(figures):
    """The lowest of the first third and of the last: what a storm needs for a while is above them, what leaks lifts the last one."""
    third = len(figures) // 3
    return min(figures[:third]), min(figures[-third:])


def leaks(samples):
    """What has grown, in sentences; `samples` are rows of the figures that ROOM names."""
    said = []
    for (what, (factor, more)), figures in zip(ROOM.items(), zip(*samples)):
        first, last = ends(figures)
        if last > first * factor + more:
            said.append(f'{what} grow: never below {first:.1f} in the first third of the time, never below {last:.1f} in the last')
    return said
