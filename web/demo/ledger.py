"""What the demo vendors remember: who claimed and who registered, with the moment it happened.

The moment is kept because a vendor's API may lag behind its own pages; `seen` answers as of some seconds ago.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One thing that happened; a later entry for the same user and session replaces an earlier one."""

    vendor: str
    user: str
    session: str
    standing: str
    at: float  #: seconds since the epoch


class Ledger:
    """Append-only, in a JSON file which is replaced as a whole; one process, many threads."""

    def __init__(self, file: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._entries = [Entry(**entry) for entry in json.loads(file.read_text())] if file.exists() else []

    def write(self, vendor: str, user: str, session: str, standing: str) -> None:
        """Write down that something happened just now."""
        with self._lock:
            self._entries.append(Entry(vendor, user, session, standing, self._clock()))
            self._save()

    def forget(self) -> None:
        """Nobody claimed anything, nobody registered: the story can be told again."""
        with self._lock:
            self._entries.clear()
            self._save()

    def seen(self, vendor: str, user: str, *, lag_s: float = 0.0) -> dict[str, Entry]:
        """The latest entry for each session of a user, as one who lags behind by `lag_s` seconds knows it."""
        until = self._clock() - lag_s
        with self._lock:
            return {e.session: e for e in self._entries if (e.vendor, e.user) == (vendor, user) and e.at <= until}

    def _save(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps([asdict(entry) for entry in self._entries], indent=1))
        fresh.replace(self._file)
