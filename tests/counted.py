"""Runs a suite of tests so that each is named with its time, and the last line counts them."""
import sys
import time
import unittest


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
        self.begun = getattr(self, 'begun', time.monotonic())  # what comes before a class has not begun a test
        self.note(test, 'ERROR')


def run(suite):
    """How many passed, and how many failed."""
    result = unittest.TextTestRunner(resultclass=Result, stream=sys.stdout, verbosity=0).run(suite)
    # A test may fail twice: in itself and while it is cleaned up, and once for each of its rows.
    bad = len({str(getattr(test, 'test_case', test)) for test, _ in result.failures + result.errors})
    return max(0, result.testsRun - bad), bad if result.testsRun else max(1, bad)
