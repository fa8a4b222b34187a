"""Sandboxes to attack: one with no rules but the jail's, and one like the product's."""

from __future__ import annotations

import threading

import pytest

from sandbox import Sandbox
from tests.sandbox.boxes import RAW, Box


@pytest.fixture(scope="session")
def raw():
    """No language layer: what is held here is held by jail and broker alone."""
    with Sandbox(launch=RAW) as sandbox:
        yield Box(sandbox)


@pytest.fixture(scope="session")
def product():
    """All layers."""
    with Sandbox() as sandbox:
        yield Box(sandbox)


@pytest.fixture(autouse=True)
def _no_thread_stays():
    before = set(threading.enumerate())
    yield
    assert not [thread for thread in set(threading.enumerate()) - before if not thread.name.startswith("zygote-")]
