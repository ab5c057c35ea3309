#!/usr/bin/env python3
"""Hours of bad luck in some minutes, while users go on working. Run by ./dev soak; writes bench/SOAK.md. docs/soak.md says more.

usage: soak.py NAME=PATH ... [--minutes 10] [--objects 200] [--seed N]     (the programs of tools/stack.py and sim_aws_server)
"""
import argparse
import collections
import concurrent.futures
import contextlib
import random
import statistics
import sys
import time

from measured import SPECS, commit, machine, make_provider, path_of, table, warm_up
from soak_chaos import Chaos
from soak_judge import broken_promises, ends, in_doubt, in_words, is_done, leaks
from soak_replicas import REPLICAS, Replicas
from soak_user import User
import stack
from stand_in import StandIn

PAGE = stack.ROOT / 'bench/SOAK.md'
SHORTEST, LONGEST = 10, 30  # seconds of a fault
LIMIT = 180  # seconds within which all is as declared, once a fault has ended, but for what is in doubt
DOUBT_LIMIT = 330  # EC2 has five minutes to show what it has made
WARM_UP = 'credentials rotated'  # all objects are looked at at once, which takes memory that is kept: memory is judged from there on

Round = collections.namedtuple('Round', 'chaos lasted recovered hit')


class Broken(Exception):
    """A promise that was not kept."""


class Soak:
    def __init__(self, the_stack, objects, seed, shortest=SHORTEST, longest=LONGEST):
        self.stack, self.objects, self.seed = the_stack, objects, seed
        self.choice = random.Random(seed)
        self.lengths = shortest, longest
        self.replicas = Replicas(the_stack)
        self.deck, self.rounds, self.tasks = [], [], []

    def start(self):
        self.stack.start_kube()
        warm_up(self.stack)
        self.aws = StandIn(self.stack)
        make_provider(self.stack.kube, self.aws.endpoint)
        self.user = User(self.stack.kube, random.Random(f'{self.seed} user'))
        self.chaos = Chaos(self.stack, self.aws, self.replicas, self.choice, *self.lengths)
        for _ in range(REPLICAS):
            self.replicas.start()

    def fill(self):
        for kind in SPECS:
            for _ in range(self.objects // len(SPECS)):
                self.user.make(kind)
        self.recover()
        self.check()
        print(f'{len(self.user.tags)} objects are there', flush=True)

    @contextlib.contextmanager
    def at_work(self):
        """Users, and whoever watches what the replicas use."""
        with concurrent.futures.ThreadPoolExecutor() as threads:
            self.tasks = [threads.submit(self.user.live), threads.submit(self.replicas.watch)]
            try:
                yield
            finally:
                self.user.stopped.set()
                self.replicas.stopped.set()

    def assert_all_run(self):
        for task in self.tasks:
            if task.done():
                task.result()
        for replica in self.replicas.serving:
            if not replica.process.alive():
                raise Broken(f'{replica.name} has ended by itself, with {replica.process.popen.returncode}:\n{replica.process.text()[-2000:]}')

    def items(self):
        listed = [item for kind in SPECS for item in self.stack.kube.must('GET', path_of(kind))['items']]
        return {item['metadata']['uid']: item for item in listed}

    def wait_done(self, asked, limit=LIMIT, doubts=False):
        """With `doubts`, also those in doubt."""
        end = time.monotonic() + limit
        while True:
            now = self.items()
            asked = {uid: item for uid, item in asked.items() if not is_done(item, now.get(uid)) and (doubts or not in_doubt(now[uid]))}
            self.assert_all_run()
            if not asked:
                return
            if time.monotonic() > end:
                raise Broken('\n'.join([f'{len(asked)} objects are not as declared after {limit} s:', *(in_words(now[uid]) for uid in asked)]))
            time.sleep(0.5)

    def recover(self):
        """Seconds until all is done that was asked for until now, whatever is asked for meanwhile."""
        begun = time.monotonic()
        with self.user.turn:
            asked = self.items()
        self.wait_done(asked)
        return time.monotonic() - begun

    def check(self):
        """The promises, while users pause."""
        with self.user.turn:
            self.wait_done(self.items())
            self.assert_promises()

    def assert_promises(self):
        problems = broken_promises(self.user.wanted(), self.items().values(), self.aws.held())
        if problems:
            raise Broken('\n'.join(problems))

    def end_doubts(self):
        """Nothing goes wrong any more, so that each comes to an end."""
        self.wait_done(self.items(), DOUBT_LIMIT, doubts=True)
        self.assert_promises()

    def next_chaos(self):
        """Each comes before any comes twice, and first of all the one that warms up."""
        if not self.deck:
            self.deck = self.choice.sample(list(self.chaos.all), len(self.chaos.all))
        if not self.rounds:
            self.deck.sort(key=lambda name: name == WARM_UP)
        return self.deck.pop()

    def round(self, name):
        hit, begun = self.aws.hit(), time.monotonic()
        try:
            self.chaos.all[name]()
            lasted = time.monotonic() - begun
            recovered = self.recover()
            self.check()
        except (Broken, RuntimeError, TimeoutError) as error:
            raise Broken(f'round {len(self.rounds) + 1}, {name}: {error}') from error
        self.rounds.append(Round(name, lasted, recovered, self.aws.hit() - hit))
        used = ', '.join('{} {:.1f} MiB {} files'.format(replica.name, *replica.samples[-1]) for replica in self.replicas.serving if replica.samples)
        print(f'{len(self.rounds):3}  {name:20} for {lasted:5.1f} s, recovered in {recovered:5.1f} s; {self.rounds[-1].hit:5} requests hit; {used}', flush=True)

    def run(self, minutes):
        with self.at_work():
            self.round(self.next_chaos())
            self.replicas.witness().samples.clear()
            end = time.monotonic() + minutes * 60
            while time.monotonic() < end:
                self.round(self.next_chaos())
        self.end_doubts()
        leaking = leaks(self.replicas.witness().samples)
        if leaking:
            raise Broken('\n'.join(leaking))

    def by_chaos(self):
        rounds = collections.defaultdict(list)
        for one in self.rounds:
            rounds[one.chaos].append(one)
        for chaos, those in sorted(rounds.items()):
            times = [one.recovered for one in those]
            yield [chaos, len(those), f'{statistics.median(one.lasted for one in those):.0f}', sum(one.hit for one in those),
                   f'{statistics.median(times):.1f}', f'{max(times):.1f}']

    def used(self):
        witness = self.replicas.witness()
        figures = [f'{value:.1f}' for one in zip(*witness.samples) for value in ends(one)]
        return [f'{len(witness.samples) / 60:.1f}', *figures]

    def tables(self):
        done = self.user.done
        return f'''{table(['what went wrong', 'times', 's, median', 'requests hit', 'recovered in s, median', 'worst'], self.by_chaos())}
{table(['minutes of one replica', 'MiB, least of the first third', 'of the last', 'open files, least of the first third', 'of the last'], [self.used()])}
{table(['edits', 'made', 'deleted', 'requests to AWS'], [[done['edits'], sum(self.user.made.values()), done['replaced'], self.aws.calls()]])}'''

    def page(self, minutes):
        return f'''# Soak

Written by `./dev soak --minutes {minutes:g} --objects {self.objects} --seed {self.seed}` at {commit()};
{', '.join(f'{name} {value}' for name, value in machine() if name in ('CPU', 'cores', 'kernel', 'date'))}. `docs/soak.md` says what is done, and what the figures mean.

{self.tables()}
After each of these {len(self.rounds)} rounds there was one resource for each object, made once, with the tags of its newest spec, and none without an object;
no deletion was stuck, and no replica ended by itself, but for those that were frozen.
'''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('tools', nargs='+')
    parser.add_argument('--minutes', type=float, default=10)
    parser.add_argument('--objects', type=int, default=200)
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(1_000_000))
    options = parser.parse_args()
    stack.end_in_order_when_told()
    the_stack = stack.Stack(dict(word.split('=', 1) for word in options.tools))
    soak = Soak(the_stack, options.objects, options.seed)
    failed = True
    try:
        print(f'seed {options.seed}', flush=True)
        soak.start()
        soak.fill()
        soak.run(options.minutes)
        PAGE.write_text(soak.page(options.minutes))
        print(soak.tables())
        failed = False
    except Broken as error:
        print(f'BROKEN with seed {options.seed}: {error}\nLogs are in {the_stack.folder}')
    finally:
        soak.replicas.stop()
        the_stack.stop(keep_files=failed)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
