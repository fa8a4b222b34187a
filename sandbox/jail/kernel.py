"""System calls that Python does not offer, by number, through ctypes.

One function makes them all: a call by name that raises `OSError`. That needs no wrapper library.
"""

from __future__ import annotations

import ctypes
import os

from .syscall_numbers import architecture, numbers

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2

_LIBRARY = ctypes.CDLL(None, use_errno=True)
_SYSCALL = _LIBRARY.syscall
_SYSCALL.restype = ctypes.c_long
ARCHITECTURE = architecture()  #: of this machine; None if the jail does not know it
_NUMBERS = numbers(ARCHITECTURE) if ARCHITECTURE else {}


def call(name: str, *arguments: int | bytes | ctypes.c_void_p | None) -> int:
    """Make a system call. Raises `OSError` with the kernel's reason, or `ENOSYS` if the table has no such call."""
    if name not in _NUMBERS:
        raise OSError(38, "this architecture has no such system call", name)
    return call_number(_NUMBERS[name], name, *arguments)


def call_number(number: int, name: str, *arguments: int | bytes | ctypes.c_void_p | None) -> int:
    """Make a system call by its number, for numbers outside the table. Raises `OSError`."""
    plain = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result: int = _SYSCALL(ctypes.c_long(number), *plain)
    if result == -1:
        fault = ctypes.get_errno()
        raise OSError(fault, os.strerror(fault), name)
    return result


def control(option: int, value: int, more: ctypes.c_void_p | int = 0) -> None:
    """Change a property of this process by `prctl`."""
    call("prctl", option, value, more, 0, 0)
