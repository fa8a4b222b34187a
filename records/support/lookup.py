"""Finds people and sessions by what somebody says on the phone: a name, a badge ID, a title or a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from records.agenda import sessions
from records.agenda.sessions import AgendaSession
from records.people import actors, users
from records.people.users import User
from records.scripts import runs
from records.scripts.runs import RunFilter
from records.tenants.implementations import Implementation

#: The most candidates if more than one fits.
OFFERED = 20


def people(db: Session, implementation: Implementation, text: str) -> list[User]:
    """Return the one person with this key, or those whose names, username, badge ID or key contain every word."""
    known = users.find(db, implementation, text)
    return [known] if known else users.search(db, implementation, text, limit=OFFERED)


def agenda(db: Session, implementation: Implementation, text: str) -> list[AgendaSession]:
    """Return the one session with this ID, retired or not, or those of the agenda whose ID or title contains the text."""
    known = sessions.find_any(db, implementation, text)
    if known:
        return [known]
    wanted = text.casefold()
    every = sessions.every(db, implementation)
    return [each for each in every if wanted in each.session_id.casefold() or wanted in each.title.casefold()][:OFFERED]


@dataclass(frozen=True)
class LookupMatch:
    """The key that is meant; empty if nothing fits, or if several do, which are then the `candidates`, with their names."""

    key: str = ""
    candidates: tuple[tuple[str, str], ...] = ()


def user_of_runs(db: Session, implementation: Implementation, text: str) -> LookupMatch:
    """Return whose runs are meant. A key that is known or has runs, even of a person who was removed, precedes any name."""
    if users.find(db, implementation, text) or _has_runs(db, implementation, RunFilter(user=text)):
        return LookupMatch(text)
    return _match([(user.subject, actors.name_of(user)) for user in people(db, implementation, text)])


def session_of_runs(db: Session, implementation: Implementation, text: str) -> LookupMatch:
    """Return which session's runs are meant. An ID that is known or has runs, even of a removed session, precedes any title."""
    if sessions.find_any(db, implementation, text) or _has_runs(db, implementation, RunFilter(session=text)):
        return LookupMatch(text)
    return _match([(session.session_id, session.title) for session in agenda(db, implementation, text)])


def _match(found: Sequence[tuple[str, str]]) -> LookupMatch:
    if len(found) > 1:
        return LookupMatch(candidates=tuple(found))
    return LookupMatch(found[0][0]) if found else LookupMatch()


def _has_runs(db: Session, implementation: Implementation, wanted: RunFilter) -> bool:
    return bool(runs.recent(db, implementation, wanted, limit=1))
