"""What a file would do to the agenda: the same for the preview and for the import, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from records.agenda.sessions import AgendaSession

from . import rules
from .agenda_file import AgendaFile, FileRow
from .dates import DateOrder
from .file_faults import FileFault
from .headings import in_words


@dataclass(frozen=True)
class PlannedSession:
    """A session of the file, as it will be.

    `before` has the old values of the fields that differ, `found` is the existing session, and `added` says that it is new
    in the agenda, or was retired.
    """

    row: FileRow
    values: dict[str, Any]
    before: dict[str, Any]
    found: AgendaSession | None
    added: bool


@dataclass(frozen=True)
class ImportPlan:
    """What a file does; with any fault, nothing. `gone` are the sessions of the agenda that it does not name."""

    sessions: tuple[PlannedSession, ...] = ()
    gone: tuple[AgendaSession, ...] = ()
    retire: bool = False  #: whether those that are gone are retired
    faults: tuple[FileFault, ...] = ()
    notes: tuple[str, ...] = ()
    dates: DateOrder = field(default_factory=DateOrder)
    columns: tuple[str, ...] = ()  #: those that were read, in words
    attributes: tuple[str, ...] = ()  #: headings that are kept as attributes

    @property
    def added(self) -> int:
        """How many sessions the agenda gets, including those that were retired."""
        return sum(one.added for one in self.sessions)

    @property
    def changed(self) -> int:
        """How many sessions of the agenda get other values."""
        return sum(bool(one.before) and not one.added for one in self.sessions)

    @property
    def unchanged(self) -> int:
        """How many sessions of the file are in the agenda already, with the same values."""
        return len(self.sessions) - self.added - self.changed

    @property
    def retired(self) -> tuple[AgendaSession, ...]:
        """The sessions that will be retired."""
        return self.gone if self.retire else ()

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, by the names that audit entries and pages use."""
        numbers = {"added": self.added, "changed": self.changed, "unchanged": self.unchanged}
        return numbers | {"retired": len(self.retired)}


def make_plan(file: AgendaFile, known: Mapping[str, AgendaSession], *, retire: bool) -> ImportPlan:
    """Compare a file with all sessions that ever existed, by id."""
    named = {row.values.get("session_id") for row in file.rows}
    served = {id_: there for id_, there in known.items() if there.retired_at is None}
    gone = tuple(there for id_, there in served.items() if id_ not in named)
    stay = known.keys() & named if retire else (known.keys() & named) | served.keys()
    faults = [*file.faults, *rules.faults(file, {id_: known[id_] for id_ in stay})]
    understood = ImportPlan(
        retire=retire,
        faults=tuple(sorted(faults)),
        notes=tuple(file.notes),
        dates=file.dates,
        columns=tuple(in_words(file.headings)),
        attributes=tuple(file.attributes),
    )
    if faults:
        return understood
    planned = tuple(_planned(row, known.get(row.values["session_id"])) for row in file.rows)
    ordered = tuple(sorted(gone, key=lambda one: (one.starts_at, one.session_id)))
    return replace(understood, sessions=planned, gone=ordered)


def _planned(row: FileRow, found: AgendaSession | None) -> PlannedSession:
    """Return which values of a session will differ. A field for which the file has no column stays."""
    present = found.attributes if found is not None else {}
    attributes = {**present, **row.attributes}
    values = {**row.values, "attributes": {name: text for name, text in attributes.items() if text}}
    if found is None:
        return PlannedSession(row, values, {}, None, added=True)
    before = {name: getattr(found, name) for name in values}
    # As texts too: 1.0 and 1.00 credits are equal, but people see the difference.
    same = [name for name in values if (before[name], str(before[name])) == (values[name], str(values[name]))]
    different = {name: old for name, old in before.items() if name not in same}
    return PlannedSession(row, values, different, found, added=found.retired_at is not None)
