"""Looks for crashes of the interpreter among the recorded runs, and suspends a version whose runs crash repeatedly.

It works on runs that are already recorded, so that crashes of all workers count together.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable

from records import Database, DatabaseUnavailable, RunRecord
from records.scripts import crashes

#: Crashes that may wait for the database to come back.
MOST = 1_000

log = logging.getLogger(__name__)


class CrashWatch:
    """`look` is called by one thread: with every batch of runs after it is stored, and now and then with an empty one."""

    def __init__(self, database: Database, *, on_suspended: Callable[[str], object]) -> None:
        self._database = database
        self._on_suspended = on_suspended
        self._waiting: deque[RunRecord] = deque(maxlen=MOST)

    def look(self, stored: Iterable[RunRecord]) -> None:
        """Judge each crash in the batch, and those that still wait because the database was away."""
        self._waiting.extend(record for record in stored if record.error and record.error.get("signal"))
        while self._waiting:
            record = self._waiting[0]
            try:
                self._judge(record)
            except DatabaseUnavailable as error:
                log.debug("a crash waits for the database run=%s error=%s", record.id, error)
                return
            except Exception:  # a bug must not end the thread that writes traces
                log.exception("crash not judged run=%s", record.id)
            self._waiting.popleft()

    def _judge(self, record: RunRecord) -> None:
        with self._database.session() as db:
            found = crashes.suspend_repeated(db, record.implementation, record.version, record.started_at)
        if not found:
            return
        log.critical(
            "SECURITY ALARM: the interpreter died in %d runs within an hour; version suspended"
            " implementation=%s version=%s runs=%s",
            *(len(found), record.implementation, record.version, ",".join(crash.run for crash in found)),
        )
        self._on_suspended(record.implementation)
