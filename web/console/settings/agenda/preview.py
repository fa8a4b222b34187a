"""What an import would do, as lines of a page: times in words, changes as old and new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from records import AgendaSession, ImportPlan
from records.agenda.agenda_file import COLUMNS
from records.agenda.import_plan import PlannedSession

#: Sessions of each kind that a page shows; the rest are counted.
MOST_SHOWN = 50
_LABELS = {field: heading for heading, field in COLUMNS.items()}


@dataclass(frozen=True)
class Difference:
    """One value that an import changes."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Line:
    """A session of the preview. Times are in words, with the weekday."""

    session_id: str
    title: str
    starts: str
    ends: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Part:
    """Sessions of one kind: how many there are, and the first lines."""

    count: int
    lines: tuple[Line, ...]


def parts(plan: ImportPlan, zone: ZoneInfo) -> dict[str, Part]:
    """Return what is added, changed and gone."""
    added = [one for one in plan.sessions if one.added]
    changed = [one for one in plan.sessions if one.before and not one.added]
    return {
        "added": Part(len(added), tuple(_line(one.values, zone) for one in added[:MOST_SHOWN])),
        "changed": Part(len(changed), tuple(_changed(one, zone) for one in changed[:MOST_SHOWN])),
        "gone": Part(len(plan.gone), tuple(_gone(plan.gone[:MOST_SHOWN], zone))),
    }


def _gone(sessions: Iterable[AgendaSession], zone: ZoneInfo) -> Iterable[Line]:
    return (_line(vars(one), zone) for one in sessions)


def _line(values: Mapping[str, Any], zone: ZoneInfo, differences: tuple[Difference, ...] = ()) -> Line:
    starts, ends = (_shown(values[name], zone) for name in ("starts_at", "ends_at"))
    return Line(values["session_id"], values["title"], starts, ends, differences)


def _changed(one: PlannedSession, zone: ZoneInfo) -> Line:
    differences: list[Difference] = []
    for name, old in one.before.items():
        new = one.values[name]
        if name == "attributes":
            names = sorted({key for key in (*old, *new) if old.get(key) != new.get(key)})
            differences += [Difference(key, old.get(key, ""), new.get(key, "")) for key in names]
        else:
            differences.append(Difference(_LABELS[name], _shown(old, zone), _shown(new, zone)))
    return _line(one.values, zone, tuple(differences))


def _shown(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%a %d %b %Y, %H:%M}"
    return "" if value is None else str(value)
