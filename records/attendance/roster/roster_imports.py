"""What a file does to the roster: the same for the preview and for the import, so that they cannot differ.

People whose names were erased are left out: a file must not bring back what somebody had erased.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import CursorResult, delete, insert, select
from sqlalchemy.orm import Session

from records import fields
from records.agenda.file_faults import FileFault, quoted
from records.attendance.ledger import erasure
from records.columns import utc_now
from records.plurals import counted, form
from records.storage import waiting_files
from records.tenants.implementations import Implementation

from . import roster_file
from .roster_file import LABELS, RosterFile
from .roster_tables import RosterPerson, RosterUpload

#: Rows of one statement.
_BATCH: Final = 500
#: Left out headings that a note names.
_NAMED: Final = 8


@dataclass(frozen=True)
class ReadRoster:
    """A file that was read. Reading a large one takes seconds, so it is done outside any transaction."""

    file: RosterFile
    sha256: str


@dataclass(frozen=True)
class PlannedPerson:
    """A person of the file, as they will be. `before` has the old values of the fields that differ."""

    values: dict[str, str]
    before: dict[str, str]
    found: RosterPerson | None


@dataclass(frozen=True)
class RosterPlan:
    """What a file does; with any fault, nothing. `gone` are the people of the roster that it does not name."""

    people: tuple[PlannedPerson, ...] = ()
    gone: tuple[RosterPerson, ...] = ()
    remove: bool = False  #: whether those that are gone are removed
    faults: tuple[FileFault, ...] = ()
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()  #: those that were read, in words

    @property
    def added(self) -> tuple[PlannedPerson, ...]:
        """The people who are new."""
        return tuple(each for each in self.people if each.found is None)

    @property
    def changed(self) -> tuple[PlannedPerson, ...]:
        """The people who get other values."""
        return tuple(each for each in self.people if each.before)

    @property
    def removed(self) -> tuple[RosterPerson, ...]:
        """The people who will be removed."""
        return self.gone if self.remove else ()

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, by the names that audit entries and pages use."""
        added, changed = len(self.added), len(self.changed)
        unchanged = len(self.people) - added - changed
        return {"added": added, "changed": changed, "unchanged": unchanged, "removed": len(self.removed)}


def read(data: bytes) -> ReadRoster:
    """Read a file."""
    return ReadRoster(roster_file.read(data), hashlib.sha256(data).hexdigest())


def plan(db: Session, owner: Implementation, read_file: ReadRoster, *, remove: bool = False) -> RosterPlan:
    """Say what a file would do, without doing it. `remove`: the people that it does not name."""
    file = read_file.file
    erased = erasure.erased_badges(db, owner)
    known = {each.badge_id: each for each in db.scalars(_of(owner))}
    named = {row.values.get("badge_id", "") for row in file.rows}
    gone = tuple(sorted((known[badge] for badge in known.keys() - named), key=_by_name))
    understood = RosterPlan(
        remove=remove,
        faults=tuple(sorted(file.faults)),
        notes=(*file.notes, *_left_out(file, named & erased)),
        columns=tuple(roster_file.in_words(file)),
    )
    if file.faults:
        return understood
    people = [_planned(row.values, known) for row in file.rows if row.values["badge_id"] not in erased]
    return replace(understood, people=tuple(people), gone=gone)


def carry_out(db: Session, owner: Implementation, planned: RosterPlan) -> None:
    """Do what a plan without faults says."""
    for each in planned.changed:
        assert each.found is not None
        for name, value in _stored(each.values).items():
            setattr(each.found, name, value)
    defaults: dict[str, object] = {"implementation_id": owner.id, "imported_at": utc_now()}
    rows = [defaults | _stored(each.values) for each in planned.added]
    for start in range(0, len(rows), _BATCH):
        db.execute(insert(RosterPerson), rows[start : start + _BATCH])
    for person in planned.removed:
        db.delete(person)
    db.flush()


def clear(db: Session, owner: Implementation) -> int:
    """Delete the whole roster, and files that wait; return how many people there were."""
    db.execute(delete(RosterUpload).where(RosterUpload.implementation_id == owner.id))
    done: CursorResult[Any] = db.execute(delete(RosterPerson).where(RosterPerson.implementation_id == owner.id))  # type: ignore[assignment]  # of a DELETE
    return done.rowcount


def remove(db: Session, owner: Implementation, badge: str) -> int:
    """Delete the person with this normalised badge ID; return 1, or 0 if there is none."""
    theirs = delete(RosterPerson).where(RosterPerson.implementation_id == owner.id, RosterPerson.badge_id == badge)
    done: CursorResult[Any] = db.execute(theirs)  # type: ignore[assignment]  # of a DELETE
    return done.rowcount


def keep_upload(db: Session, owner: Implementation, by: str, file_name: str, content: bytes) -> RosterUpload:
    """Keep a person's file in place of their last one, and delete files that were not imported within a day."""
    return waiting_files.keep(db, RosterUpload, owner.id, by, file_name=file_name, content=content)


def upload_of(db: Session, owner: Implementation, by: str) -> RosterUpload | None:
    """Return this person's file that waits for its import; None if there is none."""
    return waiting_files.of(db, RosterUpload, owner.id, by)


def drop_upload(db: Session, owner: Implementation, by: str) -> None:
    """Delete this person's file."""
    waiting_files.drop(db, RosterUpload, owner.id, by)


def _of(owner: Implementation) -> Any:
    return select(RosterPerson).where(RosterPerson.implementation_id == owner.id)


def _by_name(person: RosterPerson) -> tuple[str, str, str]:
    return fields.folded(person.last_name), fields.folded(person.first_name), person.badge_id


def _planned(values: dict[str, str], known: Mapping[str, RosterPerson]) -> PlannedPerson:
    """Return which values of a person will differ. A field for which the file has no column stays."""
    found = known.get(values["badge_id"])
    if found is None:
        return PlannedPerson(dict.fromkeys(LABELS, "") | values, {}, None)
    merged = {name: values.get(name, getattr(found, name)) for name in LABELS}
    before = {name: getattr(found, name) for name, value in merged.items() if getattr(found, name) != value}
    return PlannedPerson(merged, before, found)


def _stored(values: Mapping[str, str]) -> dict[str, str]:
    searched = (values.get(name, "") for name in ("last_name", "first_name", "badge_id"))
    return {**values, "search_text": "\n".join(map(fields.folded, searched))}


def _left_out(file: RosterFile, erased: set[str]) -> list[str]:
    found = []
    if file.ignored:
        more = f" and {len(file.ignored) - _NAMED} more" if len(file.ignored) > _NAMED else ""
        found.append(
            f"Left out, because only badge ID, names, email and registration type are kept: {', '.join(map(quoted, file.ignored[:_NAMED]))}{more}."
        )
    if erased:
        found.append(
            f"{counted(len(erased), 'person')} {form(len(erased), 'is')} left out, because their names were erased."
        )
    return found
