"""Strict reading of JSON from other systems, and of the few values that are taken from it.

If two parsers read the same bytes differently, checks can be bypassed. So ambiguous JSON (a duplicate name, `NaN`) is
refused.
"""

from __future__ import annotations

import json
from typing import Any

#: Most characters of a subject, as in `records.people.users`.
SUBJECT = 255


def read_json(raw: bytes | str) -> Any:
    """Read JSON strictly: UTF-8, no duplicate names in an object, only finite numbers. Raises `ValueError`."""
    try:
        return json.loads(
            raw.decode("utf-8") if isinstance(raw, bytes) else raw,
            object_pairs_hook=_no_name_twice,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_object(raw: bytes | str) -> dict[str, Any]:
    """Read a JSON object strictly. Raises `ValueError`."""
    found = read_json(raw)
    if not isinstance(found, dict):
        raise ValueError("is not an object")  # noqa: TRY004 - an invalid value, not a wrong type of argument
    return found


def subject_of(value: Any) -> str:
    """Return the key of a person, unchanged. Raises `ValueError` for a key that could be mistaken for another one.

    Numbers are accepted, because some vendors number their registrants.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= SUBJECT:
        raise ValueError("must be a text of 1 to 255 characters")
    if not value.isprintable() or value != value.strip():
        raise ValueError("must have no spaces around it and no invisible characters")
    return value


def line_of(value: Any, most: int) -> str:
    """Return a value that is only shown or compared: cleaned and truncated; "" for anything but text and integers."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = "".join(character if character.isprintable() else " " for character in str(value)[: 4 * most])
    return " ".join(text.split())[:most].strip()


def name_of(value: Any, most: int) -> str:
    """Return a value by which a role can be granted; "" if it would have to be cleaned, truncated or trimmed.

    Otherwise a person could choose a name that becomes another person's name only here.
    """
    text = line_of(value, most)
    return text if text == str(value) else ""


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
