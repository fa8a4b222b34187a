"""Limits on attempts: plain limits, and delays that grow with every failure, shared by all processes.

A hard lock would let anyone lock out somebody else by failing on purpose. A growing delay still lets the person in and
leaves a guesser very few guesses. An attempt is counted before it is made (`begin`); otherwise a hundred at once would
all be the first. If Redis does not answer, no attempt is allowed: these limits protect passwords, so they fail closed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key as key_of

FREE: Final = 5  #: failures without a delay
FIRST_S: Final = 15  #: the delay after them, doubled with each further failure
LONGEST_S: Final = 300  #: the longest delay: three guesses in fifteen minutes
FORGOTTEN_S: Final = 900  #: seconds without a failure (after a delay is over) until all failures are forgotten

#: KEYS counter. ARGV window in ms. Gives the count, and the ms until the window ends.
_HIT: Final = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""

#: KEYS hash. ARGV 1 to respect a delay that runs, free, first ms, longest ms, forgotten ms. Gives {1 if counted, ms}.
_FAIL: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local delayed_until = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if ARGV[1] == '1' and now < delayed_until then return {0, delayed_until - now} end
local count = redis.call('HINCRBY', KEYS[1], 'count', 1)
local delay = 0
if count >= tonumber(ARGV[2]) then
  delay = math.min(ARGV[3] * 2 ^ math.min(count - ARGV[2], 30), tonumber(ARGV[4]))
  redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + delay))
end
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', delay + ARGV[5]))
return {1, string.format('%.0f', delay)}
"""

#: KEYS hash. Gives the ms that are left of the delay.
_WAIT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return math.max(0, tonumber(redis.call('HGET', KEYS[1], 'until') or '0') - now)
"""

#: KEYS hash. Takes one failure back; a delay goes on.
_SPARE: Final = """
if tonumber(redis.call('HGET', KEYS[1], 'count') or '0') > 0 then redis.call('HINCRBY', KEYS[1], 'count', -1) end
return 0
"""


@dataclass(frozen=True)
class AttemptDecision:
    """Whether another attempt is allowed, and if not, after how many seconds."""

    ok: bool
    retry_after_s: int = 0


class AttemptLimits:
    """Counts by kind ("password", "address") and key; for personal data, the key is an HMAC. Every method raises `StoreAway`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._hit = redis.register_script(_HIT)
        self._fail = redis.register_script(_FAIL)
        self._wait = redis.register_script(_WAIT)
        self._spare = redis.register_script(_SPARE)

    def hit(self, kind: str, key: str, *, limit: int, window_s: int) -> AttemptDecision:
        """Count one of the `limit` attempts that are allowed in a window, which begins with its first attempt."""
        with answering():
            count, left_ms = self._hit(keys=[key_of("hits", kind, key)], args=[window_s * 1000])
        if count <= limit:
            return AttemptDecision(True)
        return AttemptDecision(False, max(1, math.ceil(left_ms / 1000)))

    def left(self, kind: str, key: str, *, limit: int) -> AttemptDecision:
        """Say whether another attempt would be allowed, without counting one."""
        name = key_of("hits", kind, key)
        with answering(), self._redis.pipeline() as pipeline:
            pipeline.get(name)
            pipeline.pttl(name)
            count, left_ms = pipeline.execute()
        if int(count or 0) < limit:
            return AttemptDecision(True)
        return AttemptDecision(False, max(1, math.ceil(left_ms / 1000)))

    def begin(self, kind: str, key: str) -> int:
        """Count an attempt as failed before it is made. Returns 0, or the seconds to wait first; then it is not counted.

        Call `forget` after a success, and `spare` after an attempt that showed nothing.
        """
        counted, delay_s = self._count(kind, key, respecting=True)
        return 0 if counted else max(1, delay_s)

    def failed(self, kind: str, key: str) -> int:
        """Count a failure; return the seconds until the next attempt."""
        return self._count(kind, key, respecting=False)[1]

    def wait(self, kind: str, key: str) -> int:
        """Return the seconds until an attempt is allowed, without counting one."""
        with answering():
            return _seconds(self._wait(keys=[key_of("fails", kind, key)]))

    def spare(self, kind: str, key: str) -> None:
        """Take back one failure, because the attempt came to nothing through no fault of the person. A delay goes on."""
        with answering():
            self._spare(keys=[key_of("fails", kind, key)])

    def forget(self, kind: str, key: str) -> None:
        """Forget all failures, after a success."""
        with answering():
            self._redis.delete(key_of("fails", kind, key))

    def _count(self, kind: str, key: str, *, respecting: bool) -> tuple[bool, int]:
        args = [int(respecting), FREE, FIRST_S * 1000, LONGEST_S * 1000, FORGOTTEN_S * 1000]
        with answering():
            counted, delay_ms = self._fail(keys=[key_of("fails", kind, key)], args=args)
        return bool(counted), _seconds(delay_ms)


def _seconds(ms: Any) -> int:
    return math.ceil(float(ms) / 1000)
