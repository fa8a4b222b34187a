"""How often one user may ask, and how often they may report a return.

A client that keeps to `Retry-After` never comes near these limits. They hold off one that does not: asking costs the server
little and a return starts a run that asks the vendor. Both are counted in this process, without a round trip; the total limit
is the allowance times the number of processes.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from http import HTTPStatus

from runner.pressure.token_buckets import TokenBuckets
from web.problem_details import HttpProblem

#: Seconds in which one user may send as many requests for statuses as the settings say, of all sessions together.
ASKS_S = 10.0
#: Most returns of one user at one session at once, and the seconds after which one more is allowed.
RETURNS, SECONDS_EACH_RETURN = 6, 5.0

ASKED_TOO_OFTEN = "This was asked too often. Ask again after the seconds in Retry-After."
RETURNED_TOO_OFTEN = "This was checked several times in a row. Please wait a few seconds."


class StatusRateLimits:
    """The buckets of one process. Thread-safe.

    `asks` are by (implementation, user): `asks.take(key)` costs about a microsecond, so that it can be called where nothing
    may wait.
    """

    def __init__(self, asks: int) -> None:
        self.asks = TokenBuckets(allowance=asks, seconds_each=ASKS_S / asks)
        self.returns = TokenBuckets(allowance=RETURNS, seconds_each=SECONDS_EACH_RETURN)

    def count_ask(self, key: Hashable) -> None:
        """Count a request for a status. Raises `HttpProblem` (429)."""
        _refuse(self.asks.take(key), ASKED_TOO_OFTEN)

    def count_return(self, key: Hashable) -> None:
        """Count a return. Raises `HttpProblem` (429)."""
        _refuse(self.returns.take(key), RETURNED_TOO_OFTEN)

    def clear(self) -> None:
        """Forget what was counted, for tests."""
        self.asks.clear()
        self.returns.clear()


def _refuse(wait_s: float, words: str) -> None:
    if wait_s:
        raise HttpProblem(HTTPStatus.TOO_MANY_REQUESTS, words, headers={"Retry-After": str(math.ceil(wait_s))})
