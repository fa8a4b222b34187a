"""The file of an SQLite database in a running process: it can be moved away, or replaced by a backup.

SQLite does not notice that: it goes on writing to the moved file, and a new connection creates an empty file in its place. So
the file must exist before each transaction, and a connection to another file is replaced.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError

from records.errors import DatabaseUnavailable


class SqliteFile:
    """Checks the file for one engine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, url: URL) -> SqliteFile | None:
        """Return the file of an address; None for that of a server, and for SQLite's URI form (file:…)."""
        name = url.database or ""
        return cls(Path(name)) if url.drivername == "sqlite" and not name.startswith("file:") else None

    def watch(self, engine: Engine) -> None:
        """Check the file whenever a connection is made or taken from the pool."""
        event.listen(engine.pool, "connect", self._connected)
        event.listen(engine.pool, "checkout", self._taken)

    def require(self) -> None:
        """Raise DatabaseUnavailable if there is no file. Only an upgrade creates one."""
        if not self.path.exists():
            raise DatabaseUnavailable(f"the database does not answer: there is no file {self.path}")

    def _connected(self, _: object, record: Any) -> None:
        record.info["file"] = self._identity()

    def _taken(self, _: object, record: Any, __: object) -> None:
        if record.info.get("file") != self._identity():
            raise DisconnectionError("the file of the database is another one now")

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
