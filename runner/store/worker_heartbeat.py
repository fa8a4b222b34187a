"""The heartbeats of workers: each worker notes every few seconds that it is there, and how strong its jail is.

`/readyz` and `doctor` read these notes, so that a missing worker, a weak jail or another runtime is noticed before users
notice it.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, cast

from redis import Redis
from redis.exceptions import RedisError

from sandbox import JailReport

from .environment_mark import try_write

#: What workers do: they take runs, take background jobs, or check scripts.
STATUS, BACKGROUND, CHECKS = "status", "background", "checks"
#: The keys of the names of the status queue's workers, and of the last worker, which never expires.
NAMES = "st:workers"
LAST = f"{NAMES}:last"
#: Queue -> the key of the names of its workers, with which their other keys begin.
NAMES_OF = {STATUS: NAMES, BACKGROUND: "st:background-workers", CHECKS: "st:check-workers"}
#: Seconds after which a worker without a heartbeat counts as gone; it sends one every three.
LIFE_S = 15


@dataclass(frozen=True)
class WorkerNote:
    """What a worker says of itself. `jail` is its jail's report as plain data; a background worker has no jail and no runtime."""

    name: str
    pid: int
    places: int  #: runs or jobs that it can have in flight
    in_flight: int
    runtime: str  #: code that was compiled for another runtime is checked again before it runs
    jail: dict[str, Any]


class WorkerHeartbeat:
    """Writes the note of one worker."""

    def __init__(self, redis: Redis, *, places: int, report: JailReport | None = None, queue: str = STATUS) -> None:
        self._redis = redis
        self._report = report
        self._places = places
        self._names = NAMES_OF[queue]
        self.name = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"

    def note(self, in_flight: int) -> None:
        """Note that the worker is there."""
        runtime, jail = (self._report.runtime, self._report.as_dict()) if self._report else ("", {})
        note = WorkerNote(self.name, os.getpid(), self._places, in_flight, runtime, jail)
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.sadd(self._names, self.name)
            pipe.set(f"{self._names}:{self.name}", json.dumps(asdict(note)), ex=LIFE_S)
            pipe.set(_last(self._names), f"{self.name} at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
            pipe.execute()

    def leave(self) -> None:
        """Remove the note. If the store is away, it expires."""
        try:
            self._redis.delete(f"{self._names}:{self.name}")
            self._redis.srem(self._names, self.name)
        except RedisError:
            return


def workers_present(redis: Redis, queue: str = STATUS) -> tuple[WorkerNote, ...]:
    """Return the workers of a queue with a recent heartbeat; remove the others."""
    key = NAMES_OF[queue]
    names = sorted(name.decode(errors="replace") for name in cast("set[bytes]", redis.smembers(key)))
    if not names:
        return ()
    notes = cast("list[bytes | None]", redis.mget([f"{key}:{name}" for name in names]))
    gone = [name for name, note in zip(names, notes, strict=True) if note is None]
    if gone:
        redis.srem(key, *gone)
    read = (note_of(raw) for raw in notes if raw)
    return tuple(note for note in read if note)


def note_of(raw: bytes) -> WorkerNote | None:
    """Read the note of a worker; None if it cannot be read, for example because another release wrote it."""
    try:
        return WorkerNote(**json.loads(raw))
    except (ValueError, TypeError, RecursionError):
        return None


def last_worker(redis: Redis, queue: str = STATUS) -> str:
    """Return the name of the last worker of a queue and when it was there; "" if the store has never seen one."""
    found = cast("bytes | None", redis.get(_last(NAMES_OF[queue])))
    return found.decode(errors="replace") if found else ""


def store_serves(redis: Redis) -> bool:
    """Say whether the store answers and accepts a write; for readiness."""
    try:
        try_write(redis)
    except RedisError:
        return False
    return True


def worker_is_there(redis: Redis, queue: str = STATUS) -> bool | None:
    """Say whether a worker of a queue has a recent heartbeat; None if the store does not answer. For readiness."""
    try:
        return bool(workers_present(redis, queue))
    except RedisError:
        return None


def _last(names: str) -> str:
    return f"{names}:last"
