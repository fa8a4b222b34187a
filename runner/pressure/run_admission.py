"""Which claims may start a run: what the load allows, what one user may start, and what one implementation may start.

A claim that may not start a run is answered with what is known, never with an error: the last message, or that it is being
checked, and when to ask again. Everything here is memory of one process, because a claim must not cost another round trip.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from runner.queues import run_causes

from .live_load import LiveLoad
from .token_buckets import TokenBuckets

#: Runs that one user may start at once, for any number of sessions, and the seconds after which one more may start.
USER_RUNS, USER_SECONDS_EACH = 20, 1.0

#: Seconds for which it holds what the load lets start: every claim asks, and the load is read once a second.
WORDS_S: Final = 0.2

#: What a claim may find, and the cause of the run that it would start. Staff who ask are not more urgent than users.
_CAUSES: Final = (
    ("pending", run_causes.FIRST_LOOK),
    ("checking", run_causes.RETURN),
    ("stale", run_causes.REFRESH),
    ("ahead", run_causes.REFRESH),
)


class RunAdmission:
    """Thread-safe. `per_s` is how many runs a second this process may start for one implementation."""

    def __init__(self, load: LiveLoad, *, per_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._users = TokenBuckets(allowance=USER_RUNS, seconds_each=USER_SECONDS_EACH, clock=clock)
        self._implementations = TokenBuckets(allowance=per_s, seconds_each=1 / per_s, clock=clock)
        self._clock = clock
        #: implementation -> until when they hold, and what the load lets start
        self._words: dict[str, tuple[float, str]] = {}

    def take(self, implementation: str, user: str) -> str:
        """Return what a claim may find if it is to start a run: as in `OrderDraft`. A run is counted, unless that is empty.

        It is counted before the claim, because many claims may be under way at the same time. One that starts no run gives it back.
        """
        words = self._words_now(implementation)
        if not words or self._users.wait((implementation, user)) or self._implementations.take(implementation):
            return ""
        self._users.take((implementation, user))
        return words

    def give_back(self, implementation: str, user: str) -> None:
        """Count a run no longer that a claim has not started."""
        self._users.give_back((implementation, user))
        self._implementations.give_back(implementation)

    def _words_now(self, implementation: str) -> str:
        until, words = self._words.get(implementation, (0.0, ""))
        now = self._clock()
        if now >= until:
            words = " ".join(found for found, cause in _CAUSES if self._load.starts(cause, implementation))
            self._words[implementation] = (now + WORDS_S, words)
        return words
