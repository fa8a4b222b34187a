"""A badge format: how the badge ID and the names are read from the code of a badge, and which codes are none of the event's.

It is data, so that the scanner in the browser reads codes by the same rules (`web/static/scanner/badge_format.mjs`; one corpus tests
both). Steps:

1. The text of the code: encoding, frame, Base64.
2. Its parts, by the kind of code; a list has as many as the badges of the event.
3. The parts that are the same on all badges of the event have their value.
4. The badge ID, the last name and the first name are picked from the parts. Everything else is dropped here.
5. The badge ID is there, and consists of the characters of the event's badge IDs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from records.people import badge_id as badge_ids

from .code_text import CodeText, ForeignCode
from .parts import KINDS, Parts

#: Characters of a name.
LONGEST_NAME: Final = 200
#: How the badge IDs of printed test badges begin, with which a scanner is tried. They count nowhere.
TEST_BADGE: Final = "TEST-BADGE-"

#: What may be taken of a part that contains more than one thing.
TAKES: Final[Mapping[str, Callable[[str], str]]] = {
    "all": lambda text: text,
    "before the comma": lambda text: text.partition(",")[0],
    "after the comma": lambda text: text.partition(",")[2],
    "first word": lambda text: text.split()[0] if text.split() else "",
    "all but the first word": lambda text: " ".join(text.split()[1:]),
    "last word": lambda text: text.split()[-1] if text.split() else "",
    "all but the last word": lambda text: " ".join(text.split()[:-1]),
}
#: The characters of badge IDs, as an organizer chooses them.
ID_CHARACTERS: Final[Mapping[str, re.Pattern[str]]] = {
    "digits": re.compile(r"[0-9]+"),
    "letters and digits": re.compile(r"[0-9A-Za-z]+"),
    "letters, digits and - _ . : / + @": re.compile(r"[0-9A-Za-z_.:/+@-]+"),
    "any": re.compile(r"(?s).+"),
}


class ScannedTestBadge(Exception):
    """The code is that of a test badge."""


@dataclass(frozen=True, slots=True)
class Badge:
    """What is kept of a badge. Names may be empty: the roster completes them."""

    badge_id: str
    last_name: str = ""
    first_name: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """Where one of the three stands: a part, what to take of it, and the fixed text around it, which is dropped."""

    part: str
    take: str = "all"
    prefix: str = ""
    suffix: str = ""

    def of(self, parts: Parts) -> str | None:
        """Return the text; None if the part is missing, or has other text around it."""
        text = parts.get(self.part)
        if text is None or not (text.startswith(self.prefix) and text.endswith(self.suffix)):
            return None
        if len(text) < len(self.prefix) + len(self.suffix):
            return None
        return TAKES[self.take](text[len(self.prefix) : len(text) - len(self.suffix)]).strip()


@dataclass(frozen=True, slots=True)
class BadgeFormat:
    """The rules for the badges of one event. `records.attendance.badge_formats.stored_format` makes one of JSON."""

    kind: str
    badge_id: Pick
    last_name: Pick | None = None
    first_name: Pick | None = None
    text: CodeText = field(default_factory=CodeText)
    options: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[int, int] | None = None  #: fewest and most of a list
    fixed: Mapping[str, str] = field(default_factory=dict)  #: parts that are the same on all badges
    id_characters: str = "any"

    def read(self, payload: bytes | str) -> Badge:
        """Return what is kept of a code: its bytes, or what a hand scanner has typed.

        Raises `ForeignCode`, and `ScannedTestBadge` for the test badge.
        """
        text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
        if text.strip().startswith(TEST_BADGE):
            raise ScannedTestBadge
        parts = self.parts_of(payload)
        for name, value in self.fixed.items():  # 3.
            if parts.get(name, "").lower() != value.lower():
                raise ForeignCode("it is of another event")
        found = self.badge_id.of(parts)  # 4.
        if not found:
            raise ForeignCode("it has no badge ID where the badges of this event have it")
        names = (_name(each, parts) for each in (self.last_name, self.first_name))
        return Badge(self._checked_id(found), *names)

    def parts_of(self, payload: bytes | str) -> Parts:
        """Return all parts of a code. Raises `ForeignCode`."""
        parts = KINDS[self.kind](self.text.of(payload), self.options)  # 1., 2.
        if self.parts and not self.parts[0] <= len(parts) <= self.parts[1]:
            raise ForeignCode("it has another number of parts than the badges of this event")
        return parts

    def _checked_id(self, found: str) -> str:
        try:
            text = badge_ids.checked(found)
        except ValueError as fault:
            raise ForeignCode(f"its badge ID {fault}") from None
        if not ID_CHARACTERS[self.id_characters].fullmatch(text):  # 5.
            raise ForeignCode(f"its badge ID has other characters than this event's badge IDs ({self.id_characters})")
        return text


def _name(pick: Pick | None, parts: Parts) -> str:
    """Return a name as it is shown; empty if the badge has none. A name is never a reason to refuse a badge."""
    found = (pick.of(parts) if pick else None) or ""
    shown = "".join(" " if each.isspace() else each for each in unicodedata.normalize("NFC", found))
    kept = "".join(each for each in shown if unicodedata.category(each) not in {"Cc", "Cs", "Cf"})
    return kept.strip()[:LONGEST_NAME]
