"""Turns the result of a claim into the status that is shown, and says when it is worth asking again."""

from __future__ import annotations

import math
from dataclasses import replace

from runner.pressure.live_load import LiveLoad
from runner.pressure.run_pace import ask_again_s
from runner.status.cache import ClaimResult
from runner.status.no_run_answer import UnavailableStatuses
from runner.status.status_body import NOTHING, Status
from runner.status.status_request import ResolvedRequest

#: Seconds until a client should ask again when no run gives an answer.
UNAVAILABLE_S = 8.0


class ClaimAnswers:
    """Thread-safe; one for each process."""

    def __init__(self, load: LiveLoad, late: UnavailableStatuses) -> None:
        self._load = load
        self._late = late

    def reads_store(self, resolved: ResolvedRequest, claimed: ClaimResult) -> bool:
        """Say whether `status` would read or write the store, for callers that must not wait."""
        if claimed.what == "hit" or claimed.left_ms:
            return False
        return claimed.what == "late" or not self._load.is_read(resolved.implementation.slug)

    def status(self, resolved: ResolvedRequest, claimed: ClaimResult, waited_s: float = 0.0) -> Status:
        """Return the status. Raises what the client of the store raises."""
        body = claimed.body or NOTHING
        match claimed.what:
            case "hit":
                return hit_status(body, claimed.state, claimed.left_ms)
            case "stale":
                state = "hidden" if claimed.state == "hidden" else "ready"
                return Status(state, body, stale=True, refresh_after=self._soon(resolved, claimed, waited_s))
            case "late":
                late = self._late.status(resolved.implementation.slug, resolved.user, resolved.session)
                return replace(late, refresh_after=ask_again_s(UNAVAILABLE_S))
        left_s = math.ceil(claimed.left_ms / 1000)  # between two re-checks
        return Status("checking", body, refresh_after=left_s or self._soon(resolved, claimed, waited_s))

    def _soon(self, resolved: ResolvedRequest, claimed: ClaimResult, waited_s: float) -> int:
        """Return the seconds after which the run has ended, as far as can be told."""
        owner = resolved.implementation
        returned, in_front = claimed.what == "checking", claimed.in_front
        return self._load.ask_again_s(
            owner.slug, owner.concurrency, returned=returned, in_front=in_front, waited_s=waited_s
        )


def hit_status(body: bytes, state: str, left_ms: int) -> Status:
    """Return the status of an entry of the cache that is fresh for so long."""
    old = state == "old"
    return Status("ready" if old else state, body, old, math.ceil(left_ms / 1000) or 1)
