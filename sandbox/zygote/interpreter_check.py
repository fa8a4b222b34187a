"""Checks whether this interpreter can be a zygote: some builds of CPython cannot work inside the jail."""

from __future__ import annotations

import sys

_JIT = "This Python compiles scripts to machine code (JIT), which the jail forbids. Use a build without JIT."
_NO_LOCK = "This Python runs without its global lock (free-threaded); the sandbox was never examined with that. Use a standard build."


def interpreter_fault() -> str:
    """Why this interpreter cannot run scripts, in one line for operators; empty if it can.

    1. The jail kills a child that makes memory executable as an attack, so a JIT would get honest scripts suspended.
    2. What keeps C code from running a script's code was examined only with the global lock.
    """
    if sys.version_info >= (3, 14) and sys._jit.is_enabled():  # noqa: SLF001 -- 1
        return _JIT
    if sys.version_info >= (3, 13) and not sys._is_gil_enabled():  # noqa: SLF001 -- 2
        return _NO_LOCK
    return ""
