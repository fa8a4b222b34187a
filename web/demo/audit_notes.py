"""The audit entries of the demo: `session-status up` notes what it makes and changes, as a person's change would be.

What is as it was at the last start leaves no entry: the entries say what happened, and not how often it was started.
"""

from __future__ import annotations

from typing import Any

from records import DbSession, Implementation, audit
from records.maintenance.development_stand_ins import UP


def note(db: DbSession, action: str, implementation: Implementation, target: str = "", **detail: Any) -> None:
    """Leave an entry of what `up` did. Nothing secret goes into it."""
    audit.append(db, actor=UP, action=action, target=target, implementation=implementation.slug, detail=detail)
