"""What a replay reads: the newest runs of an implementation, with the answers that were kept, and the terms of its runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from records import Database, Implementation, RunFilter
from records.scripts import runs
from records.trials import kept_answers
from runner.runs.outcome_to_status import ACTIVE_VERSION
from runner.settings.operator_settings import Settings
from runner.settings.run_budgets import limits_of
from sandbox import OutcomeKind

from .replay import EarlierRun, ReplayTerms

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


def replay_terms(owner: Implementation, settings: Settings) -> ReplayTerms:
    """Return the terms of the runs of an implementation on this service."""
    return ReplayTerms(
        tuple(owner.link_hosts),
        limits_of(owner, settings.most),
        owner.default_color,
        settings.public_url,
        allow_loopback=settings.allow_loopback_vendors,
    )
