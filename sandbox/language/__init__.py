"""The language of scripts: what they may contain (checked at submission) and what they can use (at a run).

    compile_source(source)              text -> findings, or code          runs in the jail
    execute(code, script_input, call)   code -> what status() returns      runs in the jail
    execute_prepare, with the same      code -> what prepare() returns     runs in the jail
    warm()                              before the lock-down               runs in the zygote
    instrument, execute_traced          the same two with probes, for coverage and exploration only (`tracing/`)

One of four layers; the jail, the broker and the message contract hold without it. It works by allow-lists only: what
`offered` does not name does not exist for a script.

What runs in a jailed child is in `jailed_functions`, and loaded here when it is used: a broker needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .api_levels import API_LEVEL, LEVELS, ApiLevel
from .offered import OFFERED, WITHHELD, OfferedEntry
from .runtime_key import RUNTIME_KEY
from .script_api import RECORDS, SIGNATURES, RecordType, Signature
from .script_stubs import STUB_MODULE, script_stubs
from .withheld import WithheldEntry

if TYPE_CHECKING:
    from .jailed_functions import (
        SCRIPT_NAME,
        ApiError,
        Compilation,
        Instrumented,
        NotAMessage,
        Recorder,
        compile_source,
        execute,
        execute_prepare,
        execute_traced,
        instrument,
        warm,
    )

__all__ = [
    "API_LEVEL",
    "LEVELS",
    "OFFERED",
    "RECORDS",
    "RUNTIME_KEY",
    "SCRIPT_NAME",
    "SIGNATURES",
    "STUB_MODULE",
    "WITHHELD",
    "ApiError",
    "ApiLevel",
    "Compilation",
    "Instrumented",
    "NotAMessage",
    "OfferedEntry",
    "RecordType",
    "Recorder",
    "Signature",
    "WithheldEntry",
    "compile_source",
    "execute",
    "execute_prepare",
    "execute_traced",
    "instrument",
    "script_stubs",
    "warm",
]


def __getattr__(name: str) -> Any:
    """Load the functions of a jailed child. Raises AttributeError for a name that is not here, as any module does."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.jailed_functions"), name)
