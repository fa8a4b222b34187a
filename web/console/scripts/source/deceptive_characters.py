"""Characters in a script that deceive its reader: invisible ones, and letters that look like others ("Trojan source").

The check of scripts decides what may run; this only makes visible what a reviewer could not see. A text is drawn with
each invisible character as its code point, and with each look-alike word marked.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

#: Places that are listed above a script, that are counted, and that are marked on a page. A person reads no more of them.
MOST_LISTED, MOST_COUNTED, MOST_MARKED = 20, 2000, 2000
#: Letters of a deceptive word that are spelt out.
_SPELT = 40
#: What is drawn instead of a line, or of its rest, that might need one mark too many.
_NOT_SHOWN = f'<span class="odd" title="the page has {MOST_MARKED:,} marks already">not shown</span>'

#: Letters of other alphabets that most fonts draw like a letter of ours.
_LOOK_ALIKE = frozenset("аеорсухіјѕһԁԛԝкмтАВЕЗІЈКМНОРСТУХЅԌԚԜ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονιρυ" + "օսոհքցզԼՕՍ")  # noqa: RUF001 - they are what is looked for
_TOKEN = re.compile(r"\w+|[^\w]")
#: The alphabets of which two in one word are suspicious, by the first word of a letter's name.
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL"})
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


@dataclass(frozen=True)
class DeceptivePlace:
    """One place of a script: line and column count from 1."""

    line: int
    column: int
    what: str


def places(source: str) -> Iterator[DeceptivePlace]:
    """Yield every deceptive place of a script, in order."""
    for number, line in enumerate(lines_of(source), 1):
        if line.isascii() and line.isprintable():
            continue
        for found in _TOKEN.finditer(line):
            what = _invisible(found[0]) or _look_alike(found[0])
            if what:
                yield DeceptivePlace(number, found.start() + 1, what)


@dataclass
class SourceDrawing:
    """Draws the lines of one page, each escaped and with what deceives made visible, at a cost that no text can raise.

    Once the page has `MOST_MARKED` marks, a line that might need another is not shown, and says so: an unmarked one could deceive.
    """

    marks_left: int = MOST_MARKED

    def drawn(self, text: str) -> Markup:
        """Return a line, or a piece of one, as it is drawn."""
        if text.isascii() and text.isprintable():
            return escape(text)
        pieces: list[str] = []
        for found in _TOKEN.finditer(text):
            if self.marks_left <= 0:
                pieces.append(_NOT_SHOWN)
                break
            pieces.append(self._token(found[0]))
        return Markup("".join(pieces))  # noqa: S704 - each piece is escaped

    def _token(self, token: str) -> str:
        if token.isascii() and token.isprintable():
            return escape(token)
        title, shown = _invisible(token), _point(token) if len(token) == 1 else ""
        if not title:
            title, shown = _look_alike(token), escape(token)
        if title:
            self.marks_left -= 1
            return f'<span class="odd" title="{escape(title)}">{shown}</span>'
        if any(_is_right_to_left(each) for each in token):
            return f"<bdi>{shown}</bdi>"  # so that it moves nothing beside it
        return shown


def lines_of(source: str) -> list[str]:
    """Return the lines of a script as Python and editors count them: only line feeds and carriage returns end one."""
    return source.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def _invisible(piece: str) -> str:
    """What an invisible character is; "" for anything else."""
    if len(piece) != 1 or piece in "\t " or piece.isprintable():
        return ""
    return f"invisible or controlling character {_point(piece)} {unicodedata.name(piece, 'without a name')}"


def _look_alike(word: str) -> str:
    """Why a word can be taken for another; "" if it cannot."""
    if word.isascii():
        return ""
    alphabets = {_alphabet_of(each) for each in word} & _ALPHABETS
    if len(alphabets) > 1 or alphabets & {"FULLWIDTH", "MATHEMATICAL"}:
        return f"a word with letters of several alphabets: {_spelt(word)}"
    if alphabets and all(each in _LOOK_ALIKE for each in word if each.isalpha()):
        return f"a word of letters that look like others: {_spelt(word)}"
    return ""


@functools.lru_cache(maxsize=4096)
def _alphabet_of(character: str) -> str:
    """The first word of a letter's name; "" for what is no letter."""
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""


@functools.lru_cache(maxsize=4096)
def _is_right_to_left(character: str) -> bool:
    return unicodedata.bidirectional(character) in _RIGHT_TO_LEFT


def _spelt(word: str) -> str:
    return ascii(word[:_SPELT])[1:-1] + ("…" if len(word) > _SPELT else "")


def _point(character: str) -> str:
    return f"U+{ord(character):04X}"
