"""What the tests of checks share: the web server's side on the tests' store, and a worker that only notes itself."""

from contextlib import closing

import pytest
from redis import Redis

from records import SecretBox
from runner.checks.script_checks import ScriptChecks
from runner.store.worker_heartbeat import CHECKS, WorkerHeartbeat
from tests.support.application import KEY


@pytest.fixture
def box():
    return SecretBox([KEY])


@pytest.fixture
def checks(redis, box):
    return ScriptChecks(redis, box)


@pytest.fixture
def idle_store(redis, valkey_url):
    """Another database of the store, with the note of a worker; nobody takes an order there."""
    with closing(Redis.from_url(valkey_url, db=1)) as idle:
        WorkerHeartbeat(idle, places=2, queue=CHECKS).note(0)
        yield idle


@pytest.fixture
def unserved(idle_store, box):
    """The web server's side there."""
    return ScriptChecks(idle_store, box)
