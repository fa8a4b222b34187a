"""Changes to what was scanned: erasing the names of a badge."""

from __future__ import annotations

from sqlalchemy.orm import Session

from records import fields
from records.attendance import refused_scans
from records.attendance.ledger import erasure
from records.audit import AuditContext
from records.errors import RuleViolation
from records.people import badge_id
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit
from .entries import lock, note

ERASED = "attendance.names_erased"
#: Characters of a reason.
LONGEST_REASON = 500
_reason = fields.line(LONGEST_REASON, empty=False)


def erase_names(db: Session, owner: Implementation, badge: str, by: AuditContext) -> AfterCommit[int]:
    """Erase the names of a badge from all its scans; the value is from how many. It cannot be undone.

    The scans stay, with their badge ID, and the ledger can still be verified; refused scans are deleted. Raises RuleViolation without a reason, and for a
    badge without names.
    """
    badge, reason = _checked(badge, by)
    lock(db, owner)
    erased = erasure.erase(db, owner, badge, actor=by.actor, reason=reason)
    erased += refused_scans.erase(db, owner, badge)
    if not erased:
        raise RuleViolation("badge_id", "has no names: it was never scanned, or they were erased already")
    note(db, owner.slug, ERASED, by, target=badge, detail={"scans": erased})
    return AfterCommit(owner.slug, erased, announced=False)


def _checked(badge: str, by: AuditContext) -> tuple[str, str]:
    checks = {"badge_id": badge_id.checked, "reason": _reason}
    found = fields.checked(checks, {"badge_id": badge, "reason": by.reason})
    if not found["badge_id"]:
        raise RuleViolation("badge_id", "is missing")
    return found["badge_id"], found["reason"]
