"""A cache with a time to live that goes on answering while the database is away.

A value that was read before a change and arrives after it is not kept. While the database is away, expired values are
still valid: nothing can be changed during that time, and cached statuses go on being answered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from records import DatabaseUnavailable

Value = TypeVar("Value")

#: Seconds between two tries to read while the database is away. One request tries; the others do not wait for it.
AWAY_PAUSE_S = 2.0
#: Values of one cache, more than attendees of a large event; the oldest go first.
MOST = 60_000


class NotRemembered(LookupError):
    """A value would have to be read, and the caller must not wait for that."""


class TtlCache(Generic[Value]):
    """Values by (slug, name), each read once and kept for `life_s`. That something does not exist is kept too."""

    def __init__(self, read: Callable[[str, str], Value], *, life_s: float, most: int = MOST) -> None:
        self._read = read
        self._life_s = life_s
        self._most = most
        self._values: dict[tuple[str, str], tuple[float, Value]] = {}  #: with the monotonic time at which each expires
        self._lock = threading.Lock()
        self._drops = 0
        self._away_until = 0.0  #: when reading may be tried again; 0 while the database answers

    def get(self, slug: str, name: str = "") -> Value:
        """Return the value, from memory if it is young enough or the database is away. Raises `DatabaseUnavailable`."""
        cached, now = self._values.get((slug, name)), time.monotonic()
        if cached and now < max(cached[0], self._away_until):
            return cached[1]
        drops = self._drops
        if self._away_until:
            self._away_until = now + AWAY_PAUSE_S
        try:
            value = self._read(slug, name)
        except DatabaseUnavailable:
            if cached is None or drops != self._drops:
                raise
            self._away_until = time.monotonic() + AWAY_PAUSE_S
            return cached[1]
        self._away_until = 0.0
        with self._lock:
            if drops == self._drops:  # otherwise it may be from before the change
                self._values.pop((slug, name), None)
                self._values[slug, name] = (time.monotonic() + self._life_s, value)
                while len(self._values) > self._most:
                    del self._values[next(iter(self._values))]
        return value

    def remembered(self, slug: str, name: str = "") -> Value:
        """Return what `get` would return without reading. Waits for nothing. Raises `NotRemembered`."""
        cached, now = self._values.get((slug, name)), time.monotonic()
        if cached and (now < cached[0] or now < self._away_until):
            return cached[1]
        raise NotRemembered

    def drop(self, slug: str | None) -> None:
        """Drop all values of one implementation, or all values."""
        with self._lock:
            self._drops += 1
            self._values = {} if slug is None else {key: each for key, each in self._values.items() if key[0] != slug}
