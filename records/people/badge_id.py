"""Badge IDs: the one form in which they are stored, compared and searched.

A badge ID comes from a login, a registration vendor, a hand scanner or a keyboard. It is text, never a number, and upper and
lower case differ.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final

from records import fields

#: Characters of a normalised badge ID.
LONGEST: Final = 100
_INVISIBLE: Final = ("Cf", "Cc")  #: format and control characters


def normalised(text: str) -> str:
    """Return a badge ID as it is stored and compared.

    1. Composed (NFC).
    2. Without format and control characters, except white space.
    3. Without white space around it, such as the CR that a hand scanner sends.
    4. Composed again, because a character between two others may have been removed.
    """
    composed = unicodedata.normalize("NFC", text)  # 1.
    seen = (each for each in composed if each.isspace() or unicodedata.category(each) not in _INVISIBLE)  # 2.
    return unicodedata.normalize("NFC", "".join(seen).strip())  # 3., 4.


def checked(value: Any) -> str:
    """Check a badge ID that may be empty, and return it normalised. Raises ValueError."""
    return str(_line(normalised(value) if isinstance(value, str) else value))


def acceptable(value: str) -> str:
    """Return a badge ID normalised, or "" if it cannot be stored. It is never cut, because it could then equal another one."""
    try:
        return checked(value)
    except ValueError:
        return ""


_line = fields.line(LONGEST)
