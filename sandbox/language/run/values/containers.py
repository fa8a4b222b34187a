"""The dicts of `collections` for scripts, without C code that calls back.

CPython's own `defaultdict` calls its factory during a look-up, and its own `OrderedDict` keeps its keys in a linked list
in C. These are plain dicts: the guard of `d[key]` makes the default, and moving a key is a deletion and an insertion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


class OrderedDict(dict[Any, Any]):
    """`collections.OrderedDict`: a dict whose keys can be moved and whose order counts when two are compared."""

    __slots__ = ()
    __hash__ = None  # as for any dict

    def __eq__(self, other: object) -> bool:
        same = dict.__eq__(self, other)
        if same is NotImplemented:
            return NotImplemented
        return same and (type(other) is not OrderedDict or list(self) == list(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __or__(self, other: Any) -> OrderedDict:
        return OrderedDict(dict.__or__(self, other)) if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: Any) -> OrderedDict:
        return OrderedDict(dict.__or__(other, self)) if isinstance(other, dict) else NotImplemented

    def __repr__(self) -> str:
        return f"OrderedDict({dict.__repr__(self)})" if self else "OrderedDict()"

    def copy(self) -> OrderedDict:
        """A shallow copy."""
        return OrderedDict(self)

    def move_to_end(self, key: Any, last: bool = True) -> None:  # noqa: FBT001, FBT002 -- as in the standard library
        """Move an existing key to one end. Raises KeyError."""
        value = self.pop(key)
        others = {} if last else dict(self)
        if not last:
            self.clear()
        self[key] = value
        self.update(others)

    def popitem(self, last: bool = True) -> tuple[Any, Any]:  # noqa: FBT001, FBT002 -- as in the standard library
        """Remove and return the last or the first pair. Raises KeyError."""
        if last or not self:
            return dict.popitem(self)
        key = next(iter(self))
        return key, self.pop(key)


class defaultdict(dict[Any, Any]):  # noqa: N801 -- the name in the standard library
    """`collections.defaultdict`; `value_of` makes the defaults, so that no look-up in C ever runs a script's code."""

    __slots__ = ("_factory",)
    _factory: Callable[[], Any] | None

    def __init__(self, factory: Callable[[], Any] | None = None, /, *args: Any, **kwargs: Any) -> None:
        if factory is not None and not callable(factory):
            raise TypeError("first argument must be callable or None")
        super().__init__(*args, **kwargs)
        self._factory = factory

    def __or__(self, other: Any) -> defaultdict:
        return defaultdict(self._factory, dict.__or__(self, other)) if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: Any) -> defaultdict:
        return defaultdict(self._factory, dict.__or__(other, self)) if isinstance(other, dict) else NotImplemented

    def __repr__(self) -> str:
        return f"defaultdict({self._factory!r}, {dict.__repr__(self)})"

    def copy(self) -> defaultdict:
        """A shallow copy with the same factory."""
        return defaultdict(self._factory, self)


def value_of(values: defaultdict, key: Any) -> Any:
    """`values[key]`: a missing key gets what the factory makes. Raises KeyError if there is no factory."""
    factory = factory_of(values)
    if key in values or factory is None:
        return values[key]
    values[key] = default = factory()
    return default


def factory_of(values: defaultdict) -> Callable[[], Any] | None:
    """The function that makes the defaults, or None."""
    return values._factory  # noqa: SLF001 -- the one reader


def counted_elements(counter: dict[Any, int]) -> Iterator[Any]:
    """`Counter.elements`: each key as often as it was counted."""
    for key, number in list(counter.items()):
        for _ in range(number):
            yield key
