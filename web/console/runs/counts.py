"""The counts of an implementation: messages shown, errors and fallbacks of the last day, and how long vendors took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response
from markupsafe import Markup

from records.plurals import counted
from records.scripts import run_counts
from records.scripts.run_counts import HourCount
from web.auth.services import AuthServices
from web.console.layout.page_frame import implementation_named, page
from web.console.runs.charts import bars
from web.permissions import Permission, needs

blueprint = Blueprint("console_counts", __name__, url_prefix="/console/implementations/<implementation>")

#: Hours that are counted.
HOURS = 24
#: Messages that are listed.
MESSAGES = 20

#: What is counted, with how it is drawn.
MEASURES: tuple[tuple[str, str, Callable[[HourCount], int]], ...] = (
    ("Runs", "", lambda one: one.runs),
    ("Messages shown", "good", lambda one: one.shown["fresh"]),
    ("Nothing shown", "", lambda one: one.shown["hidden"]),
    ("Errors", "bad", lambda one: one.failed),
    ("Last good message shown", "", lambda one: one.shown["last good"]),
    ("Fallback shown", "bad", lambda one: one.shown["fallback"]),
)


@dataclass(frozen=True)
class CountedMeasure:
    """One measure: its numbers for the day and the last hour, each hour's, and its chart."""

    label: str
    day: int
    hour: int
    by_hour: tuple[int, ...]
    chart: Markup


@blueprint.get("/counts")
@needs(Permission.SEE_RUNS)
def counts(implementation: str) -> Response:
    """Show the counts of the last 24 hours, hour by hour, with the messages and the calls of the newest runs."""
    now = datetime.now(UTC)
    until = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        hours = run_counts.by_hour(db, found, until, hours=HOURS)
        newest = run_counts.newest(db, found, hours[0].start)
        return page(
            "console/runs/counts.html",
            title="Counts",
            implementation=found,
            hours=hours,
            measures=measures(hours),
            newest=newest,
            messages=newest.messages[:MESSAGES],
            as_of=now,
        )


def measures(hours: Sequence[HourCount]) -> list[CountedMeasure]:
    """Return every measure; all charts have the scale of the runs, so that they can be compared."""
    most = max((one.runs for one in hours), default=0)
    found = []
    for label, kind, count in MEASURES:
        values = tuple(count(one) for one in hours)
        said = f"{label} in each of the last {counted(len(hours), 'hour')}, at most {max(values, default=0)}"
        found.append(
            CountedMeasure(label, sum(values), values[-1], values, bars(values, label=said, most=most, kind=kind))
        )
    return found
