"""One child that locks itself in and reports what it observes; the jail report is built from that.

The kernel may refuse a prepared layer when a child enters it. Such a child must end, and from outside only its end can
be seen; so this child reports how far it got.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, replace

from . import kernel
from .lockdown import Plan, finish_lockdown, lock_zygote, start_lockdown

#: What failed -> the layer.
_LAYER_FAULTS = {"landlock_restrict_self": "Landlock cannot be entered", "seccomp": "seccomp cannot be installed"}


@dataclass(frozen=True)
class JailObservation:
    """What one child observed. A layer counts if the kernel accepted it and, for seccomp, if it then refused a call."""

    uid: int = -1  #: the child's user; -1 if it did not get so far
    landlock: bool = False
    seccomp: bool = False
    fault: str = ""  #: why a child cannot lock itself in, or empty


def inspect_self(plan: Plan, channel: int, limits: bytes) -> JailObservation:
    """Lock this process in for good, by the steps of the zygote and of every child, and return what holds.

    1. `lock_zygote`: what children inherit.
    2. `start_lockdown`: after it the user is known, and that Landlock was entered.
    3. `finish_lockdown`: the limits and the filter.
    4. A call that only the filter refuses: nothing but its refusal proves the filter.
    """
    observed = JailObservation()
    try:
        lock_zygote(plan)  # 1
        start_lockdown(plan, channel)  # 2
        observed = replace(observed, uid=os.getuid(), landlock=plan.ruleset is not None)
        finish_lockdown(plan, limits)  # 3
    except (OSError, ValueError) as fault:
        return _with_fault(observed, fault, plan)
    return replace(observed, seccomp=_filter_refuses())  # 4


def _filter_refuses() -> bool:
    try:
        kernel.call("getppid")
    except OSError as fault:
        return fault.errno == errno.EPERM
    return False


def _with_fault(observed: JailObservation, fault: OSError | ValueError, plan: Plan) -> JailObservation:
    """The observation of a process that could not lock itself in. Its filters come last, so by then it has entered Landlock."""
    name = str(getattr(fault, "filename", None))
    if name == "seccomp":
        observed = replace(observed, uid=os.getuid(), landlock=plan.ruleset is not None)
    return replace(observed, fault=f"{_LAYER_FAULTS.get(name, 'a child cannot lock itself in')}: {fault}")
