"""The security alarm: a child was killed for a forbidden system call, or sent what no script can send.

No script does either without leaving the language. In one place, because a run and a check can both raise it, and both
must suspend the version and say so.
"""

from __future__ import annotations

import logging

from records import Database
from records.scripts import suspensions
from records.tenants import implementations

log = logging.getLogger(__name__)


def raise_alarm(database: Database, implementation: str, version: str, *, what: str, run: str = "") -> None:
    """Suspend the version (its SHA-256) of the implementation (its slug), note why, and tell the operator.

    `run` is the id of the run that raised it; without one it was a check.
    """
    where = f"run {run}" if run else "a check"
    log.critical(
        "SECURITY ALARM: a script left the language; version suspended implementation=%s version=%s where=%s what=%s",
        *(implementation, version, where, what),
    )
    with database.session() as db:
        found = implementations.find_any(db, implementation)
        if found:
            reason = f"security alarm in {where}: {what}"
            suspensions.suspend(db, found, version, reason, runs=[run] if run else [])
