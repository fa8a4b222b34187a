"""Finds messages ahead of time for those who will look when a session ends, in one thread of a background worker.

Nobody waits for such a run, so it must be in nobody's way: it is made only while no other order of its implementation waits,
and not faster than half the rate at which the implementation's vendors may be called. What is fresh is not found again.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from records import Database, DatabaseUnavailable
from records.facts import ending_sessions, expected_people
from records.facts.ending_sessions import EndingSession
from records.tenants import implementations
from runner.background.background_services import BackgroundServices
from runner.status.service import StatusRequest, StatusService, UnknownImplementation, UnknownSession
from runner.store.clients import connect
from runner.store.errors import StoreAway

#: Seconds between two looks, and after which a stop is noticed between them.
EVERY_S: Final = 1.0
STOP_S: Final = 0.1
#: Looks between two searches for sessions that end soon.
SEARCH_EVERY: Final = 10
#: How long before its end a session's people are expected.
BEFORE_END: Final = timedelta(minutes=2)
#: Runs a second without any limit of a vendor, and the share of a limit that is used.
MOST_PER_S, SHARE = 10.0, 0.5
#: Seconds for which a session is left to the process that has begun with it.
CLAIMED_S: Final = 600
#: Seconds for which a stop waits at most for a look.
END_S: Final = 5.0

log = logging.getLogger(__name__)


@dataclass
class PrefetchWave:
    """The people of one session whose messages are still to be found, and how many may be found now."""

    session: EndingSession
    people: deque[str]
    per_s: float
    room: float = field(default=1.0)


@contextmanager
def prefetching(services: BackgroundServices) -> Iterator[None]:
    """Find messages ahead of time in the meantime."""
    settings = services.settings
    database = Database(settings.database_url, environment=settings.environment, pool_size=1, watch=services.outages)
    redis = connect(settings.redis_url, environment=settings.environment, watch=services.outages)
    service = StatusService.open(settings, database, services.outages)
    prefetch = Prefetch(database, redis, service, lambda: services.stop.requested)
    thread = threading.Thread(target=prefetch.run, name="prefetch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=END_S)
        service.close()
        redis.close()
        database.dispose()


class Prefetch:
    """`run` is the thread; `is_stopping` is asked between two steps."""

    def __init__(
        self, database: Database, redis: Redis, service: StatusService, is_stopping: Callable[[], bool]
    ) -> None:
        self._database = database
        self._redis = redis
        self._service = service
        self._is_stopping = is_stopping
        self._waves: list[PrefetchWave] = []
        self._looks = 0

    def run(self) -> None:
        """Look again and again until a stop is signalled."""
        next_at = 0.0
        while not self._is_stopping():
            if time.monotonic() >= next_at:
                self.look(datetime.now(UTC))
                next_at = time.monotonic() + EVERY_S
            time.sleep(STOP_S)

    def look(self, now: datetime) -> int:
        """Have some messages found, and return how many. Raises nothing."""
        try:
            if self._looks % SEARCH_EVERY == 0:
                self._search(now)
            self._looks += 1
            self._waves = [wave for wave in self._waves if wave.people and wave.session.ends_at > now]
            return sum(self._serve(wave) for wave in self._waves)
        except (DatabaseUnavailable, RedisError, StoreAway) as error:  # the outage log reports it
            log.debug("no messages found ahead of time error=%s", error)
        except Exception:  # a bug must not end the thread
            log.exception("no messages found ahead of time")
        return 0

    def _search(self, now: datetime) -> None:
        """Begin with the sessions that end soon and that no process has begun with."""
        with self._database.reading() as db:
            ending = ending_sessions.soon(db, now, BEFORE_END)
        for session in ending:
            if not self._redis.set(_claim(session), "1", nx=True, ex=CLAIMED_S):
                continue
            with self._database.reading() as db:
                owner = implementations.find(db, session.implementation)
                people = expected_people.expected(db, owner, session.session, now) if owner else []
                rate = expected_people.calls_per_s(db, owner) if owner else None
            per_s = MOST_PER_S if rate is None else min(MOST_PER_S, rate * SHARE)
            self._waves.append(PrefetchWave(session, deque(people), per_s))

    def _serve(self, wave: PrefetchWave) -> int:
        """Have the messages of some people found, as far as the rate allows and until somebody waits for another run."""
        wave.room = min(wave.room + wave.per_s * EVERY_S, max(1.0, wave.per_s))
        found = 0
        while wave.people and wave.room >= 1 and not self._is_stopping():
            request = StatusRequest(wave.session.implementation, wave.people.popleft(), wave.session.session)
            try:
                ordered = self._service.prefetch(request)
            except (UnknownImplementation, UnknownSession):
                wave.people.clear()
                break
            if ordered is None:
                wave.people.append(request.user)  # later, if there is time
                break
            wave.room -= ordered
            found += ordered
        return found


def _claim(session: EndingSession) -> str:
    about = f"{session.implementation}\0{session.session}\0{int(session.ends_at.timestamp())}".encode()
    return f"prefetch:{{{hashlib.blake2b(about, digest_size=12).hexdigest()}}}"
