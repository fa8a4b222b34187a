"""Importing the list of attendees, and deleting it. Audit entries tell numbers, never who is on it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from records.attendance.roster import roster_imports
from records.attendance.roster.roster_imports import ReadRoster, RosterPlan
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import begin, note
from records.storage.waiting_files import clean_file_name
from records.tenants.implementations import Implementation

IMPORTED, CLEARED = "roster.imported", "roster.cleared"


def import_file(  # noqa: PLR0913 - what an import is made of; the last two by name
    db: Session, owner: Implementation, file: ReadRoster, by: AuditContext, *, remove: bool = False, file_name: str = ""
) -> AfterCommit[RosterPlan]:
    """Bring the roster in line with a file; the value is what was done, or the faults because of which nothing was done.

    Raises RuleViolation if another person changed the roster after this person's page was made.
    """
    for action in (IMPORTED, CLEARED):
        begin(db, owner, by, action)
    planned = roster_imports.plan(db, owner, file, remove=remove)
    if planned.faults or not any(planned.counts[name] for name in ("added", "changed", "removed")):
        return unchanged(owner.slug, planned)
    roster_imports.carry_out(db, owner, planned)
    detail = {**planned.counts, "file": clean_file_name(file_name), "sha256": file.sha256}
    note(db, owner.slug, IMPORTED, by, detail=detail)
    return AfterCommit(owner.slug, planned, announced=False)


def clear(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit[int]:
    """Delete the roster; the value is how many people it had. Names that scans have already stay with the scans."""
    begin(db, owner, by, IMPORTED)
    removed = roster_imports.clear(db, owner)
    if not removed:
        return unchanged(owner.slug, 0)
    note(db, owner.slug, CLEARED, by, detail={"removed": removed})
    return AfterCommit(owner.slug, removed, announced=False)
