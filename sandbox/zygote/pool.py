"""Where children come from: the current zygote, its renewal while runs go on, and its replacement when it is dead.

All children of one zygote share its address layout and hash seed, so a zygote is renewed after a number of runs or
minutes. The old one is asked for nothing more and ends with the last of its runs; no run is lost and none waits.
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

from .process import Launch, NoChild, Zygote, ZygoteLost

log = logging.getLogger(__name__)

_TRIES = 4  #: how many zygotes one run may wear out before it gives up
_BREATH_S = 0.1  #: before asking again where the system lets us fork no more
_RETRY_RENEWAL_S = 60.0
_ANOTHER_RELEASE = (
    "The files of the sandbox have changed since this process started, so a new zygote would be of another release than"
    " this process: what the one says, the other could take for a forgery. Restart the process."
)
_CLOSE_S = 2.0  #: for the current zygote to let its last runs end


@dataclass(frozen=True)
class Renewal:
    """When a zygote has served long enough, and how long an old one may take to let its runs end."""

    after_runs: int = 1000
    after_s: float = 900.0
    drain_s: float = 300.0


class ZygotePool:
    """Hands out jailed children to many threads at once."""

    def __init__(self, config: JailConfig, launch: Launch, renewal: Renewal) -> None:
        self._config = config
        self._launch = launch
        self._renewal = renewal
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None
        self._old: set[Zygote] = set()
        self._renewing: threading.Thread | None = None
        self._renew_from = 0.0
        self._closed = False
        self._release = ""  #: what a zygote must be of: the release of this process

    def open(self) -> JailReport:
        """Start the first zygote. Raises `JailTooWeak`."""
        with self._lock:
            self._closed = False
            self._release = source_digest()
            self._zygote = self._zygote or self._start()
            return self._zygote.report

    @property
    def report(self) -> JailReport:
        """About the current zygote; raises `ZygoteGone` where there is none."""
        return self._running().report

    @property
    def pid(self) -> int:
        """Of the current zygote's outer process; raises `ZygoteGone` where there is none."""
        return self._running().process.pid

    def child(self, limits: RunLimits) -> Channel:
        """A fresh child, from a new zygote if the current one is dead. Raises `ZygoteGone`."""
        for _ in range(_TRIES):
            zygote = self._current()
            try:
                channel = zygote.child(limits)
            except ZygoteLost:
                self._replace(zygote)
            except NoChild:
                time.sleep(_BREATH_S)
            else:
                self._renew_if_due(zygote)
                return channel
        raise ZygoteGone(f"no child process after {_TRIES} tries")

    def close(self) -> None:
        """End every zygote; runs in flight have a moment to end by themselves."""
        with self._lock:
            self._closed = True
            zygote, self._zygote, renewing = self._zygote, None, self._renewing
            old = list(self._old)
        for one in old:
            one.process.kill()
        if renewing is not None:
            renewing.join()
        if zygote is not None:
            zygote.bury(_CLOSE_S)

    def _current(self) -> Zygote:
        with self._lock:
            if self._closed:
                raise ZygoteGone("the sandbox is closed")
            if self._zygote is None:
                self._zygote = self._start_again()
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
            self._require_our_release()
            zygote.report = judge(zygote.report, self._config)
        except (JailTooWeak, OSError):
            zygote.bury(0.0)
            raise
        return zygote

    def _require_our_release(self) -> None:
        if source_digest() != self._release:
            raise JailTooWeak(_ANOTHER_RELEASE)

    def _start_again(self) -> Zygote:
        try:
            return self._start()
        except (JailTooWeak, OSError) as fault:
            raise ZygoteGone(f"a new zygote did not start: {fault}") from fault

    def _replace(self, dead: Zygote) -> None:
        """Whoever notices first starts a new one; the others wait for it and find it."""
        with self._lock:
            if self._zygote is not dead:
                return
            log.error("the zygote died and is replaced; its runs end as crashed. %s", dead.last_words())
            self._zygote = None
            dead.bury(0.0)

    def _renew_if_due(self, zygote: Zygote) -> None:
        now = time.monotonic()
        if zygote.asked < self._renewal.after_runs and now - zygote.born < self._renewal.after_s:
            return
        with self._lock:
            busy = self._renewing is not None and self._renewing.is_alive()
            if self._closed or busy or self._zygote is not zygote or now < self._renew_from:
                return
            self._renewing = threading.Thread(target=self._renew, args=(zygote,), name="zygote-renewal", daemon=True)
            self._renewing.start()

    def _renew(self, old: Zygote) -> None:
        """Start the new one beside the old one, change over, and see the old one off."""
        try:
            new = self._start()
        except (JailTooWeak, OSError):
            log.exception("the zygote could not be renewed; the old one stays")
            self._renew_from = time.monotonic() + _RETRY_RENEWAL_S
            return
        with self._lock:
            wanted = not self._closed and self._zygote is old
            if wanted:
                self._zygote = new
                self._old.add(old)
        if not wanted:
            new.bury(0.0)
            return
        old.bury(self._renewal.drain_s)
        with self._lock:
            self._old.discard(old)
