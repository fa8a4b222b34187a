"""Who is told that the database does not answer. It is here because a process on SQLite loads nothing of PostgreSQL."""

from __future__ import annotations

from typing import Protocol

from records.errors import DatabaseUnavailable


class DatabaseWatch(Protocol):
    """Notes when the database does not answer, and knows whether it is worth asking (`runner.health.outages`)."""

    def database_lost(self, error: DatabaseUnavailable) -> None:
        """Note an error before it is raised."""

    def database_is_away(self) -> bool:
        """Say whether the database hung just now; operations then fail at once."""
