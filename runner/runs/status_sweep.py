"""Keeps what is only cached in the store within a budget, so that it can never push out logins and queued work.

A store that evicts keys by itself cannot tell a status from a login, so it must not (`noeviction`), and would refuse every
write, also of logins, once it were full. Instead, workers take turns to look at its memory:

1. At any time, the body of a status goes when it can no longer be shown. The digest of a message with a link stays, by
   which a return from that link is judged.
2. When the store is four fifths full, the oldest quarter of the bodies goes, with a quarter of the cached answers of vendors,
   and the next, until enough is free.
3. If bodies are not enough, whole statuses go.

A status that is claimed, or that was reported as returned or outdated within the last minutes, is never touched: its lock and
its generation keep results from before a return from being shown. Everything that goes is found again by the next run.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from redis import Redis
from redis.exceptions import RedisError

from runner.powers.answer_cache import KEPT
from runner.status.cache import LIFE_S, ms
from runner.status.cache_scripts import NOW, SHORTEST_MS
from runner.store.error_replies import MEMORY, StoreRefuses
from runner.store.memory import FULL, read_memory

#: Seconds between two looks at the memory, and between two passes over all statuses; of all workers together.
LOOK_EVERY_S: Final = 5
PASS_EVERY_S: Final = 300
#: Seconds until the next look at a memory that no status fills.
REST_S: Final = 60
#: Share of the memory below which no more statuses go.
ENOUGH: Final = 0.7
#: Keys of one step, so that the server never works long on one command.
STEP: Final = 200
#: Statuses that are asked for their age, to find the oldest quarter.
SAMPLE: Final = 2000
#: Keys of the looks and passes that are done: each is there until the next one is due.
LOOKED, PASSED = "st:swept:look", "st:swept:pass"

log = logging.getLogger(__name__)

#: KEYS: statuses. ARGV: now, the time (ms) before which a status is old, 1 for whole statuses, life ms of a digest, least life ms
#: -> how many went. One of another type, with a lock, after a return, or whose generation moved just now stays as it is.
SWEEP = (
    NOW
    + """
local gone, oldest, whole, life, least = 0, tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4]), tonumber(ARGV[5])
for _, each in ipairs(KEYS) do
  local f = redis.pcall('HMGET', each, 'due', 'lock', 'until', 'moved', 'body', 'digest', 'gen', 'fresh', 'span')
  if not (f.err or f[1] or f[2] and locked(f[3]) or holds(num(f[4]) + least, least)) then
    local left, digest = redis.call('PTTL', each), f[6] and string.sub(f[6], -1) == '+' and f[6]
    local old = num(f[8]) - num(f[9]) < oldest
    if old and (whole or f[5] and not digest) then
      gone = gone + redis.call('DEL', each)
    elseif f[5] and digest and (old or left <= life) then
      gone = gone + redis.call('DEL', each)
      redis.call('HSET', each, 'digest', digest, 'gen', f[7] or '0')
      redis.call('PEXPIRE', each, math.max(left, 1))
    end
  end
end
return gone
"""
)


class StatusSweep:
    """Sweeps in a thread of its own, so that a slow database cannot hold it up. `turn` is one look."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._sweep = redis.register_script(SWEEP)
        self._rests_until = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="status sweep", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """End the thread, at the latest after the step under way."""
        self._ended.set()
        self._thread.join()

    def turn(self) -> None:
        """Sweep what is due and what no other worker has swept. Raises `redis.RedisError`."""
        if self._is_mine(PASSED, PASS_EVERY_S):
            self._pass_over(oldest=0, whole=False)
        is_time = time.monotonic() >= self._rests_until and self._is_mine(LOOKED, LOOK_EVERY_S)
        if is_time and read_memory(self._redis).share >= FULL:
            self._make_room()

    def _work(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            try:
                self.turn()
            except RedisError as error:  # the outage log reports it; the next turn comes soon
                log.debug("statuses not swept error=%s", error)
            except Exception:  # a bug must not end the thread
                log.exception("statuses not swept")

    def _is_mine(self, key: str, every_s: int) -> bool:
        try:
            return bool(self._redis.set(key, 1, nx=True, ex=every_s))
        except StoreRefuses as refusal:
            if refusal.kind != MEMORY:
                raise
            return True  # a store without any memory left refuses even this: now every worker sweeps

    def _make_room(self) -> None:
        """Let the oldest statuses go, a quarter after the other, until the store is no longer full."""
        before, gone, whole = read_memory(self._redis).share, 0, False
        while read_memory(self._redis).share >= ENOUGH and not self._ended.is_set():
            went = self._pass_over(oldest=self._oldest_quarter(), whole=whole) + self._drop_answers()
            gone += went
            if not went and whole:  # something else fills the store: looking more often would only cost time
                self._rests_until = time.monotonic() + REST_S
                break
            whole = whole or not went
        after = read_memory(self._redis).share
        log.warning(
            "the store was full: the oldest statuses and answers went count=%d before=%.2f after=%.2f",
            gone,
            before,
            after,
        )

    def _drop_answers(self) -> int:
        """Drop every fourth cached answer of a vendor, in no order: none is kept for long. Returns how many."""
        answers = cast("Iterator[bytes]", self._redis.scan_iter(f"{KEPT}*", count=STEP))
        return sum(self._redis.unlink(*keys) for keys in _in_steps(itertools.islice(answers, 0, None, 4), STEP))

    def _oldest_quarter(self) -> int:
        """Return the time (ms) before which about a quarter of the bodies was stored. A scan comes in no order of time."""
        with self._redis.pipeline(transaction=False) as pipe:
            for key in itertools.islice(self._keys(), SAMPLE):
                pipe.hmget(key, ["fresh", "span"])
            times = pipe.execute(raise_on_error=False)
        stored = sorted(_number(each[0]) - _number(each[1]) for each in times if isinstance(each, list) and each[1])
        return stored[len(stored) // 4] + 1 if stored else 1

    def _pass_over(self, *, oldest: int, whole: bool) -> int:
        """Sweep all statuses, of which those that were stored before `oldest` (ms) go. Returns how many went."""
        gone = 0
        for keys in _in_steps(self._keys(), STEP):
            if self._ended.is_set():
                break
            gone += int(cast("Any", self._sweep(keys, [0, oldest, int(whole), ms(LIFE_S), SHORTEST_MS])))
        return gone

    def _keys(self) -> Iterator[bytes]:
        return cast("Iterator[bytes]", self._redis.scan_iter("st:{*", count=STEP))


def _number(text: bytes | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _in_steps(keys: Iterable[bytes], most: int) -> Iterator[list[bytes]]:
    rest = iter(keys)
    while step := list(itertools.islice(rest, most)):
        yield step
