"""Changes during a time that could affect what people see, for cases that no run explains."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from records.audit import ABOUT_PEOPLE, AuditEntry
from records.tenants.implementations import Implementation

#: The most entries that are returned.
MOST = 20

#: Actions that change what all people of an implementation see.
FOR_EVERYBODY = frozenset(
    {
        *("settings.changed", "script.activated", "script.suspended", "script.reinstated"),
        *("agenda.imported", "agenda.import_undone", "connection.saved", "connection.removed"),
        *("implementation.archived", "implementation.restored"),
    }
)


def between(
    db: Session, implementation: Implementation, since: datetime, until: datetime, *, user: str = ""
) -> list[AuditEntry]:
    """Return the audit entries of such changes, the newest first; with a `user`, also those about that person."""
    about_user = and_(AuditEntry.action.in_(ABOUT_PEOPLE if user else ()), AuditEntry.target == user)
    changed = or_(AuditEntry.action.in_(FOR_EVERYBODY), about_user)
    rows = select(AuditEntry).where(AuditEntry.implementation == implementation.slug, changed)
    rows = rows.where(AuditEntry.at >= max(since, implementation.created_at), AuditEntry.at < until)
    return list(db.scalars(rows.order_by(AuditEntry.number.desc()).limit(MOST)))
