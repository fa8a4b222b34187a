"""The guards of calls with `*` and `**`: what is called, and what the stars pass.

The check lets only a few functions be called so; this looks at the function itself, so that no other one can be reached in
this way under a name that the check believes in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from sandbox.language.run.values.containers import OrderedDict, defaultdict
from sandbox.language.run.values.frozen import FrozenDict
from sandbox.language.run.values.named_tuples import NamedTupleType

from .items import describe

#: The file of a script's own functions, as the check compiles them.
_SCRIPT = "<script>"
#: Name of a function -> the package that it is defined in.
_OFFERED: Mapping[str, str] = dict.fromkeys(("zip", "print", "max", "min", "message"), "sandbox.language.")
_MAPPINGS: frozenset[type] = frozenset({dict, FrozenDict, Counter, OrderedDict, defaultdict})


def star_callee(function: Any) -> Any:
    """What is called with stars: a function or a type of named tuples of the script, or one of the few offered functions."""
    if type(function) is NamedTupleType:
        return function
    if type(function) is FunctionType:
        if function.__code__.co_filename == _SCRIPT:
            return function
        package = _OFFERED.get(function.__name__)
        if package is not None and function.__module__.startswith(package):
            return function
    raise TypeError("only functions of the script, zip, print, max, min and message can be called with * or **")


def named_arguments(values: Any) -> dict[str, Any]:
    """What `**values` passes: the entries of a dict whose keys are text."""
    if type(values) not in _MAPPINGS:
        raise TypeError(f"{describe(values)} cannot be passed with **; it must be a dict")
    if any(type(name) is not str for name in values):
        raise TypeError("the keys of a dict that is passed with ** must be text")
    return dict(values)
