"""The current zygote, its renewal while runs go on, and its replacement when it is dead.

All children of one zygote share its address layout and hash seed, so a zygote is renewed after some minutes, at a quiet
moment. Its successor is started first, with spares ready. The old one gets no more orders and ends with the last of its runs;
no run is lost and none waits.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from sandbox.channel import Channel
from sandbox.errors import JailTooWeak, ZygoteGone
from sandbox.jail.report import JailConfig, JailReport, judge
from sandbox.outcomes import RunLimits
from sandbox.source_digest import source_digest

from .process import Launch, Zygote
from .spare_stock import NoChild, ZygoteLost, ZygoteSilent

log = logging.getLogger(__name__)

_ATTEMPTS = 4  #: how often one run requests a child before it gives up
_RETRY_S = 0.1  #: before the next request where the system allows no more forks
_RENEWAL_RETRY_S = 60.0
_DIFFERENT_RELEASE = (
    "The files of the sandbox have changed since this process started, so a new zygote would be of another release than"
    " this process, which could take its frames for forgeries. Restart the process."
)
_CLOSE_S = 2.0  #: that the current zygote gets to end its last runs


@dataclass(frozen=True)
class Renewal:
    """When a zygote has served long enough, and how long an old one may take to let its runs end."""

    after_s: float = 900.0
    after_runs: int = 100_000  #: at 100 runs a second, time comes first
    quiet_s: float = 0.5  #: without a new run before the successor is started
    patience_s: float = 60.0  #: for which such a moment is waited for
    drain_s: float = 300.0  #: for the runs of the old one


class ZygotePool:
    """Hands out jailed children; safe to use from many threads at once."""

    def __init__(self, config: JailConfig, launch: Launch, renewal: Renewal) -> None:
        self._config = config
        self._launch = launch
        self._renewal = renewal
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None
        self._draining: set[Zygote] = set()
        self._renewing: threading.Thread | None = None
        self._next_renewal_at = 0.0
        self._closed = threading.Event()
        self._release = ""  #: the source digest of this process, which a zygote must have, too

    def open(self) -> JailReport:
        """Start the first zygote. Raises `JailTooWeak`."""
        with self._lock:
            self._closed.clear()
            self._release = source_digest()
            self._zygote = self._zygote or self._start()
            return self._zygote.report

    @property
    def report(self) -> JailReport:
        """The report of the current zygote. Raises `ZygoteGone` if there is none."""
        return self._running().report

    @property
    def pid(self) -> int:
        """The process that was started for the current zygote. Raises `ZygoteGone` if there is none."""
        return self._running().process.pid

    def child(self, limits: RunLimits) -> Channel:
        """A fresh child, of a new zygote if the current one is dead. Raises `ZygoteGone`."""
        for _ in range(_ATTEMPTS):
            zygote = self._current()
            try:
                channel = zygote.spares.take().limit(limits)
            except ZygoteSilent:
                self._replace_silent(zygote)
            except ZygoteLost:
                self._replace(zygote)
            except NoChild:
                time.sleep(_RETRY_S)
            else:
                self._renew_if_due(zygote)
                return channel
        raise ZygoteGone(f"no child process after {_ATTEMPTS} attempts")

    def close(self) -> None:
        """Stop every zygote; the current one first gets a moment to end its runs."""
        with self._lock:
            self._closed.set()
            zygote, self._zygote, renewing = self._zygote, None, self._renewing
            old = list(self._draining)
        for each in old:
            each.process.kill()
        if renewing is not None:
            renewing.join()
        if zygote is not None:
            zygote.stop(_CLOSE_S)

    def _current(self) -> Zygote:
        with self._lock:
            if self._closed.is_set():
                raise ZygoteGone("the sandbox is closed")
            if self._zygote is None:
                self._zygote = self._start_replacement()
            return self._zygote

    def _running(self) -> Zygote:
        zygote = self._zygote
        if zygote is None:
            raise ZygoteGone("the sandbox is not started")
        return zygote

    def _start(self) -> Zygote:
        """A new zygote whose jail is good enough. Raises `JailTooWeak`."""
        zygote = Zygote(self._launch)
        try:
            self._require_same_release()
            zygote.report = judge(zygote.report, self._config)
        except (JailTooWeak, OSError):
            zygote.stop(0.0)
            raise
        zygote.spares.open()
        return zygote

    def _start_successor(self) -> Zygote:
        """A new zygote that has its spares ready. Raises `JailTooWeak` and `ZygoteLost`."""
        zygote = self._start()
        try:
            zygote.spares.wait_until_filled()
        except ZygoteLost:
            zygote.stop(0.0)
            raise
        return zygote

    def _require_same_release(self) -> None:
        if source_digest() != self._release:
            raise JailTooWeak(_DIFFERENT_RELEASE)

    def _start_replacement(self) -> Zygote:
        try:
            return self._start()
        except (JailTooWeak, OSError) as fault:
            raise ZygoteGone(f"a new zygote did not start: {fault}") from fault

    def _replace(self, dead: Zygote) -> None:
        """Drop a dead zygote, so that the next request starts a new one; only the first thread that notices does it."""
        with self._lock:
            if self._zygote is not dead:
                return
            self._zygote = None
            dead.stop(0.0)
            log.error("the zygote died and is replaced; its runs end as crashed. %s", dead.fault)

    def _replace_silent(self, silent: Zygote) -> None:
        """The same for one that may only be slow: to kill it would end its runs, which hardly need it."""
        with self._lock:
            if self._zygote is not silent:
                return
            self._zygote = None
            self._draining.add(silent)
        log.error("the zygote hands out no children and is replaced; its runs go on")
        threading.Thread(target=self._drain, args=(silent,), name="zygote-drain", daemon=True).start()

    def _renew_if_due(self, zygote: Zygote) -> None:
        now = time.monotonic()
        if zygote.spares.taken < self._renewal.after_runs and now - zygote.started_at < self._renewal.after_s:
            return
        with self._lock:
            busy = self._renewing is not None and self._renewing.is_alive()
            if self._closed.is_set() or busy or self._zygote is not zygote or now < self._next_renewal_at:
                return
            self._renewing = threading.Thread(target=self._renew, args=(zygote,), name="zygote-renewal", daemon=True)
            self._renewing.start()

    def _renew(self, old: Zygote) -> None:
        """Start a new zygote beside the old one, switch to it, and stop the old one when its runs have ended."""
        self._wait_for_quiet(old)
        try:
            new = self._start_successor()
        except (JailTooWeak, ZygoteLost, OSError):
            log.exception("the zygote could not be renewed; the old one stays in use")
            self._next_renewal_at = time.monotonic() + _RENEWAL_RETRY_S
            return
        with self._lock:
            is_wanted = not self._closed.is_set() and self._zygote is old
            if is_wanted:
                self._zygote = new
                self._draining.add(old)
        if not is_wanted:
            new.stop(0.0)
            return
        self._drain(old)

    def _drain(self, old: Zygote) -> None:
        """Stop a zygote when its runs have ended."""
        old.stop(self._renewal.drain_s)
        with self._lock:
            self._draining.discard(old)

    def _wait_for_quiet(self, zygote: Zygote) -> None:
        """Wait until no run has begun for a while, or until the patience is used up."""
        give_up_at = time.monotonic() + self._renewal.patience_s
        before = -1
        while zygote.spares.taken != before and time.monotonic() < give_up_at:
            before = zygote.spares.taken
            self._closed.wait(self._renewal.quiet_s)
