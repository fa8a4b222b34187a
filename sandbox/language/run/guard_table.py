"""The table of guards that the compiled code of a script calls, by the names that the policy inserts.

All guards go by the exact type and by an allow-list; what is not named is refused.

Invariants for the next editor: no value that a script can hold may do harm when it is iterated, compared, hashed,
formatted or called, because built-in functions do these things without calling a guard; and no C code may run a script's
code (`guards/c_calls.py` says why).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .attributes import get_attribute
from .guards.items import SliceTarget, get_item, get_writable
from .guards.iteration import get_iterator, get_members, unpack, unpack_each
from .guards.operators import change_in_place, change_item, item_place, operate
from .guards.patterns import is_bound, is_mapping, is_sequence, length, middle, without_keys
from .guards.star_calls import named_arguments, star_callee
from .guards.type_names import type_name
from .run_end import pass_unstoppable, unstoppable_kinds
from .values.value_text import printable


def format_literal(template: str, /, *args: Any, **kwargs: Any) -> str:
    """`"…".format(…)` on a literal template, whose fields the check has found to be plain."""
    return template.format(*map(printable, args), **{name: printable(value) for name, value in kwargs.items()})


GUARDS: Mapping[str, Any] = MappingProxyType(
    {
        "_bound_": is_bound,
        "_format_": format_literal,
        "_getattr_": get_attribute,
        "_getitem_": get_item,
        "_getiter_": get_iterator,
        "_inplace_item_": change_item,
        "_inplacevar_": change_in_place,
        "_is_mapping_": is_mapping,
        "_is_sequence_": is_sequence,
        "_length_": length,
        "_members_": get_members,
        "_middle_": middle,
        "_named_arguments_": named_arguments,
        "_operate_": operate,
        "_printable_": printable,
        "_slice_target_": SliceTarget,
        "_star_callee_": star_callee,
        "_item_place_": item_place,
        "_iter_unpack_sequence_": unpack_each,
        "_type_name_": type_name,
        "_unpack_sequence_": unpack,
        "_pass_unstoppable_": pass_unstoppable,
        "_unstoppable_kinds_": unstoppable_kinds,
        "_without_keys_": without_keys,
        "_write_": get_writable,
    }
)
