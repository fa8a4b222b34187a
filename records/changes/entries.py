"""What all changes share: the lock, the refusal of outdated pages, the audit entry, and how it shows old and new values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit
from records.audit import AuditContext, AuditEntry
from records.errors import RuleViolation
from records.people import actors
from records.storage.environment_mark import PRODUCTION
from records.tenants.implementations import Implementation

#: A value that no entry shows, and what it says instead.
SECRET, GIVEN = "secret", "set again"


def begin(db: Session, owner: Implementation, by: AuditContext, action: str, target: str = "") -> None:
    """Lock this implementation, and read it again. Raises RuleViolation if the person's page is outdated.

    A page that was open while another person changed the same would undo that change. So a link host or an address of the
    app that was just removed does not return by an old page.
    """
    lock(db, owner)
    if by.as_of is None:
        return
    same = {"action": action, "target": target, "implementation": owner.slug}
    newer = audit.newest_by_another_actor(db, by.as_of, actor=by.actor, **same)
    if newer is not None:
        who = actors.in_words(db, newer.actor)
        raise RuleViolation("form", f"was overtaken by a change of {who}. Load the page again, then make your change")


def lock(db: Session, owner: Implementation) -> None:
    """Lock this implementation until the end of the transaction, and read it again. Raises RuleViolation for a removed one."""
    rows = select(Implementation).where(Implementation.id == owner.id).with_for_update()
    if db.scalar(rows.execution_options(populate_existing=True)) is None:
        raise RuleViolation("implementation", "was removed meanwhile")


def note(  # noqa: PLR0913 - what an entry is made of
    db: Session,
    slug: str,
    action: str,
    by: AuditContext,
    *,
    target: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write the audit entry of a change, and return it. Call it last in the transaction, because other entries wait for its end."""
    whole = {**(detail or {}), **by.detail}
    return audit.append(
        db, actor=by.actor, action=action, target=target, implementation=slug, reason=by.reason, detail=whole
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an audit entry shows of a change: the old and the new value of each field that differs.

    For JSON objects, these are the names of the members that were added, removed and changed, and no values, because people
    keep tokens in them. For a secret, it is only that one was given; None means that none was.
    """
    found: dict[str, Any] = {}
    for name, value in after.items():
        old = before.get(name)
        if name == SECRET:
            found |= {} if value is None else {SECRET: GIVEN}
        elif old != value:
            is_object = isinstance(old, Mapping) or isinstance(value, Mapping)
            found[name] = _members(old or {}, value or {}) if is_object else [old, value]
    return found


def _members(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    both = before.keys() & after.keys()
    found = {
        "added": after.keys() - both,
        "removed": before.keys() - both,
        "changed": {name for name in both if before[name] != after[name]},
    }
    return {what: sorted(names) for what, names in found.items() if names}


def refuse_development(environment: str, *, wanted: bool) -> None:
    """Refuse in production what leads to this machine itself: no process would start with it."""
    if wanted and environment == PRODUCTION:
        raise RuleViolation("development", "is for development only, and cannot be saved in production")
