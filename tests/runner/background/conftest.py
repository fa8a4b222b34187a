import pytest

from runner.background import facts_preparation, submission_trial, version_rehearsal
from runner.trials.trial import TrialSandbox


class LentJail:
    """A jail that who borrows it cannot close."""

    def __init__(self, sandbox):
        self._sandbox = sandbox

    def __getattr__(self, name):
        return getattr(self._sandbox, name)

    def close(self):
        """Leave it open."""


class LentTrials(TrialSandbox):
    """Trials in a jail that stays open."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Leave it open."""


@pytest.fixture
def job_jail(sandbox):
    """Lets jobs that run in this process borrow its jail: starting one takes longer than most of what the jobs do in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts_preparation, "start_jail", lambda _settings: LentJail(sandbox))
        for module in (submission_trial, version_rehearsal):
            patch.setattr(module, "TrialSandbox", lambda **_: LentTrials.over(sandbox))
        yield patch


@pytest.fixture
def own_jail(job_jail):
    """Lets a job start its own jail, as it does in its process."""
    job_jail.undo()
