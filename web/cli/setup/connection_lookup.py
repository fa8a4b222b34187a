"""The connection that a command names."""

from __future__ import annotations

from records import Connection, DbSession
from records.tenants import connections
from web.cli.common.context import find_implementation
from web.cli.common.errors import CommandFailed, listed


def find_connection(db: DbSession, implementation: str, name: str) -> Connection:
    """Return the connection with this name. Raises CommandFailed, which lists the existing ones."""
    owner = find_implementation(db, implementation)
    found = connections.find(db, owner, name)
    if found is None:
        known = listed(one.name for one in connections.every(db, owner))
        raise CommandFailed(f"{implementation} has no connection {name!r}. It has: {known}.")
    return found
