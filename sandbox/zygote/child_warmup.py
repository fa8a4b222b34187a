"""Runs a harmless script in a spare child while it waits, so that the child already owns the pages that a run writes to.

After a fork every page is shared, and the first write to each page costs a fault; a run has a few hundred of them, which
is most of its cost. A spare takes these faults before a run waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.child import Language
from sandbox.frames import decode, encode

_SCRIPT = """
def named(items, found):
    for key, value in sorted(items.items()):
        found[key] = f"{value:>3}"
    return found


def status(user, session, api):
    found = {}
    try:
        named({"a": 1, "b": len(session.title)}, found)
    except ValueError:
        found = {}
    api.log("warm")
    awarded = api.get("warm", "/warm", params={"user": user.id}).json()
    if awarded.get("list") and api.now():
        return message("Done " + found["a"].strip(), color="#006109")
    return message("Claim 1.0 CE credit", link="https://example.org/" + user.id)
"""

_INPUT: dict[str, Any] = {
    "user": {
        "id": "u",
        "username": "u",
        "user_type": "attendee",
        "first_name": "A",
        "last_name": "B",
        "badge_id": "1",
        "attributes": {},
    },
    "session": {
        "id": "s",
        "title": "T",
        "starts_at": "2026-01-01T10:00:00+00:00",
        "ends_at": "2026-01-01T11:00:00+00:00",
        "location": "",
        "parent_id": None,
        "credits": None,
        "attributes": {},
    },
    "settings": {},
    "now": "2026-01-01T10:00:00+00:00",
    "return_url": "https://example.org/r/x",
    "scans": [],
    "facts": {},
    "facts_at": None,
}


def prepare_warmup(language: Language) -> Callable[[], None]:
    """Compile the harmless script and run it once in the zygote, so that a failure shows at the start; return its runner."""
    code = language.compile_source(_SCRIPT).code
    assert code is not None, "the language layer refuses the warm-up script"

    def run() -> None:
        language.execute(code, decode(encode(_INPUT)), _answer)

    run()
    return run


def _answer(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """Answer in place of the broker: build the frames and throw them away."""
    decode(encode({"t": kind, **content}))
    return {"status": 200, "headers": {"content-type": "application/json"}, "text": '{"list": [1]}'}
