"""The security alarm: a child was killed for a forbidden system call, or sent what no script can send.

No script does either without leaving the language. In one place, because a run and a check can both raise it, and both
must suspend the version and say so.
"""

from __future__ import annotations

import logging

from records import Database, implementations, scripts

log = logging.getLogger(__name__)


def raise_alarm(database: Database, implementation: str, version: str, *, where: str, what: str) -> None:
    """Suspend the version (its SHA-256) of the implementation (its slug) and tell the operator what happened where."""
    log.critical(
        "SECURITY ALARM: a script left the language; version suspended implementation=%s version=%s where=%s what=%s",
        *(implementation, version, where, what),
    )
    with database.session() as db:
        found = implementations.find_any(db, implementation)
        suspended = scripts.find_version(db, found, version) if found else None
        if suspended:
            scripts.suspend(db, suspended, f"security alarm in {where}: {what}")
