"""Why a run is started: who needed it, in the words of traces."""

from __future__ import annotations

from datetime import datetime
from typing import Final

#: Nothing was there to show.
FIRST_LOOK: Final = "first look"
#: What was shown was no longer fresh.
REFRESH: Final = "refresh"
#: The user came back from the message's link.
RETURN: Final = "return"
#: Staff asked on the command line.
STATUS_GET: Final = "status get"

#: What an order may say; one of an earlier release says nothing.
ORDERED: Final = frozenset({"", FIRST_LOOK, REFRESH, RETURN, STATUS_GET})

#: Milliseconds of waiting for a worker which are worth telling.
LONG_WAIT_MS: Final = 2000

_OF_CLAIMS: Final = {"pending": FIRST_LOOK, "late": FIRST_LOOK, "stale": REFRESH, "checking": RETURN}


def of_claim(what: str, *, staff: bool) -> str:
    """Say why a claim, with this `ClaimResult.what`, starts a run."""
    return STATUS_GET if staff else _OF_CLAIMS[what]


def of_run(ordered: str, rechecks: int) -> str:
    """Say why a run was started that was ordered for this reason, when it is re-check number `rechecks` after a return (0: none)."""
    return f"re-check {rechecks}" if rechecks else ordered


def in_words(because: str, returned_at: datetime | None, waited_ms: int | None) -> tuple[str | datetime, ...]:
    """Tell the cause for people, with when the user came back and for how long the run waited, if that was long."""
    back: tuple[str | datetime, ...] = ("; the user came back at ", returned_at) if returned_at else ()
    wait = long_wait(waited_ms)
    return (because, *back, f"; {wait}" if wait else "")


def long_wait(waited_ms: int | None) -> str:
    """Say that a run waited for long until a worker had it; "" if it did not, or if it is not known."""
    return f"waited {waited_ms / 1000:.0f} s for a worker" if waited_ms is not None and waited_ms > LONG_WAIT_MS else ""
