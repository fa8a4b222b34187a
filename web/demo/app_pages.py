"""The app's pages of the demo: the list of sessions, and a session's detail with the widget in it.

They represent EventPilot: the app would draw all of this itself, except the frame of the widget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import quote

from flask import Blueprint, Flask, abort, current_app, render_template

from .agenda import EVENT, IMPLEMENTATION, SCANNED, STORY, sample_session_with
from .services import demo_services

#: The key of `app.extensions` that holds the data.
_KEY = "data of the demo's app"


@dataclass(frozen=True)
class AppSession:
    """What the app knows about a session; times are aware, in UTC."""

    session_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    location: str
    credits: str | None


@dataclass(frozen=True)
class RunLine:
    """One run, as the panel beside the app shows it."""

    outcome: str
    message: str
    clock: str
    session: str
    user: str
    ms: int
    calls: tuple[str, ...]
    error: str | None


@dataclass(frozen=True)
class Item:
    """A session as a page shows it."""

    session_id: str
    title: str
    location: str
    credits: str | None
    clock: str  #: when it starts
    weekday: str  #: empty for today
    words: str  #: the same in a sentence


@dataclass(frozen=True)
class AppData:
    """Where the pages get their data: functions that are called for each page."""

    sessions: Callable[[], list[AppSession]]
    runs: Callable[[], list[RunLine]]
    clock: Callable[[], datetime]

    def attach(self, app: Flask) -> None:
        """Make this the data of an application."""
        app.extensions[_KEY] = self


blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def sessions_page() -> str:
    """The app's agenda."""
    app_data = data()
    return render_template("demo/sessions.html", groups=grouped(app_data.sessions(), app_data.clock()), **panel())


@blueprint.get("/sessions/<session_id>")
def session(session_id: str) -> str:
    """The app's view of one session, with the widget in it."""
    app_data = data()
    found = next((one for one in app_data.sessions() if one.session_id == session_id), None)
    if found is None:
        abort(404)
    sample = sample_session_with(session_id)
    quoted_id = quote(session_id, safe="")
    return render_template(
        "demo/session.html",
        item=item(found, app_data.clock()),
        about=sample.about if sample else "",
        widget=f"{demo_services().service_url}/widget/{IMPLEMENTATION}/sessions/{quoted_id}",
        # switch: the identity provider asks for a person, even if one is logged in there
        login=f"{demo_services().service_url}/login/{IMPLEMENTATION}?next=/app/{IMPLEMENTATION}/sessions/{quoted_id}&switch=1",
        **panel(),
    )


@blueprint.get("/runs")
def runs_panel() -> str:
    """The list of runs in the panel, as a piece of a page."""
    return render_template("demo/runs.html", runs=data().runs())


def panel() -> dict[str, object]:
    """What the panel beside the app shows on every page."""
    return {
        "event": EVENT,
        "story": sample_session_with(STORY),
        "scanned": sample_session_with(SCANNED),
        "runs": data().runs(),
    }


def data() -> AppData:
    """Return the data of the application that answers the present request."""
    return cast(AppData, current_app.extensions[_KEY])


def grouped(sessions: list[AppSession], now: datetime) -> list[tuple[str, list[Item]]]:
    """Group sessions: those that run now, those that have ended (newest first), and those to come."""
    order = sorted(sessions, key=lambda one: (one.starts_at, one.session_id))
    running = [one for one in order if one.starts_at <= now < one.ends_at]
    past = [one for one in reversed(order) if one.ends_at <= now]
    coming = [one for one in order if one.starts_at > now]
    groups = (("Now", running), ("Ended", past), ("Later", coming))
    return [(heading, [item(one, now) for one in found]) for heading, found in groups if found]


def item(session: AppSession, now: datetime) -> Item:
    """A session's times in words."""
    return Item(
        session_id=session.session_id,
        title=session.title,
        location=session.location,
        credits=session.credits,
        clock=f"{session.starts_at:%H:%M}",
        weekday="" if session.starts_at.date() == now.date() else f"{session.starts_at:%a}",
        words=f"{when(session, now)} · {day(session.starts_at, now)}{session.starts_at:%H:%M}\N{EN DASH}{session.ends_at:%H:%M} UTC",
    )


def when(session: AppSession, now: datetime) -> str:
    """When a session starts or ends, relative to now."""
    if now < session.starts_at:
        return f"Starts in {span(session.starts_at - now)}"
    if now < session.ends_at:
        return f"Now, {span(session.ends_at - now)} left"
    return f"Ended {span(now - session.ends_at)} ago"


def span(length: timedelta) -> str:
    """A length of time in its largest unit."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 60:  # minutes of an hour
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < 48 else f"{round(hours / 24)} days"  # two days


def day(moment: datetime, now: datetime) -> str:
    """The date of a moment that is not today."""
    return "" if moment.date() == now.date() else f"{moment:%a} {moment.day} {moment:%b}, "
