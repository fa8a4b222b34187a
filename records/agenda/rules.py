"""What the rows of an agenda file must be to each other, and to the sessions that are there already.

1. An ID is in the file once.
2. A parent is another session, in the file or in the agenda. One that is retired, or would be, is not in the agenda.
3. Parents end: they lead in no circle, and a session has at most DEEPEST sessions above it.
4. A sub-session lies within its parent's times, and stays there when only the parent is in the file.

`docs/agenda-file.md` says the same to organizers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .agenda_file import AgendaFile, FileRow
from .file_faults import FileFault

#: Sub-sessions of sub-sessions of …: how deep an agenda may go.
DEEPEST = 5


class ExistingSession(Protocol):
    """A session that is there already, as far as these rules look at it."""

    parent_id: str | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class _Place:
    """Where a session will stand; a time is None where the file's has a fault of its own."""

    parent_id: str | None
    starts_at: datetime | None
    ends_at: datetime | None


def faults(file: AgendaFile, present: Mapping[str, ExistingSession]) -> Iterator[FileFault]:
    """Yield what is wrong between rows: doubles, parents which are not there, cannot be, or do not hold their parts."""
    rows: dict[str, FileRow] = {}
    for row in file.rows:
        id_ = row.values.get("session_id")
        if id_ in rows:
            what = f"is the same as in row {rows[id_].row}"
            yield FileFault(row.row, file.headings["session_id"], what, id_, "is the same as in a row above")
        elif id_ is not None:
            rows[id_] = row
    places = {id_: _Place(there.parent_id, there.starts_at, there.ends_at) for id_, there in present.items()}
    places |= {id_: _place(row, present.get(id_)) for id_, row in rows.items()}
    for id_, row in rows.items():
        yield from _parent_faults(id_, row, places, file.headings)
    for id_, there in present.items():
        if id_ not in rows and there.parent_id in rows:
            yield from _left_outside(id_, rows[there.parent_id], places, file.headings)


def _place(row: FileRow, there: ExistingSession | None) -> _Place:
    kept = there.parent_id if there is not None else None
    return _Place(row.values.get("parent_id", kept), row.values.get("starts_at"), row.values.get("ends_at"))


def _parent_faults(
    id_: str, row: FileRow, places: Mapping[str, _Place], headings: Mapping[str, str]
) -> Iterator[FileFault]:
    place = places[id_]
    column = headings.get("parent_id", "Parent ID")
    if place.parent_id is None:
        return
    if place.parent_id == id_:
        yield FileFault(row.row, column, "a session cannot be its own parent", id_)
        return
    parent = places.get(place.parent_id)
    if parent is None:
        what = "names a session that is neither in the file nor in the agenda"
        yield FileFault(row.row, column, what, place.parent_id)
        return
    if _depth(id_, places) > DEEPEST:
        yield FileFault(row.row, column, f"parents lead in a circle, or are more than {DEEPEST} deep", place.parent_id)
        return
    for name, where in _outside(place, parent):
        what, kind = f"is {where} of its parent {place.parent_id}", f"is {where} of its parent"
        yield FileFault(row.row, headings[name], what, row.shown.get(name, ""), kind)


def _left_outside(
    id_: str, row: FileRow, places: Mapping[str, _Place], headings: Mapping[str, str]
) -> Iterator[FileFault]:
    """Yield a fault when a parent moves and a sub-session which is not in the file does not move with it."""
    for name, _ in _outside(places[id_], places[row.values["session_id"]]):
        what = f"its sub-session {id_}, which is not in the file, would lie outside it"
        kind = "a sub-session which is not in the file would lie outside it"
        yield FileFault(row.row, headings[name], what, row.shown.get(name, ""), kind)


def _depth(id_: str, places: Mapping[str, _Place]) -> int:
    """Count the parents above a session, at most one more than DEEPEST."""
    depth = 0
    while depth <= DEEPEST and id_ in places and (parent := places[id_].parent_id) is not None:
        id_ = parent
        depth += 1
    return depth


def _outside(part: _Place, whole: _Place) -> Iterator[tuple[str, str]]:
    if part.starts_at and whole.starts_at and part.starts_at < whole.starts_at:
        yield "starts_at", "before the start"
    if part.ends_at and whole.ends_at and part.ends_at > whole.ends_at:
        yield "ends_at", "after the end"
