"""Lets the worker anchor the ledgers of scans once a day (UTC), for the days on which the last scans came.

The first scan of a day anchors what came before it as well (`records.attendance.ledger.anchors`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from records import Database, DatabaseUnavailable
from records.attendance.ledger import anchors, chain

#: Seconds between two looks of a worker.
EVERY_S = 600.0

log = logging.getLogger(__name__)


class DailyAnchors:
    """`look` is called by one thread, often; it does something every few minutes. `clock` is monotonic, in seconds."""

    def __init__(
        self, database: Database, *, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._every_s = every_s
        self._clock = clock
        self._next_at = 0.0

    def look(self) -> None:
        """Anchor the ledgers whose anchor of the day is missing, if it is time."""
        if self._clock() < self._next_at:
            return
        self._next_at = self._clock() + self._every_s
        try:
            self._anchor_those_due()
        except DatabaseUnavailable as error:  # the database's own watch reports it; the next look comes soon
            log.debug("ledgers of scans not anchored yet error=%s", error)
        except Exception:  # a bug must not end the thread that writes traces
            log.exception("ledgers of scans not anchored")

    def _anchor_those_due(self) -> None:
        with self._database.reading() as db:
            due = anchors.owners_due(db)
        for owner in due:
            with self._database.session() as db:
                head = chain.lock(db, owner)
                if anchors.is_due(head):  # no other worker was faster
                    anchors.anchor(db, owner, head)
