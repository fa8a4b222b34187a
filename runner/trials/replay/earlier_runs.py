"""The runs that a replay goes through: the newest of an implementation, with the answers that were kept, in small steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from records import Database, Implementation, RunFilter
from records.scripts import runs
from records.trials import kept_answers
from runner.runs.outcome_to_status import ACTIVE_VERSION
from sandbox import OutcomeKind

from .replay import EarlierRun

#: Runs that are read at a time.
STEP: Final = 100


def earlier_runs(database: Database, owner: Implementation, *, most: int) -> Iterator[EarlierRun]:
    """Yield at most this many runs, the newest first. No transaction is open between two of them."""
    left, before = most, None
    while left > 0:
        with database.reading() as db:
            found = runs.recent(db, owner, RunFilter(before=before), limit=STEP)
            kept = kept_answers.of_runs(db, owner, [run.id for run in found])
            db.expunge_all()
        for run in found:
            if run.outcome == OutcomeKind.SERVICE_AWAY.value or run.shown_as == ACTIVE_VERSION:
                continue  # nobody saw a result of it: an outage of ours, or a run of the active version followed
            yield EarlierRun(run, kept.get(run.id))
            left -= 1
            if not left:
                return
        if len(found) < STEP:
            return
        before = found[-1].id
