"""One jail for all trials of these tests."""

import pytest

from runner.trials.trial import TrialSandbox


@pytest.fixture(scope="session")
def bench():
    with TrialSandbox() as sandbox:
        yield sandbox
