"""How the calls of each connection go, counted by the workers: how many, how long they take, how many fail.

A connection's health is one hash, for which one Lua script adds counts, forgets old minutes and says whether the vendor is well, slow or failing, and
since when. If a count is too large to be ours, it forgets everything. It uses the server's clock, so that all workers agree.
Its fields:

    minute                  the newest minute that was counted in, since 1970
    <minute>:calls, :slow, :failed, :<n>    counts of a minute; n is the index of a bound in BOUNDS_MS
    state, since, was       well, slow or failing; since when (ms); and what it was before
    error, error_at         how the last failed call failed, and when (ms)

What is judged is this minute and the last one. `connection_health` reads it.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import redis

from .connections.vendor_connection import VendorConnection
from .vendor_limits import keys_of

#: Upper bounds of the times that are told apart, in ms; longer ones are counted together.
BOUNDS_MS: Final = (50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000)
#: A call is slow that takes longer than this.
SLOW_MS: Final = 2000
#: A vendor fails if this share of its calls fails, and is slow if this share of them is slow or fails.
FAILING_SHARE, SLOW_SHARE = 0.5, 0.2
#: Fewer calls than this in two minutes say nothing.
LEAST_CALLS: Final = 5
#: Minutes for which counts are kept, and ms for which the rest is kept after the last call.
KEPT_MINUTES: Final = 15
KEPT_MS: Final = 24 * 3600 * 1000
WELL, SLOW, FAILING = "well", "slow", "failing"
#: Characters of a reason.
LONGEST_ERROR: Final = 40

#: KEYS health. ARGV minutes kept, ms kept, least calls, failing share, slow share, error, then names and counts.
_NOTE: Final = """
local time, key = redis.call('TIME'), KEYS[1]
local now, minute = time[1] * 1000 + math.floor(time[2] / 1000), math.floor(time[1] / 60)
if redis.call('HGET', key, 'minute') ~= tostring(minute) then
  for _, field in ipairs(redis.call('HKEYS', key)) do
    local of = tonumber(string.match(field, '^(%d+):'))
    if of and (of <= minute - tonumber(ARGV[1]) or of > minute) then redis.call('HDEL', key, field) end
  end
  redis.call('HSET', key, 'minute', minute)
end
for i = 7, #ARGV, 2 do
  if redis.call('HINCRBY', key, minute .. ':' .. ARGV[i], ARGV[i + 1]) > 1e9 then return redis.call('DEL', key) end
end
if ARGV[6] ~= '' then redis.call('HSET', key, 'error', ARGV[6], 'error_at', now) end
redis.call('PEXPIRE', key, ARGV[2])
local function lately(name)
  local found = redis.call('HMGET', key, (minute - 1) .. ':' .. name, minute .. ':' .. name)
  return (tonumber(found[1]) or 0) + (tonumber(found[2]) or 0)
end
local calls, slow, failed = lately('calls'), lately('slow'), lately('failed')
if calls < tonumber(ARGV[3]) then return end
local state = 'well'
if failed >= calls * tonumber(ARGV[4]) then state = 'failing'
elseif slow + failed >= calls * tonumber(ARGV[5]) then state = 'slow' end
local before = redis.call('HGET', key, 'state')
if before ~= state then redis.call('HSET', key, 'was', before or '', 'state', state, 'since', now) end
"""

_log = logging.getLogger(__name__)


@dataclass
class _Counts:
    numbers: Counter[str] = field(default_factory=Counter)
    error: str = ""


class CallHealth:
    """Counts the calls of this process. Thread-safe; a call costs no round trip."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._note = client.register_script(_NOTE)
        self._lock = threading.Lock()
        self._counts: dict[str, _Counts] = {}

    def note(self, connection: VendorConnection, ms: float, error: str = "") -> None:
        """Count a call that took so many milliseconds. `error`: how the vendor failed, in a few words of ours."""
        key = health_key(connection)
        with self._lock:
            counts = self._counts.setdefault(key, _Counts())
            counts.numbers["calls"] += 1
            counts.numbers[str(bisect_left(BOUNDS_MS, ms))] += 1
            if error:
                counts.numbers["failed"] += 1
                counts.error = error[:LONGEST_ERROR]
            elif ms > SLOW_MS:
                counts.numbers["slow"] += 1

    def flush(self) -> None:
        """Add to the store what was counted since the last time. What a store that is away misses is not counted.

        Raises what the client raises.
        """
        with self._lock:
            counts, self._counts = self._counts, {}
        for key, each in counts.items():
            terms: list[str | float] = [KEPT_MINUTES, KEPT_MS, LEAST_CALLS, FAILING_SHARE, SLOW_SHARE, each.error]
            for pair in each.numbers.items():
                terms += pair
            try:
                self._note(keys=[key], args=terms)
            except redis.ResponseError as error:  # someone wrote into the store
                _log.error("unreadable health of a connection deleted key=%s error=%s", key, error)
                self._redis.delete(key)


def health_key(connection: VendorConnection) -> str:
    """Return the key of a connection's health, on the node of a cluster that has its limits."""
    return keys_of(connection)[0].removesuffix("breaker") + "health"
