#!/usr/bin/env python3
"""Fails on what g++ 12 miscompiles in coroutines; src/base/task.h has the rules.

Looks at statements as text, so it may be fooled by strange formatting; what it finds is real.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What may stand in braces within a co_await: no destructor to run twice.
HARMLESS = re.compile(r"\b(?:Duration|seconds|milliseconds|SteadyTime|monostate)\{[^{}]*\}")
DECLARED = re.compile(r"\bTask<[^;{}]*?>\s+[\w:]+\((?P<parameters>[^;{}]*(?:\{[^{};]*\}[^;{}]*)*)\)\s*(?:const\s*)?(?:override\s*)?[;{]")


def without_comments(text):
    return re.sub(r"//[^\n]*", lambda match: " " * len(match[0]), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def faults(text):
    for found in DECLARED.finditer(text):
        if re.search(r"=\s*(?:[\w:<>]+)?\{", found["parameters"]):
            yield found.start(), "a coroutine with a braced default argument; write an overload that is no coroutine"
    for found in re.finditer(r"co_await\b[^;]*;", text):
        statement = HARMLESS.sub("0", found[0])
        braces = re.search(r"[\w>,(]\s*\{", statement)
        if braces and not re.search(r"\)\s*\{\s*$", statement[: braces.end()]):
            yield found.start(), "a braced temporary within co_await; give it a name first"
        if re.search(r"co_await[^;]*\?[^;]*:[^:]", statement):
            yield found.start(), "co_await within ?:; write an if"
    for found in re.finditer(r"\?(?:[^;:{}]*|[^;]*[^:;]:\s*)\bco_await\b", text):
        yield found.start(), "co_await within ?:; write an if"
    for found in re.finditer(r"\[(?!\])[^\[\]]*\]\s*\([^()]*\)\s*(?:mutable\s*)?->\s*Task<", text):
        yield found.start(), "a lambda with captures that is a coroutine; write a function"


def main():
    wrong = []
    for path in sorted((ROOT / "src").glob("*/*")):
        if path.suffix in {".h", ".cc"}:
            text = without_comments(path.read_text())
            wrong += [f"{path.relative_to(ROOT)}:{line_of(text, at)}: {why}" for at, why in faults(text)]
    print("\n".join(wrong) or "no coroutine breaks the rules of src/base/task.h")
    return 1 if wrong else 0


sys.exit(main())
