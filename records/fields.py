"""Checks of single values: what a person or a file may enter into a field.

Each takes a value and returns the value to store, or raises ValueError with a reason that follows the field's name, which
the calling rule adds. Implementations, connections and imports share these checks.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from .colours import LEAST_CONTRAST, WHITE, contrast, is_colour
from .errors import FieldFault, RuleViolation
from .host_names import host_name, is_host
from .ip_addresses import is_loopback, is_not_public, is_this_machine

Check = Callable[[Any], Any]

#: Characters of an address.
LONGEST_URL = 2048
#: The id of an implementation and the name of a connection, in addresses and in scripts.
SLUG = re.compile(r"[A-Za-z0-9_-]{1,64}")
SLUG_RULE = "must be 1 to 64 letters, digits, '-' or '_' (A to Z without accents)"
#: The id of a session: the agenda's own identifier, which is used in addresses.
SESSION_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:~-]{0,127}")
SESSION_ID_RULE = "must be 1 to 128 letters, digits, '-', '_', '.', ':' or '~', and start with a letter, a digit or '_'"


def checked(checks: Mapping[str, Check], values: Mapping[str, Any]) -> dict[str, Any]:
    """Check each value by the check of its field. Raises RuleViolation with the faults of all fields."""
    good: dict[str, Any] = {}
    faults: list[FieldFault] = []
    for field, value in values.items():
        try:
            good[field] = checks[field](value) if field in checks else _unknown()
        except ValueError as fault:
            faults.append(FieldFault(field, str(fault)))
    refuse(faults)
    return good


def refuse(faults: Iterable[FieldFault]) -> None:
    """Raise RuleViolation if there are any faults."""
    found = list(faults)
    if found:
        raise RuleViolation(found[0].field, found[0].reason, more=found[1:])


def _unknown() -> Any:
    raise ValueError("is not a known field")


def slug(value: Any) -> str:
    """Check a name that is used in addresses and scripts."""
    if not isinstance(value, str) or not SLUG.fullmatch(value):
        raise ValueError(SLUG_RULE)
    return value


def session_id(value: Any) -> str:
    """Check the id of a session."""
    if not isinstance(value, str) or not SESSION_ID.fullmatch(value):
        raise ValueError(SESSION_ID_RULE)
    return value


def line(longest: int, *, empty: bool = True) -> Check:
    """Make a check for one line of text of at most `longest` characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be a text")  # noqa: TRY004 - every check raises ValueError
        text = value.strip()
        if not text and not empty:
            raise ValueError("is missing")
        if len(text) > longest:
            raise ValueError(f"must have at most {longest} characters; this has {len(text)}")
        refuse_controls(text)
        return text

    return check


def exact(longest: int, *, empty: bool = True) -> Check:
    """Make a check for one line of text that is a key. It is never trimmed, because it could then equal another key."""
    trimmed = line(longest, empty=empty)

    def check(value: Any) -> str:
        text: str = trimmed(value)
        if text != value:
            raise ValueError("must not have blanks or line breaks around it")
        return text

    return check


def refuse_controls(text: str, *, allowed: str = "") -> None:
    """Raise ValueError for control characters and for halves of surrogate pairs."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in allowed:
            raise ValueError(f"must not contain a control character (U+{ord(character):04X})")


def folded(text: str) -> str:
    """Return the form in which names are compared and searched: composed (NFC), without case.

    This is lower case and not case folding, which treats more as equal than a person would: here "straße" is not
    "strasse". Compatibility forms (NFKC) stay different for the same reason.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def whole(least: int, most: int) -> Check:
    """Make a check for a whole number within a range."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return value

    return check


def number(least: float, most: float) -> Check:
    """Make a check for a number within a range."""

    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"must be a number from {least:g} to {most:g}")
        return float(value)

    return check


def optional(check: Check) -> Check:
    """Make a check that also accepts None."""
    return lambda value: None if value is None else check(value)


def flag(value: Any) -> bool:
    """Check a yes or no."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - every check raises ValueError
    return value


def one_of(*choices: str) -> Check:
    """Make a check for one of a few words."""

    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"must be one of: {', '.join(choices)}")
        return str(value)

    return check


def each(check: Check, most: int, *, empty: bool = True) -> Check:
    """Make a check for a list. Duplicates are dropped; the order stays."""

    def check_all(value: Any) -> list[Any]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError("must be a list")  # noqa: TRY004 - every check raises ValueError
        good = list(dict.fromkeys(check(item) for item in value))
        if not good and not empty:
            raise ValueError("must have at least one entry")
        if len(good) > most:
            raise ValueError(f"must have at most {most} entries")
        return good

    return check_all


def time_zone(value: Any) -> str:
    """Check the name of a time zone, such as Europe/Berlin."""
    # Not by opening it: the library uses the name as a path, and on some systems upper and lower case are the same.
    if not isinstance(value, str) or value not in _zone_names():
        raise ValueError("must be the name of a time zone, such as America/New_York or UTC")
    return value


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())  # reads hundreds of files


def color(value: Any) -> str:
    """Check a colour `#rrggbb` that can be read on white, and on which white can be read."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if not is_colour(text):
        raise ValueError("must be written as #rrggbb, such as #005d8a")
    ratio = contrast(text, WHITE)
    if ratio < LEAST_CONTRAST:
        raise ValueError(
            f"is too light: its contrast with white is {ratio:.1f} to 1, and must be at least {LEAST_CONTRAST} to 1"
        )
    return text


def url(value: Any, *, loopback_http: bool = False) -> SplitResult:
    """Check an absolute https address; http only to this machine itself, and only if allowed."""
    if not isinstance(value, str) or len(value) > LONGEST_URL:
        raise ValueError(f"must be an address of at most {LONGEST_URL} characters")
    if not value.isascii() or not value.isprintable() or any(c in value for c in ' "<>\\^`|'):
        raise ValueError(f"contains a character that must be written as %XX{_ascii_host(value)}")
    try:
        parts = urlsplit(value)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("must be an address such as https://cme.example.org/path") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback_http and is_loopback(name)):
        raise ValueError("must start with https://")
    if "@" in parts.netloc:
        raise ValueError("must not contain a user name or a password")
    if not name or port == 0:
        raise ValueError("must have a host, and no port 0")
    if not is_host(name):
        raise ValueError("must have a host name such as cme.example.org")
    return parts


def called_url(value: Any, *, development: bool) -> SplitResult:
    """Check an address that the service calls: https to a public host, and in development also to this machine."""
    parts = url(value, loopback_http=development)
    host = parts.hostname or ""
    if not development and is_not_public(host):
        raise ValueError(f"must lead to a public host, and {host} is not one")
    return parts


def visited_url(value: Any, *, development: bool) -> SplitResult:
    """Check an address to which browsers are sent. It may be in a private network; this machine only in development."""
    parts = url(value, loopback_http=development)
    host = parts.hostname or ""
    if not development and is_this_machine(host):
        raise ValueError(f"must not lead to this machine itself ({host})")
    return parts


def _ascii_host(value: str) -> str:
    """Return a hint for an address whose host has letters outside ASCII."""
    try:
        name = urlsplit(value).hostname or ""
        plain = host_name(name)
    except ValueError:
        return ""
    return "" if name.isascii() else f"; its host is written {plain}"


def json_object(most_bytes: int) -> Check:
    """Make a check for a JSON object: text keys, finite numbers, no NUL, at most `most_bytes` as JSON."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError("must be a JSON object")  # noqa: TRY004 - every check raises ValueError
        try:
            written = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError):
            raise ValueError("contains something that is not JSON") from None
        if b"\\u0000" in written:
            raise ValueError("must not contain a NUL character")
        if len(written) > most_bytes:
            raise ValueError(f"must have at most {most_bytes} bytes as JSON; this has {len(written)}")
        return dict(json.loads(written))

    return check


def storable(value: Any) -> Any:
    """Turn any JSON-like value into one that every database can store. Nothing is refused; unstorable parts are replaced.

    This is for traces: a hostile script must not be able to prevent its own trace from being stored.
    """
    if isinstance(value, str):
        if is_storable_text(value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= 1024 else "a very large number"  # far below Python's limit for digits
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, (dict, Mapping)):  # to ask whether something else is a Mapping takes long
        return {storable(str(key)): storable(item) for key, item in value.items()}
    return storable(str(value))


def is_storable_text(text: str) -> bool:
    """Say whether a database can store a text, and compare with it: it has no NUL and no half of a surrogate pair."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text))
