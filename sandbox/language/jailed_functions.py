"""What a jailed child needs of the language layer, loaded at once: after the lock-down nothing can be loaded."""

from __future__ import annotations

from .check.compiler import Compilation, compile_source
from .check.parsing import SCRIPT_NAME
from .run.api import ApiError
from .run.execution import execute, execute_prepare
from .run.preload import warm
from .run.values.messages import NotAMessage
from .tracing import Instrumented, Recorder, execute_traced, instrument

__all__ = [
    "SCRIPT_NAME",
    "ApiError",
    "Compilation",
    "Instrumented",
    "NotAMessage",
    "Recorder",
    "compile_source",
    "execute",
    "execute_prepare",
    "execute_traced",
    "instrument",
    "warm",
]
