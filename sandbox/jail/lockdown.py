"""The steps by which a forked child locks itself in: the security decision that all others depend on.

The zygote prepares a `Plan` once, so that a child makes a few dozen system calls and no decision. A child takes steps 1
to 8 as soon as it is forked; then the limits of one run arrive from the zygote, and only then come the last steps. Until
the last step is done, no byte is read that a script, a user or a vendor could influence.
"""

from __future__ import annotations

import math
import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass

from . import kernel, landlock
from .seccomp import SeccompProgram

CHANNEL = 3  #: a child's descriptor for talking to the broker, and its only one
JAIL_USER = 64000  #: the user of a root zygote's children: it owns nothing
_RULESET = 4
_LAST_DESCRIPTOR = 2**32 - 1

#: What the zygote sends to a child before anything else can write to its channel: memory in bytes, CPU time in seconds.
LIMITS = struct.Struct("=Qd")

_LIMITS_OF_ZERO = (
    "RLIMIT_FSIZE",
    "RLIMIT_CORE",
    "RLIMIT_NPROC",
    "RLIMIT_MEMLOCK",
    "RLIMIT_MSGQUEUE",
    "RLIMIT_SIGPENDING",
    "RLIMIT_RTPRIO",
    "RLIMIT_NICE",
)


@dataclass(frozen=True)
class Plan:
    """How every child of this zygote locks itself in."""

    parent: int  #: the zygote's process id, as its children see it
    #: address space of an idle child, to which a run's memory is added; 0 where the system does not tell it
    base_bytes: int
    user: int | None = None  #: the user and group that children of a root zygote change to
    ruleset: int | None = None  #: descriptor of Landlock's deny-all ruleset
    program: SeccompProgram | None = None  #: the seccomp filter


def start_lockdown(plan: Plan, channel: int) -> None:
    """Take steps 1 to 8, the same for every child. Raises `OSError` if one fails, and then the child must end.

    1. Keep the channel and the ruleset; close every other descriptor.
    2. Limits that are the same for every run: no files, no processes, no core dump, no locked memory.
    3. No supplementary groups; a group and a user that nothing else has.
    4. Die with the zygote. After step 3, because a change of user clears this; then check that the zygote still lives.
    5. Not dumpable: no other process of this user may look inside.
    6. No new privileges, which steps 7 and 11 need.
    7. Landlock.
    8. No new descriptors. After step 7, because the ruleset is a descriptor.
    9. (`finish_lockdown`) Memory and CPU time of this run.
    10. (`finish_lockdown`) A CPU timer, finer than whole seconds. Its signal cannot be caught: the filter allows no call for that.
    11. (`finish_lockdown`) The system call filter, last, because the steps above are what it forbids.
    """
    _keep_only(channel, plan.ruleset)  # 1
    for name in _LIMITS_OF_ZERO:
        _limit(name, 0)  # 2
    if plan.user is not None:
        os.setgroups([])  # 3
        os.setresgid(plan.user, plan.user, plan.user)
        os.setresuid(plan.user, plan.user, plan.user)
    if sys.platform == "linux":
        kernel.control(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # 4
        if os.getppid() != plan.parent:
            raise ProcessLookupError("the zygote is gone")
        kernel.control(kernel.PR_SET_DUMPABLE, 0)  # 5
        kernel.control(kernel.PR_SET_NO_NEW_PRIVS, 1)  # 6
    if plan.ruleset is not None:
        landlock.enter(_RULESET)  # 7
    _limit("RLIMIT_NOFILE", 0)  # 8


def finish_lockdown(plan: Plan, limits: bytes) -> None:
    """Take steps 9 to 11, with the limits of this run. After it returns, hostile bytes may be read."""
    memory_bytes, cpu_s = LIMITS.unpack(limits)
    if plan.base_bytes:
        _limit("RLIMIT_AS", plan.base_bytes + memory_bytes)  # 9
    whole_s = math.ceil(cpu_s) + 1
    _limit("RLIMIT_CPU", whole_s, whole_s + 1)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)  # 10
    if plan.program is not None:
        plan.program.install()  # 11


def _keep_only(channel: int, ruleset: int | None) -> None:
    """Move what is kept to its fixed number and close every other descriptor, the standard streams included."""
    last = CHANNEL
    if ruleset is not None:
        channel = os.dup(channel) if channel == _RULESET else channel
        os.dup2(ruleset, _RULESET)
        last = _RULESET
    os.dup2(channel, CHANNEL)
    try:
        kernel.call("close_range", last + 1, _LAST_DESCRIPTOR, 0)
    except OSError:
        os.closerange(last + 1, os.sysconf("SC_OPEN_MAX"))  # an older kernel, or not Linux
    os.closerange(0, CHANNEL)


def _limit(name: str, soft: int, hard: int | None = None) -> None:
    """Set a limit, but never above the service's own limit.

    Systems other than Linux lack some limits or refuse them: there the jail is weak, and its report says so.
    """
    with suppress(*() if sys.platform == "linux" else (AttributeError, ValueError, OSError)):
        number = getattr(resource, name)
        _, own_hard = resource.getrlimit(number)
        hard = soft if hard is None else hard
        if own_hard != resource.RLIM_INFINITY:
            soft, hard = min(soft, own_hard), min(hard, own_hard)
        resource.setrlimit(number, (soft, hard))
