"""Counts of an implementation's runs: how many in each hour of a time, what was shown after them, and how long vendors took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from records.tenants.implementations import Implementation

from .runs import RETURNED, Run

#: Newest runs whose messages and calls are counted: these are JSON, which is read row by row.
MOST_READ = 1000


@dataclass(frozen=True)
class HourCount:
    """The runs of one hour. `failed` did not return; `shown` are counts by what was shown after a run."""

    start: datetime
    runs: int = 0
    failed: int = 0
    shown: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class ConnectionTimes:
    """The calls of a connection in the newest runs, and their durations in milliseconds."""

    name: str
    calls: int
    failed: int
    median_ms: float
    p95_ms: float


@dataclass(frozen=True)
class NewestRuns:
    """What the newest runs of a time showed and called."""

    runs: int
    messages: tuple[tuple[str, int], ...]  #: texts with how often each was shown, the most frequent first
    connections: tuple[ConnectionTimes, ...]


def by_hour(db: Session, implementation: Implementation, until: datetime, *, hours: int) -> list[HourCount]:
    """Count the runs of the last hours before a time, the oldest hour first."""
    starts = [until - timedelta(hours=hours - step) for step in range(hours)]
    edges = [(Run.started_at < start + timedelta(hours=1), step) for step, start in enumerate(starts)]
    bucket = case(*edges, else_=hours).label("hour")
    mine = select(bucket, Run.outcome, Run.shown_as, func.count().label("runs"))
    mine = mine.where(Run.implementation_id == implementation.id, Run.started_at >= starts[0], Run.started_at < until)
    found = {step: HourCount(start) for step, start in enumerate(starts)}
    for row in db.execute(mine.group_by(bucket, Run.outcome, Run.shown_as)):
        one = found[row.hour]
        failed = 0 if row.outcome == RETURNED else row.runs
        found[row.hour] = HourCount(
            one.start, one.runs + row.runs, one.failed + failed, one.shown + Counter({row.shown_as: row.runs})
        )
    return [found[step] for step in range(hours)]


def newest(db: Session, implementation: Implementation, since: datetime, *, most: int = MOST_READ) -> NewestRuns:
    """Return what the newest runs since a time showed and called."""
    mine = select(Run.message, Run.calls).where(Run.implementation_id == implementation.id, Run.started_at >= since)
    rows = list(db.execute(mine.order_by(Run.started_at.desc(), Run.id.desc()).limit(most)))
    texts = Counter(row.message["text"] for row in rows if row.message)
    calls: dict[str, list[tuple[float, bool]]] = {}
    for row in rows:
        for call in row.calls:
            if not call.get("from_cache"):
                calls.setdefault(call["connection"], []).append((float(call.get("ms") or 0), bool(call.get("fault"))))
    return NewestRuns(
        len(rows), tuple(texts.most_common()), tuple(_times(name, found) for name, found in sorted(calls.items()))
    )


def _times(name: str, found: Sequence[tuple[float, bool]]) -> ConnectionTimes:
    durations = sorted(ms for ms, _ in found)
    return ConnectionTimes(
        name,
        len(found),
        sum(failed for _, failed in found),
        durations[len(durations) // 2],
        durations[min(len(durations) - 1, int(len(durations) * 0.95))],
    )
