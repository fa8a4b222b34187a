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
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Start the thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._finish, name="sandbox-ends", daemon=True)
            self._thread.start()

    def add(self, finish: Callable[[], None]) -> None:
        """Have `finish` called in the thread; it waits for the child's end, for `END_S` at most, and raises nothing."""
        self._waiting.put(finish)

    def wait(self, timeout_s: float) -> bool:
        """Wait until all that were added before are finished; return whether they are."""
        done = threading.Event()
        self._waiting.put(done.set)
        return done.wait(timeout_s)

    def close(self) -> None:
        """Finish what was added, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join()

    def _finish(self) -> None:
        while (finish := self._waiting.get()) is not None:
            try:
                finish()
            except Exception:  # a bug in what a run's owner does at its end; other runs must be finished all the same
                log.exception("the end of a run was not dealt with")
