"""What the measurements share: what a process uses, the objects they need, and the page that they write."""
import datetime
import json
import os
import pathlib
import platform

import stack

RESULTS = stack.ROOT / 'bench/RESULTS.md'
API = f'/apis/{stack.GROUP}/v1alpha1'
MIB = 1024 * 1024
# What is measured must not hang on the settings of who measures, such as a bundle of certificates.
NO_AWS_SETTINGS = {name: '' for name in os.environ if name.startswith('AWS_')}
SCALE = '## Scale\n'
TAGS = {'Team': 'bench'}
SUBNETS_OF_A_VPC = 200
SPECS = {
    'S3Bucket': lambda n: {'bucketName': f'bench-{n}', 'versioning': {'enabled': True}, 'encryption': {'algorithm': 'AES256'}, 'tags': TAGS},
    'VPC': lambda n: {'cidrBlock': f'10.{n % 256}.0.0/16', 'enableDnsSupport': True, 'enableDnsHostnames': True, 'tags': TAGS},
    'Subnet': lambda n: {'vpcRef': {'name': f'vpc-{n // SUBNETS_OF_A_VPC}'}, 'cidrBlock': f'10.{n // SUBNETS_OF_A_VPC % 256}.{n % SUBNETS_OF_A_VPC}.0/24', 'tags': TAGS},
    'SQSQueue': lambda n: {'queueName': f'bench-{n}', 'tags': TAGS},
}


def memory_of(pid):
    """VmRSS and VmHWM in MiB."""
    text = pathlib.Path(f'/proc/{pid}/status').read_text()
    fields = dict(line.split(':', 1) for line in text.splitlines())
    return [int(fields[name].split()[0]) / 1024 for name in ('VmRSS', 'VmHWM')]


def processor_seconds_of(pid):
    """Of all threads, in user and in system mode."""
    text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    ticks = text.rsplit(')', 1)[1].split()[11:13]
    return sum(int(one) for one in ticks) / os.sysconf('SC_CLK_TCK')


def warm_up(the_stack):
    """The API server answers 429 to the first lists of a new kind, until its storage is there."""
    listed = json.loads(the_stack.kubectl('get', '--raw', API))
    for resource in listed['resources']:
        if '/' not in resource['name']:
            path = f'{API}/{resource["name"]}'
            stack.wait_until(path, lambda: the_stack.kube.request('GET', path)[0] == 200)


def make_provider(kube, endpoint):
    kube.must('POST', '/api/v1/namespaces/default/secrets', {
        'metadata': {'name': 'keys'}, 'stringData': {'AWS_ACCESS_KEY_ID': 'test', 'AWS_SECRET_ACCESS_KEY': 'test'}})
    kube.must('POST', f'{API}/namespaces/default/awsproviders', {
        'apiVersion': f'{stack.GROUP}/v1alpha1', 'kind': 'AWSProvider', 'metadata': {'name': 'aws'},
        'spec': {'region': 'us-east-1', 'endpoint': endpoint, 'credentialsSecret': {'name': 'keys'}}})


def manifest(kind, name, spec, **metadata):
    return {'apiVersion': f'{stack.GROUP}/v1alpha1', 'kind': kind, 'metadata': {'name': name, **metadata}, 'spec': {'providerRef': {'name': 'aws'}, **spec}}


def path_of(kind, number=None):
    """Of one of the objects that SPECS are of, or of all of that kind."""
    return f'{API}/namespaces/default/{kind.lower()}s' + ('' if number is None else f'/{name_of(kind, number)}')


def name_of(kind, number):
    return f'{kind.lower()}-{number}'


def object_of(kind, number):
    return manifest(kind, name_of(kind, number), SPECS[kind](number))


def commit():
    return stack.must_run(['git', '-C', stack.ROOT, 'describe', '--always', '--dirty']).strip()


def machine():
    cpu = next(line.split(':', 1)[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name'))
    memory = next(int(line.split()[1]) for line in open('/proc/meminfo') if line.startswith('MemTotal'))
    compiler = stack.must_run(['g++', '--version']).splitlines()[0]
    return [('CPU', cpu), ('cores', os.cpu_count()), ('memory', f'{memory / MIB:.1f} GiB'),
            ('kernel', f'{platform.system()} {platform.release()}'), ('compiler', compiler),
            ('date', datetime.date.today().isoformat())]


def table(head, rows):
    lines = [head, ['---'] * len(head), *rows]
    return ''.join('| ' + ' | '.join(str(cell) for cell in line) + ' |\n' for line in lines)


def page_parts():
    """What ./dev bench has written, and what ./dev bench scale has, which stands below it with the history of its runs."""
    program, _, scale = RESULTS.read_text().partition(SCALE)
    return program.rstrip() + '\n', scale


def write_page(program, scale):
    RESULTS.write_text(program + (f'\n{SCALE}{scale}' if scale else ''))
