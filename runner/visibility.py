"""Whether anything is shown at all: rule 5 of the product, which needs no run."""

from __future__ import annotations

from datetime import datetime

from .profiles import Profile, Slot

#: Seconds after which a hidden widget asks again, at the latest: the agenda may change.
LOOK_AGAIN_S = 300


def seconds_until_shown(profile: Profile, slot: Slot, user_type: str, now: datetime) -> int | None:
    """0: shown now. Else after how many seconds it is worth asking again; None: never, as far as is known now."""
    if not profile.version:
        return LOOK_AGAIN_S
    if profile.user_types and user_type.casefold() not in profile.user_types:
        return None
    if profile.show_when == "always":
        return 0
    begins = slot.ends_at if profile.show_when == "after" else slot.starts_at
    if now < begins:
        return min(LOOK_AGAIN_S, int((begins - now).total_seconds()) + 1)
    if profile.show_when == "during" and now >= slot.ends_at:
        return None
    return 0
