#!/usr/bin/env python3
"""Many objects against an AWS that answers fast, and what that costs. Run by ./dev bench scale; writes into bench/RESULTS.md.

usage: bench_scale.py NAME=PATH ... [--objects N] [--kinds S3Bucket,VPC] [--latency 20ms] [--interval 300s] [--throttle] [--replicas N] [--workers N] [--profile]
       (the programs of tools/stack.py and sim_aws_server)
"""
import argparse
import collections
import concurrent.futures
import contextlib
import datetime
import random
import statistics
import time

import stack
from measured import (API, NO_AWS_SETTINGS, SUBNETS_OF_A_VPC, TAGS, commit, machine, make_provider, memory_of, object_of, page_parts,
                      path_of, processor_seconds_of, table, warm_up, write_page)
from profile_of import FREQUENCY, Profile
from stand_in import StandIn

GOALS_FOR = '1000 S3Bucket, 1000 VPC'
GOALS = [
    ('all ready, s', '151 / 212', 'under 20 / 20'),
    ('AWS calls', '13966', 'under 8000'),
    ('calls a minute at rest', '4536', 'under 1000'),
    ('CPU at rest, %', '23', 'under 1'),
    ('memory, MiB', '857, growing past 1150', 'under 40, flat'),
]
PROFILE = stack.ROOT / 'bench/PROFILE.md'
EDITS = 200
EDITS_A_SECOND = 20
MARK = 'edit-'
SHARDS_OF_A_REPLICA = 4
HEAD = ['date', 'commit', 'objects', 'AWS', 'all ready, s', 'AWS calls', 'Kubernetes writes', 'CPU, s', 'memory, MiB',
        'calls a minute at rest', 'CPU at rest, %', 'restart to ready, s', 'edit to AWS p50, ms', 'p99, ms']


class Bench:
    def __init__(self, the_stack, options):
        self.stack, self.options = the_stack, options
        self.kinds = options.kinds.split(',')
        self.each = options.objects // len(self.kinds)
        self.figures = {}
        self.operators = []
        self.profiles = {}

    def start_operators(self):
        for number in range(self.options.replicas):
            election = ['--leader-election-namespace', 'default', '--shards', str(self.options.shards)] if self.options.shards > 1 else ['--no-leader-elect']
            self.operators.append(self.stack.start_operator(
                '--check-interval', self.options.interval, '--max-concurrent-reconciles', str(self.options.workers), *election, env={**NO_AWS_SETTINGS, 'POD_NAME': f'replica-{number}', 'POD_NAMESPACE': 'default'}))
        for operator in self.operators:
            operator.wait_ready(120)

    def stop_operators(self):
        for operator in self.operators:
            operator.stop()
        self.operators.clear()

    def wait_shares(self):
        """Until each replica has its part."""
        def shared():
            held = [operator.metric('infra_operator_shards_held') for operator in self.operators]
            return sum(held) == self.options.shards and max(held) - min(held) <= 1
        stack.wait_until('the shards are divided', shared, 60)

    def writes(self):
        """What is written for objects: leases are renewed whether there are any or not."""
        return [one for one in self.stack.operator_writes() if '/leases' not in one]

    def writes_by_what(self):
        """«patch vpcs/status» and the like, with how many there were."""
        def what(write):
            verb, uri = write.split(' ', 1)
            parts = uri.partition('?')[0].split('/namespaces/')[-1].split('/')[1:]
            return ' '.join([verb, '/'.join(parts[:1] + parts[2:])])
        return collections.Counter(map(what, self.writes())).most_common()

    def processor_seconds(self):
        return sum(processor_seconds_of(operator.process.popen.pid) for operator in self.operators)

    def make(self, kind, number):
        self.stack.kube.must('POST', path_of(kind), object_of(kind, number))

    def ready(self, kind):
        return sum(int(operator.metric('infra_operator_resources_total', resource_type=kind, status='ready')) for operator in self.operators)

    def fill(self):
        """From the first object to the last that is ready, the objects being made as fast as the API server takes them."""
        begun, computed, times = time.monotonic(), self.processor_seconds(), {}
        wanted = [(kind, number) for number in range(self.each) for kind in self.kinds]
        with concurrent.futures.ThreadPoolExecutor(4) as makers:
            list(makers.map(lambda one: self.make(*one), wanted))
        print(f'  made in {time.monotonic() - begun:.1f} s', flush=True)
        while len(times) < len(self.kinds):
            for kind in self.kinds:
                if kind not in times and self.ready(kind) >= self.each:
                    times[kind] = time.monotonic() - begun
                    print(f'  {kind}: {times[kind]:.1f} s', flush=True)
            if time.monotonic() - begun > 3600:
                raise TimeoutError(f'not ready within an hour: {[(kind, self.ready(kind)) for kind in self.kinds]}')
            time.sleep(0.2)
        self.figures['all ready, s'] = ' / '.join(f'{times[kind]:.1f}' for kind in self.kinds)
        self.figures['AWS calls'] = self.aws.calls()
        self.figures['CPU, s'] = f'{self.processor_seconds() - computed:.1f}'
        self.figures['Kubernetes writes'] = len(self.writes())

    def rest(self, seconds):
        """What it costs when nothing changes, over one whole interval of checks."""
        time.sleep(5)
        calls, computed, written = self.aws.calls(), self.processor_seconds(), len(self.writes())
        time.sleep(seconds)
        self.figures['calls a minute at rest'] = f'{(self.aws.calls() - calls) * 60 / seconds:.0f}'
        self.figures['CPU at rest, %'] = f'{(self.processor_seconds() - computed) * 100 / seconds:.1f}'
        now, most = zip(*(memory_of(operator.process.popen.pid) for operator in self.operators))
        self.figures['memory, MiB'] = f'{max(now):.1f}, at most {max(most):.1f}'
        more = len(self.writes()) - written
        if more:
            print(f'  {more} writes to Kubernetes while nothing changed, such as {self.writes()[-1]}', flush=True)

    def restart(self):
        self.stop_operators()
        begun = time.monotonic()
        self.start_operators()
        self.figures['restart to ready, s'] = f'{time.monotonic() - begun:.1f}'
        self.wait_shares()

    def edit(self):
        """While all objects are looked at anew, since their provider has changed."""
        self.stack.kube.must('PATCH', f'{API}/namespaces/default/awsproviders/aws', {'spec': {'driftDetection': {'ignoreFields': ['tags.Unknown']}}},
                             'application/merge-patch+json')
        choice, sent, begun = random.Random(1), {}, time.monotonic()
        for number in range(EDITS):
            time.sleep(max(0.0, begun + number / EDITS_A_SECOND - time.monotonic()))
            sent[f'{MARK}{number}'] = time.time() * 1000
            path = path_of(choice.choice(self.kinds), choice.randrange(self.each))
            self.stack.kube.must('PATCH', path, {'spec': {'tags': {**TAGS, 'Edit': f'{MARK}{number}'}}}, 'application/merge-patch+json')
        def arrived():
            marks = self.aws.asked()['marks']
            return marks if len(marks) >= EDITS - 20 else None  # one that is edited anew takes only the last
        try:
            marks = stack.wait_until('the edits are in AWS', arrived, 120)
        except TimeoutError:
            marks = self.aws.asked()['marks']
        took = sorted(marks[mark] - sent[mark] for mark in marks if mark in sent)
        print(f'  {len(took)} of {EDITS} edits seen in AWS', flush=True)
        self.figures['edit to AWS p50, ms'] = f'{statistics.median(took):.0f}'
        self.figures['p99, ms'] = f'{took[int(len(took) * 0.99) - 1]:.0f}'

    @contextlib.contextmanager
    def profiled(self, what):
        profile = Profile(self.operators[0].process.popen.pid, self.stack.tools['operator'], self.stack.folder) if self.options.profile and what != 'restart' else None
        yield
        if profile:
            self.profiles[what] = profile.table()

    def profile_page(self):
        parts = ''.join(f'\n## {what.capitalize()}\n\n{table(["%", "in", "function"], rows)}' for what, rows in self.profiles.items())
        return f'''# Where the CPU time of the operator goes

Written by `./dev bench scale --profile` (perf, {FREQUENCY} samples a second of CPU time; shares of the functions themselves) at {commit()}:
{self.each} of each of {', '.join(self.kinds)}, AWS in {self.options.latency}, a check every {self.options.interval}. `bench/RESULTS.md` says what the parts of a run are.
{parts}'''

    def run(self):
        options = self.options
        self.stack.start_kube()
        warm_up(self.stack)
        self.aws = StandIn(self.stack, '--latency', options.latency.removesuffix('ms'), '--mark', MARK, *(['--throttle'] if options.throttle else []))
        make_provider(self.stack.kube, self.aws.endpoint)
        if 'Subnet' in self.kinds and 'VPC' not in self.kinds:
            for number in range(-(-self.each // SUBNETS_OF_A_VPC)):
                self.make('VPC', number)
        self.start_operators()
        self.wait_shares()
        steps = {'fill': self.fill, 'rest': lambda: self.rest(seconds_of(options.interval)), 'restart': self.restart, 'edits': self.edit}
        for what, step in steps.items():
            print(what, flush=True)
            with self.profiled(what):
                step()
        if self.profiles:
            PROFILE.write_text(self.profile_page())
        by_operation = sorted(self.aws.asked()['calls'].items(), key=lambda one: -one[1]) + self.writes_by_what()
        self.figures |= {'date': datetime.date.today().isoformat(), 'commit': commit(), 'AWS': options.latency + (', throttled' if options.throttle else ''),
                         'objects': ', '.join(f'{self.each} {kind}' for kind in self.kinds) + (f'; {options.replicas} replicas' if options.replicas > 1 else '')
                         + (f'; {options.workers} at once' if options.workers != 10 else '')
                         + (f'; a check every {options.interval}' if options.interval != '300s' else '')}
        return by_operation


def seconds_of(interval):
    return int(interval[:-1]) * {'s': 1, 'm': 60}[interval[-1]]


def rows_of(page):
    """The history: what earlier runs have written."""
    lines = [line for line in page.splitlines() if line.startswith('| 2')]
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]


def beside_goals(rows):
    """The last run of what the goals are about."""
    last = next((row for row in reversed(rows) if row[2] == GOALS_FOR), None)
    if last is None:
        return ''
    return f'''
At {last[1]}, beside the operator in Go whose interface this one keeps (measured on a like machine, other work beside it), and the goals, for
{GOALS_FOR}:

{table(['what', 'Go', 'goal', 'here'], [[name, go, goal, last[HEAD.index(name)]] for name, go, goal in GOALS])}'''


def scale_page(rows):
    return f'''
{table(HEAD, rows)}{beside_goals(rows)}
Written by `./dev bench scale`, a line for each run; {', '.join(f'{name} {value}' for name, value in machine() if name in ('CPU', 'cores', 'kernel'))}. A real
kube-apiserver and etcd, and the simulator's AWS (`sim_aws_server`) answering after the time named, all on this one machine. Objects are made as
fast as the API server takes them, and counted from the first. At rest: a whole check interval (300 s unless said otherwise) in which nothing changes.
Then the operator is started anew; then its provider changes, so that all objects are looked at, while {EDITS} edits come, {EDITS_A_SECOND} a second:
from the edit to the AWS call that carries it. (Until 0313fab a start looked at all objects at once, and the edits came then.) Where there are several
replicas, CPU is that of all, and memory that of the largest.
'''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('tools', nargs='+')
    parser.add_argument('--objects', type=int, default=2000)
    parser.add_argument('--kinds', default='S3Bucket,VPC')
    parser.add_argument('--latency', default='20ms')
    parser.add_argument('--interval', default='300s')
    parser.add_argument('--throttle', action='store_true')
    parser.add_argument('--replicas', type=int, default=1)
    parser.add_argument('--workers', type=int, default=10, help='objects of a kind at once')
    parser.add_argument('--profile', action='store_true', help='write bench/PROFILE.md; needs perf')
    options = parser.parse_args()
    options.shards = 1 if options.replicas == 1 else SHARDS_OF_A_REPLICA * options.replicas
    stack.end_in_order_when_told()
    the_stack = stack.Stack(dict(word.split('=', 1) for word in options.tools))
    bench = Bench(the_stack, options)
    try:
        by_operation = bench.run()
    finally:
        the_stack.stop()
    program, page = page_parts()
    rows = rows_of(page)
    row = [str(bench.figures[name]) for name in HEAD]
    alike = [one for one in rows if one[2:4] == row[2:4]]
    write_page(program, scale_page(rows + [row]))
    print(table(['', 'before', 'now'], [[name, old, new] for name, old, new in zip(HEAD, alike[-1] if alike else [''] * len(HEAD), row)]))
    print(table(['operation', 'calls'], by_operation))


main()
