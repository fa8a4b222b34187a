"""Plain JSON data of a script's values, as it leaves the jail: what a script posts, and the facts that it prepares."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sandbox.frames import JSON_DEPTH, JSON_DIGITS, encodable

_TOO_MANY_DIGITS = 10**JSON_DIGITS


def plain_json(value: Any, caller: str) -> Any:
    """A copy of plain JSON data, so that exactly what was checked is sent. Raises TypeError and ValueError for the caller."""
    try:
        plain = json.loads(encodable(json.dumps(value, allow_nan=False, ensure_ascii=False, default=_json_of)))
    except (TypeError, ValueError) as error:
        raise type(error)(f"{caller}: {error}") from None
    level = [plain]
    for _ in range(JSON_DEPTH):
        if any(type(number) is int and abs(number) >= _TOO_MANY_DIGITS for number in level):
            raise ValueError(f"{caller}: a number has more than {JSON_DIGITS} digits")
        level = [inner for outer in level if isinstance(outer, list | dict) for inner in _inside(outer)]
    if level:
        raise ValueError(f"{caller}: lists and dicts are nested more than {JSON_DEPTH} levels deep")
    return plain


def _inside(value: list[Any] | dict[str, Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _json_of(value: object) -> object:
    """JSON for the credits and times of a session, which scripts pass on."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    raise TypeError(f"a value of type {type(value).__name__} is not JSON")
