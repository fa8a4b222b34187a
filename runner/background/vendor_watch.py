"""Looks now and then how the vendors of all implementations are, and has organizers told of trouble that lasts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from redis import Redis

from records import Database
from records.notices.vendor_trouble import LASTS, VendorTrouble, announce_trouble
from records.tenants import connections, implementations
from runner.powers.connection_health import ConnectionHealth, HealthState, read_health
from runner.store.errors import StoreAway

#: Seconds between two looks.
EVERY_S: Final = 30.0
#: The words of a notice. To people, a vendor that is not called because it fails is one that fails.
WORDS: Final = MappingProxyType({HealthState.SLOW: "slow", HealthState.FAILING: "failing", HealthState.HELD: "failing"})

log = logging.getLogger(__name__)


class VendorWatch:
    """`look` is called more often than anything is looked at. `clock` is monotonic, in seconds."""

    def __init__(
        self, database: Database, redis: Redis, *, mailing: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._redis = redis
        self._mailing = mailing
        self._clock = clock
        self._next_at = clock()

    def look(self) -> None:
        """Announce what is due. Raises `records.DatabaseUnavailable`; while the store is away, nothing is known."""
        if self._clock() < self._next_at:
            return
        self._next_at = self._clock() + EVERY_S
        now = datetime.now(UTC)
        try:
            found = [one for slug, names in self._connections().items() for one in self._trouble(slug, names, now)]
        except StoreAway as away:
            log.debug("vendors not looked at error=%s", away)
            return
        for trouble in found:
            with self._database.session() as db:
                announce_trouble(db, trouble, now, mailing=self._mailing)

    def _connections(self) -> Mapping[str, list[str]]:
        with self._database.reading() as db:
            served = [one for one in implementations.every(db) if one.archived_at is None]
            return {one.slug: [each.name for each in connections.every(db, one)] for one in served}

    def _trouble(self, implementation: str, names: list[str], now: datetime) -> list[VendorTrouble]:
        healths = read_health(self._redis, implementation, names)
        return [found for each in healths if (found := _lasting(implementation, each, now))]


def _lasting(implementation: str, health: ConnectionHealth, now: datetime) -> VendorTrouble | None:
    if not health.in_trouble or health.since is None or now - health.since < LASTS:
        return None
    return VendorTrouble(implementation, health.name, WORDS[health.state], health.since)
