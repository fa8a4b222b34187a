"""Reading what others send: JSON that means one thing only, and the few values taken out of it.

Two readers that disagree about the same bytes are how checks are walked around, so whatever can be read in two ways (a
name twice, `NaN`) is not read at all.
"""

from __future__ import annotations

import json
from typing import Any

#: Characters of a subject, as `records.people.users` keeps it.
SUBJECT = 255


def read_json(raw: bytes | str) -> Any:
    """Read JSON strictly: UTF-8, no name twice in an object, only finite numbers. Raises `ValueError`."""
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
        raise ValueError("is no object")  # noqa: TRY004 - the caller asks whether the text can be used
    return found


def subject_of(value: Any) -> str:
    """Give the key of a person exactly as it came; raises `ValueError` for what another writing could be mistaken for.

    Numbers are taken as they are written: vendors number their registrants.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= SUBJECT:
        raise ValueError("no text of 1 to 255 characters")
    if not value.isprintable() or value != value.strip():
        raise ValueError("blanks around it, or characters that cannot be seen")
    return value


def line_of(value: Any, most: int) -> str:
    """Give a value that is only shown or compared: cleaned and cut, empty for what is neither text nor a number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = "".join(character if character.isprintable() else " " for character in str(value)[: 4 * most])
    return " ".join(text.split())[:most].strip()


def name_of(value: Any, most: int) -> str:
    """Give a value by which a role may be granted: empty where it would have to be cleaned, cut or trimmed.

    Otherwise one person could choose a name which becomes somebody else's only here.
    """
    text = line_of(value, most)
    return text if text == str(value) else ""


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
