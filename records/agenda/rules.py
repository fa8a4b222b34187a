"""The rules between the rows of an agenda file, and between them and the existing sessions.

1. An ID occurs once in the file.
2. A parent is another session, in the file or in the agenda. A session that is retired, or will be, is not in the agenda.
3. Parents form no circle, and a session has at most DEEPEST sessions above it.
4. A sub-session lies within its parent's times, also if only the parent is in the file.

`docs/agenda-file.md` explains these rules to organizers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .agenda_file import AgendaFile, FileRow
from .file_faults import FileFault

#: Levels of parents above a session.
DEEPEST = 5


class ExistingSession(Protocol):
    """An existing session, as far as these rules need it."""

    parent_id: str | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class _Placement:
    """The parent and the times that a session will have; a time is None if that in the file has a fault of its own."""

    parent_id: str | None
    starts_at: datetime | None
    ends_at: datetime | None


def faults(file: AgendaFile, present: Mapping[str, ExistingSession]) -> Iterator[FileFault]:
    """Yield the faults between rows: duplicate IDs, wrong parents, and sub-sessions outside their parents' times."""
    rows: dict[str, FileRow] = {}
    for row in file.rows:
        id_ = row.values.get("session_id")
        if id_ in rows:
            what = f"is the same as in row {rows[id_].row}"
            yield FileFault(row.row, file.headings["session_id"], what, id_, "is the same as in a row above")
        elif id_ is not None:
            rows[id_] = row
    placements = {id_: _Placement(each.parent_id, each.starts_at, each.ends_at) for id_, each in present.items()}
    placements |= {id_: _placement(row, present.get(id_)) for id_, row in rows.items()}
    for id_, row in rows.items():
        yield from _parent_faults(id_, row, placements, file.headings)
    for id_, each in present.items():
        if id_ not in rows and each.parent_id in rows:
            yield from _left_outside(id_, rows[each.parent_id], placements, file.headings)


def _placement(row: FileRow, existing: ExistingSession | None) -> _Placement:
    parent_id = existing.parent_id if existing is not None else None
    return _Placement(row.values.get("parent_id", parent_id), row.values.get("starts_at"), row.values.get("ends_at"))


def _parent_faults(
    id_: str, row: FileRow, placements: Mapping[str, _Placement], headings: Mapping[str, str]
) -> Iterator[FileFault]:
    own = placements[id_]
    column = headings.get("parent_id", "Parent ID")
    if own.parent_id is None:
        return
    if own.parent_id == id_:
        yield FileFault(row.row, column, "a session cannot be its own parent", id_)
        return
    parent = placements.get(own.parent_id)
    if parent is None:
        what = "names a session that is neither in the file nor in the agenda"
        yield FileFault(row.row, column, what, own.parent_id)
        return
    if _depth(id_, placements) > DEEPEST:
        yield FileFault(row.row, column, f"parents form a circle, or more than {DEEPEST} levels", own.parent_id)
        return
    for name, where in _outside(own, parent):
        what, kind = f"is {where} of its parent {own.parent_id}", f"is {where} of its parent"
        yield FileFault(row.row, headings[name], what, row.shown.get(name, ""), kind)


def _left_outside(
    id_: str, row: FileRow, placements: Mapping[str, _Placement], headings: Mapping[str, str]
) -> Iterator[FileFault]:
    """Yield a fault if a parent moves and a sub-session that is not in the file would lie outside it."""
    for name, _ in _outside(placements[id_], placements[row.values["session_id"]]):
        what = f"its sub-session {id_}, which is not in the file, would lie outside it"
        kind = "a sub-session that is not in the file would lie outside it"
        yield FileFault(row.row, headings[name], what, row.shown.get(name, ""), kind)


def _depth(id_: str, placements: Mapping[str, _Placement]) -> int:
    """Count the parents above a session, at most one more than DEEPEST."""
    depth = 0
    while depth <= DEEPEST and id_ in placements and (parent := placements[id_].parent_id) is not None:
        id_ = parent
        depth += 1
    return depth


def _outside(part: _Placement, whole: _Placement) -> Iterator[tuple[str, str]]:
    if part.starts_at and whole.starts_at and part.starts_at < whole.starts_at:
        yield "starts_at", "before the start"
    if part.ends_at and whole.ends_at and part.ends_at > whole.ends_at:
        yield "ends_at", "after the end"
