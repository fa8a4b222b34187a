"""Lets the worker look at staged versions now and then, and announces what the watch has reverted.

The rule, its lock and its audit entry are in `records.scripts.rollout_watch`. Runs are recorded first, because the rule
counts what is recorded.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from records import Database, DatabaseUnavailable
from records.scripts import rollout_watch

#: Seconds between two looks of a worker.
EVERY_S = 10.0

log = logging.getLogger(__name__)


class RolloutReverts:
    """`look` is called by one thread, often; it does something every few seconds. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        database: Database,
        *,
        on_reverted: Callable[[str], object],
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._on_reverted = on_reverted
        self._every_s = every_s
        self._clock = clock
        self._next_at = 0.0

    def look(self) -> None:
        """Look at the staged versions of all implementations, if it is time."""
        if self._clock() < self._next_at:
            return
        self._next_at = self._clock() + self._every_s
        try:
            with self._database.reading() as db:
                slugs = rollout_watch.unclaimed(db, datetime.now(UTC))
            for slug in slugs:
                self._look_at(slug)
        except DatabaseUnavailable as error:  # the database's own watch reports it; the next look comes soon
            log.debug("staged versions not looked at yet error=%s", error)
        except Exception:  # a bug must not end the thread that writes traces
            log.exception("staged versions not looked at")

    def _look_at(self, slug: str) -> None:
        with self._database.session() as db:
            claimed = rollout_watch.claim(db, slug, datetime.now(UTC))
        if not claimed:
            return
        with self._database.reading() as db:
            due = rollout_watch.is_due(db, slug)
        if not due:
            return
        with self._database.session() as db:
            reverted = rollout_watch.look(db, slug)
        if reverted is None:
            return
        log.error(
            "STAGED VERSION REVERTED: %s implementation=%s version=%d sha256=%s",
            *(reverted.reason, slug, reverted.version, reverted.sha256),
        )
        self._on_reverted(slug)
