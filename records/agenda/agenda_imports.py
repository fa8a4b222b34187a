"""Importing an agenda, and undoing an import: one rule for every edge.

An import, in one transaction of the caller:

1. The implementation is locked.
2. The file is compared with the agenda. With any fault, nothing is done.
3. Sessions are added and changed. Those that the file does not name are retired if the person says so, and stay otherwise.
4. What undoes the import is kept; it replaces what undid the import before.
5. The audit entry, last. An import that changes nothing leaves none, and the import before it can still be undone.

Undoing restores each session that the last import changed; the sessions that it added are retired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.orm import Session

from records import audit
from records.agenda import sessions
from records.agenda.sessions import AgendaSession
from records.audit import AuditContext
from records.columns import utc_now
from records.errors import RuleViolation
from records.storage.waiting_files import clean_file_name
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import agenda_file, dates
from .agenda_file import AgendaFile
from .import_plan import ImportPlan, PlannedSession, make_plan
from .import_tables import AgendaImport, AgendaUpload, drop_upload, keep_upload, last_import, upload_of

__all__ = [
    "AgendaImport",
    "AgendaUpload",
    "ImportPlan",
    "PlannedSession",
    "ReadAgenda",
    "drop_upload",
    "export_csv",
    "import_file",
    "keep_upload",
    "last_import",
    "plan",
    "read",
    "undo",
    "upload_of",
]

#: The actions of the audit entries.
IMPORTED, UNDONE = "agenda.imported", "agenda.import_undone"
#: Retired sessions that an audit entry names; the others are counted.
_NAMED = 100
_FIELDS = ("title", "starts_at", "ends_at", "location", "parent_id", "credits", "attributes", "retired_at")


@dataclass(frozen=True)
class ReadAgenda:
    """A file that was read. Reading a large one takes seconds, so it is done outside any transaction."""

    file: AgendaFile
    time_zone: str
    sha256: str


def read(data: bytes, time_zone: str, order: str = dates.AUTO) -> ReadAgenda:
    """Read a file for an implementation in this time zone. Raises RuleViolation for an unknown order of dates."""
    if order not in dates.CHOICES:
        raise RuleViolation("dates", f"must be one of: {', '.join(dates.CHOICES)}")
    file = agenda_file.read(data, ZoneInfo(time_zone), order)
    return ReadAgenda(file, time_zone, hashlib.sha256(data).hexdigest())


def plan(db: Session, implementation: Implementation, read_file: ReadAgenda, *, retire: bool = False) -> ImportPlan:
    """Say what a file would do, without doing it. `retire`: the sessions that it does not name."""
    if read_file.time_zone != implementation.time_zone:
        raise RuleViolation("file", "was read before the time zone changed: read it again")
    return make_plan(read_file.file, sessions.with_retired(db, implementation), retire=retire)


def import_file(  # noqa: PLR0913 - what an import is made of; the last two by name
    db: Session,
    implementation: Implementation,
    read_file: ReadAgenda,
    by: AuditContext,
    *,
    retire: bool = False,
    file_name: str = "",
) -> ImportPlan:
    """Bring the agenda in line with a file; the plan says what was done. Importing it twice changes nothing."""
    # 1.
    implementations.lock(db, implementation)
    # 2.
    planned = plan(db, implementation, read_file, retire=retire)
    if planned.faults:
        return planned
    # 3.
    before = _before(planned)
    if not before:
        return planned
    _apply(db, implementation, planned)
    # 4.
    db.execute(delete(AgendaImport).where(AgendaImport.implementation_id == implementation.id))
    about = {"imported_by": by.actor, "imported_at": utc_now(), "file_name": clean_file_name(file_name)}
    db.add(AgendaImport(implementation_id=implementation.id, counts=planned.counts, before=before, **about))
    db.flush()
    # 5.
    detail = {**planned.counts, "file": clean_file_name(file_name), "sha256": read_file.sha256}
    detail["dates"] = planned.dates.order
    if planned.retired:
        detail["retired_sessions"] = [one.session_id for one in planned.retired[:_NAMED]]
    _note(db, implementation, IMPORTED, by, detail)
    return planned


def undo(db: Session, implementation: Implementation, by: AuditContext, *, number: int | None = None) -> dict[str, int]:
    """Undo the last import; return what was done. `number` is the import that the person saw.

    Raises RuleViolation if there is none, and if there has been another import since.
    """
    implementations.lock(db, implementation)
    last = last_import(db, implementation)
    if last is None:
        raise RuleViolation("import", "there is no import that could be undone")
    if number is not None and number != last.id:
        raise RuleViolation("import", "there has been another import since: look at it first")
    known = sessions.with_retired(db, implementation)
    for id_, before in last.before.items():
        _restore(known[id_], before)
    added = sum(before is None or before["retired_at"] is not None for before in last.before.values())
    counts = {"put_back": len(last.before) - added, "retired": added}
    file_name = last.file_name
    db.delete(last)
    db.flush()
    _note(db, implementation, UNDONE, by, {**counts, "file": file_name})
    return counts


def export_csv(db: Session, implementation: Implementation) -> str:
    """Write the whole agenda as a file that `import_file` reads back unchanged."""
    rows = [vars(session) for session in sessions.every(db, implementation)]
    return agenda_file.write(rows, ZoneInfo(implementation.time_zone))


def _before(planned: ImportPlan) -> dict[str, Any]:
    """Return each session that the plan changes as it is now, as JSON; null for a new one."""
    changed = [one for one in planned.sessions if one.added or one.before]
    before = {one.values["session_id"]: None if one.found is None else _state(one.found) for one in changed}
    return before | {one.session_id: _state(one) for one in planned.retired}


def _apply(db: Session, implementation: Implementation, planned: ImportPlan) -> None:
    for one in planned.sessions:
        session = one.found
        if session is None:
            session = AgendaSession(implementation_id=implementation.id)
            db.add(session)
        session.retired_at = None
        for name, value in one.values.items():
            if one.found is None or name in one.before:
                setattr(session, name, value)
    now = utc_now()
    for gone in planned.retired:
        gone.retired_at = now


def _state(session: AgendaSession) -> dict[str, Any]:
    return {name: _as_json(getattr(session, name)) for name in _FIELDS}


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value


def _restore(session: AgendaSession, before: dict[str, Any] | None) -> None:
    if before is None:
        session.retired_at = utc_now()
        return
    for name, value in before.items():
        setattr(session, name, value if value is None else _READ.get(name, _same)(value))


def _same(value: Any) -> Any:
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    "starts_at": datetime.fromisoformat,
    "ends_at": datetime.fromisoformat,
    "retired_at": datetime.fromisoformat,
    "credits": Decimal,
}


def _note(db: Session, implementation: Implementation, action: str, by: AuditContext, detail: dict[str, Any]) -> None:
    detail = {**detail, **by.detail}
    audit.append(db, actor=by.actor, action=action, implementation=implementation.slug, reason=by.reason, detail=detail)
