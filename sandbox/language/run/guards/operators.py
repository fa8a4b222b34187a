"""The operators whose C code iterates over an operand or writes it as text; the policy routes them here.

`%` writes its right side into a text; the operators of sets iterate over any operand when the other one is a view of a
dict. All other operators only compute.
"""

from __future__ import annotations

import operator
import re
from collections import deque
from collections.abc import Callable, Mapping
from types import GeneratorType, MappingProxyType
from typing import Any

from sandbox.language.run.values.containers import OrderedDict, defaultdict
from sandbox.language.run.values.frozen import FrozenDict, FrozenList
from sandbox.language.run.values.value_text import printable

from .c_calls import drained
from .container_methods import extend
from .dict_functions import update, values_at
from .items import get_item, get_writable

#: Symbol -> the in-place operation, and the plain one.
_IN_PLACE: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]] = MappingProxyType(
    {
        "+=": (operator.iadd, operator.add),
        "-=": (operator.isub, operator.sub),
        "*=": (operator.imul, operator.mul),
        "/=": (operator.itruediv, operator.truediv),
        "//=": (operator.ifloordiv, operator.floordiv),
        "%=": (operator.imod, operator.mod),
        "|=": (operator.ior, operator.or_),
        "&=": (operator.iand, operator.and_),
        "^=": (operator.ixor, operator.xor),
        ">>=": (operator.irshift, operator.rshift),
    }
)
#: The operators that the policy routes to `operate`.
GUARDED = MappingProxyType({"%": "%=", "|": "|=", "&": "&=", "^": "^=", "-": "-="})
_NUMBERS: frozenset[type] = frozenset({int, float, bool})
#: (symbol, container that iterates over the right side) -> the method that does the same.
_GROWING_METHODS: Mapping[tuple[str, type], Callable[..., None]] = MappingProxyType(
    {
        ("+=", list): extend,
        ("+=", deque): extend,
        ("|=", dict): update,
        ("|=", OrderedDict): update,
        ("|=", defaultdict): update,
    }
)
#: A field of a template; its first group is the name in `%(name)s`.
_FIELD = re.compile(r"%(?:\(([^()]*)\)|.)", re.DOTALL)


def operate(symbol: str, left: Any, right: Any) -> Any:
    """`left symbol right`."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return _IN_PLACE[GUARDED[symbol]][1](left, right)
    return _IN_PLACE[GUARDED[symbol]][1](*_operands(symbol[0], left, right))


def change_in_place(symbol: str, left: Any, right: Any) -> Any:
    """`left += right` and the other in-place operators; for a frozen left side the result is a new value."""
    grow = _GROWING_METHODS.get((symbol, type(left)))
    if grow is not None:
        grow(left, right)
        return left
    in_place, plain = _IN_PLACE[symbol]
    return (plain if type(left) in {FrozenDict, FrozenList} else in_place)(*_operands(symbol[0], left, right))


def _operands(symbol: str, left: Any, right: Any) -> tuple[Any, Any]:
    if symbol == "%" and type(left) in {str, bytes}:
        return left, _printable_operand(left, right)
    return _collected(left), _collected(right)


def _collected(value: Any) -> Any:
    return drained(value) if type(value) is GeneratorType else value


def _printable_operand(template: str | bytes, right: Any) -> Any:
    """The right side of `"%s" % right` with each value made printable and the defaults for the template's fields made."""
    if type(right) is defaultdict and type(template) is str:
        names = [field[1] for field in _FIELD.finditer(template) if field[1] is not None]
        right = {**right, **values_at(right, names)}
    operand = printable(right)
    if operand is right:
        return right
    if isinstance(right, tuple):
        return tuple(map(printable, right))
    if isinstance(right, dict):
        return {printable(key): printable(value) for key, value in right.items()}
    return operand


def item_place(container: Any, key: Any) -> tuple[Any, Any, Any]:
    """First half of `container[key] += …`: the container, the key and the value at the key."""
    return get_writable(container), key, get_item(container, key)


def change_item(place: tuple[Any, Any, Any], symbol: str, right: Any) -> None:
    """Second half of `container[key] += …`: change the value and store it."""
    container, key, old = place
    container[key] = change_in_place(symbol, old, right)
