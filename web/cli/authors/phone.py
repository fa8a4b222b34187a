"""Draws a message as the app shows it on a phone: below the title of the session, a button if it has a link."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import click

from web.cli.common.render import rgb
from web.cli.common.terminal_text import plain

#: Cells between the edges of the phone, and within its button.
WIDE = 40
_BUTTON = WIDE - 6
_WHITE = (255, 255, 255)
#: The colour of a button whose message names none.
_USUAL = (0, 93, 138)


def draw_phone(title: str, message: Mapping[str, Any] | None) -> Iterable[str]:
    """Return the lines of a phone that shows this message, or none."""
    yield f"┌{'─' * WIDE}┐"
    for line in _wrapped(plain(title), WIDE - 2)[:2] or ["Session"]:
        yield _row(click.style(line, bold=True), cells(line))
    if message is None:
        yield _row(click.style("(the app shows nothing)", dim=True), len("(the app shows nothing)"))
    elif message["link"]:
        yield from _button(message)
    else:
        for line in _wrapped(plain(message["text"]), WIDE - 2):
            yield _row(click.style(line, fg=rgb(message["color"])), cells(line))
    yield f"└{'─' * WIDE}┘"


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes: two for wide characters, none for marks and joiners."""
    return sum(map(_cells_of, text))


def _cells_of(one: str) -> int:
    if unicodedata.category(one) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(one) in "WF" else 1


def _button(message: Mapping[str, Any]) -> Iterable[str]:
    fill = rgb(message["color"]) or _USUAL
    for line in ["", *_wrapped(plain(message["text"]), _BUTTON - 2), ""]:
        space = max(0, _BUTTON - cells(line))
        text = f"{' ' * (space // 2)}{line}{' ' * (space - space // 2)}"
        yield _row("  " + click.style(text, fg=_WHITE, bg=fill, bold=True), cells(text) + 2)


def _row(styled: str, taken: int) -> str:
    return f"│ {styled}{' ' * max(0, WIDE - 1 - taken)}│"


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most `width` cells, broken at blanks where there are some."""
    lines, line = [], ""
    for word in text.split():
        if line and cells(f"{line} {word}") > width:
            lines.append(line)
            line = ""
        for one in f" {word}" if line else word:
            if cells(line + one) > width:
                lines.append(line)
                line = ""
            line += one
    return [*lines, line] if line else lines
