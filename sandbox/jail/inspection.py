"""One child that locks itself in and says what it then finds: the jail's report is built from that.

A layer that was prepared may be refused by the kernel when a child enters it. Such a child ends, as it must, and from
outside all that is seen is an end; so here is one that says how far it came.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, replace

from . import kernel
from .lockdown import LIMITS, Plan, finish_lockdown, start_lockdown

#: What failed, by the system call that only this layer makes at that point.
_OF_LAYER = {
    "landlock_restrict_self": "Landlock cannot be entered",
    "prctl": "seccomp cannot be installed",
}


@dataclass(frozen=True)
class JailObservation:
    """What one child found. A layer counts if the kernel took it and, for seccomp, if it then refused a call."""

    uid: int = -1  #: who the child is; -1 if it did not come so far
    landlock: bool = False
    seccomp: bool = False
    fault: str = ""  #: why a child cannot lock itself in, or empty


def inspect_self(plan: Plan, channel: int, memory_bytes: int, cpu_s: float) -> JailObservation:
    """Lock this process in, for good, in the order of every child, and say what holds.

    1. The doors: after them we know who we are and that Landlock was entered.
    2. The limits and the filter.
    3. A call which nothing but the filter refuses: only its refusal proves the filter.
    """
    seen = JailObservation()
    try:
        start_lockdown(plan, channel)  # 1
        seen = replace(seen, uid=os.getuid(), landlock=plan.ruleset is not None)
        finish_lockdown(plan, LIMITS.pack(memory_bytes, cpu_s))  # 2
    except (OSError, ValueError) as fault:
        return replace(seen, fault=_told(fault, seen))
    return replace(seen, seccomp=_filter_refuses())  # 3


def _filter_refuses() -> bool:
    try:
        kernel.call("getppid")
    except OSError as fault:
        return fault.errno == errno.EPERM
    return False


def _told(fault: OSError | ValueError, seen: JailObservation) -> str:
    name = getattr(fault, "filename", None)
    doors_closed = seen.uid >= 0
    layer = _OF_LAYER.get(str(name)) if doors_closed or name == "landlock_restrict_self" else None
    return f"{layer or 'a child cannot lock itself in'}: {fault}"
