"""Reads the fields of `namedtuple` from its call: the check must know them, because no other attribute may have any name."""

from __future__ import annotations

import ast

_FIELDS_PLACE = 1


def record_fields(call: ast.Call) -> tuple[str, ...] | None:
    """The names of the fields, as the call writes them; None if they are computed."""
    named = next((word.value for word in call.keywords if word.arg == "field_names"), None)
    given = named if named is not None else call.args[_FIELDS_PLACE] if len(call.args) > _FIELDS_PLACE else None
    if any(isinstance(part, ast.Starred) for part in call.args) or any(word.arg is None for word in call.keywords):
        return None
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return tuple(given.value.replace(",", " ").split())
    if not isinstance(given, ast.List | ast.Tuple):
        return None
    names = [part.value for part in given.elts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return tuple(names) if len(names) == len(given.elts) else None
