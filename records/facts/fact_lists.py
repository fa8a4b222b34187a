"""What pages and commands show of facts: how many there are and how old, and those of one person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.people.users import User
from records.tenants.implementations import Implementation

from .fact_tables import WHOLE_EVENT, Fact


@dataclass(frozen=True)
class FactCount:
    """The facts of one session, or of the whole event, from one source."""

    session: str
    source: str
    users: int  #: of whom something is known
    newest_at: datetime  #: when the newest was true
    arrived_at: datetime  #: when the last one arrived


@dataclass(frozen=True)
class PersonFact:
    """A fact of one person. Without content: the source said that it knows nothing."""

    session: str
    content: Mapping[str, Any] | None
    at: datetime
    arrived_at: datetime
    source: str


def counts(db: Session, owner: Implementation) -> list[FactCount]:
    """Count the facts of an implementation by session and source, the whole event first."""
    columns = (func.count(Fact.content), func.max(Fact.at), func.max(Fact.arrived_at))
    rows = select(Fact.session, Fact.source, *columns).where(Fact.implementation_id == owner.id)
    grouped = rows.group_by(Fact.session, Fact.source).order_by(Fact.session, Fact.source)
    return [FactCount(*row) for row in db.execute(grouped)]


def of_user(db: Session, owner: Implementation, subject: str) -> list[PersonFact]:
    """Return all facts of one user, the whole event first."""
    if "\0" in subject:  # PostgreSQL cannot even compare with it
        return []
    mine = select(Fact).join(User, User.id == Fact.user_id)
    mine = mine.where(User.implementation_id == owner.id, User.subject == subject).order_by(Fact.session)
    return [
        PersonFact(
            each.session,
            None if each.content is None else json.loads(each.content),
            each.at,
            each.arrived_at,
            each.source,
        )
        for each in db.scalars(mine)
    ]


def at_session(db: Session, owner: Implementation, subject: str, session: str) -> list[PersonFact]:
    """Return the facts of one user at a session and at the whole event."""
    return [each for each in of_user(db, owner, subject) if each.session in (WHOLE_EVENT, session)]
