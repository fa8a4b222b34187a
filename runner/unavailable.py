"""The status that says that nothing can be said, with a reference by which support finds whose it was, and why."""

from __future__ import annotations

import logging

from records import references

from .logins import NotedError, NotedErrors, StoreAway
from .shown import Status

#: Why nobody answers although the store does.
LATE = "no run has ended"

log = logging.getLogger(__name__)


def unavailable(errors: NotedErrors, implementation: str, user: str, session: str, why: str) -> Status:
    """Log it, note it if the store can be asked, and return what the app has to show."""
    reference = references.lasting(implementation, user, session)
    log.error(
        "status unavailable ref=%s implementation=%s user=%r session=%r why=%r",
        *(reference, implementation, user, session, why),
    )
    if why == LATE:
        note(errors, NotedError(reference, 200, f"unavailable: {why}", implementation, user, session))
    return Status("unavailable", reference=reference)


def note(errors: NotedErrors, error: NotedError) -> None:
    """Keep an error for those who look it up; without the store the log alone has it."""
    try:
        errors.note(error)
    except StoreAway as away:
        log.warning("error not noted ref=%s why=%s", error.reference, away)
