"""Whether a script's message may be shown at all. These are rules 5 and 6 of the product, and need no run.

Where a person may scan badges now, they see the button for it and never the script's message as well.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from records.attendance.scan_permission import covers

from .snapshots import ImplementationSnapshot, SeenVersion, SessionSnapshot

#: Seconds after which a hidden widget asks again, at the latest: the agenda may change.
LOOK_AGAIN_S = 300
#: Seconds after which it asks again while scripts are stopped: they may go on soon.
STOPPED_S = 30


class HidingRule(Enum):
    """Why no script's message is shown, if that is decided without a run."""

    SCANS = "scans"  #: the person scans badges here
    NO_SCRIPT = "no script"
    USER_TYPE = "user type"
    NOT_YET = "not yet"
    OVER = "over"
    STOPPED = "stopped"


def is_scanned(implementation: ImplementationSnapshot, session: SessionSnapshot, now: datetime) -> bool:
    """Say whether badges are scanned at this session now, by people who may."""
    button = implementation.scan_button
    if button is None or not covers(button.sessions, session.id):
        return False
    return session.starts_at - button.opens <= now < session.ends_at + button.closes


def hiding_rule(
    implementation: ImplementationSnapshot, seen: SeenVersion, session: SessionSnapshot, user_type: str, now: datetime
) -> HidingRule | None:
    """Return the first rule that hides the message of a script from a person who does not scan; None if it may be shown now.

    While scripts are stopped, the fallback message is shown where a script's message would be.
    """
    if not seen.sha256:
        return HidingRule.NO_SCRIPT
    if implementation.user_types and user_type.casefold() not in implementation.user_types:
        return HidingRule.USER_TYPE
    if implementation.show_when != "always" and now < _begins(implementation, session):
        return HidingRule.NOT_YET
    if implementation.show_when == "during" and now >= session.ends_at:
        return HidingRule.OVER
    return HidingRule.STOPPED if implementation.stopped else None


def seconds_until_shown(
    rule: HidingRule | None, implementation: ImplementationSnapshot, session: SessionSnapshot, now: datetime
) -> int | None:
    """Return 0 if a message may be shown now, otherwise the seconds until it is worth asking again; None means never."""
    match rule:
        case None:
            return 0
        case HidingRule.SCANS:
            closes = implementation.scan_button.closes if implementation.scan_button else timedelta()
            return min(LOOK_AGAIN_S, int((session.ends_at + closes - now).total_seconds()) + 1)
        case HidingRule.NO_SCRIPT:
            return LOOK_AGAIN_S
        case HidingRule.STOPPED:
            return STOPPED_S
        case HidingRule.NOT_YET:
            return min(LOOK_AGAIN_S, int((_begins(implementation, session) - now).total_seconds()) + 1)
    return None


def _begins(implementation: ImplementationSnapshot, session: SessionSnapshot) -> datetime:
    return session.ends_at if implementation.show_when == "after" else session.starts_at
