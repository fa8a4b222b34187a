"""Builds the arguments of `status(user, session, api)` from the plain data of a run.

A missing text is "", a missing time, parent or credit is None: scripts concatenate texts and test whether there is a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.language.script_api import PREPARE_FIELDS

from .api import CallOut, call_functions
from .values.facade import named
from .values.frozen import Record, freeze_labelled, read_field

_USER_TEXTS = ("id", "username", "user_type", "first_name", "last_name", "badge_id")


@dataclass(frozen=True)
class ScriptArguments:
    """The three arguments of `status`, and the time of the run."""

    user: Record
    session: Record
    api: Record
    now: dt.datetime


def script_arguments(script_input: Mapping[str, Any], call: CallOut) -> ScriptArguments:
    """The arguments of one run from the JSON data of `ScriptInput`."""
    now = _moment(script_input["now"]) or dt.datetime.fromtimestamp(0, dt.UTC)
    session = _session(script_input.get("session") or {})
    return ScriptArguments(_user(script_input.get("user") or {}), session, _api(script_input, now, call), now)


def _user(data: Mapping[str, Any]) -> Record:
    fields = {name: _text(data.get(name)) for name in _USER_TEXTS}
    return Record("user", {**fields, "attributes": freeze_labelled(data.get("attributes") or {}, "user.attributes")})


def _session(data: Mapping[str, Any]) -> Record:
    fields = {
        "id": _text(data.get("id")),
        "title": _text(data.get("title")),
        "starts_at": _moment(data.get("starts_at")),
        "ends_at": _moment(data.get("ends_at")),
        "location": _text(data.get("location")),
        "parent_id": _text(data.get("parent_id")) or None,
        "credits": _credits(data.get("credits")),
        "attributes": freeze_labelled(data.get("attributes") or {}, "session.attributes"),
    }
    return Record("session", fields)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _is_missing(value: object) -> bool:
    return value is None or value == ""


def _moment(value: object) -> dt.datetime | None:
    """An RFC 3339 text as an aware datetime; a time without a zone is in UTC."""
    if _is_missing(value):
        return None
    moment = dt.datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment


def _credits(value: object) -> Decimal | None:
    """An exact decimal: 1.0 stays "1.0" in a message."""
    if _is_missing(value):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _api(script_input: Mapping[str, Any], now: dt.datetime, call: CallOut) -> Record:
    values = {
        "settings": freeze_labelled(script_input.get("settings") or {}, "api.settings"),
        "facts": freeze_labelled(script_input.get("facts") or {}, "api.facts"),
        "facts_at": _moment(script_input.get("facts_at")),
    }
    return_url = _text(script_input.get("return_url"))
    scans = _scans(script_input, _moment((script_input.get("session") or {}).get("ends_at")), now)
    constants = {"now": lambda: now, "return_url": lambda: return_url, "scans": lambda: scans}
    functions = {name: named(f"api.{name}", function) for name, function in constants.items()}
    return Record("api", {**call_functions(call), **functions, **values})


def prepare_api(api: Record) -> Record:
    """`api` as `prepare` gets it: what belongs to no user."""
    return Record("api", {name: read_field(api, name) for name in PREPARE_FIELDS})


def _scans(script_input: Mapping[str, Any], ends_at: dt.datetime | None, now: dt.datetime) -> Record:
    """First in, last out, whole minutes inside, and number of scans.

    The minutes are those of the input, if it has any. Otherwise, without a last scan out, the attendee counts as inside until now, but not beyond the end of the session.
    """
    scans: Sequence[Mapping[str, Any]] = script_input.get("scans") or ()
    first_in = last_out = inside_since = None
    inside = dt.timedelta()
    for scan in scans:
        at = _moment(scan["at"])
        if at is None:
            continue
        if scan["direction"] == "in":
            first_in = first_in or at
            inside_since = inside_since or at
        else:
            last_out = at
            inside += at - inside_since if inside_since else dt.timedelta()
            inside_since = None
    if inside_since:
        until = min(now, ends_at) if ends_at else now
        inside += max(until - inside_since, dt.timedelta())
    given = script_input.get("minutes")
    minutes = int(inside.total_seconds() // 60) if given is None else int(given)
    return Record("scans", {"first_in": first_in, "last_out": last_out, "minutes": minutes, "count": len(scans)})
