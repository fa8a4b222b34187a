"""The result of `prepare`: facts by user id, as plain data.

The checks here give helpful errors; the broker checks the same again, because it trusts nothing in the jail.
"""

from __future__ import annotations

from typing import Any

from sandbox.frames import PREPARED_ENTRIES

from .frozen import FrozenDict
from .plain_json import plain_json


class NotFacts(TypeError):
    """`prepare` returned something other than a dict of facts by user id."""


def facts_of(returned: object) -> dict[str, Any]:
    """The facts that `prepare` returned. Raises `NotFacts`, and TypeError or ValueError for what is no plain JSON."""
    if type(returned) not in (dict, FrozenDict):
        hint = "it ended without return" if returned is None else f"it returned a value of type {_kind(returned)}"
        raise NotFacts(f"prepare() must return a dict of facts by user id: {hint}")
    assert isinstance(returned, dict)
    if len(returned) > PREPARED_ENTRIES:
        raise NotFacts(f"prepare() may return facts of {PREPARED_ENTRIES} users; it returned {len(returned)}")
    for key, value in returned.items():
        if type(key) is not str:
            raise NotFacts(f"prepare(): each key must be a user's id as text, not a value of type {_kind(key)}")
        if type(value) not in (dict, FrozenDict):
            raise NotFacts(f"prepare(): the facts of a user must be a dict, not a value of type {_kind(value)}")
    plain: dict[str, Any] = plain_json(returned, "prepare()")
    return plain


def _kind(value: object) -> str:
    return type(value).__name__
