"""The language of scripts: what they may contain (checked at submission) and what they can use (at a run).

    compile_source(source)              text -> findings, or code          runs in the jail
    execute(code, script_input, call)   code -> what status() returns      runs in the jail
    warm()                              before the lock-down               runs in the zygote
    instrument, execute_traced          the same two with probes, for coverage and exploration only (`tracing/`)

One of four layers; the jail, the broker and the message contract hold without it. It works by allow-lists only: what
`offered` does not name does not exist for a script.
"""

from __future__ import annotations

from .api_levels import API_LEVEL, LEVELS, ApiLevel
from .check.compiler import Compilation, compile_source
from .check.parsing import SCRIPT_NAME
from .offered import OFFERED, WITHHELD, OfferedEntry
from .run.api import ApiError
from .run.execution import execute
from .run.preload import warm
from .run.values.messages import NotAMessage
from .runtime_key import RUNTIME_KEY
from .script_api import RECORDS, SIGNATURES, RecordType, Signature
from .tracing import Instrumented, Recorder, execute_traced, instrument
from .withheld import WithheldEntry

__all__ = [
    "API_LEVEL",
    "LEVELS",
    "OFFERED",
    "RECORDS",
    "RUNTIME_KEY",
    "SCRIPT_NAME",
    "SIGNATURES",
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
    "execute_traced",
    "instrument",
    "warm",
]
