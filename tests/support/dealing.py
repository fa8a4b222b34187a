"""How `pytest -n` deals the tests to its processes: a file at a time, and some folders as a whole.

The files of such a folder share what is slow to make: servers, or all pages of the console, read by each role. Each process
that is dealt one of the files makes it, so one process gets them all.
"""

import os
from itertools import chain, groupby, zip_longest

import pytest
from xdist.scheduler import LoadScopeScheduling

FOLDERS = ("tests/attacks/service/", "tests/system/console_walk/", "tests/system/deployment/", "tests/web/server/")
#: Tests with one of these marks mostly wait: for processes, for time to pass, for a browser.
WAITING = ("slow", "browser")
#: Processes of `-n auto` for each processor. A third on two processors saves no time that can be told from the noise of a machine, and
#: tests that race with a process of their own then meet orders of events that no one has at a desk.
PROCESSES = 1


def pytest_collection_modifyitems(items):
    """Put whole folders first, and the files that wait between those that compute: each fills the pauses of the other."""
    large, waiting, computing = [], [], []
    for name, tests in ((name, list(tests)) for name, tests in groupby(items, key=lambda item: unit(item.nodeid))):
        kind = large if name in FOLDERS else waiting if any(map(waits, tests)) else computing
        kind.append(tests)
    dealt = chain(large, chain.from_iterable(zip_longest(computing, waiting, fillvalue=[])))
    items[:] = chain.from_iterable(dealt)


def unit(nodeid):
    """The file of a test, or its folder if that is dealt as a whole."""
    folder = next((each for each in FOLDERS if nodeid.startswith(each)), "")
    return folder or nodeid.split("::", 1)[0]


def waits(item):
    """Say whether a test mostly waits."""
    return any(item.get_closest_marker(mark) for mark in WAITING)


class DealtUnits(LoadScopeScheduling):
    """Deals one unit after the other, in the order of the collection."""

    def _split_scope(self, nodeid):
        return unit(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Say how many processes `-n auto` starts."""
    return PROCESSES * len(os.sched_getaffinity(0))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False
    return DealtUnits(config, log)
