"""The field of a JSON object, such as the settings of a script: it says where a text stops being JSON."""

from __future__ import annotations

import json
from typing import Any

from wtforms import TextAreaField

#: Levels of nested lists and objects in JSON that a person types.
MAX_DEPTH = 100
_TOO_DEEP = "is nested too deep"

_PEM_START = "-----BEGIN "
_PEM = (
    'must be JSON, and this is PEM. Ask for the public keys as a JWK set, such as {"keys": [{"kty": "EC", …}]}, or convert '
    "them to one"
)


class JsonField(TextAreaField):  # type: ignore[misc]  # WTForms ships no types
    """A JSON object. Text that is not JSON is refused here, with its line, because a rule gets only the parsed value."""

    layout = "block"

    def process_data(self, value: Any) -> None:
        """Show the object as indented JSON."""
        self.data = json.dumps(value or {}, indent=2, ensure_ascii=False)

    @property
    def value(self) -> Any:
        """The value; None if `fault` says why there is none."""
        return self._read()[0]

    @property
    def fault(self) -> str:
        """Why the text cannot be read, and where; "" if it can."""
        return self._read()[1]

    def _read(self) -> tuple[Any, str]:
        text = (self.data or "").strip() or "{}"
        if text.startswith(_PEM_START):
            return None, _PEM
        try:
            value = json.loads(text, object_pairs_hook=_without_duplicates)
        except json.JSONDecodeError as error:
            start = len(self.data or "") - len((self.data or "").lstrip())
            line = error.lineno + (self.data or "")[:start].count("\n")
            return None, f"cannot be read: line {line}, column {error.colno}: {error.msg}"
        except (ValueError, RecursionError) as error:
            return None, str(error) if isinstance(error, ValueError) else _TOO_DEEP
        return (None, _TOO_DEEP) if _is_deeper(value, MAX_DEPTH) else (value, "")


def _is_deeper(value: Any, levels: int) -> bool:
    """Say whether lists and objects are nested more deeply. Newer Pythons parse JSON that older ones refuse as too deep."""
    level = [value]
    while level and levels >= 0:
        inner = [
            list(each.values()) if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)
        ]
        level, levels = [part for parts in inner for part in parts], levels - 1
    return bool(level)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"names “{name[:60]}” twice")
    return dict(pairs)
