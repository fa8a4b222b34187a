"""One child that locks itself in and reports what it observes; the jail report is built from that.

The kernel may refuse a prepared layer when a child enters it. Such a child must end, and from outside only its end can
be seen; so this child reports how far it got.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, replace

from . import kernel
from .lockdown import LIMITS, Plan, finish_lockdown, start_lockdown

#: System call that failed -> the layer that makes it; at that point no other layer does.
_LAYER_FAULTS = {
    "landlock_restrict_self": "Landlock cannot be entered",
    "prctl": "seccomp cannot be installed",
}


@dataclass(frozen=True)
class JailObservation:
    """What one child observed. A layer counts if the kernel accepted it and, for seccomp, if it then refused a call."""

    uid: int = -1  #: the child's user; -1 if it did not get so far
    landlock: bool = False
    seccomp: bool = False
    fault: str = ""  #: why a child cannot lock itself in, or empty


def inspect_self(plan: Plan, channel: int, memory_bytes: int, cpu_s: float) -> JailObservation:
    """Lock this process in for good, by the steps of every child, and return what holds.

    1. `start_lockdown`: after it the user is known, and that Landlock was entered.
    2. `finish_lockdown`: the limits and the filter.
    3. A call that only the filter refuses: nothing but its refusal proves the filter.
    """
    observed = JailObservation()
    try:
        start_lockdown(plan, channel)  # 1
        observed = replace(observed, uid=os.getuid(), landlock=plan.ruleset is not None)
        finish_lockdown(plan, LIMITS.pack(memory_bytes, cpu_s))  # 2
    except (OSError, ValueError) as fault:
        return replace(observed, fault=_fault_text(fault, observed))
    return replace(observed, seccomp=_filter_refuses())  # 3


def _filter_refuses() -> bool:
    try:
        kernel.call("getppid")
    except OSError as fault:
        return fault.errno == errno.EPERM
    return False


def _fault_text(fault: OSError | ValueError, observed: JailObservation) -> str:
    name = getattr(fault, "filename", None)
    is_started = observed.uid >= 0
    layer = _LAYER_FAULTS.get(str(name)) if is_started or name == "landlock_restrict_self" else None
    return f"{layer or 'a child cannot lock itself in'}: {fault}"
