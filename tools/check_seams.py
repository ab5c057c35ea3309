#!/usr/bin/env python3
"""Fails where production code reaches past its seams to the real world.

The simulator runs that code on a time, a network and a randomness of its own, so that a run depends on its seed alone. A
wall clock, a thread or the address of an object would make two runs of one seed differ. Looks at the sources as text.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What is looked for: the rule, its pattern, and what to use instead.
RULES = {
    'clock': (r'\b(?:system|steady|high_resolution|utc|file)_clock::now\b|\bgettimeofday\b|\bclock_gettime\b'
              r'|\bstd::time\b|(?<![\w.:>])time\s*\(\s*(?:nullptr|NULL|0|&)|(?<![\w.:>])clock\s*\(\s*\)',
              'reads a clock; use the Clock that it is given (src/base/clock.h)'),
    'timer': (r'\b(?:steady|system|high_resolution|deadline)_timer\b|\bthis_thread::sleep\w*|\b(?:u|nano)sleep\s*\(|(?<!\w)::sleep\s*\(',
              'waits for real time; use Clock::sleep or Wakeup (src/base/wakeup.h)'),
    'random': (r'\brandom_device\b|(?<![\w.:>])s?rand\s*\(|\bstd::rand\b|\bRAND_\w*bytes\b|\bgetrandom\b|\barc4random\w*|\buuid\w*_generat\w*'
               r'|\brandom_generator\b|\bmt19937\w*|\bdefault_random_engine\b|\bBN_\w*rand\w*|\bEVP_\w+_gen\b',
               'makes random numbers; use the function `random` that comes in through OperatorParts'),
    'thread': (r'\bstd::(?:j?thread|async)\b|\bpthread_create\b|\bthread_pool\b',
               'starts a thread; everything runs on one (docs/design/002-one-thread.md)'),
    'environment': (r'\b(?:secure_)?getenv\b|\bsetenv\b|\benviron\b|(?<![\w.:>])getpid\s*\(|\bgethostname\b',
                    'asks about the process or its environment; use aws::Environment, or take the value as a parameter'),
    'file': (r'\b[io]?fstream\b|\bfopen\b|(?<![\w.>])::open\s*\('
             r'|\b(?:filesystem|fs)::(?!path\b|file_time_type\b|filesystem_error\b)\w+',
             'touches files; take the text as a parameter, or put the reading behind a source such as kube::TokenSource'),
    'process': (r'\bposix_spawnp?\b|(?<![\w.:>])fork\s*\(|\bpopen\b|\bstd::system\b|(?<![\w.:>])system\s*\(',
                'starts a process; do that behind a source such as src/kube/exec_credential.h'),
    'pointer order': (r'\b(?:multi)?(?:set|map)<\s*(?:const\s+)?[\w:]+(?:\s+const)?\s*\*|\b(?:multi)?(?:set|map)<\s*std::(?:shared|unique)_ptr\b'
                      r'|\b(?:less|greater|hash)<[^<>]*\*\s*>|\buintptr_t\b',
                      'orders or numbers things by their addresses, which differ in each run; use a name or a counter'),
}

# Where the real world comes in: file -> rule -> reason. An entry that is not used any more fails as well.
APP = 'the program itself: puts real parts behind the seams'
TOOL = 'a program that builds the project, and no part of the operator'
SEAMS = {
    'src/app/kube_config.cc': {'environment': APP},
    'src/app/run_command.cc': {'random': APP, 'environment': APP},
    'src/cli/aws_command.cc': {'random': APP, 'file': APP},
    'src/definition/generate_main.cc': {'file': TOOL},
    'src/definition/model_check.cc': {'file': TOOL},
    'src/base/clock.cc': {'clock': 'SystemClock', 'timer': 'SystemClock'},
    'src/base/file.cc': {'file': 'read_file(), for what is put behind a seam'},
    'src/base/wakeup.cc': {'timer': 'set to no time at all: only notify() ends it'},
    'src/base/keyed_hash.cc': {'random': 'random_key(), which only the program calls'},
    'src/net/beast_transport.cc': {'clock': 'the real network, which the simulator replaces',
                                   'timer': 'the real network, which the simulator replaces'},
    'src/net/http_server.cc': {'timer': 'the real network, which the simulator replaces'},
    'src/net/certificate_maker.cc': {'random': 'keys and certificates, which only the program makes'},
    'src/net/proxy_config.cc': {'environment': 'read once at the start, for the real network'},
    'src/telemetry/process_metrics.cc': {'file': 'numbers about the real process, read when somebody asks for metrics'},
    'src/definition/loader.cc': {'file': 'the folder of --definitions, read once at the start'},
    'src/kube/config.cc': {'environment': 'kubeconfig or pod, read once at the start', 'file': 'the same'},
    'src/kube/file_credential.cc': {'file': 'the token of a pod, behind TokenSource'},
    'src/kube/exec_credential.cc': {'process': 'credential plugins, behind TokenSource',
                                    'environment': 'what such a plugin inherits'},
    'src/aws/catalog.cc': {'file': 'models from a folder; the operator has them built in'},
    'src/aws/client.cc': {'file': 'AWS_CA_BUNDLE, named by the Environment'},
    'src/aws/credentials.cc': {'environment': 'process_environment(), which only the program calls',
                               'file': 'token files, named by the Environment'},
    'src/aws/profile.cc': {'file': 'profiles, named by the Environment'},
}

UNORDERED = re.compile(r'\bunordered_(?:multi)?(?:map|set)<[^;]*?>\s+(\w+)\s*[;{=]')
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|\'(?:\\.|[^\'\\\n])\'|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|^[ \t]*#[^\n]*', re.DOTALL | re.MULTILINE)


def code_of(path):
    """The text with comments, literals and directives blanked; lines stay where they are."""
    return NOISE.sub(lambda found: re.sub(r'[^\n]', ' ', found[0]), path.read_text(encoding='utf-8'))


def production_files():
    for path in sorted((ROOT / 'src').glob('*/*')):
        if path.suffix in {'.h', '.cc'} and not re.search(r'_test\.cc$|_for_test\.(?:h|cc)$', path.name):
            yield path


def line_of(text, position):
    return text.count('\n', 0, position) + 1


def uses(code):
    """(position, rule, the words found)"""
    for rule, (pattern, _) in RULES.items():
        for found in re.finditer(pattern, code):
            yield found.start(), rule, found[0]


def iterated(path, code):
    """Walks through unordered containers that this file, or the header beside it, declares."""
    header = path.with_suffix('.h')
    declared = code + (code_of(header) if header != path and header.exists() else '')
    for name in sorted(set(UNORDERED.findall(declared))):
        walk = rf'for\s*\([^;{{}}]*:\s*{name}\b|\b{name}\.c?begin\s*\(|\branges::\w+\(\s*{name}\b|\berase_if\(\s*{name}\b'
        for found in re.finditer(walk, code):
            yield found.start(), name


def check():
    faults, used = [], set()
    for path in production_files():
        name, code = str(path.relative_to(ROOT)), code_of(path)
        for position, rule, words in uses(code):
            used.add((name, rule))
            if rule not in SEAMS.get(name, {}):
                faults.append(f'{name}:{line_of(code, position)}: {words.strip()} {RULES[rule][1]}. If this file has to '
                              f'be a seam, list it in tools/check_seams.py with the reason.')
        for position, container in iterated(path, code):
            faults.append(f'{name}:{line_of(code, position)}: walks through {container}, whose order differs between '
                          f'libraries; use std::map or std::set.')
    for name, rules in SEAMS.items():
        faults += [f'{name}: is listed in tools/check_seams.py for "{rule}" and does not need it; take the entry out.'
                   for rule in rules if (name, rule) not in used]
    return faults


def main():
    faults = check()
    print('\n'.join(faults) or 'production code reaches the real world through its seams only')
    return 1 if faults else 0


sys.exit(main())
