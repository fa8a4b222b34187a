"""Whether a message may be shown at all. This is rule 5 of the product, and needs no run."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from .snapshots import ImplementationSnapshot, SessionSnapshot

#: Seconds after which a hidden widget asks again, at the latest: the agenda may change.
LOOK_AGAIN_S = 300


class HidingRule(Enum):
    """Why nothing is shown, if that is decided without a run."""

    NO_SCRIPT = "no script"
    USER_TYPE = "user type"
    NOT_YET = "not yet"
    OVER = "over"


def hiding_rule(
    implementation: ImplementationSnapshot, session: SessionSnapshot, user_type: str, now: datetime
) -> HidingRule | None:
    """Return the first rule that hides the message; None if a message may be shown now."""
    if not implementation.version:
        return HidingRule.NO_SCRIPT
    if implementation.user_types and user_type.casefold() not in implementation.user_types:
        return HidingRule.USER_TYPE
    if implementation.show_when == "always":
        return None
    if now < _begins(implementation, session):
        return HidingRule.NOT_YET
    return HidingRule.OVER if implementation.show_when == "during" and now >= session.ends_at else None


def seconds_until_shown(
    rule: HidingRule | None, implementation: ImplementationSnapshot, session: SessionSnapshot, now: datetime
) -> int | None:
    """Return 0 if a message may be shown now, otherwise the seconds until it is worth asking again; None means never."""
    match rule:
        case None:
            return 0
        case HidingRule.NO_SCRIPT:
            return LOOK_AGAIN_S
        case HidingRule.NOT_YET:
            return min(LOOK_AGAIN_S, int((_begins(implementation, session) - now).total_seconds()) + 1)
    return None


def _begins(implementation: ImplementationSnapshot, session: SessionSnapshot) -> datetime:
    return session.ends_at if implementation.show_when == "after" else session.starts_at
