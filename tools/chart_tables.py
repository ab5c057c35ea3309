#!/usr/bin/env python3
"""Writes the tables of values into chart/README.md, from chart/values.yaml and its comments. With --check only compares.

Reads values.yaml as the text it is: a line `## Words` begins a section, and the lines `# Words` just above a key say what it
means. A key without a value holds others. Standard library only.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VALUES = ROOT / 'chart/values.yaml'
README = ROOT / 'chart/README.md'
BEGIN, END = '<!-- values: begin -->', '<!-- values: end -->'
KEY = re.compile(r'( *)([\w./-]+):(?: (.*))?$')


def rows(text):
    """(section, key, default, what it means) for every key that holds a value."""
    section, path, said = '', [], []
    for line in text.splitlines():
        key = KEY.match(line)
        if line.startswith('## '):
            section = line[3:]
        elif line.lstrip().startswith('# '):
            said.append(line.strip()[2:])
        elif key:
            depth = len(key[1]) // 2
            path[depth:] = [key[2]]
            if key[3] is not None:
                yield section, '.'.join(path), key[3], ' '.join(said)
            said = []
        else:
            said = []


def tables():
    lines, current = [], None
    for section, key, default, meaning in rows(VALUES.read_text()):
        if section != current:
            lines += ['', f'### {section}', '', '| key | default | means |', '|---|---|---|']
            current = section
        lines.append(f'| `{key}` | `{default}` | {meaning} |')
    return '\n'.join(lines[1:])


def main():
    text = README.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = f'{before}{BEGIN}\n{tables()}\n{END}{after}'
    if '--check' not in sys.argv:
        README.write_text(wanted)
    elif wanted != text:
        print('chart/README.md: its tables are not those of chart/values.yaml; run python3 tools/chart_tables.py')
        return 1
    return 0


sys.exit(main())
