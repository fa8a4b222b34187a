"""Which workers are there: each notes itself every few seconds, with what its jail holds.

`/readyz` and `doctor` read it, so that "no worker", "a weak jail" and "another runtime" are told before users tell.
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

#: The queues that have workers.
STATUS, BACKGROUND = "status", "background"
#: The key of the names of the status queue's workers, and of the last one that was here, for as long as the store lasts.
NAMES = "st:workers"
LAST = f"{NAMES}:last"
#: Queue -> the key of the names of its workers; their other keys begin with it.
NAMES_OF = {STATUS: NAMES, BACKGROUND: "st:background-workers"}
#: Seconds after which a worker counts as gone that has not noted itself; it does so every three.
LIFE_S = 15


@dataclass(frozen=True)
class WorkerNote:
    """What a worker says of itself. `jail` is the jail's report as plain data; a background worker has none, and no runtime."""

    name: str
    pid: int
    places: int  #: runs or jobs it can have in flight
    in_flight: int
    runtime: str  #: code compiled for another runtime is checked again before it serves
    jail: dict[str, Any]


class WorkerHeartbeat:
    """A worker's own note."""

    def __init__(self, redis: Redis, *, places: int, report: JailReport | None = None, queue: str = STATUS) -> None:
        self._redis = redis
        self._report = report
        self._places = places
        self._names = NAMES_OF[queue]
        self.name = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"

    def note(self, in_flight: int) -> None:
        """Say that we are here."""
        runtime, jail = (self._report.runtime, self._report.as_dict()) if self._report else ("", {})
        note = WorkerNote(self.name, os.getpid(), self._places, in_flight, runtime, jail)
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.sadd(self._names, self.name)
            pipe.set(f"{self._names}:{self.name}", json.dumps(asdict(note)), ex=LIFE_S)
            pipe.set(_last(self._names), f"{self.name} at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
            pipe.execute()

    def leave(self) -> None:
        """Say that we are gone; if the store is gone too, the note ends by itself."""
        try:
            self._redis.delete(f"{self._names}:{self.name}")
            self._redis.srem(self._names, self.name)
        except RedisError:
            return


def workers_present(redis: Redis, queue: str = STATUS) -> tuple[WorkerNote, ...]:
    """The workers of a queue that have noted themselves lately; forgets the others."""
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
    """The note of a worker; None for one that we cannot read, as that of another release may be."""
    try:
        return WorkerNote(**json.loads(raw))
    except (ValueError, TypeError, RecursionError):
        return None


def last_worker(redis: Redis, queue: str = STATUS) -> str:
    """The name of the last worker of a queue and when it was here; nothing in a store that has never seen one."""
    found = cast("bytes | None", redis.get(_last(NAMES_OF[queue])))
    return found.decode(errors="replace") if found else ""


def store_serves(redis: Redis) -> bool:
    """Whether the store is there and takes a write; for readiness."""
    try:
        try_write(redis)
    except RedisError:
        return False
    return True


def worker_is_there(redis: Redis, queue: str = STATUS) -> bool | None:
    """Whether any worker of a queue has noted itself lately; None if the store does not say. For readiness."""
    try:
        return bool(workers_present(redis, queue))
    except RedisError:
        return None


def _last(names: str) -> str:
    return f"{names}:last"
