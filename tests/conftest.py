"""What all tests share: one store, one PostgreSQL, one browser and vendors for a process's tests, and how the files are dealt out."""

import gc
import os
from itertools import chain, groupby, zip_longest

import pytest

pytest_plugins = [
    "tests.support.chromium",
    "tests.support.html_checker",
    "tests.support.postgres",
    "tests.support.valkey",
    "tests.support.vendors",
]

#: Tests with one of these marks mostly wait: for processes, for time to pass, for a browser.
WAITING = ("slow", "browser")
#: Processes of `-n auto` for each processor: one computes while the other waits.
PROCESSES = 2


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Say how many processes `-n auto` starts."""
    return PROCESSES * len(os.sched_getaffinity(0))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the files that wait between those that compute, so that each fills the pauses of the other."""
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    waiting = [tests for tests in files if any(waits(item) for item in tests)]
    computing = [tests for tests in files if not any(waits(item) for item in tests)]
    dealt = zip_longest(computing, waiting, fillvalue=[])
    items[:] = chain.from_iterable(chain.from_iterable(dealt))


def pytest_collection_finish() -> None:
    """Take what was collected out of the garbage collector's sight: it lives to the end, and is large."""
    gc.collect()
    gc.freeze()


def waits(item: pytest.Item) -> bool:
    """Say whether a test mostly waits."""
    return any(item.get_closest_marker(mark) for mark in WAITING)
