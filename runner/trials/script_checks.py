"""Checks scripts for a web process: in its own sandbox, which starts with the first check.

The text is compiled in a jailed child, as everywhere; the process itself only sees findings. A few checks run at a time;
a few more wait briefly, and any other is refused at once: a check takes a core for some milliseconds, and one that waits
takes a thread of the server, which those who look at their status need.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from runner.settings.operator_settings import Settings
from sandbox import SandboxError

from .fact_review import ImplementationFacts
from .trial import ScriptReview, TrialSandbox, TrialSandboxUnsafeError

log = logging.getLogger(__name__)

#: Checks at a time in one process, how many others wait, and for how many seconds at most.
AT_A_TIME, MOST_WAITING, WAIT_S = 2, 6, 5.0


class ChecksUnavailable(Exception):
    """No script can be checked here now. The text is for the author; `busy` says that it helps to try again soon."""

    def __init__(self, text: str, *, busy: bool = False) -> None:
        super().__init__(text)
        self.busy = busy


class ScriptChecks:
    """One sandbox for the checks of a process. Thread-safe. Whoever made it closes it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._queue = threading.BoundedSemaphore(AT_A_TIME + MOST_WAITING)
        self._room = threading.BoundedSemaphore(AT_A_TIME)
        self._sandbox: TrialSandbox | None = None
        self._closed = False

    def review(self, source: str, facts: ImplementationFacts) -> ScriptReview:
        """Check a script against an implementation. Raises `ChecksUnavailable`."""
        with self._place():
            sandbox = self._started()
            try:
                return sandbox.review(source, facts=facts)
            except SandboxError as error:
                log.exception("a script could not be checked")
                raise ChecksUnavailable("The check could not be made. Try again in a moment.", busy=True) from error

    def close(self) -> None:
        """End the sandbox, and refuse further checks."""
        with self._lock:
            self._closed = True
            if self._sandbox is not None:
                self._sandbox.__exit__(None, None, None)
                self._sandbox = None

    @contextmanager
    def _place(self) -> Iterator[None]:
        with _taken(self._queue, wait_s=0), _taken(self._room, wait_s=WAIT_S):
            yield

    def _started(self) -> TrialSandbox:
        with self._lock:
            if self._closed:
                raise ChecksUnavailable("The service is stopping. Try again in a moment.", busy=True)
            if self._sandbox is None:
                self._sandbox = self._start()
            return self._sandbox

    def _start(self) -> TrialSandbox:
        sandbox = TrialSandbox(allow_weak=self._settings.sandbox_allow_weak, require=self._settings.sandbox_require)
        try:
            return sandbox.__enter__()
        except TrialSandboxUnsafeError as error:
            log.error("no script can be checked in this process: %s", error)  # noqa: TRY400 - a traceback would add nothing
            raise ChecksUnavailable(
                "The web server of this installation cannot check scripts, because its jail is not secure. "
                "Ask the operator: `session-status doctor` names the cause."
            ) from error


@contextmanager
def _taken(places: threading.BoundedSemaphore, *, wait_s: float) -> Iterator[None]:
    if not places.acquire(timeout=wait_s):
        raise ChecksUnavailable("Too many scripts are being checked. Try again in a moment.", busy=True)
    try:
        yield
    finally:
        places.release()
