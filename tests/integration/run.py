#!/usr/bin/env python3
"""Runs the integration tests: real kube-apiserver, etcd and AWS emulator. Run by ./dev test.

usage: run.py NAME=PATH ... [TEST ...]     (a TEST such as test_vpc or test_vpc.Vpc.test_create)
"""
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import World  # noqa: E402
import stack  # noqa: E402, the harness says where it is


class Result(unittest.TextTestResult):
    """Names each test with its time, so that a slow one shows."""

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def note(self, test, verdict):
        print(f'{verdict:7}{time.monotonic() - self.begun:6.1f} s  {test.id()}', flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, 'ok')

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test, 'FAILED')

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test, 'ERROR')


def main():
    tools = dict(word.split('=', 1) for word in sys.argv[1:] if '=' in word)
    names = [word for word in sys.argv[1:] if '=' not in word]
    folder = pathlib.Path(__file__).resolve().parent
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(folder), 'test_*.py')
    # Last: what all of them have called.
    suite.addTests(loader.loadTestsFromName('permissions.Called' if names else 'permissions'))
    failed = True
    stack.end_in_order_when_told()
    try:
        World.start(tools)
        result = unittest.TextTestRunner(resultclass=Result, stream=sys.stdout, verbosity=0).run(suite)
        # A test may fail twice: in itself and while it is cleaned up, and once for each of its rows.
        bad = len({str(getattr(test, 'test_case', test)) for test, _ in result.failures + result.errors})
        failed = bad > 0 or result.testsRun == 0
        if failed:
            print(f'Logs are in {World.stack.folder}')
        print(f'integration: {result.testsRun - bad} passed, {bad} failed')
    finally:
        if World.stack:
            World.stack.stop(keep_files=failed)
    return 1 if failed else 0


sys.exit(main())
