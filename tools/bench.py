#!/usr/bin/env python3
"""Measures the program and its steps, and writes bench/RESULTS.md. Run by ./dev bench.

usage: bench.py NAME=PATH ...     (the programs of tools/stack.py, infra_bench and infra_load)
"""
import concurrent.futures
import gzip
import json
import pathlib
import shutil
import socket
import statistics
import sys
import tempfile
import time

import image
import stack
from measured import API, NO_AWS_SETTINGS, machine, make_provider, manifest, memory_of, page_parts, processor_seconds_of, table, warm_up, write_page

FLAGS = ['--no-leader-elect', '--provider-endpoint', 'http://127.0.0.1:*', '--metrics-bind-address', '127.0.0.1:0', '--health-probe-bind-address']
STARTS = 10
IDLE_SECONDS = 10
IDLE_PROCESSES = 3
VPCS = 200
# What the webhook knows when it is asked: networks, with subnets in each.
NETWORKS, SUBNETS = 50, 199
REVIEWS_A_SECOND, REVIEW_SECONDS, REVIEW_RUNS = 1000, 10, 3
MICRO_FLAGS = ['--benchmark_repetitions=5', '--benchmark_min_time=0.2']


class Launched:
    """An operator with a known health port, so that looking for it costs no time."""

    def __init__(self, the_stack, *flags):
        self.stack = the_stack
        self.port = stack.free_port()
        self.begun = time.monotonic()
        self.process = the_stack.spawn('operator', [
            the_stack.tools['operator'], 'run', '--kubeconfig', the_stack.operator_kubeconfig, *FLAGS,
            f'127.0.0.1:{self.port}', *flags], NO_AWS_SETTINGS)

    def ready(self):
        try:
            with socket.create_connection(('127.0.0.1', self.port), timeout=1) as peer:
                peer.sendall(b'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
                return peer.recv(64).startswith(b'HTTP/1.1 200')
        except OSError:
            return False

    def wait_ready(self):
        """Milliseconds from before exec to the first good answer, and the longest time between two looks."""
        looked = self.begun
        longest = 0.0
        while not self.ready():
            if not self.process.alive() or looked - self.begun > 60:
                raise RuntimeError(f'the operator does not become ready:\n{self.process.text()[-3000:]}')
            time.sleep(0.001)
            longest = max(longest, time.monotonic() - looked)
            looked = time.monotonic()
        now = time.monotonic()
        return (now - self.begun) * 1000, max(longest, now - looked) * 1000

    def memory(self):
        return memory_of(self.process.popen.pid)

    def processor_seconds(self):
        return processor_seconds_of(self.process.popen.pid)

    def stop(self):
        self.stack.processes.remove(self.process)
        if self.process.stop(30) != 0:
            raise RuntimeError(f'the operator did not stop in good order:\n{self.process.text()[-2000:]}')


def measure_starts(the_stack):
    times, gaps = [], []
    for number in range(STARTS + 1):
        launched = Launched(the_stack)
        took, gap = launched.wait_ready()
        launched.stop()
        if number > 0:  # the first brings the file into memory
            times.append(took)
            gaps.append(gap)
    return times, max(gaps)


def measure_idle(the_stack):
    all_launched = [Launched(the_stack) for _ in range(IDLE_PROCESSES)]
    for launched in all_launched:
        launched.wait_ready()
    time.sleep(IDLE_SECONDS)
    memory = [launched.memory() for launched in all_launched]
    for launched in all_launched:
        launched.stop()
    return list(zip(*memory))


def measure_vpcs(the_stack):
    """Seconds to make the objects, until the last one is ready, and computed until then; the memory a little later."""
    kube = the_stack.kube
    vpcs = f'{API}/namespaces/default/vpcs'
    make_provider(kube, the_stack.aws_endpoint)
    launched = Launched(the_stack)
    launched.wait_ready()
    begun = time.monotonic()
    computed = -launched.processor_seconds()
    for number in range(VPCS):
        kube.must('POST', vpcs, manifest('VPC', f'vpc-{number}', {'cidrBlock': f'10.{number}.0.0/16', 'tags': {'Team': 'bench'}}))
    created = time.monotonic() - begun

    def all_ready():
        items = kube.must('GET', vpcs)['items']
        return sum(bool(item.get('status', {}).get('ready')) for item in items) == VPCS
    stack.wait_until(f'{VPCS} VPCs are ready', all_ready, 300)
    took = time.monotonic() - begun
    computed += launched.processor_seconds()
    time.sleep(IDLE_SECONDS)
    memory = launched.memory()
    launched.stop()
    return created, took, computed, memory


def make_certificate(folder):
    stack.must_run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
                    '-keyout', folder / 'tls.key', '-out', folder / 'tls.crt', '-subj', '/CN=webhook', '-addext', 'subjectAltName=IP:127.0.0.1'])


def left_alone(kind, name, spec):
    """An object that is known and not worked on."""
    return manifest(kind, name, spec, namespace='network', annotations={f'{stack.GROUP}/paused': 'true'})


def subnet(name, network, number):
    return left_alone('Subnet', name, {'vpcRef': {'name': f'vpc-{network}'}, 'cidrBlock': f'10.{network}.{number}.0/24', 'tags': {'Team': 'bench'}})


def fill_networks(kube):
    kube.must('POST', '/api/v1/namespaces', {'metadata': {'name': 'network'}})
    objects = [('vpcs', left_alone('VPC', f'vpc-{network}', {'cidrBlock': f'10.{network}.0.0/16'})) for network in range(NETWORKS)]
    objects += [('subnets', subnet(f'subnet-{network}-{number}', network, number)) for network in range(NETWORKS) for number in range(SUBNETS)]
    with concurrent.futures.ThreadPoolExecutor(4) as makers:
        list(makers.map(lambda one: kube.must('POST', f'{API}/namespaces/network/{one[0]}', one[1]), objects))
    return len(objects)


def review_of(number):
    return json.dumps({'apiVersion': 'admission.k8s.io/v1', 'kind': 'AdmissionReview', 'request': {
        'uid': '7c1d2c0e-8a53-4f0c-9c5e-2f7a5b0a9d11', 'operation': 'CREATE', 'userInfo': {'username': 'admin', 'groups': ['system:masters']},
        'kind': {'group': stack.GROUP, 'version': 'v1alpha1', 'kind': 'Subnet'}, 'object': subnet('new', 7, number)}})


def measure_reviews(the_stack):
    """How many objects the webhook knew, and what infra_load says of each run: a subnet that has room, and one that has none."""
    known = fill_networks(the_stack.kube)
    port = stack.free_port()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make_certificate(folder)
        launched = Launched(the_stack, '--webhook-port', str(port), '--webhook-cert-dir', folder)
        launched.wait_ready()
        stack.wait_until('the webhook knows all', lambda: 'the webhook knows all objects' in launched.process.text(), 60)
        runs = {}
        for name, number, wanted in (('allowed', SUBNETS + 1, '"allowed":true'), ('refused', 7, 'overlaps that of Subnet')):
            (folder / 'review').write_text(review_of(number))
            runs[name] = [json.loads(stack.must_run([the_stack.tools['infra_load'], str(port), folder / 'tls.crt', folder / 'review', wanted,
                                                     str(REVIEWS_A_SECOND), str(REVIEW_SECONDS)])) for _ in range(REVIEW_RUNS)]
        memory = launched.memory()
        launched.stop()
    return known, runs, memory


def measure_sizes(binary):
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / 'infra-operator'
        shutil.copy(binary, stripped)
        stack.must_run(['strip', stripped])
        program = stripped.read_bytes()
    root = image.root_files(program)
    return len(program), len(root), len(gzip.compress(root, 9))


def measure_steps(program):
    answer = stack.must_run([program, *MICRO_FLAGS, '--benchmark_report_aggregates_only', '--benchmark_format=json'])
    steps = {}
    for one in json.loads(answer)['benchmarks']:
        steps.setdefault(one['run_name'], {})[one['aggregate_name']] = one['cpu_time']
    return steps


def spread(values, digits):
    return [f'{value:.{digits}f}' for value in (statistics.median(values), min(values), max(values))]


def program_section(starts, gap, idle, vpcs, sizes):
    created, took, computed, (rss, peak) = vpcs
    program, root, packed = sizes
    rows = [
        ['start to ready, ms', *spread(starts, 0), 'under 300'],
        ['idle memory (VmRSS), MiB', *spread(idle[0], 1), 'under 15'],
        ['its highest (VmHWM), MiB', *spread(idle[1], 1), ''],
        [f'{VPCS} VPCs from nothing to ready, s', f'{took:.1f}', '', '', ''],
        ['processor time of the operator for that, s', f'{computed:.2f}', '', '', ''],
        ['memory with them (VmRSS), MiB', f'{rss:.1f}', '', '', ''],
        ['its highest (VmHWM), MiB', f'{peak:.1f}', '', '', ''],
        ['program, stripped, MB', f'{program / 1e6:.1f}', '', '', ''],
        ['image, MB', f'{root / 1e6:.1f}', '', '', 'under 15'],
        ['image, gzip -9, MB', f'{packed / 1e6:.1f}', '', '', ''],
    ]
    return f'''## The program

{table(['what', 'median', 'min', 'max', 'goal'], rows)}
Each operator is built by `./dev build release`, and started against a kube-apiserver on the same machine that has the
CRDs and has listed each kind once, as

    infra-operator run --kubeconfig FILE {' '.join(FLAGS)} 127.0.0.1:PORT

- Start to ready: {STARTS} runs after one that does not count, without objects; from before the process is made until
  `/readyz` answers 200, which is asked every millisecond. The longest time between two looks was {gap:.1f} ms.
- Idle memory: `/proc/PID/status` {IDLE_SECONDS} s after ready, without objects, of {IDLE_PROCESSES} processes.
- {VPCS} VPCs: one run. The objects are made one after another, in {created:.1f} s, while one operator works against the AWS
  emulator. The memory is that of {IDLE_SECONDS} s later.
- Image: what `./dev image` puts into it, as one tar.
'''


def webhook_section(known, runs, memory):
    rows = [[f'a subnet, {name}', *(f'{statistics.median(run[part] for run in taken):.2f}' for part in ('p50', 'p99')),
             f'{max(run["max"] for run in taken):.2f}', sum(run['bad'] for run in taken), 'p99 under 10'] for name, taken in runs.items()]
    return f'''## The webhook

{table(['review, ms', 'p50', 'p99', 'max', 'not answered', 'goal'], rows)}
One operator on a kube-apiserver with {known} objects, {SUBNETS} subnets in each of {NETWORKS} VPCs, all of them in its caches
({memory[0]:.1f} MiB, at most {memory[1]:.1f}). Each review asks for one more subnet in one of these VPCs; `infra_load` sends
{REVIEWS_A_SECOND} a second over TLS for {REVIEW_SECONDS} s, from the same machine, and counts from when each was due. p50 and p99 are the
medians of {REVIEW_RUNS} runs.
'''


def steps_section(steps):
    rows = [[name, f'{values["median"] / 1000:.2f}', f'{values["stddev"] / 1000:.2f}'] for name, values in steps.items()]
    return f'''## Steps

`infra_bench {' '.join(MICRO_FLAGS)}`, made of what the release build compiled. CPU time of
one, in microseconds: the median of the repetitions and their standard deviation.

{table(['step', 'median', 'deviation'], rows)}'''


def main():
    tools = dict(word.split('=', 1) for word in sys.argv[1:])
    print('steps', flush=True)
    steps = measure_steps(tools['infra_bench'])
    print('sizes', flush=True)
    sizes = measure_sizes(tools['operator'])
    the_stack = stack.Stack(tools)
    try:
        print('starting etcd, kube-apiserver and the AWS emulator', flush=True)
        the_stack.start()
        warm_up(the_stack)
        print('starts', flush=True)
        starts, gap = measure_starts(the_stack)
        print('idle memory', flush=True)
        idle = measure_idle(the_stack)
        print(f'{VPCS} VPCs', flush=True)
        vpcs = measure_vpcs(the_stack)
        print('reviews', flush=True)
        reviews = measure_reviews(the_stack)
    finally:
        the_stack.stop()
    write_page(f'''# Measured

Written by `./dev bench` and `./dev bench scale`, and not by hand. The machine is small, virtual and shared with other work, so it is noisy:
figures of two runs may well differ by half.

{table(['machine', ''], machine())}
{program_section(starts, gap, idle, vpcs, sizes)}
{webhook_section(*reviews)}
{steps_section(steps)}''', page_parts()[1])
    print(page_parts()[0])


main()
