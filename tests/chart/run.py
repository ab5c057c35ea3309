#!/usr/bin/env python3
"""Runs the tests of the Helm chart, which need helm and no cluster. Run by ./dev chart-test and ./dev test.

usage: run.py NAME=PATH ... [TEST ...]     (a TEST such as test_refusals)
"""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import counted  # noqa: E402
import helm  # noqa: E402


def main():
    helm.TOOLS.update(word.split('=', 1) for word in sys.argv[1:] if '=' in word)
    names = [word for word in sys.argv[1:] if '=' not in word]
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), 'test_*.py')
    with helm.slim_chart():
        passed, failed = counted.run(suite)
    print(f'chart: {passed} passed, {failed} failed')
    return 1 if failed else 0


sys.exit(main())
