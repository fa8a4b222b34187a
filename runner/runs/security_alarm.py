"""The security alarm: a child was killed for a forbidden system call, or sent a frame that no script can send.

A script that does either has broken out of the language. Runs and checks can both raise the alarm; both suspend the
version and log it here.
"""

from __future__ import annotations

import logging

from records import Database
from records.scripts import suspensions
from records.tenants import implementations

log = logging.getLogger(__name__)


def raise_alarm(database: Database, implementation: str, version: str, *, what: str, run: str = "") -> None:
    """Suspend the version (given by its SHA-256) of the implementation (given by its slug), and log the alarm.

    `run` is the id of the run that raised it; "" means a check.
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
