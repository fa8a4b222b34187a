"""Characters in a script that deceive its reader: invisible ones, and letters that look like others ("Trojan source").

The check of scripts decides what may run; this only makes visible what a reviewer could not see. A text is drawn with
each invisible character as its code point, and with each look-alike word marked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

#: Places that are listed above a script; the rest is counted.
MOST_LISTED = 20

#: Letters of other alphabets that most fonts draw like a letter of ours.
_LOOK_ALIKE = frozenset("аеорсухіјѕһԁԛԝкмтАВЕЗІЈКМНОРСТУХЅԌԚԜ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονιρυ" + "օսոհքցզԼՕՍ")  # noqa: RUF001 - they are what is looked for
_TOKEN = re.compile(r"\w+|[^\w]")
#: The alphabets of which two in one word are suspicious, by the first word of a letter's name.
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL"})
_RIGHT_TO_LEFT = frozenset({"R", "AL"})

_INVISIBLE = Markup('<span class="odd" title="{name}">{point}</span>')
_ALIKE = Markup('<span class="odd" title="{why}">{word}</span>')


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


def drawn(text: str) -> Markup:
    """Return a piece of a line as it is drawn: escaped, with what deceives made visible."""
    if text.isascii() and text.isprintable():
        return escape(text)
    return Markup("").join(_drawn_token(found[0]) for found in _TOKEN.finditer(text))


def lines_of(source: str) -> list[str]:
    """Return the lines of a script as Python and editors count them: only line feeds and carriage returns end one."""
    return source.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def _drawn_token(token: str) -> Markup:
    name = _invisible(token)
    if name:
        return _INVISIBLE.format(name=name, point=_point(token))
    why = _look_alike(token)
    if why:
        return _ALIKE.format(why=why, word=token)
    if any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in token):
        return Markup("<bdi>{}</bdi>").format(token)  # so that it moves nothing beside it
    return escape(token)


def _invisible(piece: str) -> str:
    """What an invisible character is; "" for anything else."""
    if len(piece) != 1 or piece in "\t " or piece.isprintable():
        return ""
    return f"invisible or controlling character {_point(piece)} {unicodedata.name(piece, 'without a name')}"


def _look_alike(word: str) -> str:
    """Why a word can be taken for another; "" if it cannot."""
    if word.isascii():
        return ""
    alphabets = {unicodedata.name(each, "").partition(" ")[0] for each in word if each.isalpha()} & _ALPHABETS
    if len(alphabets) > 1 or alphabets & {"FULLWIDTH", "MATHEMATICAL"}:
        return f"a word with letters of several alphabets: {ascii(word)[1:-1]}"
    letters = [each for each in word if each.isalpha()]
    if letters and all(each in _LOOK_ALIKE for each in letters):
        return f"a word of letters that look like others: {ascii(word)[1:-1]}"
    return ""


def _point(character: str) -> str:
    return f"U+{ord(character):04X}"
