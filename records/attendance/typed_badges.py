"""A badge that is typed, or read by a hand scanner that types: the whole code, or only the badge ID that is printed below it."""

from __future__ import annotations

from typing import Final

from .badge_formats.badge_format import ID_CHARACTERS, TEST_BADGE, Badge, BadgeFormat, Pick, ScannedTestBadge
from .badge_formats.code_text import ForeignCode

#: The characters of an ID while the event has no badge format.
_USUAL: Final = "letters, digits and - _ . : / + @"


def typed_badge(reader: BadgeFormat | None, text: str) -> tuple[Badge, str]:
    """Return the badge, and how it was read: "wedge" for a whole code, "keyboard" for an ID.

    Raises `ForeignCode`, and `ScannedTestBadge` for a test badge. The steps:

    1. A test badge is none.
    2. The whole code is read by the format of the event.
    3. What has the characters of this event's badge IDs is one.
    """
    if text.strip().startswith(TEST_BADGE):  # 1.
        raise ScannedTestBadge
    if reader is not None and reader.kind != "bare":
        try:
            return reader.read(text), "wedge"  # 2.
        except ForeignCode:
            if not ID_CHARACTERS[_characters(reader)].fullmatch(text.strip()):
                raise
    bare = reader if reader is not None and reader.kind == "bare" else None
    alone = bare or BadgeFormat("bare", Pick("1"), id_characters=_characters(reader))
    return alone.read(text), "keyboard"  # 3.


def _characters(reader: BadgeFormat | None) -> str:
    """Return the characters of IDs; any would also be those of a foreign code."""
    return reader.id_characters if reader is not None and reader.id_characters != "any" else _USUAL
