"""The report of a rehearsal as a file for the vendor. It names no attendee: `runner.trials.rehearsal.rehearsal_report` says why."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from records import Implementation, Version
from records.spreadsheet_cells import guarded
from records.trials.rehearsals import KeptRehearsal

#: What is in the file, for the person who sends it.
CONTENTS: Final = (
    "messages with how often and to how many people they would be shown, ways to fail by type and line, warnings, times of "
    "runs, and calls by connection and hour"
)
#: What is not in it, and why.
LEFT_OUT: Final = (
    "No name, ID or attribute of an attendee. A text that fewer than three people would see is left out, unless it is in "
    "the script as it is; so are the texts of errors."
)
COLUMNS: Final = (
    *(
        "part",
        "text",
        "host",
        "line",
        "count",
        "people",
        "graphemes",
        "from",
        "until",
        "runs",
        "shown",
        "hidden",
        "failed",
    ),
    *("connection", "calls", "at_once", "rate_per_s", "seconds_at_rate"),
)


def as_json(found: Implementation, kept: KeptRehearsal, version: Version) -> str:
    """Return the whole report as JSON."""
    about = {
        "implementation": found.slug,
        "version": version.number,
        "sha256": version.sha256,
        "rehearsal": kept.number,
        "ended_at": kept.ended_at.isoformat(timespec="seconds"),
    }
    return json.dumps(about | kept.report, indent=2, ensure_ascii=False) + "\n"


def as_csv(report: Mapping[str, Any]) -> str:
    """Return the report as one table; `part` says what a row is about."""
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\r\n")
    sheet.writerow(COLUMNS)
    for row in _rows(report):
        sheet.writerow(guarded("" if row.get(name) is None else str(row[name])) for name in COLUMNS)
    return text.getvalue()


def _rows(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"part": "all", "runs": report["runs"], "hidden": report["hidden"]}
    yield from ({"part": "message"} | one for one in report["messages"])
    if report["rare"]["count"]:
        yield {"part": "messages left out", "count": report["rare"]["count"]}
    yield from ({"part": "failure"} | one | {"text": one["type"]} for one in report["failed"])
    yield from ({"part": "warning"} | one for one in report["warnings"])
    yield from ({"part": "connection"} | one for one in report["calls"])
    for one in report["clock"]:
        yield {"part": "clock"} | {name: value for name, value in one.items() if name not in ("calls", "at_once")}
        for name, calls in one["calls"].items():
            at_once = one["at_once"][name]
            yield {
                "part": "clock",
                "from": one["from"],
                "until": one["until"],
                "connection": name,
                "calls": calls,
                "at_once": at_once,
            }
