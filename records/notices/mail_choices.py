"""What each person wants by mail, for each group of notices, and the one address to which their mail goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import fields
from records.people.users import User

from .notice_groups import GROUP_BY_NAME, GROUPS, MailTiming
from .notice_tables import MailChoice


def chosen(db: Session, user: User) -> dict[str, MailTiming]:
    """Return when a person wants mail, for every group: what they chose, or what is usual."""
    own = {row.group: MailTiming(row.timing) for row in db.scalars(_of(user))}
    return {group.name: own.get(group.name, group.usual) for group in GROUPS}


def choose(db: Session, user: User, wanted: Mapping[str, str]) -> dict[str, list[str]]:
    """Store what a person wants; return the old and the new timing of each group that changed. Raises RuleViolation."""
    values = fields.checked(_CHECKS, wanted)
    before = chosen(db, user)
    changed = {name: [before[name].value, timing] for name, timing in values.items() if before[name] != timing}
    rows = {row.group: row for row in db.scalars(_of(user))}
    for name in changed:
        row = rows.get(name)
        if row is None:
            row = MailChoice(user_id=user.id, group=name, implementation_id=user.implementation_id)
            db.add(row)
        row.timing = values[name]
    db.flush()
    return changed


def _of(user: User) -> Any:
    return select(MailChoice).where(MailChoice.user_id == user.id)


_CHECKS: Final[dict[str, fields.Check]] = dict.fromkeys(GROUP_BY_NAME, fields.one_of(*MailTiming))
