#!/usr/bin/env python3
"""Fails when a document names a path of this repository that does not exist."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMED = re.compile(r"`((?:src|definitions|docs|tools|tests|third_party|cmake|chart|samples|bench)/[\w./-]*)`")


def main() -> int:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")]
    wrong = []
    for document in sorted(documents):
        for number, line in enumerate(document.read_text().splitlines(), 1):
            for path in NAMED.findall(line):
                if not (ROOT / path).exists():
                    wrong.append(f"{document.relative_to(ROOT)}:{number}: there is no {path}")
    print("\n".join(wrong) or "every path named in the docs exists")
    return 1 if wrong else 0


sys.exit(main())
