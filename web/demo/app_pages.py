"""The app's pages of the demo: the list of sessions, and a session's detail with the widget in it.

They stand for EventPilot: everything here is what the app would draw itself, except the widget's frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import quote

from flask import Blueprint, Flask, abort, current_app, render_template

from .agenda import EVENT, IMPLEMENTATION, STORY, sample_session_with
from .services import demo_services

_KEY = "demo-app"


@dataclass(frozen=True)
class AppSession:
    """What the app knows of a session; times aware, in UTC."""

    session_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    location: str
    credits: str | None


@dataclass(frozen=True)
class RunLine:
    """One run as the panel beside the app tells it."""

    outcome: str
    shown: str
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
    """Where the pages get what they show; called anew for each page."""

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
    known = data()
    return render_template("demo/sessions.html", groups=grouped(known.sessions(), known.clock()), **beside())


@blueprint.get("/sessions/<session_id>")
def session(session_id: str) -> str:
    """The app's view of one session, with the widget in it."""
    known = data()
    found = next((one for one in known.sessions() if one.session_id == session_id), None)
    if found is None:
        abort(404)
    slot = sample_session_with(session_id)
    place = quote(session_id, safe="")
    return render_template(
        "demo/session.html",
        item=item(found, known.clock()),
        about=slot.about if slot else "",
        widget=f"{demo_services().service_url}/widget/{IMPLEMENTATION}/sessions/{place}",
        # switch: the identity provider asks again, whoever is logged in there
        login=f"{demo_services().service_url}/login/{IMPLEMENTATION}?next=/app/{IMPLEMENTATION}/sessions/{place}&switch=1",
        **beside(),
    )


@blueprint.get("/runs")
def runs_panel() -> str:
    """What the service did, as a piece of a page."""
    return render_template("demo/runs.html", runs=data().runs())


def beside() -> dict[str, object]:
    """What stands beside the app on every page."""
    return {"event": EVENT, "story": sample_session_with(STORY), "runs": data().runs()}


def data() -> AppData:
    """Return the data of the application which answers the present request."""
    return cast(AppData, current_app.extensions[_KEY])


def grouped(sessions: list[AppSession], now: datetime) -> list[tuple[str, list[Item]]]:
    """Now first, then what just ended (newest first), then what comes."""
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
    """How a session stands to the present."""
    if now < session.starts_at:
        return f"Starts in {span(session.starts_at - now)}"
    if now < session.ends_at:
        return f"Now, {span(session.ends_at - now)} left"
    return f"Ended {span(now - session.ends_at)} ago"


def span(length: timedelta) -> str:
    """A length in the largest fitting unit."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 60:  # minutes of an hour
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < 48 else f"{round(hours / 24)} days"  # two days


def day(moment: datetime, now: datetime) -> str:
    """The date of a moment which is not today."""
    return "" if moment.date() == now.date() else f"{moment:%a} {moment.day} {moment:%b}, "
