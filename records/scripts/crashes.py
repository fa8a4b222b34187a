"""Crashes: runs in which the interpreter died, and the suspension of versions that cause them.

Such a run is recorded like any other, with the signal in its error. One crash may be a fault of Python. A version whose runs
crash repeatedly may be an attempt to break out of the language, and is suspended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.plurals import counted
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import deployments, suspensions, versions
from .runs import Run, has_outcome

#: This many crashes within this time suspend a version.
MOST, WITHIN = 3, timedelta(hours=1)


@dataclass(frozen=True)
class Crash:
    """One crash. `where` is the text of its error, with the lines of the function."""

    run: str
    version: str  #: SHA-256
    at: datetime
    signal: str
    where: str


def suspend_repeated(db: Session, slug: str, version: str, at: datetime) -> list[Crash]:
    """Suspend the version if the crash at `at` is one of too many. Returns those crashes, or nothing.

    Call it after the crashed run is committed, in a transaction of its own:

    1. The implementation is locked, so that a second caller counts what the first has recorded.
    2. A version that was removed or is suspended already stays as it is.
    3. Crashes of this version count if they are within an hour that contains `at`, and after the version was deployed.
       So the count starts again after somebody has looked into it and deployed the version again.
    """
    owner = implementations.find(db, slug)
    if owner is None:
        return []
    implementations.lock(db, owner)  # 1
    found = versions.find_version(db, owner, version)
    if found is None or found.suspended_at is not None:
        return []  # 2
    begin = at - WITHIN
    deployment = deployments.of_version(db, found)
    if deployment is not None:
        begin = max(begin, deployment.started_at)
    crashes = between(db, owner, begin, at + WITHIN, version=version)  # 3
    too_many = _too_many(crashes)
    if too_many:
        suspensions.suspend(db, owner, version, _reason(too_many), runs=[crash.run for crash in too_many])
    return too_many


def between(
    db: Session, implementation: Implementation, begin: datetime, end: datetime, *, version: str | None = None
) -> list[Crash]:
    """Return the crashes of an implementation from `begin` to `end`, both included, the oldest first."""
    signal = Run.error["signal"].as_string()
    found = select(Run.id, Run.version, Run.started_at, Run.error).where(
        Run.implementation_id == implementation.id,
        Run.started_at >= begin,
        Run.started_at <= end,
        has_outcome(db, "crashed"),
        signal.is_not(None),
    )
    if version is not None:
        found = found.where(Run.version == version)
    rows = db.execute(found.order_by(Run.started_at, Run.id))
    return [
        Crash(row.id, row.version, row.started_at, str(row.error["signal"]), str(row.error["text"])) for row in rows
    ]


def _too_many(crashes: Sequence[Crash]) -> list[Crash]:
    """Return the first crashes (the oldest first) that are enough, and close enough together, to suspend a version; or none."""
    for first, last in zip(crashes, crashes[MOST - 1 :], strict=False):
        if last.at - first.at <= WITHIN:
            at = crashes.index(first)
            return list(crashes[at : at + MOST])
    return []


def _reason(crashes: Sequence[Crash]) -> str:
    runs = ", ".join(crash.run for crash in crashes)
    return (
        f"{counted(len(crashes), 'run')} within an hour in which the interpreter died ({runs}), the last by {crashes[-1].signal}:"
        f" {crashes[-1].where}"
    )[:2000]
