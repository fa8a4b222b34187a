"""Importing an agenda, and undoing the last import. The rule, with its audit entries, is `records.agenda.agenda_imports`."""

from __future__ import annotations

from sqlalchemy.orm import Session

from records.agenda import agenda_imports
from records.agenda.agenda_imports import ReadAgenda
from records.agenda.import_plan import ImportPlan
from records.audit import AuditContext
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import begin


def import_file(  # noqa: PLR0913 - what an import is made of; the last two by name
    db: Session, owner: Implementation, file: ReadAgenda, by: AuditContext, *, retire: bool = False, file_name: str = ""
) -> AfterCommit[ImportPlan]:
    """Bring the agenda in line with a file; the value is what was done, or the faults because of which nothing was done.

    Raises RuleViolation if another person imported, or undid an import, after this person's page was made.
    """
    for action in (agenda_imports.IMPORTED, agenda_imports.UNDONE):
        begin(db, owner, by, action)
    done = agenda_imports.import_file(db, owner, file, by, retire=retire, file_name=file_name)
    changed = not done.faults and any(done.counts[name] for name in ("added", "changed", "retired"))
    return AfterCommit(owner.slug, done) if changed else unchanged(owner.slug, done)


def undo(
    db: Session, owner: Implementation, by: AuditContext, *, number: int | None = None
) -> AfterCommit[dict[str, int]]:
    """Undo the last import; the value says what was done. Raises RuleViolation as `agenda_imports.undo` does."""
    return AfterCommit(owner.slug, agenda_imports.undo(db, owner, by, number=number))
