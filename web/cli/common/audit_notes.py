"""Audit entries of the command line: what was done here, and by which user of this machine.

One place, so that every command that changes something leaves the same kind of trace as the console does.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any

from records import DbSession, audit

from .context import ACTOR


def note(
    db: DbSession, action: str, implementation: str, target: str = "", detail: Mapping[str, Any] | None = None
) -> None:
    """Leave an audit entry. Last in its transaction, because the next entry of anybody waits for its end."""
    said = {**(detail or {}), "system_user": whoami()}
    audit.append(db, actor=ACTOR, action=action, target=target, implementation=implementation, detail=said)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Old and new of what differs; of JSON objects only that they differ, because people keep tokens in them."""
    return {
        name: "changed" if isinstance(value, dict) else [before.get(name), value]
        for name, value in after.items()
        if before.get(name) != value
    }


def whoami() -> str:
    """The user of this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ACTOR
