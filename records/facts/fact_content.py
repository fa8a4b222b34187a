"""What a fact may be: a JSON object of at most 2 KB, in one canonical form, so that an unchanged one is known by its text.

Canonical means: keys in order, no spaces, characters as themselves, in UTF-8.
"""

from __future__ import annotations

import json
from typing import Any, Final

from records import fields
from records.storage.json_depth import is_deep

MOST_BYTES: Final = 2048


class BadFact(Exception):
    """Base of what is wrong with the content of a fact."""


class FactNotAnObject(BadFact):
    """It is another kind of value, is nested too deeply, or holds what no database stores: NUL, a half character, NaN."""


class FactTooLarge(BadFact):
    """Its canonical form has too many bytes."""


def canonical(value: Any, *, most: int = MOST_BYTES) -> str:
    """Return the canonical form of a fact. Raises FactNotAnObject and FactTooLarge."""
    if not isinstance(value, dict) or is_deep(value) or fields.storable(value) != value:
        raise FactNotAnObject
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if len(text.encode()) > most:
        raise FactTooLarge
    return text
