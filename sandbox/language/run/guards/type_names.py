"""The guard of `type(value).__name__`: a text, and never the type itself."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from sandbox.language.run.values.facade import Facade
from sandbox.language.run.values.frozen import FrozenDict, FrozenList, Record, record_label
from sandbox.language.run.values.messages import ScriptMessage
from sandbox.language.run.values.named_tuples import NamedTuple, NamedTupleType, kind_of, label_of

#: Types of the sandbox -> what an author knows them as.
_LABELS: dict[type, str] = {
    FrozenDict: "dict",
    FrozenList: "list",
    Facade: "type",
    NamedTupleType: "type",
    ScriptMessage: "message",
    **dict.fromkeys((FunctionType, BuiltinFunctionType, MethodType), "function"),
}
_MAX_CHARS = 80


def type_name(value: Any) -> str:
    """The name of the value's type."""
    kind = type(value)
    if kind is NamedTuple:
        return label_of(kind_of(value))
    if kind is Record:
        return record_label(value)
    return _LABELS.get(kind, "type" if isinstance(value, type) else kind.__name__)[:_MAX_CHARS]
