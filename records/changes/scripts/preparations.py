"""What follows a run of `prepare`: its record, an entry if a person ordered it, and an alarm if it keeps failing."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.changes.entries import lock, note
from records.facts import prepared_runs
from records.facts.prepared_runs import PreparedRun, PreparedRunDraft
from records.scripts import versions
from records.scripts.suspensions import SERVICE
from records.tenants.implementations import Implementation

PREPARED, FAILING = "facts.prepared", "prepare.failing"
#: Failures of a version in a row of which people are told, once until it succeeds again.
FAILURES_TOLD: Final = 3


def note_run(db: Session, owner: Implementation, draft: PreparedRunDraft, by: AuditContext) -> PreparedRun:
    """Keep the record of a run. Raises RuleViolation if the implementation was removed meanwhile."""
    lock(db, owner)
    run = prepared_runs.record(db, owner, draft)
    if by.actor != SERVICE:
        detail = {"outcome": run.outcome, "users": run.entries, "changed": run.changed}
        note(db, owner.slug, PREPARED, by, target=f"session {run.session}", detail=detail)
    failures = prepared_runs.failures_in_a_row(db, owner, run.version, most=FAILURES_TOLD + 1)
    version = versions.find_version(db, owner, run.version)
    if failures == FAILURES_TOLD and version is not None:
        detail = {"session": run.session, "outcome": run.outcome}
        note(db, owner.slug, FAILING, AuditContext(SERVICE), target=f"version {version.number}", detail=detail)
    return run
