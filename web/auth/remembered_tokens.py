"""Whose the access tokens are that a process has looked up, so that a cached status need not ask the store."""

from __future__ import annotations

import threading
from collections.abc import Callable

from runner.logins import Visitor

#: Who has a token, and when it ends, in Unix seconds.
TokenHolder = tuple[Visitor, int]


class RememberedTokens:
    """The latest `most` tokens, by fingerprint. Thread-safe. A refusal of `read` is raised, and not remembered."""

    def __init__(self, read: Callable[[str], TokenHolder], *, most: int) -> None:
        self._read = read
        self._most = most
        self._lock = threading.Lock()
        self._holders: dict[str, TokenHolder] = {}

    def holder(self, fingerprint: str) -> TokenHolder:
        """Return the holder, from memory if it is there. Raises what `read` raises."""
        known = self._holders.get(fingerprint)
        if known is None:
            known = self._read(fingerprint)
            self.remember(fingerprint, known)
        return known

    def remember(self, fingerprint: str, holder: TokenHolder) -> None:
        """Keep the holder of a token that was looked up. The oldest goes."""
        with self._lock:  # other threads must not change it while the oldest is looked for
            self._holders[fingerprint] = holder
            if len(self._holders) > self._most:
                del self._holders[next(iter(self._holders))]

    def remembered(self, fingerprint: str) -> TokenHolder | None:
        """Return the holder if it is in memory. Waits for nothing."""
        return self._holders.get(fingerprint)
