"""The demo vendors' data: who claimed credit or registered, and when.

The time matters because a vendor's API may lag behind its own pages; `seen` answers as of some seconds ago.
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
    """One claim or registration; a later entry for the same user and session replaces an earlier one."""

    vendor: str
    user: str
    session: str
    standing: str
    at: float  #: seconds since the epoch


class Ledger:
    """All entries, in a JSON file that is replaced as a whole; for one process with many threads."""

    def __init__(self, file: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._entries = [Entry(**entry) for entry in json.loads(file.read_text())] if file.exists() else []

    def write(self, vendor: str, user: str, session: str, standing: str) -> None:
        """Store an entry with the present time."""
        with self._lock:
            self._entries.append(Entry(vendor, user, session, standing, self._clock()))
            self._save()

    def forget(self) -> None:
        """Delete all entries, so that the story can start again."""
        with self._lock:
            self._entries.clear()
            self._save()

    def seen(self, vendor: str, user: str, *, lag_s: float = 0.0) -> dict[str, Entry]:
        """The latest entry for each session of a user, as of `lag_s` seconds ago."""
        until = self._clock() - lag_s
        with self._lock:
            return {e.session: e for e in self._entries if (e.vendor, e.user) == (vendor, user) and e.at <= until}

    def _save(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps([asdict(entry) for entry in self._entries], indent=1))
        fresh.replace(self._file)
