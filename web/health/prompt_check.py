"""A check that answers within a second, even if the checked part hangs, because a load balancer does not wait longer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

#: Seconds for which a request waits for the result.
WAIT_S = 1.0


class PromptCheck:
    """Runs a check in its own thread, one call at a time. Thread-safe. A check that is not finished in time counts as False."""

    def __init__(self, check: Callable[[], bool], *, wait_s: float = WAIT_S) -> None:
        self._check = check
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="check")
        self._pending: Future[bool] | None = None

    def __call__(self) -> bool:
        """Return the result of the check. Raises what the check raises."""
        with self._lock:
            if self._pending is None or self._pending.done():
                self._pending = self._thread.submit(self._check)
            pending = self._pending
        try:
            return pending.result(self._wait_s)
        except TimeoutError:
            return False

    def close(self) -> None:
        """Stop; a running check ends by itself."""
        self._thread.shutdown(wait=False)
