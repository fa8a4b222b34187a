"""A second compile of a checked script, with probes, and runs of it that record what they passed and compared.

For coverage and for exploration only: a live run uses neither this code nor code that was made here.

    instrument(source)                             text -> code with probes, and what the text shows    in the jail
    execute_traced(code, script_input, call, to)   as `execute`, and what happened goes to a recorder   in the jail
"""

from __future__ import annotations

from .instrumentation import Instrumented, instrument
from .recorder import Recorder
from .traced_execution import execute_traced

__all__ = ["Instrumented", "Recorder", "execute_traced", "instrument"]
