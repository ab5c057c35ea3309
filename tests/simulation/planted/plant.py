#!/usr/bin/env python3
"""Plants the bugs of the *.toml files beside this script into copies of production sources.

usage: plant.py ROOT OUT            writes OUT/src/... and OUT/bugs.inc
       plant.py ROOT OUT --list     only names the copies, one a line

An entry [[bug]] has a name, the pattern of failure it stands for, what it does, under which faults it shows, and an edit:
`find`, which must occur exactly once in `file`, and `replace`, which does the same as long as infra::planted("name") is
false. More edits follow as [[bug.also]]. Two bugs may not change the same text. What comes last in a condition is asked
last: with infra::planted() there, planted_reached() counts only the moments at which the bug makes a difference.
"""
import pathlib
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = ('name', 'pattern', 'does', 'shows')


class Drifted(Exception):
    """A bug that does not fit the sources any more; the text is for people."""


class Edit:
    """One text of one file, replaced."""

    def __init__(self, bug, entry):
        self.bug = bug
        try:
            self.file, self.find, self.replace = (entry[key].strip('\n') for key in ('file', 'find', 'replace'))
        except KeyError as missing:
            raise Drifted(f"planted bug '{bug}': an edit lacks {missing}") from None
        if not self.file.endswith('.cc'):
            raise Drifted(f"planted bug '{bug}': {self.file} is no .cc file, and only those are copied")

    def span(self, text):
        count = text.count(self.find)
        if count != 1:
            raise Drifted(f"planted bug '{self.bug}': its text occurs {count} times in {self.file}, not once; "
                          f"the source has changed, so change the bug: {self.find.strip().splitlines()[0]}")
        begin = text.index(self.find)
        return begin, begin + len(self.find)


class Bug:
    def __init__(self, entry, source):
        missing = [key for key in TEXTS if not entry.get(key, '').strip()]
        if missing:
            raise Drifted(f"a planted bug in {source} ('{entry.get('name', 'without a name')}') lacks {', '.join(missing)}")
        self.texts = [' '.join(entry[key].split()) for key in TEXTS]
        self.name = entry['name']
        self.edits = [Edit(self.name, one) for one in (entry, *entry.get('also', []))]
        if not any(f'infra::planted("{self.name}")' in edit.replace for edit in self.edits):
            raise Drifted(f"planted bug '{self.name}': no replacement asks infra::planted(\"{self.name}\")")


def read_bugs():
    bugs = []
    for source in sorted(HERE.glob('*.toml')):
        entries = tomllib.loads(source.read_text(encoding='utf-8'))['bug']
        bugs += [Bug(entry, source.name) for entry in entries]
    names = [bug.name for bug in bugs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Drifted(f'planted bugs of the same name: {", ".join(twice)}')
    return bugs


def mutated(text, edits):
    """The text with all edits made; each finds its place in the text as it is."""
    placed = sorted(((*edit.span(text), edit) for edit in edits), key=lambda place: place[:2])
    for (_, end, one), (begin, _, other) in zip(placed, placed[1:]):
        if begin < end:
            raise Drifted(f"planted bugs '{one.bug}' and '{other.bug}' change the same text of {one.file}")
    for begin, end, edit in reversed(placed):
        text = text[:begin] + edit.replace + text[end:]
    return '#include "planted/planted.h"\n' + text


def literal(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def table(bugs):
    return ''.join('{' + ', '.join(map(literal, bug.texts)) + '},\n' for bug in bugs)


def write_if_new(path, text):
    """An unchanged copy keeps its time, so that it is not compiled again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding='utf-8') != text:
        path.write_text(text, encoding='utf-8')


def main():
    root, out = (pathlib.Path(word) for word in sys.argv[1:3])
    try:
        bugs = read_bugs()
        edits = [edit for bug in bugs for edit in bug.edits]
        files = sorted({edit.file for edit in edits})
        if sys.argv[3:] == ['--list']:
            print('\n'.join(files))
            return 0
        for file in files:
            source = root / file
            if not source.exists():
                raise Drifted(f'planted bugs name {file}, which does not exist')
            text = source.read_text(encoding='utf-8')
            write_if_new(out / file, mutated(text, [edit for edit in edits if edit.file == file]))
        write_if_new(out / 'bugs.inc', table(bugs))
    except (Drifted, tomllib.TOMLDecodeError) as error:
        print(f'plant.py: {error}', file=sys.stderr)
        return 1
    return 0


sys.exit(main())
