"""Reads the body by which a vendor says that something changed, and finds whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from records import DbSession, Implementation
from records.agenda import sessions
from records.facts.fact_tables import WHOLE_EVENT
from records.people import users
from web.problem_details import HttpProblem

from .bodies import SESSION, read_members, read_session, wrong

#: Users of one call.
MOST_USERS: Final = 1000
USERS: Final = "users"


@dataclass(frozen=True)
class StatusChange:
    """What a vendor says has changed. `users` are ids, each once; None: all who look at the session."""

    session: str  #: its id in the agenda, or WHOLE_EVENT
    users: tuple[str, ...] | None


def read_change(body: bytes) -> StatusChange:
    """Read the body of a call. Raises `HttpProblem` (400, 415): then no status is due.

    1. It is strict JSON with exactly the two members.
    2. `session` is the id of a session, or null for the whole event.
    3. `users` is a list of at most 1,000 ids, or null, and then a session is named.
    """
    # 1.
    sent = read_members(body, (SESSION, USERS))
    # 2.
    session = read_session(sent[SESSION])
    # 3.
    named = sent[USERS]
    if named is None and session == WHOLE_EVENT:
        raise wrong(USERS, f"Without a {SESSION}, {USERS} must be named.")
    if named is None:
        return StatusChange(session, None)
    if not isinstance(named, list) or len(named) > MOST_USERS or not all(isinstance(each, str) for each in named):
        raise wrong(USERS, f"{USERS} must be a list of at most {MOST_USERS} ids of users, or null.")
    return StatusChange(session, tuple(dict.fromkeys(named)))


def known_of(db: DbSession, owner: Implementation, change: StatusChange) -> set[str]:
    """Return those of the users whom the records know, in exactly this spelling. Raises `HttpProblem` (422) for an unknown session."""
    if change.session != WHOLE_EVENT and sessions.find(db, owner, change.session) is None:
        raise HttpProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"{SESSION} is not in the agenda.", members={"field": SESSION}
        )
    return users.known_subjects(db, owner, change.users or ())
