#!/usr/bin/env python3
"""Runs the integration tests: real kube-apiserver, etcd and AWS emulator. Run by ./dev test.

usage: run.py NAME=PATH ... [TEST ...]     (a TEST such as test_vpc or test_vpc.Vpc.test_create)
"""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / 'tools')]

import counted  # noqa: E402
from harness import World  # noqa: E402
import stack  # noqa: E402


def main():
    tools = dict(word.split('=', 1) for word in sys.argv[1:] if '=' in word)
    names = [word for word in sys.argv[1:] if '=' not in word]
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), 'test_*.py')
    # Last: what all of them have called.
    suite.addTests(loader.loadTestsFromName('permissions.Called' if names else 'permissions'))
    failed = True
    stack.end_in_order_when_told()
    try:
        World.start(tools)
        passed, bad = counted.run(suite)
        failed = bad > 0
        if failed:
            print(f'Logs are in {World.stack.folder}')
        print(f'integration: {passed} passed, {bad} failed')
    finally:
        if World.stack:
            World.stack.stop(keep_files=failed)
    return 1 if failed else 0


sys.exit(main())
