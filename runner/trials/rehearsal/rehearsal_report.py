"""The report of a rehearsal, which names no attendee and may be sent to the vendor; and its examples, which do and stay here.

A text is in the report if no single person can be meant by it:

1. The values of the person of each run are taken out of it (`personal_texts`).
2. What is left was shown to at least `FEWEST_PEOPLE`, or stands in the script as it is, so that the vendor knows it already.
3. Of every other text only the number is told. The texts of errors are left out; their type and line are told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from records.message_text import ADVISED_GRAPHEMES
from records.trials.rehearsals import ExampleDraft

from .personal_texts import FEWEST_PEOPLE
from .rehearsal import CountedRow, Rehearsal, most_frequent

#: Rows of each list, and characters of the text of an example.
MOST_ROWS, LONGEST_TEXT = 200, 500


@dataclass(frozen=True)
class ReportFacts:
    """What the report needs besides the counts: how many situations there are, which texts the script has, and the rates."""

    situations: int
    literals: Collection[str]
    rates: Mapping[str, float | None]
    is_cut_short: bool = False  #: the time was up


def report_of(done: Rehearsal, facts: ReportFacts) -> tuple[dict[str, Any], list[ExampleDraft]]:
    """Return the report, and the examples of its rows."""
    share = done.runs / facts.situations if facts.situations else 1.0
    told: list[CountedRow] = []
    rare: list[CountedRow] = []
    for one in most_frequent(done.messages):
        (told if may_leave(one, facts.literals) else rare).append(one)
    failed, warned = most_frequent(done.failures), most_frequent(done.warnings)
    report = {
        "situations": facts.situations,
        "runs": done.runs,
        "cut_short": facts.is_cut_short,
        "hidden": done.hidden,
        "messages": [_message(one) for one in told[:MOST_ROWS]],
        "rare": {"texts": len(rare), "count": sum(one.count for one in rare), "fewer_people_than": FEWEST_PEOPLE},
        "failed": [_row(one, "type", "line") for one in failed[:MOST_ROWS]],
        "too_long": sum(one.count for one in (*told, *rare) if one.longest > ADVISED_GRAPHEMES),
        "warnings": _warnings(warned)[:MOST_ROWS],
        "not_answered": done.not_answered,
        "moments": done.clock.moments(),
        "ms": done.times(),
        "calls": done.clock.load(facts.rates, share=share),
        "clock": done.clock.rows(share=share),
        "left_out": {
            "messages": max(0, len(told) - MOST_ROWS),
            "failed": max(0, len(failed) - MOST_ROWS),
        },
    }
    lists = {"messages": told, "rare": rare, "failed": failed}
    return report, [example for name, rows in lists.items() for example in _examples(name, rows[:MOST_ROWS])]


def may_leave(row: CountedRow, literals: Collection[str]) -> bool:
    """Say whether a text can be told to somebody who may not know who attends."""
    return row.values["text"] in literals or len(row.people) >= FEWEST_PEOPLE


def _message(row: CountedRow) -> dict[str, Any]:
    return _row(row, "text", "host") | {"graphemes": row.longest, "moments": dict(row.moments)}


def _row(row: CountedRow, *names: str) -> dict[str, Any]:
    return {name: row.values[name] for name in names} | {"count": row.count, "people": len(row.people)}


def _warnings(rows: Iterable[CountedRow]) -> list[dict[str, Any]]:
    """Return the warnings. Of one that few people caused, only our own words are told, which stand before the colon."""
    found: dict[str, int] = {}
    for row in rows:
        text = row.values["text"]
        told = text if len(row.people) >= FEWEST_PEOPLE else text.partition(":")[0]
        found[told] = found.get(told, 0) + row.count
    return [{"text": text, "count": count} for text, count in sorted(found.items(), key=lambda one: -one[1])]


def _examples(name: str, rows: Iterable[CountedRow]) -> Iterable[ExampleDraft]:
    for place, row in enumerate(rows):
        at = datetime.fromisoformat(row.situation.given.now)
        yield ExampleDraft(f"{name} {place}", row.situation.user, row.situation.session, at, row.text[:LONGEST_TEXT])
