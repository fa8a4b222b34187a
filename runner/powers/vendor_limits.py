"""The limits of each vendor: circuit breaker, rate limit and concurrency, shared by all workers through Redis.

One Lua script admits a call or not, another ends it; both use Redis's clock. If Redis does not answer, calls are made
without limits: these limits protect the vendor, and a vendor that gets a few calls too many is better than an attendee
who sees nothing. The threads of each worker and the budgets of each run still limit the calls.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import random
import secrets
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import redis

from runner.store.lua_scripts import DirectScripts, LuaScript, ScriptCall
from sandbox import CallFault, CallNotMade

from .connections.vendor_connection import VendorConnection

FAILURES: Final = 5  #: in a row, after which the breaker opens
FORGOTTEN_MS: Final = 30_000  #: failures longer apart than this are not in a row
OPEN_MS: Final = 15_000  #: until one call may probe
PROBE_MS: Final = 10_000  #: until another may, if the first never reported back
_BURST_S: Final = 0.5  #: a rate limit may be used this far ahead, so no second sees more than 1.5 times the rate
_POLL_S: Final = 0.03
_REDIS_PAUSE_S: Final = 1.0

#: KEYS breaker, rate, leases. ARGV interval µs, burst µs, longest wait µs, concurrency, lease, lease ms, probe ms, longest time
#: that a breaker holds calls back, in ms: a time beyond that is not ours, or the clock was put back, and does not count.
#: Gives {GO, wait µs, 1 if the breaker counts failures, 1 if this is the probe}, {WAIT, µs} or {OPEN, ms}.
_GO, _WAIT, _OPEN = range(3)
_ENTER: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local open_until = tonumber(redis.call('HGET', KEYS[1], 'open_until') or '0')
local probe = 0
if open_until > 0 then
  local probe_until = tonumber(redis.call('HGET', KEYS[1], 'probe_until') or '0')
  local blocked_until = math.max(open_until, probe_until)
  if now < blocked_until and blocked_until <= now + ARGV[8] * 1000 then return {2, math.ceil((blocked_until - now) / 1000)} end
  probe = 1
end
local concurrency = tonumber(ARGV[4])
if concurrency > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  if redis.call('ZCARD', KEYS[3]) >= concurrency then return {1, 0} end
end
local interval = tonumber(ARGV[1])
local wait = 0
if interval > 0 then
  local arrival = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now)
  wait = math.max(0, arrival - now - tonumber(ARGV[2]))
  if wait > tonumber(ARGV[3]) then return {1, wait} end
  redis.call('SET', KEYS[2], string.format('%.0f', arrival + interval), 'PX',
             math.ceil((arrival + interval - now) / 1000) + 1000)
end
if concurrency > 0 then
  redis.call('ZADD', KEYS[3], string.format('%.0f', now + ARGV[6] * 1000), ARGV[5])
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
end
if probe == 1 then
  redis.call('HSET', KEYS[1], 'probe_until', string.format('%.0f', now + ARGV[7] * 1000))
end
return {0, wait, redis.call('EXISTS', KEYS[1]), probe}
"""

#: KEYS breaker, leases. ARGV lease, verdict, failures, open ms, forgotten ms, 1 if this was the probe.
_LEAVE: Final = """
redis.call('ZREM', KEYS[2], ARGV[1])
if ARGV[2] == 'well' then return redis.call('DEL', KEYS[1]) end
if ARGV[2] == 'unknown' then
  if ARGV[6] == '1' then redis.call('HDEL', KEYS[1], 'probe_until') end
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local open_until = tonumber(redis.call('HGET', KEYS[1], 'open_until') or '0')
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if now < open_until then return 0 end
if ARGV[6] == '1' or open_until > 0 or failures >= tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'open_until', string.format('%.0f', now + ARGV[4] * 1000))
  redis.call('HSETNX', KEYS[1], 'since', string.format('%.0f', now / 1000))
  redis.call('HDEL', KEYS[1], 'probe_until')
  redis.call('PEXPIRE', KEYS[1], ARGV[4] + ARGV[5])
  return 1
end
return redis.call('PEXPIRE', KEYS[1], ARGV[5])
"""

_log = logging.getLogger(__name__)


class CallVerdict(StrEnum):
    """How a call went, as the breaker sees it."""

    WELL = "well"
    FAILED = "failed"  #: the vendor failed
    UNKNOWN = "unknown"  #: it says nothing about the vendor


@dataclass(frozen=True)
class CallLease:
    """Permission for one call, given back with a verdict. Without a limit on concurrency its id is empty."""

    id: str = ""
    counting: bool = False  #: the breaker has failures to forget
    probe: bool = False


def keys_of(connection: VendorConnection) -> tuple[str, str, str]:
    """Return the keys of breaker, rate and leases of a connection, with one hash tag for one node of a cluster."""
    return keys_of_name(connection.implementation, connection.name)


@functools.lru_cache(maxsize=4096)
def keys_of_name(implementation: str, connection: str) -> tuple[str, str, str]:
    """Return the same for an implementation and the name of its connection."""
    name = f"{implementation}\0{connection}".encode()
    tag = f"vendor:{{{hashlib.sha256(name).hexdigest()[:24]}}}"
    return f"{tag}:breaker", f"{tag}:rate", f"{tag}:leases"


class VendorLimiter:
    """Admits calls to vendors. The Redis client should have short time-outs, because calls wait for it."""

    def __init__(self, client: redis.Redis) -> None:
        self._direct = DirectScripts(client)
        self._enter, self._leave = LuaScript(client, _ENTER), LuaScript(client, _LEAVE)
        self._paused_until = 0.0
        self._lock = threading.Lock()

    def enter(self, connection: VendorConnection, *, deadline: float) -> CallLease:
        """Wait for the call's turn, at most until the deadline (monotonic); raises `CallNotMade`."""
        while True:
            lease_id = secrets.token_hex(8) if connection.concurrency else ""
            answer = self._try_to_enter(connection, lease_id, deadline)
            if answer is None:
                return CallLease()
            what, number, *flags = answer
            if what == _OPEN:
                text = (
                    f"{connection.name} failed {FAILURES} times in a row; calls are held back for {number / 1000:.0f} s"
                )
                raise CallNotMade(CallFault.BREAKER_OPEN, text)
            pause = number / 1e6 if number else _POLL_S * random.uniform(0.5, 1.5)  # noqa: S311 - spreads threads
            if what == _GO:
                _sleep(number / 1e6)
                return CallLease(lease_id, bool(flags[0]), bool(flags[1]))
            if time.monotonic() + pause >= deadline:
                raise CallNotMade(
                    CallFault.TIMEOUT, f"{connection.name} is called too often: no turn before the deadline"
                )
            _sleep(pause)

    def leave(self, connection: VendorConnection, lease: CallLease, verdict: CallVerdict) -> None:
        """Give the lease back. If there is no lease to free and no failure to count or forget, Redis is not asked."""
        if verdict is CallVerdict.WELL and not (lease.id or lease.counting):
            return
        if verdict is CallVerdict.UNKNOWN and not (lease.id or lease.probe):
            return
        breaker, _, leases = keys_of(connection)
        args = (lease.id, verdict.value, FAILURES, OPEN_MS, FORGOTTEN_MS, int(lease.probe))
        self._run(ScriptCall(self._leave, (breaker, leases), *args))

    def _try_to_enter(self, connection: VendorConnection, lease_id: str, deadline: float) -> list[Any] | None:
        left_s = max(0.0, deadline - time.monotonic())
        interval = int(1e6 / connection.rate_per_s) if connection.rate_per_s else 0
        lease_ms = int(left_s * 1000) + 1000
        args = (
            interval, int(_BURST_S * 1e6), int(left_s * 1e6), connection.concurrency or 0, lease_id, lease_ms,
            PROBE_MS, max(OPEN_MS, PROBE_MS),
        )  # fmt: skip
        answer: list[Any] | None = self._run(ScriptCall(self._enter, keys_of(connection), *args))
        return answer

    def _run(self, call: ScriptCall) -> Any:
        if time.monotonic() < self._paused_until:
            return None
        try:
            return self._direct.run(call)[0]
        except redis.RedisError as error:
            self._paused_until = time.monotonic() + _REDIS_PAUSE_S
            _log.debug("the store does not answer (%s): calls to vendors are not limited", type(error).__name__)
            return None


def _sleep(seconds: float) -> None:
    if seconds > 0:
        time.sleep(seconds)
