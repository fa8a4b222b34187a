"""The worker's side of checks for tests: one real jail for the whole run, which serves the tests' store."""

from contextlib import closing

import pytest

from records import SecretBox
from runner.checks.check_server import CheckServer
from runner.checks.run_server import RunServer
from runner.store.clients import connect
from runner.trials.trial import TrialSandbox
from sandbox import Sandbox
from tests.support.application import KEY


@pytest.fixture(scope="session")
def check_worker(valkey_url):
    """The server; after the store was emptied, `note_presence` says again that it is there."""
    with Sandbox() as sandbox, closing(connect(valkey_url)) as redis:
        server = CheckServer(redis=redis, box=SecretBox([KEY]), sandbox=sandbox)
        runs = RunServer(
            redis=redis, box=SecretBox([KEY]), sandbox=TrialSandbox.over(sandbox), on_alarm=lambda *_: None
        )
        for one in (server, runs):
            one.start()
        yield server
        for one in (server, runs):
            one.close()


@pytest.fixture
def checking_worker(check_worker, redis):
    """The server, which is there from the start of the test."""
    check_worker.note_presence()
    return check_worker
