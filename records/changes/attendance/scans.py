"""Changes to what was scanned: voiding and adding scans, and erasing the names of a badge. Each needs a reason."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from records import fields
from records.attendance import corrections, refused_scans
from records.attendance.corrections import AddedScan
from records.attendance.ledger import erasure
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.questions import open_questions
from records.attendance.roster import roster_imports
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.errors import Overtaken, RuleViolation
from records.people import badge_id, users
from records.tenants.implementations import Implementation

VOIDED = "attendance.scan_voided"
ADDED = "attendance.scan_added"
#: What is said of a page that shows other scans than those that count now.
OUTDATED = "is outdated: other scans of this badge count now. Look at them, then decide again"
#: Characters of a reason.
LONGEST_REASON = 500
_reason = fields.line(LONGEST_REASON, empty=False)


def void_scan(
    db: Session, owner: Implementation, scan_id: str, by: AuditContext, *, seen: str | None = None
) -> AfterCommit[None]:
    """Void a scan: it counts no more, and stays in the ledger. A voided one is no change.

    `seen` is the digest of the scans of the badge that the person looked at. Raises Overtaken if they are others now, and
    RuleViolation without a reason, or for an id that no scan of the implementation has.
    """
    reason = checked_reason(by)
    lock(db, owner)
    scan = corrections.find_scan(db, owner, scan_id)
    if scan is None:
        raise RuleViolation("scan", "is not the id of a scan of this implementation")
    if corrections.is_voided(db, owner, scan_id):
        return unchanged(owner.slug, None)
    _refuse_outdated(db, owner, scan.badge_id, seen)
    return void_all(db, owner, [scan], by, reason)


def void_all(
    db: Session, owner: Implementation, scans: Sequence[LedgerEntry], by: AuditContext, reason: str
) -> AfterCommit[None]:
    """Void scans, each with its own row and audit entry. The implementation is locked, and none of them is voided."""
    for scan in scans:
        corrections.void(db, owner, scan, actor=by.actor, reason=reason)
    touched = {(scan.session_id, scan.badge_id) for scan in scans}
    outdated = tuple(each for session, badge in sorted(touched) for each in _outdated(db, owner, session, badge))
    for scan in scans:
        detail = {"session": scan.session_id, "badge_id": scan.badge_id, "at": scan.corrected_at.isoformat()}
        note(db, owner.slug, VOIDED, by, target=scan.scan_id, detail=detail)
    return AfterCommit(owner.slug, None, announced=False, outdated=outdated)


def add_scan(
    db: Session, owner: Implementation, added: AddedScan, by: AuditContext, *, seen: str | None = None
) -> AfterCommit[str]:
    """Add a scan that was not made; the value is its id. One whose id is there is no change. `seen` is as for `void_scan`.

    Raises RuleViolation with every fault, and without a reason.
    """
    reason = checked_reason(by)
    lock(db, owner)
    if added.id and corrections.find_scan(db, owner, added.id) is not None:
        return unchanged(owner.slug, added.id)
    _refuse_outdated(db, owner, badge_id.normalised(added.badge_id), seen)
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


def checked_reason(by: AuditContext) -> str:
    """Return the reason of a correction. Raises RuleViolation without one."""
    return str(fields.checked({"reason": _reason}, {"reason": by.reason})["reason"])


def _refuse_outdated(db: Session, owner: Implementation, badge: str, seen: str | None) -> None:
    if seen is not None and open_questions.state_of_badge(db, owner, badge) != seen:
        raise Overtaken("form", OUTDATED)


def _outdated(db: Session, owner: Implementation, session: str, badge: str) -> tuple[tuple[str, str], ...]:
    """Return the people with this badge, at this session: their scripts see other scans from now on."""
    return tuple((subject, session) for subject in users.with_badges(db, owner, {badge}).get(badge, ()))


def _checked(badge: str, by: AuditContext) -> tuple[str, str]:
    checks = {"badge_id": badge_id.checked, "reason": _reason}
    found = fields.checked(checks, {"badge_id": badge, "reason": by.reason})
    if not found["badge_id"]:
        raise RuleViolation("badge_id", "is missing")
    return found["badge_id"], found["reason"]
