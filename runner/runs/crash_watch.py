"""Watches the recorded runs for those in which the interpreter died, and suspends the version that does it repeatedly.

Beside the writing of traces and after it, because what counts is what is recorded, by whichever worker.
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
    """`look` is called by one thread, with every batch of runs once it is stored, and with nothing now and then."""

    def __init__(self, database: Database, *, on_suspended: Callable[[str], None]) -> None:
        self._database = database
        self._on_suspended = on_suspended
        self._waiting: deque[RunRecord] = deque(maxlen=MOST)

    def look(self, stored: Iterable[RunRecord]) -> None:
        """Judge each crash among them, and those for which the database was away before."""
        self._waiting.extend(record for record in stored if record.error and record.error.get("signal"))
        while self._waiting:
            record = self._waiting[0]
            try:
                self._judge(record)
            except DatabaseUnavailable as error:
                log.debug("a crash waits for the database run=%s error=%s", record.id, error)
                return
            except Exception:  # a bug of ours must not end the thread that writes traces
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
