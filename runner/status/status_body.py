"""The status of a session for a user, as a value and as the JSON of the status endpoint.

A run makes the body once. Each answer only adds what changes with time to those bytes, which keeps cached answers cheap.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: Rule 1 of the product, word for word.
LOGIN_TEXT = "Log in for session status info"
NOTHING = b'{"message":null,"as_of":null,"run":null}'
#: Made once: `json.dumps` makes one for each call that has options of its own.
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Action:
    """What a tap does. `kind` is link, scan or login."""

    kind: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """What is drawn: a button if there is an action, otherwise text. `color` is `#rrggbb`."""

    text: str
    color: str | None = None
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The answer to "what is shown for this session and user?".

    `state` is ready, login, checking, hidden or unavailable. While checking, the message is the old one, to be shown as
    such. `refresh_after` is the number of whole seconds until it is worth asking again; None means never. `body` is the
    JSON object of what does not change with time: message, as_of, run.
    """

    state: str
    body: bytes = NOTHING
    stale: bool = False
    refresh_after: int | None = None
    reference: str = ""  #: of an unavailable status, for people; see `records.support_references`

    @property
    def message(self) -> ShownMessage | None:
        """What is drawn, or None."""
        found = json.loads(self.body).get("message")
        if found is None:
            return None
        action = found["action"]
        return ShownMessage(found["text"], found["color"], Action(action["kind"], action["url"]) if action else None)

    @property
    def as_of(self) -> datetime | None:
        """When the run that found the message started; None for a fallback."""
        found = json.loads(self.body)["as_of"]
        return datetime.fromisoformat(found) if found else None

    @property
    def run(self) -> str | None:
        """The run that found the message."""
        found = json.loads(self.body)["run"]
        return str(found) if found else None

    @property
    def etag(self) -> str:
        """A tag that is the same for answers that look the same; without quotes, for a weak comparison."""
        drawn = b"%b %b %d %b" % (self.body, self.state.encode(), self.stale, self.reference.encode())
        return hashlib.blake2b(drawn, digest_size=9).hexdigest()

    def as_json(self) -> bytes:
        """The whole answer of the status endpoint."""
        refresh = b"null" if self.refresh_after is None else b"%d" % self.refresh_after
        stale = b"true" if self.stale else b"false"
        reference = b'"reference":"%b",' % self.reference.encode() if self.reference else b""
        rest = reference + self.body[1:]
        return b'{"state":"%b","stale":%b,"refresh_after":%b,%b' % (self.state.encode(), stale, refresh, rest)


def body_of(message: ShownMessage | None, *, as_of: datetime | None, run: str | None) -> bytes:
    """Return the body of a status: everything that stays true until the next run. `as_of` is None for a fallback."""
    shown_at = as_of.isoformat(timespec="seconds") if as_of else None
    return compact({"message": message_json(message), "as_of": shown_at, "run": run})


def message_json(message: ShownMessage | None) -> dict[str, Any] | None:
    """Return a message as it is in a body."""
    if message is None:
        return None
    action = {"kind": message.action.kind, "url": message.action.url} if message.action else None
    return {"text": message.text, "color": message.color, "action": action}


def login(url: str) -> Status:
    """Return the status for somebody who is not logged in. `url` leads to the login page and back to the session."""
    message = {"text": LOGIN_TEXT, "color": None, "action": {"kind": "login", "url": url}}
    return Status("login", compact({"message": message, "as_of": None, "run": None}))


def compact(value: Mapping[str, Any]) -> bytes:
    """Return JSON without white space."""
    return _ENCODER.encode(value).encode()
