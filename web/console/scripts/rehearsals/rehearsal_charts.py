"""What the page of a rehearsal draws: shares of messages, and the event by its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from records.plurals import counted
from web.console.runs.charts import bars

#: What is counted at each time, with how it is drawn.
_COUNTED = (("Messages shown", "shown", "good"), ("Nothing shown", "hidden", ""), ("Failed", "failed", "bad"))


@dataclass(frozen=True)
class ClockMeasure:
    """One measure by the clock of the event: its number in each row of the table, and its chart."""

    label: str
    total: int
    values: tuple[int, ...]
    chart: Markup


@dataclass(frozen=True)
class ClockChart:
    """The measures, and the times of the rows. Counts of runs have one scale, calls another."""

    times: tuple[tuple[datetime, datetime], ...]
    measures: tuple[ClockMeasure, ...]

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> ClockChart:
        """Return the charts of a report."""
        rows = report["clock"]
        times = tuple((datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["until"])) for one in rows)
        most = max((one["runs"] for one in rows), default=0)
        measures = [_measure(label, tuple(one[name] for one in rows), most, kind) for label, name, kind in _COUNTED]
        calls = {one["connection"]: tuple(row["calls"][one["connection"]] for row in rows) for one in report["calls"]}
        most = max((value for values in calls.values() for value in values), default=0)
        measures += [_measure(f"Calls to {name}", values, most, "") for name, values in calls.items()]
        return cls(times, tuple(measures))


def _measure(label: str, values: tuple[int, ...], most: int, kind: str) -> ClockMeasure:
    said = f"{label} in each of {counted(len(values), 'step')} of the event, at most {max(values, default=0)}"
    return ClockMeasure(label, sum(values), values, bars(values, label=said, most=most, kind=kind))
