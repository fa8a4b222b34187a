"""The order in which a script sees the members of a set: it never depends on an address.

Among enough numbers, the place of a member whose hash is made from its address would reveal the whole address. A set with
such a member is iterated over in the order of its members' texts.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sandbox.language.run.values.stable_hash import have_stable_hashes
from sandbox.language.run.values.value_text import text_of


def in_order(members: set[Any] | frozenset[Any]) -> Collection[Any]:
    """The members in an order that reveals no address. Raises TypeError if there is no such order."""
    if have_stable_hashes(members):
        return members
    by_text = {(type(member).__name__, text_of(member)): member for member in members}
    if len(by_text) < len(members):
        raise TypeError("the members of this set cannot be put in order; use a list")
    return [by_text[key] for key in sorted(by_text)]


def pop(members: set[Any]) -> Any:
    """`set.pop`."""
    for member in in_order(members):
        members.remove(member)
        return member
    raise KeyError("pop from an empty set")
