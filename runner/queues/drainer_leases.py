"""Renews the leases of a worker's drainers, and takes up what dead drainers have left, of whichever worker."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import Redis

from runner.store.clients import AWAY
from runner.store.lua_scripts import DirectScripts, LuaScript, ScriptCall
from runner.store.worker_heartbeat import workers_present

from .order_lists import due_drainers
from .order_scripts import DRAINERS_KEY, PLACES_KEY, RENEW
from .status_jobs import DrainOrder, StatusQueue, new_run_id

#: Seconds of a lease, and between two renewals: what a dead drainer has left is taken up within two seconds.
LEASE_S, RENEW_S = 1.5, 0.4
#: Dead drainers that are taken up with one renewal.
AT_ONCE = 4
#: Seconds between two notes of how many places all workers have, and after which such a note does not count any more.
PLACES_S, PLACES_LIFE_S = 3.0, 15

log = logging.getLogger(__name__)


class DrainerLeases:
    """One for each worker process. `start` starts the thread that renews; `close` ends it. `clock_ms` is as in `StatusCache`."""

    def __init__(self, redis: Redis, queue: StatusQueue, *, clock_ms: Callable[[], int] | None = None) -> None:
        self._redis = redis
        self._queue = queue
        self._clock = clock_ms
        self._direct = DirectScripts(redis)
        self._renew = LuaScript(redis, RENEW)
        self._own: set[str] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._places_at = 0.0
        self._in_time_until = math.inf

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._work, name="drainers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread. The leases that are left end by themselves."""
        self._closed.set()
        if self._thread:
            self._thread.join()

    @contextmanager
    def renewed(self, drainer: DrainOrder) -> Iterator[None]:
        """Renew the lease of a drainer meanwhile."""
        member = f"{drainer.implementation} {drainer.drainer} {drainer.most}"
        with self._lock:
            self._own.add(member)
        try:
            yield
        finally:
            with self._lock:
                self._own.discard(member)

    def look(self) -> None:
        """Renew the leases, and let what dead drainers have left be taken up. Raises `redis.RedisError`."""
        with self._lock:
            own = sorted(self._own)
        names = [new_run_id() for _ in range(AT_ONCE)]
        now = self._clock() if self._clock else 0
        call = ScriptCall(self._renew, (DRAINERS_KEY,), now, int(LEASE_S * 1000), AT_ONCE, *names, *own)
        found = due_drainers(self._direct.run(call)[0])
        # If nobody could renew for the time of a lease, leases have ended of drainers that live: nothing is reported.
        is_in_time = time.monotonic() < self._in_time_until
        for due in found:
            if is_in_time:
                log.warning("a drainer died or never began implementation=%s drainer=%s", due.implementation, due.dead)
            self._queue.enqueue(due)
        if is_in_time or len(found) < AT_ONCE:
            self._in_time_until = time.monotonic() + LEASE_S

    def _work(self) -> None:
        while not self._closed.wait(RENEW_S):
            try:
                self.look()
                if time.monotonic() >= self._places_at and self._note_places():
                    self._places_at = time.monotonic() + PLACES_S
            except AWAY:  # the client has reported the outage
                continue
            except Exception:  # the store may contain anything; leases must go on being renewed
                log.exception("leases of drainers not renewed")

    def _note_places(self) -> bool:
        """Note how many runs all workers can have in flight together; return False if none has noted itself yet."""
        places = sum(note.places for note in workers_present(self._redis))
        if places:
            self._redis.set(PLACES_KEY, places, ex=PLACES_LIFE_S)
        return places > 0
