"""The health of an implementation's connections as people see it: how calls went lately, and the breaker.

What is in the store is not believed further than its form: what cannot be read counts as not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import redis

from runner.store.errors import answering

from .call_health import BOUNDS_MS, FAILING, KEPT_MINUTES, LONGEST_ERROR, SLOW
from .vendor_limits import OPEN_MS, PROBE_MS, keys_of_name

#: Minutes over which calls are counted and their times are compared.
LATELY_MINUTES: Final = 5
#: For how long it is said that a vendor is well again.
AGAIN: Final = timedelta(minutes=15)
MINUTE_MS: Final = 60_000
#: No breaker of ours is open for longer than this, in ms.
LONGEST_HOLD_MS: Final = max(OPEN_MS, PROBE_MS)
#: The share of calls whose time is shown.
_SHARE: Final = 0.95
#: Digits of a time in µs, and of a count.
_DIGITS, _COUNT_DIGITS = 17, 9


class HealthState(StrEnum):
    """How a connection is, in the words of pages."""

    QUIET = "no calls lately"
    WELL = "well"
    AGAIN = "well again"
    SLOW = "slow"
    FAILING = "failing"
    HELD = "not called"  #: the breaker is open


#: The states of which organizers are told.
TROUBLE: Final = frozenset({HealthState.SLOW, HealthState.FAILING, HealthState.HELD})


@dataclass(frozen=True)
class ConnectionHealth:
    """One connection: its state, and the calls of the last five minutes."""

    name: str
    state: HealthState = HealthState.QUIET
    since: datetime | None = None
    next_try: datetime | None = None  #: when the open breaker lets a call through
    calls: int = 0
    failed: int = 0
    p95_ms: int | None = None  #: 95 of 100 calls took at most this long; None without calls
    over: bool = False  #: they took longer than `p95_ms`
    error: str = ""  #: how the last failed call failed
    error_at: datetime | None = None

    @property
    def in_trouble(self) -> bool:
        """Whether organizers are told."""
        return self.state in TROUBLE

    def as_json(self) -> dict[str, object]:
        """Return plain values."""
        times = {name: at.isoformat(timespec="seconds") if (at := getattr(self, name)) else None for name in _TIMES}
        return {
            "state": self.state.value, "calls": self.calls, "failed": self.failed, "p95_ms": self.p95_ms,
            "p95_is_more": self.over, "error": self.error or None, **times,
        }  # fmt: skip


_TIMES: Final = ("since", "next_try", "error_at")


def read_health(client: redis.Redis, implementation: str, names: Iterable[str]) -> list[ConnectionHealth]:
    """Return the health of these connections, in their order. Raises `StoreAway`."""
    names = list(names)
    if not names:
        return []
    with answering(), client.pipeline(transaction=False) as pipe:
        pipe.time()
        for name in names:
            breaker, health = _keys(implementation, name)
            pipe.hgetall(health)
            pipe.hgetall(breaker)
        (seconds, micros), *found = pipe.execute(raise_on_error=False)
        hashes = [_fields(each) for each in found]
    now_ms = seconds * 1000 + micros // 1000
    return [
        _health(name, health, breaker, now_ms)
        for name, health, breaker in zip(names, hashes[::2], hashes[1::2], strict=True)
    ]


def close_breaker(client: redis.Redis, implementation: str, name: str) -> None:
    """Let calls through at once, as if none had failed. Raises `StoreAway`."""
    with answering():
        client.delete(_keys(implementation, name)[0])


def _keys(implementation: str, name: str) -> tuple[str, str]:
    breaker = keys_of_name(implementation, name)[0]
    return breaker, breaker.removesuffix("breaker") + "health"


def _health(name: str, health: Mapping[str, str], breaker: Mapping[str, str], now_ms: int) -> ConnectionHealth:
    calls, failed, counts = _lately(health, now_ms // MINUTE_MS)
    p95_ms, over = _p95(counts)
    state, since = _state(health, now_ms)
    next_try = _next_try(breaker, now_ms)
    if next_try:
        state, since = HealthState.HELD, _moment(breaker.get("since"), now_ms) or since
    error, error_at = _error(health.get("error", "")), _moment(health.get("error_at"), now_ms)
    return ConnectionHealth(name, state, since, next_try, calls, failed, p95_ms, over, error, error_at)


def _state(health: Mapping[str, str], now_ms: int) -> tuple[HealthState, datetime | None]:
    """Return what the workers found, and since when; quiet if there were no calls for as long as counts are kept."""
    newest, since = now_ms // MINUTE_MS, _moment(health.get("since"), now_ms)
    if not any(_count(health.get(f"{newest - ago}:calls")) for ago in range(KEPT_MINUTES)):
        return HealthState.QUIET, None
    found = {SLOW: HealthState.SLOW, FAILING: HealthState.FAILING}.get(health.get("state", ""), HealthState.WELL)
    recovered = found is HealthState.WELL and health.get("was") in (SLOW, FAILING)
    if recovered and since and _at(now_ms) - since < AGAIN:
        found = HealthState.AGAIN
    return found, since


def _next_try(breaker: Mapping[str, str], now_ms: int) -> datetime | None:
    """Return until when the breaker is open, or waits for its probe; None if it lets calls through."""
    open_until, probe_until = (_number(breaker.get(name)) // 1000 for name in ("open_until", "probe_until"))
    until = max(open_until, probe_until)
    return _at(until) if open_until and now_ms < until <= now_ms + LONGEST_HOLD_MS else None


def _lately(health: Mapping[str, str], minute: int) -> tuple[int, int, list[int]]:
    """Return the calls and failures of the last minutes, and how many calls took up to each bound."""
    minutes = range(minute - LATELY_MINUTES + 1, minute + 1)

    def total(what: object) -> int:
        return sum(_count(health.get(f"{each}:{what}")) for each in minutes)

    return total("calls"), total("failed"), [total(bound) for bound in range(len(BOUNDS_MS) + 1)]


def _counted(health: Mapping[str, str], minute: int) -> bool:
    """Say whether there were calls for as long as counts are kept."""
    return any(_number(health.get(f"{minute - ago}:calls")) for ago in range(KEPT_MINUTES))


def _p95(counts: list[int]) -> tuple[int | None, bool]:
    """Return the bound below which 95 of 100 calls stay; True with the longest bound if they do not."""
    needed, seen = _SHARE * sum(counts), 0
    if not needed:
        return None, False
    for bound, count in zip(BOUNDS_MS, counts, strict=False):
        seen += count
        if seen >= needed:
            return bound, False
    return BOUNDS_MS[-1], True


def _fields(found: object) -> dict[str, str]:
    """Return a hash as texts; empty for an error, such as that of a key of another kind."""
    if isinstance(found, redis.ConnectionError | redis.TimeoutError):
        raise found
    if not isinstance(found, dict):
        return {}
    return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in found.items()}


def _count(raw: str | None) -> int:
    return _number(raw) if raw and len(raw) <= _COUNT_DIGITS else 0


def _number(raw: str | None) -> int:
    return int(raw) if raw and raw.isascii() and raw.isdigit() and len(raw) <= _DIGITS else 0


def _moment(raw: str | None, now_ms: int) -> datetime | None:
    """Return a moment in the past; None for anything else."""
    ms = _number(raw)
    return _at(ms) if 0 < ms <= now_ms else None


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _error(raw: str) -> str:
    return raw if raw.isascii() and raw.isprintable() and len(raw) <= LONGEST_ERROR else ""
