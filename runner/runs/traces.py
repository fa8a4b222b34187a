"""Writes traces after their runs: the attendee's answer comes first, and a slow database delays no one.

One thread writes in batches. The queue is bounded: if the database is away for long, the oldest traces are dropped and
counted. No answer is ever dropped. A graceful stop writes everything that is left.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from records import Database, DatabaseUnavailable, RunRecord
from records.attendance import badge_setup
from records.changes.attendance import retention
from records.facts import fact_storage, prepared_runs
from records.scripts import runs
from records.trials import kept_answers, rehearsals

#: Traces that may wait: about 20 MB.
MOST = 5_000
BATCH = 200
#: Seconds between two batches, so that they grow with the load. A trace that comes alone is written at once.
GATHER_S = 0.5
RETRY_S = 1.0
#: Seconds after which a writer without traces looks whether something else is to be done.
IDLE_S = 5.0
#: Seconds for which a stopping worker tries to write what is left.
LAST_S = 10.0
PURGE_EVERY_S = 3600.0
#: Seconds until the first purge: workers that start have more urgent things to do.
FIRST_PURGE_S = 60.0
#: Seconds between two steps of a purge, in which others get the database, and traces are written.
PURGE_PAUSE_S = 0.1

log = logging.getLogger(__name__)


class TraceWriter:
    """`add` never waits; `close` writes what is left.

    `on_stored` is called in the writing thread: with each batch after it is stored, and every few seconds with an empty one.
    """

    def __init__(
        self,
        database: Database,
        *,
        most: int = MOST,
        on_stored: Callable[[Sequence[RunRecord]], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._on_stored = on_stored
        self._most = most
        self._waiting: deque[RunRecord] = deque()
        self._lock = threading.Condition()
        self._closing = False
        self._taken_at = -GATHER_S
        self._thread = threading.Thread(target=self._write, name="traces", daemon=True)
        self.dropped = 0

    def start(self) -> None:
        """Start the writing thread."""
        self._thread.start()

    def add(self, record: RunRecord) -> None:
        """Queue a trace. If too many wait, the oldest is dropped."""
        with self._lock:
            if len(self._waiting) >= self._most:
                self._waiting.popleft()
                self.dropped += 1
                if self.dropped & (self.dropped - 1) == 0:  # 1, 2, 4, 8, …
                    log.error("traces dropped, the database is too slow or away count=%d", self.dropped)
            self._waiting.append(record)
            if len(self._waiting) in (
                1,
                BATCH,
            ):  # what the thread waits for; to be woken by each trace would cost each run
                self._lock.notify()

    def close(self) -> None:
        """Write what is left, within a bounded time."""
        with self._lock:
            self._closing = True
            self._lock.notify()
        self._thread.join(LAST_S + RETRY_S)
        if self._waiting:
            log.error("traces lost at the end count=%d", len(self._waiting))

    def _write(self) -> None:
        purge_at = time.monotonic() + FIRST_PURGE_S
        purging = False
        give_up_at: float | None = None
        while True:
            batch = self._next_batch(wait_s=PURGE_PAUSE_S if purging else IDLE_S)
            if not batch:
                self._on_stored([])
                if self._closing:
                    return
            if self._closing and give_up_at is None:
                give_up_at = time.monotonic() + LAST_S
            if batch and not self._store(batch):
                if give_up_at and time.monotonic() > give_up_at:
                    return
                time.sleep(RETRY_S)
            if purging or time.monotonic() > purge_at:
                purging = not self._closing and self.purge()
                purge_at = time.monotonic() + PURGE_EVERY_S

    def _next_batch(self, wait_s: float) -> list[RunRecord]:
        with self._lock:
            self._lock.wait_for(lambda: self._waiting or self._closing, timeout=wait_s)
            if not self._closing:
                left_s = self._taken_at + GATHER_S - time.monotonic()
                self._lock.wait_for(lambda: len(self._waiting) >= BATCH or self._closing, timeout=max(0.0, left_s))
            self._taken_at = time.monotonic()
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _store(self, batch: list[RunRecord]) -> bool:
        """Write a batch. Returns False if the database is away; the traces then wait for the next try."""
        try:
            with self._database.session() as db:
                runs.record_many(db, batch)
                kept_answers.keep(db, batch)
        except DatabaseUnavailable as error:
            log.debug("traces wait for the database count=%d error=%s", len(batch), error)
            with self._lock:
                self._waiting.extendleft(reversed(batch))
            return False
        except Exception:  # one of them is refused, would always be refused, and must not hold up the others
            if len(batch) > 1:
                written = [self._store([each]) for each in batch]
                return all(written)
            log.exception("trace not written id=%s", batch[0].id)
        else:
            self._on_stored(batch)
        return True

    def purge(self) -> bool:
        """Delete some of what implementations keep no longer; say whether there may be more.

        These are runs, answers of vendors, rehearsals, examples of badges, facts and their preparations, and what their
        settings say of attendance. Only a step at a time: a million runs take minutes, in which traces are written as well.
        """
        try:
            return bool(self._purge_some() or self._purge_attendance())
        except DatabaseUnavailable as error:  # the outage log reports it; the next try is in an hour
            log.debug("old runs not deleted yet error=%s", error)
        except Exception:  # the next try is in an hour
            log.exception("old runs not deleted")
        return False

    def _purge_some(self) -> int:
        with self._database.session() as db:
            now = datetime.now(UTC)
            kept = runs.purge(db, now) + kept_answers.purge(db, now) + rehearsals.purge(db, now)
            return kept + badge_setup.purge(db, now) + fact_storage.purge(db, now) + prepared_runs.purge(db, now)

    def _purge_attendance(self) -> int:
        with self._database.session() as db:
            return retention.remove_due(db, datetime.now(UTC)).value
