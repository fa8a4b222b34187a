"""Finds people and sessions by what somebody says on the phone: a name, a badge ID, a title, or a key."""

from __future__ import annotations

from sqlalchemy.orm import Session

from . import sessions, users
from .implementations import Implementation
from .sessions import AgendaSession
from .users import User

#: What is offered where more than one fits.
OFFERED = 20


def people(db: Session, implementation: Implementation, text: str) -> list[User]:
    """Return the one person with this key, or those of whom every word stands in a name, username, badge ID or key."""
    known = users.find(db, implementation, text)
    return [known] if known else users.search(db, implementation, text, limit=OFFERED)


def agenda(db: Session, implementation: Implementation, text: str) -> list[AgendaSession]:
    """Return the one session with this ID, retired or not, or those of the agenda whose ID or title has the text."""
    known = sessions.find_any(db, implementation, text)
    if known:
        return [known]
    wanted = text.casefold()
    every = sessions.every(db, implementation)
    return [each for each in every if wanted in each.session_id.casefold() or wanted in each.title.casefold()][:OFFERED]
