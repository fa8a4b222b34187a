"""The preview of an import: the sessions it adds, changes and retires, with old and new values in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from records import AgendaSession, ImportPlan
from records.agenda.headings import LABELS
from records.agenda.import_plan import PlannedSession
from web.time_format import TimeFormatter

#: Sessions of each kind that a page shows; the rest are counted.
MOST_SHOWN = 50


@dataclass(frozen=True)
class Difference:
    """One value that an import changes, before and after."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class PreviewSession:
    """A session of the preview."""

    session_id: str
    title: str
    starts: datetime
    ends: datetime
    location: str
    parent_id: str
    credits: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class PreviewPart:
    """Sessions of one kind: how many there are, and the first lines."""

    count: int
    lines: tuple[PreviewSession, ...]


def parts(plan: ImportPlan, clock: TimeFormatter) -> dict[str, PreviewPart]:
    """Return what is added, changed and gone."""
    added = [one for one in plan.sessions if one.added]
    changed = [one for one in plan.sessions if one.before and not one.added]
    return {
        "added": PreviewPart(len(added), tuple(_line(one.values) for one in added[:MOST_SHOWN])),
        "changed": PreviewPart(len(changed), tuple(_changed(one, clock) for one in changed[:MOST_SHOWN])),
        "gone": PreviewPart(len(plan.gone), tuple(_gone(plan.gone[:MOST_SHOWN]))),
    }


def _gone(sessions: Iterable[AgendaSession]) -> Iterable[PreviewSession]:
    return (_line(vars(one)) for one in sessions)


def _line(values: Mapping[str, Any], differences: tuple[Difference, ...] = ()) -> PreviewSession:
    location, parent_id, credit = (values.get(name) for name in ("location", "parent_id", "credits"))
    return PreviewSession(
        values["session_id"],
        values["title"],
        values["starts_at"],
        values["ends_at"],
        location or "",
        parent_id or "",
        "" if credit is None else str(credit),
        differences,
    )


def _changed(one: PlannedSession, clock: TimeFormatter) -> PreviewSession:
    differences: list[Difference] = []
    for name, old in one.before.items():
        new = one.values[name]
        if name == "attributes":
            names = sorted({key for key in (*old, *new) if old.get(key) != new.get(key)})
            differences += [Difference(key, old.get(key, ""), new.get(key, "")) for key in names]
        else:
            differences.append(Difference(LABELS[name], _in_words(old, clock), _in_words(new, clock)))
    return _line(one.values, tuple(differences))


def _in_words(value: Any, clock: TimeFormatter) -> str:
    if isinstance(value, datetime):
        return clock.words(value, weekday=True)
    return "" if value is None else str(value)
