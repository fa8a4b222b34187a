"""The actor of a change at the command line, for its audit entry: the command line, and the user of this machine."""

from __future__ import annotations

import getpass

from records.audit import AuditContext

#: The actor in audit entries and grants.
ACTOR = "command line"


def audit_context(reason: str = "") -> AuditContext:
    """Return the audit context of a change by this command."""
    return AuditContext(ACTOR, reason, {"system_user": whoami()})


def whoami() -> str:
    """Return the name of the user who runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ACTOR
