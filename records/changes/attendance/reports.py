"""Making a report of attendance: what it is about is decided first, its digest is kept when it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from records.agenda import sessions
from records.attendance.report import made_reports, report_basis, report_terms
from records.attendance.report.made_reports import BegunReport, MadeReport
from records.attendance.report.report_rows import ReportDigest
from records.attendance.report.report_terms import SCANS, ReportTerms
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit
from records.changes.entries import lock, note
from records.columns import utc_now
from records.errors import RuleViolation
from records.people import badge_id
from records.tenants.implementations import Implementation


@dataclass(frozen=True, kw_only=True)
class ReportDraft:
    """A report as a person asks for it. Without columns: the usual ones; without a moment: as of now."""

    kind: str = SCANS
    session: str = ""
    badge: str = ""
    columns: Sequence[str] = ()
    as_of: datetime | None = None


def begin_report(db: Session, owner: Implementation, draft: ReportDraft) -> BegunReport:
    """Return a report that can be written. Raises RuleViolation with what is wrong.

    A moment for which a report was made keeps the rows of the ledger, the agenda and the rules of that report.
    """
    now = utc_now()
    if draft.kind not in report_terms.KINDS:
        raise RuleViolation("kind", f"must be one of {', '.join(report_terms.KINDS)}")
    if draft.as_of is not None and draft.as_of > now:
        raise RuleViolation("as_of", "must not be in the future")
    if draft.session and sessions.find_any(db, owner, draft.session) is None:
        raise RuleViolation("session", "is not a session of the agenda")
    if (draft.session or draft.badge) and draft.kind != SCANS:
        raise RuleViolation("kind", "must be scans for one session or one badge")
    columns = draft.columns or report_terms.KINDS[draft.kind].usual
    terms = ReportTerms(
        entries=0,
        as_of=(draft.as_of or now).astimezone(UTC),
        session=draft.session,
        columns=report_terms.columns_named(draft.kind, columns),
        badge=badge_id.normalised(draft.badge),
        kind=draft.kind,
    )
    return made_reports.begin(db, owner, terms)


def note_report(
    db: Session, owner: Implementation, begun: BegunReport, written: ReportDigest, by: AuditContext
) -> AfterCommit[MadeReport]:
    """Keep the digest of a report that was written, as an audit entry, and what is frozen with it."""
    lock(db, owner)
    terms = begun.terms
    report_basis.keep(db, owner, begun.facts)
    detail: dict[str, Any] = {
        "as_of": terms.as_of.isoformat(),
        "entries": terms.entries,
        "kind": terms.kind,
        "session": terms.session,
        "badge": terms.badge,
        "columns": list(terms.columns),
        "rows": written.rows,
        "basis": terms.basis,
        "first": made_reports.first_entry(db, owner),
    }
    entry = note(db, owner.slug, made_reports.MADE, by, target=str(written), detail=detail)
    made = MadeReport(terms, str(written), written.rows, entry.number, entry.at, entry.actor, detail["first"])
    return AfterCommit(owner.slug, made, announced=False)
