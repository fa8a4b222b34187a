"""Where an exploration starts: made-up people, sessions and moments, and the cases that an author has written.

Made-up texts are all different, so that a text that a run compares can be found again in the input that it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .scene import Scene

_USER = {
    "id": "user-4711",
    "username": "lovelace7",
    "user_type": "attendee",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "badge_id": "badge-1815",
    "attributes": {},
}
_SESSION = {
    "id": "session-1843",
    "title": "Notes on the Engine",
    "starts_at": "2026-05-04T13:00:00-05:00",
    "ends_at": "2026-05-04T14:00:00-05:00",
    "location": "Hall B",
    "credits": "1.0",
    "attributes": {},
}
_MOMENTS = ("2026-05-04T14:10:00-05:00", "2026-05-04T13:20:00-05:00", "2026-05-04T09:00:00-05:00")
#: What INPUT may hold, beside a user and a session that are filled up.
_KEPT = ("now", "settings", "link_hosts", "scans", "minutes", "facts", "facts_at", "return_url")


def starting_scenes(cases: Iterable[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]) -> list[Scene]:
    """The scenes of the cases, each its INPUT and its ANSWERS, then those that are made up."""
    found = [Scene(_filled_up(data), {}, tuple(answers)) for data, answers in cases]
    hosts = next((scene.input["link_hosts"] for scene in found if scene.input.get("link_hosts")), None)
    shared = {} if hosts is None else {"link_hosts": hosts}
    settings: dict[str, Any] = {}
    for scene in found:
        settings = {**(scene.input.get("settings") or {}), **settings}
    made_up = [
        Scene(_filled_up({"user": _USER, "session": _SESSION, "now": now, "settings": settings, **shared}), {})
        for now in _MOMENTS
    ]
    return [*found, *made_up]


def _filled_up(data: Mapping[str, Any]) -> dict[str, Any]:
    """INPUT with everything that an edit may want to reach."""
    kept = {name: data[name] for name in _KEPT if data.get(name) is not None}
    user = {"attributes": {}, **data["user"]}
    session = {"attributes": {}, **data["session"]}
    return {"settings": {}, "scans": [], "facts": {}, "now": _MOMENTS[0], **kept, "user": user, "session": session}
