"""Badge IDs: the one form in which they are kept, compared and looked for.

A badge ID arrives from a login, a registration vendor, a hand scanner and a keyboard. It is text, never a number, and
case counts.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final

from records import fields

#: Characters of a normalised badge ID.
LONGEST: Final = 100
_INVISIBLE: Final = ("Cf", "Cc")  #: format and control characters


def normalised(text: str) -> str:
    """Return a badge ID as it is kept and compared.

    1. Composed (NFC).
    2. Without format and control characters, except white space.
    3. Without white space around it, such as the CR that a hand scanner sends.
    4. Composed again, because what stood between two characters may be gone.
    """
    composed = unicodedata.normalize("NFC", text)  # 1.
    seen = (each for each in composed if each.isspace() or unicodedata.category(each) not in _INVISIBLE)  # 2.
    return unicodedata.normalize("NFC", "".join(seen).strip())  # 3., 4.


def checked(value: Any) -> str:
    """Check a badge ID that may be empty, and return it normalised. Raises ValueError."""
    return str(_line(normalised(value) if isinstance(value, str) else value))


def acceptable(value: str) -> str:
    """Return a badge ID normalised, or "" for one that cannot be kept: cut or cleaned it could become another's."""
    try:
        return checked(value)
    except ValueError:
        return ""


_line = fields.line(LONGEST)
