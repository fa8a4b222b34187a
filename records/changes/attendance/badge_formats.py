"""Changes of the badge format: examples, the draft, what a person confirms, and the format that scanners use.

Audit entries tell what was done, never what a badge contains.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from records.attendance import badge_setup
from records.attendance.badge_formats.stored_format import FormatFault, as_json, from_json
from records.attendance.badge_setup import BadgeExample, BadgeSetup
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.columns import utc_now
from records.errors import RuleViolation
from records.tenants.implementations import Implementation

OVERTAKEN = "was changed meanwhile. Look at the examples again"


def add_examples(
    db: Session, owner: Implementation, codes: Iterable[tuple[bytes, str]], by: AuditContext
) -> AfterCommit[int]:
    """Keep the codes of badges, each with its kind; the value says how many are new. Raises RuleViolation."""
    lock(db, owner)
    once = dict(codes)  # the same code many times costs no more than once
    added = sum(badge_setup.keep_example(db, owner, by.actor, *code) is not None for code in once.items())
    if not added:
        return unchanged(owner.slug, 0)
    note(db, owner.slug, "badge examples.added", by, detail={"count": added})
    return AfterCommit(owner.slug, added, announced=False)


def remove_example(db: Session, owner: Implementation, number: int, by: AuditContext) -> AfterCommit[None]:
    """Delete an example. Raises RuleViolation if it is not there."""
    lock(db, owner)
    db.delete(badge_setup.example_of(db, owner, number))
    note(db, owner.slug, "badge examples.removed", by, detail={"count": 1})
    return AfterCommit(owner.slug, None, announced=False)


def choose_format(db: Session, owner: Implementation, chosen: Any, by: AuditContext) -> AfterCommit[None]:
    """Make a format, given as JSON, the draft. What was confirmed by another draft must be confirmed again. Raises RuleViolation."""
    lock(db, owner)
    try:
        stored = as_json(from_json(chosen))
    except FormatFault as fault:
        raise RuleViolation("format", str(fault)) from None
    setup = badge_setup.setup_of(db, owner)
    if setup.draft == stored:
        return unchanged(owner.slug, None)
    setup.draft = stored
    db.add(setup)
    note(db, owner.slug, "badge format.drafted", by, detail={"kind": stored["kind"]})
    return AfterCommit(owner.slug, None, announced=False)


def confirm_example(db: Session, owner: Implementation, number: int, draft: str, by: AuditContext) -> AfterCommit[None]:
    """Note that a person has seen that the draft with this digest reads an example right. Raises RuleViolation."""
    lock(db, owner)
    setup = _as_seen(db, owner, draft)
    example = badge_setup.example_of(db, owner, number)
    (read,) = badge_setup.read_examples(setup, [example])
    if read.badge is None:
        raise RuleViolation("example", f"is not read: {read.fault}")
    if read.is_confirmed:
        return unchanged(owner.slug, None)
    example.confirmed = draft
    note(db, owner.slug, "badge examples.confirmed", by, detail={"count": 1})
    return AfterCommit(owner.slug, None, announced=False)


def activate_format(db: Session, owner: Implementation, draft: str, by: AuditContext) -> AfterCommit[None]:
    """Let scanners use the draft with this digest, and delete the examples. Raises RuleViolation if anything is missing."""
    lock(db, owner)
    setup = _as_seen(db, owner, draft)
    read = badge_setup.read_examples(setup, badge_setup.examples(db, owner))
    missing = badge_setup.missing(read)
    if missing:
        raise RuleViolation("format", "cannot be active yet. " + " ".join(missing))
    setup.active, setup.activated_at, setup.draft = setup.draft, utc_now(), None
    db.execute(delete(BadgeExample).where(BadgeExample.implementation_id == owner.id))
    note(db, owner.slug, "badge format.activated", by, detail={"kind": (setup.active or {}).get("kind", "")})
    return AfterCommit(owner.slug, None, announced=False)


def _as_seen(db: Session, owner: Implementation, draft: str) -> BadgeSetup:
    """Return the row, if its draft is the one that the person saw."""
    setup = badge_setup.setup_of(db, owner)
    if setup.draft is None:
        raise RuleViolation("format", "was not chosen yet, or is in use by now")
    if badge_setup.digest_of(setup.draft) != draft:
        raise RuleViolation("format", OVERTAKEN)
    return setup
