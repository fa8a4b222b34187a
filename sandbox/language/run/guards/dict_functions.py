"""Functions that make and fill dicts for scripts: pairs that are generators are read before C code looks into them."""

from __future__ import annotations

from collections.abc import Iterable
from types import GeneratorType
from typing import Any

from sandbox.language.run.values.containers import OrderedDict, defaultdict, value_of
from sandbox.language.run.values.facade import Facade

from .c_calls import drained


def make_dict(*args: Any, **kwargs: Any) -> dict[Any, Any]:
    return dict(*[_pairs(value) for value in args], **kwargs)


def from_keys(keys: Iterable[Any], value: Any = None, /) -> dict[Any, Any]:
    """`dict.fromkeys`: the value is stored unchanged."""
    return dict.fromkeys(drained(keys), value)


def _ordered_dict(*args: Any, **kwargs: Any) -> OrderedDict:
    return OrderedDict(*[_pairs(value) for value in args], **kwargs)


def _default_dict(factory: Any = None, /, *args: Any, **kwargs: Any) -> defaultdict:
    return defaultdict(factory, *[_pairs(value) for value in args], **kwargs)


def update(values: dict[Any, Any], /, *args: Any, **kwargs: Any) -> None:
    """`dict.update`: a generator may read the dict that it fills, so each pair is stored as soon as it is yielded."""
    if len(args) == 1 and type(args[0]) is GeneratorType:
        for pair in args[0]:
            values.update([drained(pair)])
        args = ()
    values.update(*[_pairs(value) for value in args], **kwargs)


def translate(text: str, table: Any, /) -> str:
    """`str.translate`: the defaults of a defaultdict are made first, one for each character of the text."""
    return text.translate(values_at(table, map(ord, text)) if type(table) is defaultdict else table)


def values_at(values: defaultdict, keys: Iterable[Any]) -> dict[Any, Any]:
    """The values of these keys, with defaults made for missing keys; a key whose factory raises LookupError is left out."""
    found = {}
    for key in keys:
        try:
            found[key] = value_of(values, key)
        except LookupError:  # C code then skips the key or raises the error again
            continue
    return found


def _pairs(value: Any) -> Any:
    value = drained(value)
    return [drained(pair) for pair in value] if type(value) in {list, tuple} else value


ORDERED_DICT = Facade("OrderedDict", call=_ordered_dict, kinds=(OrderedDict,))
DEFAULT_DICT = Facade("defaultdict", call=_default_dict, kinds=(defaultdict,))
