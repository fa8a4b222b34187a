"""Who makes a change at the command line, for its audit entry: this command, and which user of this machine ran it."""

from __future__ import annotations

import getpass

from records.audit import AuditContext

#: Who did it, in audit entries and grants.
ACTOR = "command line"


def audit_context(reason: str = "") -> AuditContext:
    """Return the context of a change of this command."""
    return AuditContext(ACTOR, reason, {"system_user": whoami()})


def whoami() -> str:
    """Return the user of this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ACTOR
