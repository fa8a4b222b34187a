"""The guards of `match`, which the policy rewrites to `if`: which values count as sequences and mappings, and their parts.

As everywhere, only exact types count; text is no sequence, as in Python.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Any

from sandbox.language.run.values.containers import OrderedDict, defaultdict
from sandbox.language.run.values.frozen import FrozenDict

from .items import ITEM_TYPES

MAPPINGS: frozenset[type] = frozenset({dict, FrozenDict, Counter, OrderedDict, defaultdict})
SEQUENCES: frozenset[type] = ITEM_TYPES - MAPPINGS - {str, bytes, re.Match}


def is_sequence(value: Any) -> bool:
    """Whether `[a, b]` can match the value."""
    return type(value) in SEQUENCES


def is_mapping(value: Any) -> bool:
    """Whether `{"a": b}` can match the value."""
    return type(value) in MAPPINGS


def length(value: Any) -> int:
    """How many elements a sequence has."""
    return len(value)


def middle(value: Any, before: int, after: int) -> list[Any]:
    """What `*rest` gets: the elements without the first and the last ones."""
    return [value[index] for index in range(before, len(value) - after)]


def without_keys(value: Any, keys: Collection[Any]) -> dict[Any, Any]:
    """What `**rest` gets: the entries without those that the pattern names."""
    return {key: value[key] for key in value if key not in keys}


def is_bound(_value: Any) -> bool:
    """Say yes, whatever a name was bound to."""
    return True
