#!/usr/bin/env python3
"""Runs the tests on a real node. Run by ./dev e2e, which makes the cluster.

usage: run.py FOLDER IMAGE NAME=PATH ... [TEST ...]     (the cluster's folder; a TEST such as test_takeover)
"""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / 'tools')]

import counted  # noqa: E402
import stack  # noqa: E402
from harness import World  # noqa: E402


def main():
    folder, image, *words = sys.argv[1:]
    names = [word for word in words if '=' not in word]
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), 'test_*.py')
    if not names:
        # Last: what all of them have needed.
        suite.addTests(loader.loadTestsFromName('rights'))
    stack.end_in_order_when_told()
    try:
        World.start(folder, image, dict(word.split('=', 1) for word in words if '=' in word))
        passed, failed = counted.run(suite)
    finally:
        World.stop()
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


sys.exit(main())
