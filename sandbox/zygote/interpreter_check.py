"""Whether the interpreter that runs this can be a zygote: some builds of CPython cannot work inside the jail."""

from __future__ import annotations

import sys

_JIT = "This Python compiles scripts to machine code (JIT), which the jail forbids. Use a build that does not."
_NO_LOCK = (
    "This Python runs without its global lock (free-threaded), which scripts were never run with. Use a usual build."
)


def interpreter_fault() -> str:
    """Why this interpreter cannot run scripts, in one line for operators; empty if it can.

    1. Memory that becomes executable kills a child as an attack, and an honest script would be suspended for it.
    2. What keeps C code from running a script's code was examined with the global lock only.
    """
    if sys.version_info >= (3, 14) and sys._jit.is_enabled():  # noqa: SLF001 -- 1
        return _JIT
    if sys.version_info >= (3, 13) and not sys._is_gil_enabled():  # noqa: SLF001 -- 2
        return _NO_LOCK
    return ""
