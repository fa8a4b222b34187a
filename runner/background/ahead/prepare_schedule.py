"""Has facts prepared before sessions end, in one thread of a background worker, which looks several times a minute.

Several workers may do it at once: the store lets one of them order the preparation of a session, once for its end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from redis.exceptions import RedisError

from records import Database, DatabaseUnavailable
from records.facts import ending_sessions
from runner.background.background_services import BackgroundServices
from runner.queues.prepare_orders import PrepareOrders
from runner.store.clients import connect
from runner.store.errors import StoreAway

#: Seconds between two looks, and after which a stop is noticed between them.
EVERY_S: Final = 15.0
STOP_S: Final = 0.1
#: Seconds for which a stop waits at most for a look.
END_S: Final = 5.0

log = logging.getLogger(__name__)


@contextmanager
def preparing(services: BackgroundServices) -> Iterator[None]:
    """Order preparations in the meantime."""
    settings = services.settings
    database = Database(settings.database_url, environment=settings.environment, pool_size=1, watch=services.outages)
    redis = connect(settings.redis_url, environment=settings.environment, watch=services.outages)
    orders = PrepareOrders(redis, services.signer)
    schedule = PrepareSchedule(database, orders, lambda: services.stop.requested)
    thread = threading.Thread(target=schedule.run, name="preparations", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=END_S)
        orders.close()
        database.dispose()


class PrepareSchedule:
    """`run` is the thread; `is_stopping` is asked between two steps."""

    def __init__(self, database: Database, orders: PrepareOrders, is_stopping: Callable[[], bool]) -> None:
        self._database = database
        self._orders = orders
        self._is_stopping = is_stopping

    def run(self) -> None:
        """Look again and again until a stop is signalled."""
        next_at = 0.0
        while not self._is_stopping():
            if time.monotonic() >= next_at:
                self.look(datetime.now(UTC))
                next_at = time.monotonic() + EVERY_S
            time.sleep(STOP_S)

    def look(self, now: datetime) -> int:
        """Order the preparations that are due, and return how many. Raises nothing."""
        try:
            return self._order_due(now)
        except (DatabaseUnavailable, RedisError, StoreAway) as error:  # the outage log reports it
            log.debug("no preparation ordered error=%s", error)
        except Exception:  # a bug must not end the thread
            log.exception("no preparation ordered")
        return 0

    def _order_due(self, now: datetime) -> int:
        with self._database.reading() as db:
            due = ending_sessions.due(db, now)
        ordered = 0
        for one in due:
            if self._is_stopping():
                break
            ends_at = int(one.ends_at.timestamp())
            ordered += self._orders.ends_soon(one.implementation, one.session, ends_at=ends_at, fresh_s=one.fresh_s)
        return ordered
