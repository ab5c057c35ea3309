"""Users who edit, delete and make objects all the time, and know what should be there."""
import collections
import http.client
import threading

from measured import SPECS, TAGS, name_of, object_of, path_of

# The VPCs that subnets are made in, which nobody deletes: their numbers are below this.
HOMES = 10
PAUSE = 0.5  # seconds between two deeds, and before a request that was not answered is sent again


class User:
    """Whoever holds `turn` keeps them from asking for more."""

    def __init__(self, kube, choice):
        self.kube, self.choice = kube, choice
        self.tags = {}  # (kind, number) -> the tags of its newest spec
        self.made = collections.Counter()  # by kind
        self.done = collections.Counter()
        self.turn = threading.Lock()
        self.stopped = threading.Event()

    def wanted(self):
        return {f'{kind} {name_of(kind, number)}': tags for (kind, number), tags in self.tags.items()}

    def live(self):
        while not self.stopped.wait(PAUSE):
            with self.turn:
                self.choice.choice([self.edit, self.edit, self.replace])()

    def make(self, kind):
        number = self.made[kind]
        self.send('POST', kind, number, path_of(kind), object_of(kind, number), already=409)
        self.made[kind] += 1
        self.tags[kind, number] = TAGS

    def edit(self):
        kind, number = self.choice.choice(list(self.tags))
        tags = {**TAGS, 'Edit': f'edit-{self.done["edits"]}'}
        self.send('PATCH', kind, number, path_of(kind, number), {'spec': {'tags': tags}})
        self.tags[kind, number] = tags
        self.done['edits'] += 1

    def replace(self):
        """One goes and one comes, so that their number stays."""
        kind, number = self.choice.choice([(kind, number) for kind, number in self.tags if kind != 'VPC' or number >= HOMES])
        self.send('DELETE', kind, number, path_of(kind, number), already=404)
        del self.tags[kind, number]
        self.make(kind)
        self.done['replaced'] += 1

    def send(self, method, kind, number, path, body=None, already=None):
        """Until the API server has answered for this object; with `already` it says that a request whose answer was lost has done it."""
        while True:
            # While it starts, it does not know our kinds, and its 404 is not about the object.
            status, about = self.answer(method, path, body)
            known = about == name_of(kind, number)
            if 0 < status < 300 or known and status == already:
                return
            if known and status < 500 and status != 429:
                raise RuntimeError(f'{method} {path} was answered with {status}')
            if self.stopped.wait(PAUSE):
                raise RuntimeError(f'{method} {path} was not answered')

    def answer(self, method, path, body):
        """Its status, and the name of the object that it is about; 0 where none came."""
        try:
            status, answer = self.kube.request(method, path, body, 'application/merge-patch+json' if method == 'PATCH' else 'application/json')
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        return status, answer.get('details', {}).get('name')
