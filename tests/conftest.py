"""What all tests share: one store, one PostgreSQL, one browser and vendors for a process's tests, and how the files are dealt out."""

from itertools import chain, groupby, zip_longest

import pytest

pytest_plugins = [
    "tests.support.check_worker",
    "tests.support.chromium",
    "tests.support.html_checker",
    "tests.support.postgres",
    "tests.support.valkey",
    "tests.support.vendors",
]

#: Tests with one of these marks mostly wait: for processes, for time to pass, for a browser.
WAITING = ("slow", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the files that wait between those that compute, so that each fills the pauses of the other."""
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    waiting = [tests for tests in files if any(waits(item) for item in tests)]
    computing = [tests for tests in files if not any(waits(item) for item in tests)]
    dealt = zip_longest(computing, waiting, fillvalue=[])
    items[:] = chain.from_iterable(chain.from_iterable(dealt))


def waits(item: pytest.Item) -> bool:
    """Say whether a test mostly waits."""
    return any(item.get_closest_marker(mark) for mark in WAITING)
