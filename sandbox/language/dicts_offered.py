"""What makes and fills dicts for scripts: pairs that are generators are read before C code looks into them."""

from __future__ import annotations

from typing import Any

from .containers import OrderedDict, defaultdict, value_of
from .facade import Facade
from .foreign_calls import drained


def make_dict(*args: Any, **kwargs: Any) -> dict[Any, Any]:
    return dict(*map(_pairs, args), **kwargs)


def _ordered_dict(*args: Any, **kwargs: Any) -> OrderedDict:
    return OrderedDict(*map(_pairs, args), **kwargs)


def _default_dict(factory: Any = None, /, *args: Any, **kwargs: Any) -> defaultdict:
    return defaultdict(factory, *map(_pairs, args), **kwargs)


def update(values: dict[Any, Any], /, *args: Any, **kwargs: Any) -> None:
    """`dict.update`."""
    values.update(*map(_pairs, args), **kwargs)


def translate(text: str, table: Any, /) -> str:
    """`str.translate`: the defaults of a table are made before, one for each character of the text."""
    if type(table) is defaultdict:
        table = {ord(character): value_of(table, ord(character)) for character in text}
    return text.translate(table)


def _pairs(value: Any) -> Any:
    value = drained(value)
    return [drained(pair) for pair in value] if type(value) in {list, tuple} else value


ORDERED_DICT = Facade("OrderedDict", call=_ordered_dict, kinds=(OrderedDict,))
DEFAULT_DICT = Facade("defaultdict", call=_default_dict, kinds=(defaultdict,))
