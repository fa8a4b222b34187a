"""Why a run was started, in the words of traces."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from records.scripts import runs

#: There was nothing to show.
FIRST_LOOK: Final = "first look"
#: What was shown was no longer fresh, or would soon not be while somebody looked.
REFRESH: Final = "refresh"
#: No user had asked yet: a session was about to end, and its people were expected to look.
PREFETCH: Final = "prefetch"
#: The user came back from the message's link.
RETURN: Final = "return"
#: Staff asked on the command line.
STATUS_GET: Final = "status get"

#: The staged version failed, and the active one was run instead. The run of the staged version has another cause.
INSTEAD: Final = runs.INSTEAD

#: The causes that an order may name; an order of an earlier release names none.
ORDERED: Final = frozenset({"", FIRST_LOOK, REFRESH, PREFETCH, RETURN, STATUS_GET})

#: A wait for a worker longer than this many milliseconds is mentioned.
LONG_WAIT_MS: Final = 2000

_OF_CLAIMS: Final = {
    "pending": FIRST_LOOK,
    "late": FIRST_LOOK,
    "stale": REFRESH,
    "ahead": REFRESH,
    "checking": RETURN,
    "prefetch": PREFETCH,
}


def of_claim(what: str, *, staff: bool) -> str:
    """Return why a claim with this `ClaimResult.what` starts a run."""
    return STATUS_GET if staff else _OF_CLAIMS[what]


def of_run(ordered: str, rechecks: int) -> str:
    """Return the cause of a run. `rechecks` is the number of this re-check after a return; 0 if the run is none."""
    return f"re-check {rechecks}" if rechecks else ordered


def in_words(because: str, returned_at: datetime | None, waited_ms: int | None) -> tuple[str | datetime, ...]:
    """Return the cause for people, with the time of the return and, if it was long, the wait for a worker."""
    back: tuple[str | datetime, ...] = ("; the user came back at ", returned_at) if returned_at else ()
    wait = long_wait(waited_ms)
    return (because, *back, f"; {wait}" if wait else "")


def long_wait(waited_ms: int | None) -> str:
    """Say how long a run waited for a worker; "" if it was not long, or if it is not known."""
    return f"waited {waited_ms / 1000:.0f} s for a worker" if waited_ms is not None and waited_ms > LONG_WAIT_MS else ""
