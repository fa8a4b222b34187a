"""The worker's side of checks for tests: one real jail for the whole run, which serves the tests' store.

It notes itself there only while a test wants it, because other tests look at everything that is in the store.
"""

from contextlib import closing, contextmanager

import pytest

from records import SecretBox
from runner.checks.check_server import CheckServer
from runner.checks.run_server import RunServer
from runner.store.clients import connect
from runner.trials.trial import TrialSandbox
from sandbox import Sandbox
from tests.support.application import KEY


class CheckServerOfTests(CheckServer):
    """Notes itself only within `present`."""

    wanted = 0

    def note_presence(self):
        if self.wanted:
            super().note_presence()

    @contextmanager
    def present(self):
        self.wanted += 1
        try:
            self.note_presence()
            yield self
        finally:
            self.wanted -= 1
            if not self.wanted:
                self._heartbeat.leave()


@pytest.fixture(scope="session")
def check_worker(valkey_url):
    """The server; after the store was emptied, `note_presence` says again that it is there."""
    with Sandbox() as sandbox, closing(connect(valkey_url)) as redis:
        server = CheckServerOfTests(redis=redis, box=SecretBox([KEY]), sandbox=sandbox)
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
    """The server, which is there from the start of the test to its end."""
    with check_worker.present():
        yield check_worker
