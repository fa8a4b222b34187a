"""A check that is answered within a second, whatever the part does: a load balancer does not wait for a part that hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

#: Seconds that a look waits for its answer.
WAIT_S = 1.0


class PromptCheck:
    """Asks in a thread of its own, one question at a time. Thread-safe. A question that is not answered in time is a no."""

    def __init__(self, check: Callable[[], bool], *, wait_s: float = WAIT_S) -> None:
        self._check = check
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="check")
        self._asked: Future[bool] | None = None

    def __call__(self) -> bool:
        """Say whether the part is there. Raises what the check raises."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._thread.submit(self._check)
            asked = self._asked
        try:
            return asked.result(self._wait_s)
        except TimeoutError:
            return False

    def close(self) -> None:
        """Ask no more; a question under way ends by itself."""
        self._thread.shutdown(wait=False)
