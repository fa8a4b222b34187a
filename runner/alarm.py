"""The security alarm: a child was killed for a forbidden system call, which no script makes without leaving the language.

In one place, because a run and a check can both raise it, and both must take the version out of service and say so.
"""

from __future__ import annotations

import logging

from records import Database, implementations, scripts

log = logging.getLogger(__name__)


def raise_alarm(database: Database, implementation: str, version: str, where: str) -> None:
    """Suspend the version (its SHA-256) of the implementation (its slug) and tell the operator; `where` it happened."""
    log.critical(
        "SECURITY ALARM: forbidden system call; version suspended implementation=%s version=%s where=%s",
        *(implementation, version, where),
    )
    with database.session() as db:
        found = implementations.find_any(db, implementation)
        suspended = scripts.find_version(db, found, version) if found else None
        if suspended:
            scripts.suspend(db, suspended, f"security alarm in {where}: a forbidden system call")
