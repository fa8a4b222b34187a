"""What varies in the text of a message: which parts the script fixes, and what filled the holes between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sandbox import InstrumentedScript

VARIES: Final = "{…}"
#: So many different texts of the script itself may fill a hole and be listed apart.
_MOST_CHOICES: Final = 12

Template = tuple[str | None, ...]
_ANY: Final[Template] = (None,)


@dataclass(frozen=True)
class TemplateMatch:
    """A text, the template that it is made from, and what fills the holes."""

    template: Template
    holes: tuple[str, ...]


class TemplateReader:
    """Finds the template of a text by the line in which its message was made."""

    def __init__(self, script: InstrumentedScript) -> None:
        self._templates = dict(script.templates)
        self._literals = frozenset(script.texts) | {text.strip() for text in script.texts}

    def match(self, text: str, line: int | None) -> TemplateMatch:
        """The most fixed template that gives this text."""
        for template in sorted(self._templates.get(line or 0, ()), key=_fixed_chars, reverse=True):
            holes = holes_in(text, _stripped(template))
            if holes is not None:
                return TemplateMatch(template, holes)
        return TemplateMatch(_ANY, (text,))

    def is_choice(self, hole: str) -> bool:
        """Whether the script itself has this text, so that it probably did not come from outside."""
        return hole in self._literals


def holes_in(text: str, template: Template) -> tuple[str, ...] | None:
    """What fills the holes if the template gives this text, each as short as possible; else None.

    Part after part and without ever going back, so that no template makes it slow.
    """
    holes: list[str] = []
    at, is_open = 0, False
    for number, part in enumerate(template):
        if part is None:
            is_open = True
            continue
        is_last = number == len(template) - 1
        found = len(text) - len(part) if is_last and is_open else text.find(part, at) if is_open else at
        if found < at or not text.startswith(part, found):
            return None
        if is_open:
            holes.append(text[at:found])
        at, is_open = found + len(part), False
    if is_open:
        return (*holes, text[at:])
    return tuple(holes) if at == len(text) else None


def shown_template(
    template: Template, fillings: Collection[tuple[str, ...]], reader: TemplateReader
) -> Mapping[tuple[str, ...], str]:
    """For each filling of the holes the template as people read it: `{…}` for what varied, the text where it did not.

    A hole that only texts of the script filled is a choice of the script, and each choice is a template of its own.
    """
    columns = [{filling[index] for filling in fillings} for index in range(template.count(None))]
    is_fixed = [
        len(values) == 1 or (len(values) <= _MOST_CHOICES and all(map(reader.is_choice, values))) for values in columns
    ]
    return {filling: _filled(template, filling, is_fixed) for filling in fillings}


def _filled(template: Template, filling: tuple[str, ...], is_fixed: list[bool]) -> str:
    parts, number = [], 0
    for part in _stripped(template):
        if part is None:
            parts.append(filling[number] if is_fixed[number] else VARIES)
            number += 1
        else:
            parts.append(part)
    return "".join(parts)


def _stripped(template: Template) -> Template:
    """The template without white space at both ends, as the text of a message is shown."""
    parts = list(template)
    if parts and parts[0] is not None:
        parts[0] = parts[0].lstrip()
    if parts and parts[-1] is not None:
        parts[-1] = parts[-1].rstrip()
    return tuple(parts)


def _fixed_chars(template: Template) -> int:
    return sum(len(part) for part in template if part is not None) + (template.count(None) == 0)
