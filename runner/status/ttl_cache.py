"""A cache with a time to live, which goes on answering while the database is away.

What was read before a change and arrives after it is not kept. While the database is away, a value that is over its
life still counts: nothing can be changed meanwhile, and what was cached goes on being answered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from records import DatabaseUnavailable

Value = TypeVar("Value")

#: Seconds between two tries to read while the database is away; one request tries, the others do not wait for it.
AWAY_PAUSE_S = 2.0
#: Values of one cache; the oldest go first.
MOST = 20_000


class TtlCache(Generic[Value]):
    """Values by (slug, name), each read once and kept for `life_s`; what is not there is remembered, too."""

    def __init__(self, read: Callable[[str, str], Value], *, life_s: float, most: int = MOST) -> None:
        self._read = read
        self._life_s = life_s
        self._most = most
        self._kept: dict[tuple[str, str], tuple[float, Value]] = {}
        self._lock = threading.Lock()
        self._drops = 0
        self._away_until = 0.0  #: when reading may be tried again; 0 while the database answers

    def get(self, slug: str, name: str = "") -> Value:
        """The value, from memory if it is young enough, or if the database is away. Raises `DatabaseUnavailable`."""
        kept, now = self._kept.get((slug, name)), time.monotonic()
        if kept and now < max(kept[0], self._away_until):
            return kept[1]
        drops = self._drops
        if self._away_until:
            self._away_until = now + AWAY_PAUSE_S
        try:
            value = self._read(slug, name)
        except DatabaseUnavailable:
            if kept is None or drops != self._drops:
                raise
            self._away_until = time.monotonic() + AWAY_PAUSE_S
            return kept[1]
        self._away_until = 0.0
        with self._lock:
            if drops == self._drops:  # else it may be from before the change
                self._kept.pop((slug, name), None)
                self._kept[slug, name] = (time.monotonic() + self._life_s, value)
                while len(self._kept) > self._most:
                    del self._kept[next(iter(self._kept))]
        return value

    def drop(self, slug: str | None) -> None:
        """Forget everything of one implementation, or all."""
        with self._lock:
            self._drops += 1
            self._kept = {} if slug is None else {key: kept for key, kept in self._kept.items() if key[0] != slug}
