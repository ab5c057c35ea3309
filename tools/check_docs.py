#!/usr/bin/env python3
"""Fails when a document names a path of this repository that does not exist, or docs/conditions.md lacks a reason."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMED = re.compile(r"`((?:src|definitions|docs|tools|tests|third_party|cmake|chart|samples|bench)/[\w./-]*)`")


REASONS = (re.compile(r'\breason = "([A-Z]\w+)"'), re.compile(r'constexpr std::string_view k\w+ = "([A-Z][a-z]\w+)"'),
           re.compile(r'record_event\([^;]*?"([A-Z][A-Za-z]+)"'), re.compile(r'"((?:Confirming|Reference)\w+|Secret(?:NotFound|Invalid))"'),
           re.compile(r'case Code::k\w+: return "([A-Z]\w+)"'))
# Reasons of plans and errors that end in none of an object's conditions under this name.
UNSEEN = {"Creating", "Internal", "Cancelled", "Expired", "AlreadyExists"}


def missing_reasons():
    sources = [path for folder in ("base", "planning", "reconcile", "operator") for path in (ROOT / "src" / folder).glob("*.[ch]*")]
    found = {reason for path in sources if not path.name.endswith(("_test.cc", "_for_test.h"))
             for pattern in REASONS for reason in pattern.findall(path.read_text()) if reason}
    text = (ROOT / "docs/conditions.md").read_text()
    return [f"docs/conditions.md: does not say what {reason} means" for reason in sorted(found - UNSEEN)
            if not re.search(rf"\b{reason}\b", text)]


def main() -> int:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("chart/*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")]
    wrong = []
    for document in sorted(documents):
        for number, line in enumerate(document.read_text().splitlines(), 1):
            for path in NAMED.findall(line):
                if not (ROOT / path).exists():
                    wrong.append(f"{document.relative_to(ROOT)}:{number}: there is no {path}")
    wrong += missing_reasons()
    print("\n".join(wrong) or "every path named in the docs exists, and every reason is explained")
    return 1 if wrong else 0


sys.exit(main())
