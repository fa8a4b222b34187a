"""Whether anything is shown at all: rule 5 of the product, which needs no run."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from .snapshots import ImplementationSnapshot, SessionSnapshot

#: Seconds after which a hidden widget asks again, at the latest: the agenda may change.
LOOK_AGAIN_S = 300


class HidingRule(Enum):
    """Why nothing is shown, where that is decided without a run."""

    NO_SCRIPT = "no script"
    USER_TYPE = "user type"
    NOT_YET = "not yet"
    OVER = "over"


def hiding_rule(
    profile: ImplementationSnapshot, slot: SessionSnapshot, user_type: str, now: datetime
) -> HidingRule | None:
    """Return the first rule that hides the message; None if a message may be shown now."""
    if not profile.version:
        return HidingRule.NO_SCRIPT
    if profile.user_types and user_type.casefold() not in profile.user_types:
        return HidingRule.USER_TYPE
    if profile.show_when == "always":
        return None
    if now < _begins(profile, slot):
        return HidingRule.NOT_YET
    return HidingRule.OVER if profile.show_when == "during" and now >= slot.ends_at else None


def seconds_until_shown(
    rule: HidingRule | None, profile: ImplementationSnapshot, slot: SessionSnapshot, now: datetime
) -> int | None:
    """0: shown now. Else after how many seconds it is worth asking again; None: never, as far as is known now."""
    match rule:
        case None:
            return 0
        case HidingRule.NO_SCRIPT:
            return LOOK_AGAIN_S
        case HidingRule.NOT_YET:
            return min(LOOK_AGAIN_S, int((_begins(profile, slot) - now).total_seconds()) + 1)
    return None


def _begins(profile: ImplementationSnapshot, slot: SessionSnapshot) -> datetime:
    return slot.ends_at if profile.show_when == "after" else slot.starts_at
