"""How a status looks: one line of text, or a button, with a small note if needed. The template only writes it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from records.colours import is_colour
from records.plurals import counted
from runner.status.status_body import LOGIN_TEXT, Status

CHECKING_TEXT = "Checking…"
UNAVAILABLE_TEXT = "The status cannot be shown right now"

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class RenderedStatus:
    """What the widget shows. With `href` the text is a button; `tint` is a colour `rrggbb`."""

    state: str
    text: str = ""
    href: str | None = None
    action_kind: str | None = None
    note: str | None = None
    tint: str | None = None
    refresh_after: int | None = None
    offers_again: bool = False


def draw_login(login_path: str) -> RenderedStatus:
    """Draw the button to log in (product rule 1)."""
    return RenderedStatus("login", LOGIN_TEXT, href=login_path, action_kind="login")


def draw_unavailable(reference: str, refresh_after: int | None) -> RenderedStatus:
    """Draw that nothing can be shown, with the reference and a way to try again."""
    note = f"Reference {reference}" if reference else None
    return RenderedStatus("unavailable", UNAVAILABLE_TEXT, note=note, refresh_after=refresh_after, offers_again=True)


def draw(status: Status, login_path: str, now: datetime) -> RenderedStatus:
    """Draw a status as of `now`."""
    message = status.message
    if status.state == "login":
        return draw_login(login_path)
    if status.state == "checking":
        note = f"Last shown: {message.text}" if message else None
        return RenderedStatus("checking", CHECKING_TEXT, note=note, refresh_after=status.refresh_after)
    if status.state == "unavailable" and message is None:
        return draw_unavailable(status.reference, status.refresh_after)
    if message is None or status.state == "hidden":
        return RenderedStatus("hidden", refresh_after=status.refresh_after)
    return RenderedStatus(
        "ready",
        message.text,
        href=message.action.url if message.action else None,
        action_kind=message.action.kind if message.action else None,
        note=f"Checked {age(now - status.as_of)}" if status.stale and status.as_of else None,
        tint=_tint(message.color),
        refresh_after=status.refresh_after,
    )


def age(passed: timedelta) -> str:
    """Say how long ago something was, in the largest unit that fits."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        count = passed // unit
        if count > 0:
            return f"{counted(count, name)} ago"
    return "just now"


def _tint(color: str | None) -> str | None:
    lower = (color or "").lower()
    return lower.removeprefix("#") if is_colour(lower) else None
