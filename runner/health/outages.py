"""Outages of the store and of the database, as one process sees them: a few lines in the log, and one reference for people.

Every client of the store and every `Database` of a process reports to its `OutageLog` when it gets no answer. Callers
therefore log nothing about an outage themselves: however many requests meet it, there are only these lines:

1. One when an outage begins, with the class and the text of the error.
2. One a minute while it lasts, with the newest error.
3. One when the part answers again. A thread probes it every second while it is away, so this does not wait for a
   request. Once a request has waited for a silent part in vain, no other request waits until a probe is answered.

Every answer that is refused because of an outage carries its reference, which is also in each of these lines.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from records import Database, DatabaseUnavailable, DatabaseUnresponsive, support_references
from runner.logs.process_log import passwords
from runner.settings.operator_settings import Settings
from runner.store.clients import AWAY, SILENT, connect_once
from runner.store.environment_mark import try_write
from runner.store.error_replies import StoreRefuses, refusal_of
from runner.store.errors import StoreAway

STORE, DATABASE = "store", "database"

#: What is raised in an outage. There is no need to log these: the client that raised one has reported it to the `OutageLog`.
OUTAGE = (*AWAY, StoreAway, DatabaseUnavailable)

#: Seconds between two probes of a part that is away, and between two lines about it.
LOOK_S = 1.0
REMIND_S = 60.0

log = logging.getLogger(__name__)


@dataclass
class Outage:
    """One outage of one part. `began` and `ended` are Unix seconds; `ended` is 0 while it lasts."""

    part: str
    began: float
    reference: str = field(default_factory=support_references.new)
    ended: float = 0.0
    failed: int = 0  #: operations that got no answer
    refused: int = 0  #: answers that carried the reference
    error: BaseException | None = None  #: the newest
    silent: bool = False  #: an operation or the newest probe could not connect, or got no answer

    def __str__(self) -> str:
        began = datetime.fromtimestamp(self.began, UTC)
        if not self.ended:
            return f"the {self.part} has not answered since {began:%H:%M:%S} UTC"
        return f"the {self.part} did not answer from {began:%H:%M:%S} to {datetime.fromtimestamp(self.ended, UTC):%H:%M:%S} UTC"


class OutageLog:
    """Thread-safe; one for each process.

    Args:
        probes: For each part, a function that asks it once and raises if it does not answer. Without one, the end of an
            outage is not noticed.
        hidden: Texts that no line may show: the passwords in the addresses of the parts.
        look_s: Seconds between two probes of a part that is away.
        remind_s: Seconds between two lines while it stays away.
    """

    def __init__(
        self,
        probes: Mapping[str, Callable[[], object]],
        *,
        hidden: tuple[str, ...] = (),
        look_s: float = LOOK_S,
        remind_s: float = REMIND_S,
    ) -> None:
        self._probes = dict(probes)
        self._hidden = hidden
        self._look_s = look_s
        self._remind_s = remind_s
        self._lock = threading.Lock()
        self._newest: dict[str, Outage] = {}
        self._closed = threading.Event()
        #: called in a separate thread with each outage, when it has begun and when it is over
        self.on_change: Callable[[Outage], object] = lambda _: None

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Watch the store and the database of the settings. No connection is made before something fails."""
        probes = {STORE: lambda: probe_store(settings), DATABASE: lambda: probe_database(settings)}
        return cls(probes, hidden=tuple(passwords(settings)))

    def close(self) -> None:
        """Stop probing. The end of an outage that still lasts is not logged."""
        self._closed.set()

    def store_lost(self, error: BaseException, *, silent: bool = False) -> None:
        """Note that the store did not answer. `silent`: requests do not wait for it until a probe is answered."""
        self._lost(STORE, error, silent=silent)

    def database_lost(self, error: DatabaseUnavailable) -> None:
        """Note that the database did not answer."""
        self._lost(DATABASE, error, silent=isinstance(error, DatabaseUnresponsive))

    def store_is_away(self) -> bool:
        """Say whether the store was silent when it was last asked. One that only refuses writes still answers reads."""
        return self._is_away(STORE)

    def database_is_away(self) -> bool:
        """Say whether the database hung when it was last asked; then no request should wait for it."""
        return self._is_away(DATABASE)

    def _is_away(self, part: str) -> bool:
        newest = self._newest.get(part)
        return newest is not None and newest.silent and not newest.ended

    def store_says(self) -> str:
        """Return the sentence with which a store that can be reached refuses to serve; "" if it serves or is silent."""
        newest = self._newest.get(STORE)
        return str(newest.error) if newest and not newest.ended and isinstance(newest.error, StoreRefuses) else ""

    def reference(self, part: str, error: BaseException) -> str:
        """Return the reference for an answer that is refused because of `error`. An error that no client has reported begins an outage."""
        newest = self._newest.get(part)
        reported = isinstance(error, DatabaseUnavailable) or isinstance(error.__cause__, AWAY)
        outage = newest if newest and reported else self._lost(part, error)
        with self._lock:
            outage.refused += 1
        return outage.reference

    def _lost(self, part: str, error: BaseException, *, silent: bool = False) -> Outage:
        with self._lock:
            outage = self._newest.get(part)
            begins = outage is None or bool(outage.ended)
            if outage is None or outage.ended:
                outage = self._newest[part] = Outage(part, time.time())
            if error is not outage.error:  # one error passes several layers
                outage.failed += 1
            outage.error = error
            outage.silent = outage.silent or silent
        if begins:
            log.error("the %s does not answer ref=%s error=%s", part, outage.reference, self._text(error))
            if part in self._probes:
                threading.Thread(target=self._follow, args=(outage,), name=f"{part} away", daemon=True).start()
        return outage

    def _follow(self, outage: Outage) -> None:
        """Probe until the part answers and no operation has failed since the last probe."""
        began = time.monotonic()
        remind_at = began + self._remind_s
        failed_before = outage.failed
        self.on_change(outage)
        while not self._closed.wait(self._look_s):
            quiet, failed_before = outage.failed == failed_before, outage.failed
            if self._answers(outage) and quiet:
                break
            if time.monotonic() >= remind_at:
                remind_at += self._remind_s
                log.error(
                    "the %s still does not answer %s error=%s", *log_values(outage, "for", began), self._last(outage)
                )
        else:
            return
        outage.ended = time.time()
        log.warning("the %s answers again %s", *log_values(outage, "after", began))
        self.on_change(outage)

    def _answers(self, outage: Outage) -> bool:
        try:
            self._probes[outage.part]()
        except Exception as error:  # noqa: BLE001 - with any error, the part is away; the next line shows it
            outage.error, outage.silent = refusal_of(error) or error, isinstance(error, (*SILENT, DatabaseUnresponsive))
            return False
        outage.silent = False
        return True

    def _last(self, outage: Outage) -> str:
        return self._text(outage.error) if outage.error else ""

    def _text(self, error: BaseException) -> str:
        """Return class and text of an error on one line; for one of our errors, those of its cause in the driver."""
        cause = error if isinstance(error, StoreRefuses) else error.__cause__ or error
        shown = getattr(cause, "orig", None) or cause
        text = f"{type(shown).__name__}: {' '.join(str(shown).split())}"
        for each in self._hidden:
            text = text.replace(each, "…")
        return text


def log_values(outage: Outage, since: str, began: float) -> tuple[str, str]:
    """Return the part and the numbers of its outage for a log line. `began` is monotonic."""
    seconds = time.monotonic() - began
    return outage.part, (
        f"ref={outage.reference} {since}={seconds:.0f}s failed={outage.failed} refused={outage.refused}"
    )


def probe_store(settings: Settings) -> None:
    """Write to the store once. Raises what redis-py raises."""
    redis = connect_once(settings.redis_url, environment=settings.environment)
    try:
        try_write(redis)
    finally:
        redis.close()


def probe_database(settings: Settings) -> None:
    """Read a row of the database. Raises `RecordsError`."""
    database = Database(settings.database_url, environment=settings.environment, pool_size=1)
    try:
        database.require_environment()
    finally:
        database.dispose()
