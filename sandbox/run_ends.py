"""Finishes runs whose answer was already given: their children's ends are seen here, and no run waits for them.

One thread takes them in the order of their last words. Each child has the same short time to end by itself from its last word
on, and is then killed; so a child that does not end delays the others by that time at most.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

#: Seconds that a child has to end by itself after its last word, unless its run waits for its end.
END_S = 0.1

log = logging.getLogger(__name__)


class RunEnds:
    """The runs that are still to be finished, and the thread that does it. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Start the thread."""
        with self._lock:
            if self._thread is None:
                self._waiting = SimpleQueue()
                self._thread = threading.Thread(
                    target=self._finish, args=(self._waiting,), name="sandbox-ends", daemon=True
                )
                self._thread.start()

    def add(self, finish: Callable[[], None]) -> None:
        """Have `finish` called in the thread, or at once if this is closed; it waits for the child's end, for `END_S` at most."""
        with self._lock:
            if self._thread is not None:
                self._waiting.put(finish)
                return
        _call(finish)

    def wait(self, timeout_s: float) -> bool:
        """Wait until all that were added before are finished; return whether they are."""
        done = threading.Event()
        self.add(done.set)
        return done.wait(timeout_s)

    def close(self) -> None:
        """Finish what was added, and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._waiting.put(None)
        if thread is not None:
            thread.join()

    def _finish(self, waiting: SimpleQueue[Callable[[], None] | None]) -> None:
        while (finish := waiting.get()) is not None:
            _call(finish)


def _call(finish: Callable[[], None]) -> None:
    try:
        finish()
    except Exception:  # a bug in what a run's owner does at its end; other runs must be finished all the same
        log.exception("the end of a run was not dealt with")
