"""One jail for the commands that tests run in their own process: starting a jail takes longer than what runs in it.

A command that is asked for no jail starts its plain child process as ever, and so does one that runs as a process of its own.
"""

from contextlib import nullcontext

import pytest

from runner.trials.trial import TrialSandbox
from sandbox import Sandbox
from web.cli.authors import trial_sandboxes


@pytest.fixture(scope="session")
def started_jail():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def command_jail(monkeypatch, request):
    """Lets commands find the jail started. The first one that needs it starts it."""

    def opened(*, plain_child, **asked):
        if plain_child:
            return TrialSandbox(plain_child=True, **asked)
        return nullcontext(TrialSandbox.over(request.getfixturevalue("started_jail")))

    monkeypatch.setattr(trial_sandboxes, "TrialSandbox", opened)
