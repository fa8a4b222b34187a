"""The status that says that no run gives an answer, with a reference by which support finds whose it was."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

from records import support_references
from runner.health.noted_errors import OUTAGE
from runner.health.outages import DATABASE, Outage
from runner.logins import NotedError, NotedErrors, StoreAway

from .status_body import Status

#: Why nothing can be shown although the store answers.
LATE = "no run has ended"
#: What is noted of such a status.
NOTED = f"unavailable: {LATE}"
#: Seconds between two lines of the log: without a worker everybody who asks gets such a status, again and again.
PAUSE_S = 10.0

log = logging.getLogger(__name__)


class UnavailableStatuses:
    """Makes these statuses. Thread-safe. `clock` gives seconds that only grow."""

    def __init__(self, errors: NotedErrors, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._errors = errors
        self._clock = clock
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._untold = 0

    def status(self, implementation: str, user: str, session: str) -> Status:
        """Note it in the store, log the first within ten seconds, and return what the app has to show."""
        reference = support_references.lasting(implementation, user, session)
        untold = self._untold_if_due()
        if untold is not None:
            log.error(
                "status unavailable ref=%s implementation=%s user=%r session=%r why=%r untold=%d",
                *(reference, implementation, user, session, LATE, untold),
            )
        note(self._errors, NotedError(reference, 200, NOTED, implementation, user, session))
        return Status("unavailable", reference=reference)

    def _untold_if_due(self) -> int | None:
        """Return how many were not logged since the last line, if a line is due now."""
        with self._lock:
            if self._clock() < self._quiet_until:
                self._untold += 1
                return None
            self._quiet_until = self._clock() + PAUSE_S
            untold, self._untold = self._untold, 0
            return untold


def note_outage(errors: NotedErrors, outage: Outage) -> None:
    """Keep an outage where support looks references up: one of the store when it is over, as the store keeps it."""
    if outage.part == DATABASE or outage.ended:
        note(errors, NotedError(outage.reference, int(HTTPStatus.SERVICE_UNAVAILABLE), f"{OUTAGE}{outage}"))


def note(errors: NotedErrors, error: NotedError) -> None:
    """Keep an error for those who look it up; without the store the log alone has it."""
    try:
        errors.note(error)
    except StoreAway as away:
        log.debug("error not noted ref=%s why=%s", error.reference, away)
