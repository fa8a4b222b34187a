"""`json` for scripts: with a hook of the script everything runs in Python, without one in C as usual.

CPython's C encoder iterates over the containers themselves while it calls `default`, and its C scanner holds what it has
read so far; a hook could change either of them meanwhile.
"""

from __future__ import annotations

import json
import json.scanner
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

_PLAIN = (str, int, float, bool, type(None))


class _PythonDecoder(json.JSONDecoder):
    """The standard library's decoder in its Python form."""

    def __init__(self, **hooks: Any) -> None:
        super().__init__(**hooks)
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # its stub leaves it out


def loads(
    s: str | bytes,
    *,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
) -> Any:
    if parse_float is None and parse_int is None and object_hook is None:
        return json.loads(s)
    return json.loads(s, cls=_PythonDecoder, parse_float=parse_float, parse_int=parse_int, object_hook=object_hook)


def dumps(  # noqa: PLR0913 -- as in the standard library
    obj: Any,
    *,
    indent: int | str | None = None,
    sort_keys: bool = False,
    ensure_ascii: bool = True,
    separators: tuple[str, str] | None = None,
    default: Callable[[Any], Any] | None = None,
) -> str:
    plain = obj if default is None else _resolved(obj, default, ())
    return json.dumps(plain, indent=indent, sort_keys=sort_keys, ensure_ascii=ensure_ascii, separators=separators)


def _resolved(value: Any, default: Callable[[Any], Any], outer: tuple[int, ...]) -> Any:
    """A copy in which every value that JSON does not know is replaced by what `default` returns for it."""
    if isinstance(value, _PLAIN):
        return value
    if id(value) in outer:
        raise ValueError("Circular reference detected")
    inner = (*outer, id(value))
    if isinstance(value, dict):
        return {key: _resolved(item, default, inner) for key, item in list(value.items())}
    if isinstance(value, list | tuple):
        return [_resolved(item, default, inner) for item in list(value)]
    return _resolved(default(value), default, inner)


JSON = MappingProxyType({"dumps": dumps, "loads": loads})
