"""Reads INPUT: the JSON in which an author says for which user and session, and at what time, a script is tried.

The command line and tests use the same form. Missing values get those that a real run would have; a wrong value is
reported with its field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import quote

from records.facts import fact_content
from records.host_names import host_name
from records.people import user_fields
from sandbox import ScriptInput

#: What `api.return_url()` returns in a trial, unless INPUT says otherwise.
RETURN_URL = "https://status.example.org/r/return-token"

MOST_MINUTES = 100_000
#: Bytes of the facts of a run: those of its session and those of the whole event.
MOST_FACT_BYTES = 2 * fact_content.MOST_BYTES
FIELDS = ("user", "session", "now", "settings", "link_hosts", "scans", "minutes", "facts", "facts_at", "return_url")
SESSION_FIELDS = ("id", "title", "starts_at", "ends_at", "location", "parent_id", "credits", "attributes")


#: The signed part of a return address, which is different in each run.
_SIGNED = r"[\w.~-]+"

T = TypeVar("T")


class InputError(Exception):
    """INPUT cannot be used; the text names the field."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class TrialInput:
    """The input of a trial. `settings` and `link_hosts` are None if INPUT leaves them out."""

    user: Mapping[str, Any]
    session: Mapping[str, Any]
    now: str
    settings: Mapping[str, Any] | None
    link_hosts: tuple[str, ...] | None
    scans: tuple[Mapping[str, Any], ...]
    minutes: int | None  #: None: counted from the scans
    facts: Mapping[str, Any]
    facts_at: str | None  #: None without facts
    return_url: str
    unknown: tuple[str, ...]  #: names that are not known, perhaps misspelt

    def script_input(self, settings: Mapping[str, Any] | None = None) -> ScriptInput:
        """Return the input of the script; `settings` are used if INPUT has none."""
        own = self.settings if self.settings is not None else settings
        return ScriptInput(
            user=self.user,
            session=self.session,
            settings=own or {},
            now=self.now,
            return_url=self.return_url,
            scans=self.scans,
            minutes=self.minutes,
            facts=self.facts,
            facts_at=self.facts_at,
        )


def parse_input(data: Any) -> TrialInput:
    """Check INPUT and fill in missing values. Raises InputError for the first wrong field."""
    whole = an_object("INPUT", data)
    user = an_object("user", whole.get("user"))
    session = an_object("session", whole.get("session"))
    settings = None if whole.get("settings") is None else an_object("settings", whole["settings"])
    now = moment("now", whole.get("now")) or datetime.now(UTC).isoformat(timespec="seconds")
    facts, facts_at = facts_of(whole, now)
    return TrialInput(
        user=user_of(user),
        session=session_of(session),
        now=now,
        settings=settings,
        link_hosts=None if whole.get("link_hosts") is None else hosts(whole["link_hosts"]),
        scans=scans_of(whole.get("scans")),
        minutes=minutes_of(whole.get("minutes")),
        facts=facts,
        facts_at=facts_at,
        return_url=text("return_url", whole.get("return_url")) or RETURN_URL,
        unknown=(
            *(name for name in whole if name not in FIELDS),
            *(f"user.{name}" for name in user if name not in user_fields.SCRIPT_FIELDS),
            *(f"session.{name}" for name in session if name not in SESSION_FIELDS),
        ),
    )


def about_unknown(name: str) -> str:
    """Say of an unknown name in INPUT, such as "session.kind", what there is instead."""
    owner, _, _ = name.rpartition(".")
    known = {"user": user_fields.SCRIPT_FIELDS, "session": SESSION_FIELDS}.get(owner, FIELDS)
    more = f". What else a {owner} has belongs in {owner}.attributes." if owner else "."
    return f"{name}. {owner or 'INPUT'} has: {', '.join(known)}{more}"


def user_of(user: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a script sees of the user."""
    texts = {name: text(f"user.{name}", user.get(name)) for name in user_fields.TEXTS}
    attributes = an_object("user.attributes", user.get("attributes") or {})
    return {"id": identifier("user.id", user.get("id")), **texts, "attributes": attributes}


def session_of(session: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a script sees of the session."""
    return {
        "id": identifier("session.id", session.get("id")),
        "title": text("session.title", session.get("title")),
        "starts_at": moment("session.starts_at", session.get("starts_at")),
        "ends_at": moment("session.ends_at", session.get("ends_at")),
        "location": text("session.location", session.get("location")),
        "parent_id": text("session.parent_id", session.get("parent_id")) or None,
        "credits": amount("session.credits", session.get("credits")),
        "attributes": an_object("session.attributes", session.get("attributes") or {}),
    }


def minutes_of(value: Any) -> int | None:
    """Return the minutes of attendance, if INPUT says them."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_MINUTES):
        raise InputError("minutes", f"must be a whole number from 0 to {MOST_MINUTES}")
    return value


def facts_of(whole: Mapping[str, Any], now: str) -> tuple[dict[str, Any], str | None]:
    """Return the facts and when they were true, which is the moment of the run unless INPUT says it; None without facts."""
    at, facts = moment("facts_at", whole.get("facts_at")), an_object("facts", whole.get("facts") or {})
    try:
        fact_content.canonical(facts, most=MOST_FACT_BYTES)
    except fact_content.FactTooLarge:
        raise InputError("facts", f"must have at most {MOST_FACT_BYTES} bytes as JSON") from None
    except fact_content.FactNotAnObject:
        raise InputError("facts", "must not contain NUL characters or more than 100 levels") from None
    return facts, at or (now if facts else None)


def scans_of(value: Any) -> tuple[dict[str, str], ...]:
    """Return the scans, the oldest first."""
    scans = []
    for number, entry in enumerate(a_list("scans", value or []), 1):
        scan = an_object(f"scans, entry {number},", entry)
        at = moment(f"scans, entry {number}: at", scan.get("at"))
        if at is None:
            raise InputError(
                f"scans, entry {number}: at", "is missing; it must be a time such as 2026-05-04T13:04:00-05:00"
            )
        if scan.get("direction") not in ("in", "out"):
            raise InputError(f"scans, entry {number}: direction", 'must be "in" or "out"')
        scans.append({"at": at, "direction": scan["direction"]})
    return tuple(sorted(scans, key=lambda scan: datetime.fromisoformat(scan["at"])))


def an_object(field: str, value: Any) -> dict[str, Any]:
    """Check a JSON object."""
    return of(field, value, dict, "must be a JSON object, in braces")


def a_list(field: str, value: Any) -> list[Any]:
    """Check a JSON list."""
    return of(field, value, list, "must be a list, in brackets")


def text(field: str, value: Any) -> str:
    """Check a text; a missing one is empty."""
    return of(field, "" if value is None else value, str, "must be a text, in quotes")


def of(field: str, value: Any, kind: type[T], reason: str) -> T:
    """Check that a value is of exactly this kind."""
    if type(value) is kind:
        return value
    raise InputError(field, "is missing; it " + reason if value is None else f"{reason}; this is {a_kind(value)}")


def identifier(field: str, value: Any) -> str:
    """Check a text that must not be empty."""
    found = of(field, value, str, "must be a text, in quotes")
    if not found:
        raise InputError(field, "must not be empty")
    return found


def moment(field: str, value: Any) -> str | None:
    """Check a time with its zone; None stays None."""
    written = text(field, value)
    if not written:
        return None
    example = "must be a time with its zone, such as 2026-05-04T13:04:00-05:00 or 2026-05-04T18:04:00Z"
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise InputError(field, f"{example}; this is {written!r}") from None
    if found.tzinfo is None:
        raise InputError(field, f"{example}; {written!r} has no zone")
    return found.isoformat()


def amount(field: str, value: Any) -> str | None:
    """Check a decimal number, as a text or a number; it is kept as it is written ("1.0")."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InputError(field, f'must be a number such as "1.0"; this is {a_kind(value)}')
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise InputError(field, f'must be a number such as "1.0"; this is {value!r}') from None
    if not number.is_finite():
        raise InputError(field, f'must be a number such as "1.0"; this is {value!r}')
    return str(value)


def hosts(value: Any) -> tuple[str, ...]:
    """Check host names; return them in ASCII form."""
    names = []
    for entry in a_list("link_hosts", value):
        try:
            names.append(host_name(identifier("link_hosts", entry)))
        except ValueError:
            raise InputError("link_hosts", f"must be host names such as cme.example.org; this is {entry!r}") from None
    return tuple(names)


def a_kind(value: Any) -> str:
    """Name the kind of a JSON value."""
    kinds = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return kinds.get(type(value), "null")


def with_trial_return(link: str, public_url: str) -> str:
    """Return a link of a run in which every return address of this service is that of a trial, as it is or escaped."""
    base = f"{public_url.rstrip('/')}/r/"
    link = re.sub(re.escape(base) + _SIGNED, RETURN_URL, link)
    return re.sub(re.escape(quote(base, safe="")) + _SIGNED, quote(RETURN_URL, safe=""), link)
