"""The answers that no run gives: where a rule hides the message, and an unavailable status with a reference for support."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from records import support_references
from runner.health.noted_errors import OUTAGE
from runner.health.outages import DATABASE, Outage
from runner.logins import NotedError, NotedErrors, StoreAway

from .status_body import Action, Status, body_of
from .status_request import ResolvedRequest
from .visibility import HidingRule

#: Why nothing can be shown although the store answers.
LATE = "no run has ended"
#: What is noted for support.
NOTED = f"unavailable: {LATE}"
#: Seconds between two log lines: without a worker, every request gets such a status.
PAUSE_S = 10.0

log = logging.getLogger(__name__)


class UnavailableStatuses:
    """Makes these statuses. Thread-safe. `clock` is a monotonic clock, in seconds."""

    def __init__(self, errors: NotedErrors, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._errors = errors
        self._clock = clock
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._unlogged = 0

    def status(self, implementation: str, user: str, session: str) -> Status:
        """Return the status, note it for support, and log it unless another one was logged within ten seconds."""
        reference = support_references.lasting(implementation, user, session)
        unlogged = self._unlogged_if_due()
        if unlogged is not None:
            log.error(
                "status unavailable ref=%s implementation=%s user=%r session=%r why=%r unlogged=%d",
                *(reference, implementation, user, session, LATE, unlogged),
            )
        note(self._errors, NotedError(reference, 200, NOTED, implementation, user, session))
        return Status("unavailable", reference=reference)

    def _unlogged_if_due(self) -> int | None:
        """Return how many statuses were not logged since the last line, if a line is due now."""
        with self._lock:
            if self._clock() < self._quiet_until:
                self._unlogged += 1
                return None
            self._quiet_until = self._clock() + PAUSE_S
            unlogged, self._unlogged = self._unlogged, 0
            return unlogged


def status_by_rule(resolved: ResolvedRequest, public_url: str) -> Status:
    """Return the status where a rule hides the script's message.

    Those who scan badges see the button for it. While scripts are stopped, the fallback message is shown if there is one.
    """
    if resolved.rule is HidingRule.SCANS:
        return _scan_status(resolved, public_url)
    fallback = resolved.implementation.fallback
    if resolved.rule is HidingRule.STOPPED and fallback:
        return Status("ready", body_of(fallback, as_of=None, run=None), refresh_after=resolved.hidden_s)
    return Status("hidden", refresh_after=resolved.hidden_s)


def _scan_status(resolved: ResolvedRequest, public_url: str) -> Status:
    """Return the button of the settings, to the scanner of this session."""
    button = resolved.implementation.scan_button
    assert button is not None, "without it there is nothing to scan with"
    address = f"{public_url}/scan/{resolved.implementation.slug}/sessions/{quote(resolved.asked_for, safe='')}"
    message = replace(button.message, action=Action("scan", address))
    return Status("ready", body_of(message, as_of=None, run=None), refresh_after=resolved.hidden_s)


def note_outage(errors: NotedErrors, outage: Outage) -> None:
    """Note an outage for support. An outage of the store is noted when it is over, because notes are kept in the store."""
    if outage.part == DATABASE or outage.ended:
        note(errors, NotedError(outage.reference, int(HTTPStatus.SERVICE_UNAVAILABLE), f"{OUTAGE}{outage}"))


def note(errors: NotedErrors, error: NotedError) -> None:
    """Note an error for support; while the store is away, only the log has it."""
    try:
        errors.note(error)
    except StoreAway as away:
        log.debug("error not noted ref=%s why=%s", error.reference, away)
