"""What a rehearsal reads besides people and sessions: hosts, budgets and rates of the implementation, and kept answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from records import Database, DbSession, Implementation
from records.tenants import connections
from runner.settings.operator_settings import Settings
from runner.settings.run_budgets import limits_of
from runner.trials.replay.earlier_runs import earlier_runs

from .rehearsal import KeptByLook, RehearsalTerms

#: Newest runs whose kept answers are used.
EARLIER_RUNS: Final = 2_000


def rates_of(db: DbSession, owner: Implementation) -> dict[str, float | None]:
    """Return the calls per second that each connection allows."""
    return {one.name: one.rate_per_s for one in connections.every(db, owner)}


def rehearsal_terms(
    settings: Settings,
    database: Database,
    owner: Implementation,
    rates: dict[str, float | None],
    answers: Sequence[Any] = (),
) -> RehearsalTerms:
    """Return the terms of the runs of an implementation on this service; `answers` are used where none were kept."""
    return RehearsalTerms(
        tuple(owner.link_hosts),
        limits_of(owner, settings.most),
        rates,
        answers=answers,
        kept=_kept(database, owner),
        allow_loopback=settings.allow_loopback_vendors,
    )


def _kept(database: Database, owner: Implementation) -> KeptByLook:
    """Return the answers that were kept with the newest run of each user and session."""
    kept: dict[tuple[str, str], list[Any]] = {}
    for each in earlier_runs(database, owner, most=EARLIER_RUNS):
        if each.answers:
            kept.setdefault((each.run.user, each.run.session), each.answers)
    return kept
