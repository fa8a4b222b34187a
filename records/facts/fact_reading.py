"""What one run of a script sees: the facts of its own user at its own session, and at the whole event.

Those of the session are laid over those of the event, key by key. After a return, what was known before does not count: a
fact counts only if it was true after the return, as its source says, and arrived after it, by our clock. So neither a late
message nor a clock that is ahead brings back what the user has just changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from records.people.users import USER_COLUMNS, User, UserRow
from records.storage.database import Database
from records.storage.row_statement import RowStatement
from records.tenants.implementations import Implementation

from .fact_tables import WHOLE_EVENT, Fact


class FactRow(NamedTuple):
    """What is read of one fact."""

    session: str
    content: str | None
    at: datetime
    arrived_at: datetime


@dataclass(frozen=True)
class KnownFacts:
    """What is known of a user at a session. `at`: when all of it was true, so the older of two moments; None without any."""

    facts: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None


class KnownUser(NamedTuple):
    """What is known of a user for a run. `row` is None for a user who is not in the records; then there are no facts either."""

    row: UserRow | None
    facts: KnownFacts


_OF_FACTS: Final = tuple(getattr(Fact, name) for name in FactRow._fields)
#: Selects a user for `known_user`, once for each fact (two at most), or with NULL.
OF_USER: Final = RowStatement(
    select(*USER_COLUMNS, *_OF_FACTS)
    .outerjoin(
        Fact,
        and_(Fact.user_id == User.id, or_(Fact.session == bindparam("event"), Fact.session == bindparam("session"))),
    )
    .where(User.implementation_id == bindparam("owner"), User.subject == bindparam("subject"))
)


def read_user(
    database: Database, owner: Implementation, subject: str, session: str, *, returned_at: datetime | None = None
) -> KnownUser:
    """Return a user with what a run for this session may know of them; `returned_at` is when they last came back."""
    wanted = {"owner": owner.id, "subject": subject, "event": WHOLE_EVENT, "session": session}
    return known_user(database.rows(OF_USER, wanted), returned_at)


def known_user(rows: Sequence[Sequence[Any]], returned_at: datetime | None = None) -> KnownUser:
    """Put the rows of `OF_USER` together."""
    if not rows:
        return KnownUser(None, KnownFacts())
    width = len(USER_COLUMNS)
    facts = (FactRow(*row[width:]) for row in rows if row[width] is not None)
    return KnownUser(UserRow(*rows[0][:width]), known_facts(facts, returned_at))


def of_people(db: Session, people: Sequence[int]) -> dict[tuple[int, str], FactRow]:
    """Return all facts of these users (by row id), for `known_facts`, by user and session."""
    rows = select(Fact.user_id, Fact.session, Fact.content, Fact.at, Fact.arrived_at).where(Fact.user_id.in_(people))
    found = db.execute(rows).all()
    return {(user, session): FactRow(session, content, at, arrived) for user, session, content, at, arrived in found}


def known_facts(rows: Iterable[FactRow], returned_at: datetime | None = None) -> KnownFacts:
    """Put rows together. Those without content, and those from before a return, do not count."""
    counted = sorted((row for row in rows if _counts(row, returned_at)), key=lambda row: row.session)
    facts: dict[str, Any] = {}
    for row in counted:  # the whole event first
        facts.update(json.loads(row.content or "{}"))
    return KnownFacts(facts, min((row.at for row in counted), default=None))


def _counts(row: FactRow, returned_at: datetime | None) -> bool:
    if row.content is None:
        return False
    return returned_at is None or min(row.at, row.arrived_at) > returned_at
