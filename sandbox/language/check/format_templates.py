"""Checks `"…".format(…)` on a literal template: the only use of `format` that scripts may make.

`str.format` reads attributes and items if a field says so (`{0.__class__}`). A literal template whose fields are plain
names or numbers cannot do that, so such a call is allowed; any other is refused by the check.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class TemplateFault:
    """Why a template is refused: the rule and the words to fill in."""

    rule: str
    words: dict[str, object]


def literal_template(node: ast.Call) -> ast.Constant | None:
    """The literal string whose `format` is called here, or None for any other call."""
    function = node.func
    if not isinstance(function, ast.Attribute) or function.attr != "format":
        return None
    template = function.value
    return template if isinstance(template, ast.Constant) and isinstance(template.value, str) else None


def template_fault(template: str, positional: int, named: frozenset[str]) -> TemplateFault | None:
    """What is wrong with calling `template.format` with this number of positional arguments and these named ones."""
    try:
        fields = list(_fields(template))
    except ValueError as error:
        return TemplateFault("format-arguments", {"problem": str(error)})
    numbered = [field for field in fields if field.isdecimal()]
    automatic = fields.count("")
    for field in fields:
        if field and not field.isdecimal() and not (field.isidentifier() and field.isascii()):
            return TemplateFault("format-field", {"field": field})
    if automatic and numbered:
        return TemplateFault("format-arguments", {"problem": "numbered and automatic fields are mixed"})
    needed = max([automatic, *(int(number[:9]) + 1 for number in numbered)])
    if needed > positional:
        return TemplateFault("format-arguments", {"problem": f"{needed} values are needed, and {positional} are given"})
    missing = sorted({field for field in fields if field and not field.isdecimal()} - named)
    if missing:
        return TemplateFault("format-arguments", {"problem": f"the argument {missing[0]} is missing"})
    return None


def _fields(template: str, depth: int = 0) -> Iterator[str]:
    """The fields of a template in order, including those in format specifications."""
    for _, field, specification, conversion in string.Formatter().parse(template):
        if field is None:
            continue
        if conversion is not None and conversion not in {"r", "s", "a"}:
            raise ValueError(f"unknown conversion {conversion}")
        yield field
        if specification and depth == 0:
            yield from _fields(specification, depth + 1)
        elif specification and "{" in specification:
            raise ValueError("fields are nested too deeply")
