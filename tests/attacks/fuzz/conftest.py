"""Builds to run programs on: this interpreter, and the debug build of CPython where there is one."""

from __future__ import annotations

import os
import threading

import pytest

from tests.attacks.fuzz.running import Build, builds

LAUNCHES = builds()


@pytest.fixture(scope="session")
def release():
    """A sandbox on the interpreter of this process."""
    with Build(LAUNCHES[0]) as running:
        yield running


@pytest.fixture(scope="session")
def debug():
    """A sandbox on the debug build."""
    if len(LAUNCHES) == 1:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no debug build of CPython here: see .ci/machine")
        pytest.skip("there is no debug build of CPython here")
    with Build(LAUNCHES[1]) as running:
        yield running


@pytest.fixture(params=["release", "debug"])
def build(request):
    """Each of the two in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def _no_thread_stays():
    before = set(threading.enumerate())
    yield
    of_open_sandboxes = ("zygote-", "sandbox-")  # a build may have started a second one
    assert not [one for one in set(threading.enumerate()) - before if not one.name.startswith(of_open_sandboxes)]
