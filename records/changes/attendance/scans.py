"""Changes to what was scanned: voiding and adding scans, and erasing the names of a badge. Each needs a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from records import fields
from records.agenda import sessions
from records.attendance import corrections, refused_scans
from records.attendance.corrections import AddedScan
from records.attendance.ledger import erasure
from records.attendance.report import report_check, scan_report
from records.attendance.report.report_check import MadeReport
from records.attendance.report.scan_report import ReportTerms
from records.attendance.roster import roster_imports
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.columns import utc_now
from records.errors import RuleViolation
from records.people import badge_id, users
from records.tenants.implementations import Implementation

VOIDED = "attendance.scan_voided"
ADDED = "attendance.scan_added"
#: Characters of a reason.
LONGEST_REASON = 500
_reason = fields.line(LONGEST_REASON, empty=False)


def void_scan(db: Session, owner: Implementation, scan_id: str, by: AuditContext) -> AfterCommit[None]:
    """Void a scan: it counts no more, and stays in the ledger. A voided one is no change.

    Raises RuleViolation without a reason, and for an id that no scan of the implementation has.
    """
    reason = fields.checked({"reason": _reason}, {"reason": by.reason})["reason"]
    lock(db, owner)
    scan = corrections.find_scan(db, owner, scan_id)
    if scan is None:
        raise RuleViolation("scan", "is not the id of a scan of this implementation")
    if not corrections.void(db, owner, scan, actor=by.actor, reason=reason):
        return unchanged(owner.slug, None)
    detail = {"session": scan.session_id, "badge_id": scan.badge_id, "at": scan.corrected_at.isoformat()}
    outdated = _outdated(db, owner, scan.session_id, scan.badge_id)
    note(db, owner.slug, VOIDED, by, target=scan.scan_id, detail=detail)
    return AfterCommit(owner.slug, None, announced=False, outdated=outdated)


def add_scan(db: Session, owner: Implementation, added: AddedScan, by: AuditContext) -> AfterCommit[str]:
    """Add a scan that was not made; the value is its id. Raises RuleViolation with every fault, and without a reason."""
    reason = fields.checked({"reason": _reason}, {"reason": by.reason})["reason"]
    lock(db, owner)
    scan_id = corrections.add(db, owner, added, actor=by.actor, reason=reason)
    detail = {"session": added.session, "badge_id": badge_id.normalised(added.badge_id), "at": added.at.isoformat()}
    detail |= {"replaces": added.replaces} if added.replaces else {}
    outdated = _outdated(db, owner, added.session, detail["badge_id"])
    note(db, owner.slug, ADDED, by, target=scan_id, detail=detail)
    return AfterCommit(owner.slug, scan_id, announced=False, outdated=outdated)


def erase_names(db: Session, owner: Implementation, badge: str, by: AuditContext) -> AfterCommit[int]:
    """Erase the names of a badge from all its scans; the value is from how many. It cannot be undone.

    The scans stay, with their badge ID, and the ledger can still be verified; refused scans are deleted, and so is the person
    in the roster, whom a later file does not bring back. Raises RuleViolation without a reason, and for a
    badge without names.
    """
    badge, reason = _checked(badge, by)
    lock(db, owner)
    erased = erasure.erase(db, owner, badge, actor=by.actor, reason=reason)
    erased += refused_scans.erase(db, owner, badge)
    erased += roster_imports.remove(db, owner, badge)
    if not erased:
        raise RuleViolation(
            "badge_id", "has no names: it was never scanned and is not in the roster, or they were erased already"
        )
    note(db, owner.slug, erasure.ERASED, by, target=badge, detail={"scans": erased})
    return AfterCommit(owner.slug, erased, announced=False)


def begin_report(
    db: Session, owner: Implementation, as_of: datetime | None, session: str, columns: Sequence[str]
) -> MadeReport:
    """Return what a report is about, still without a digest; without a moment, it is about now.

    A moment for which a report was made keeps the rows of the ledger of that time. Raises RuleViolation with what is wrong.
    """
    now = utc_now()
    if as_of is not None and as_of > now:
        raise RuleViolation("as_of", "must not be in the future")
    if session and sessions.find_any(db, owner, session) is None:
        raise RuleViolation("session", "is not a session of the agenda")
    moment = as_of or now
    known = next((each.terms.entries for each in report_check.reports(db, owner) if each.as_of == moment), None)
    entries = known if known is not None else scan_report.entries_at(db, owner, moment)
    return MadeReport(ReportTerms(entries, session, scan_report.columns_named(columns)), moment, "")


def note_report(
    db: Session, owner: Implementation, made: MadeReport, rows: int, by: AuditContext
) -> AfterCommit[MadeReport]:
    """Keep the digest of a report, as an audit entry: what it is about is frozen with it."""
    lock(db, owner)
    terms = made.terms
    detail = {"as_of": made.as_of.isoformat(), "entries": terms.entries, "session": terms.session, "rows": rows}
    note(db, owner.slug, report_check.MADE, by, target=made.digest, detail=detail | {"columns": list(terms.columns)})
    return AfterCommit(owner.slug, made, announced=False)


def _outdated(db: Session, owner: Implementation, session: str, badge: str) -> tuple[tuple[str, str], ...]:
    """Return the people with this badge, at this session: their scripts see other scans from now on."""
    return tuple((subject, session) for subject in users.with_badges(db, owner, {badge}).get(badge, ()))


def _checked(badge: str, by: AuditContext) -> tuple[str, str]:
    checks = {"badge_id": badge_id.checked, "reason": _reason}
    found = fields.checked(checks, {"badge_id": badge, "reason": by.reason})
    if not found["badge_id"]:
        raise RuleViolation("badge_id", "is missing")
    return found["badge_id"], found["reason"]
