"""The steps by which a process and its children lock themselves in: the security decision that all others depend on.

The zygote prepares a `Plan` once, so that its children make a few dozen system calls and no decision. It locks itself in
first, and its children inherit that. A child takes its own first steps as soon as it is forked, and then waits. The limits of
one run arrive from the broker, before anything else; then come the last steps. Until the last step is done, no byte is read
that a script, a user or a vendor could influence.
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

#: What a child reads first on its channel, from the broker: memory in bytes, CPU time and wall time in seconds.
LIMITS = struct.Struct("=Qdd")

_LIMITS_OF_ZERO = (
    "RLIMIT_FSIZE",
    "RLIMIT_CORE",
    "RLIMIT_MEMLOCK",
    "RLIMIT_MSGQUEUE",
    "RLIMIT_SIGPENDING",
    "RLIMIT_RTPRIO",
    "RLIMIT_NICE",
)


@dataclass(frozen=True)
class Plan:
    """How a zygote and every child of it lock themselves in."""

    parent: int  #: the zygote's process id, as its children see it
    #: address space of an idle child, to which a run's memory is added; 0 where the system does not tell it
    base_bytes: int
    user: int | None = None  #: the user and group that children of a root zygote change to
    ruleset: int | None = None  #: descriptor of Landlock's deny-all ruleset
    shared_program: SeccompProgram | None = None  #: the seccomp filter of the zygote, which children inherit
    program: SeccompProgram | None = None  #: the seccomp filter that a child adds


def lock_zygote(plan: Plan) -> None:
    """Take steps 1 to 5, which children inherit. Raises `OSError` if one fails, and then no child may be forked.

    1. Limits that are the same for every process below: no files, no core dump, no locked memory.
    2. Not dumpable: no other process of this user may look inside.
    3. No new privileges, which steps 4, 5, 11 and 15 need.
    4. Landlock.
    5. A system call filter with what the zygote itself needs, last, because the steps above are what it forbids.
    6. (`start_lockdown`) Keep the channel and the ruleset; close every other descriptor.
    7. (`start_lockdown`) No processes.
    8. (`start_lockdown`) No supplementary groups; a group and a user that nothing else has, the zygote included.
    9. (`start_lockdown`) Die with the zygote. After step 8, because a change of user clears this; then check that the zygote
       still lives.
    10. (`start_lockdown`) Not dumpable, once more: a change of user may have set it again.
    11. (`start_lockdown`) Landlock, once more: with a domain of its own, a child reaches neither the zygote nor another child.
    12. (`start_lockdown`) No new descriptors. After step 11, because the ruleset is a descriptor.
    13. (`finish_lockdown`) Memory and CPU time of this run.
    14. (`finish_lockdown`) Timers of CPU time, finer than whole seconds, and of wall time, in case the broker hangs. Their
        signals cannot be caught: the filter allows no call for that.
    15. (`finish_lockdown`) A second filter, last, with everything that the steps of a child need and a script does not.
    """
    for name in _LIMITS_OF_ZERO:
        _limit(name, 0)  # 1
    if sys.platform == "linux":
        kernel.control(kernel.PR_SET_DUMPABLE, 0)  # 2
        kernel.control(kernel.PR_SET_NO_NEW_PRIVS, 1)  # 3
    if plan.ruleset is not None:
        landlock.enter(plan.ruleset)  # 4
    if plan.shared_program is not None:
        plan.shared_program.install()  # 5


def start_lockdown(plan: Plan, channel: int) -> None:
    """Take steps 6 to 12 of `lock_zygote`, the same for every child. Raises `OSError` if one fails, and then the child must end."""
    _keep_only(channel, plan.ruleset)  # 6
    _limit("RLIMIT_NPROC", 0)  # 7
    if plan.user is not None:
        os.setgroups([])  # 8
        os.setresgid(plan.user, plan.user, plan.user)
        os.setresuid(plan.user, plan.user, plan.user)
    if sys.platform == "linux":
        kernel.control(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # 9
        if os.getppid() != plan.parent:
            raise ProcessLookupError("the zygote is gone")
        kernel.control(kernel.PR_SET_DUMPABLE, 0)  # 10
    if plan.ruleset is not None:
        landlock.enter(_RULESET)  # 11
        os.close(_RULESET)
    _limit("RLIMIT_NOFILE", 0)  # 12


def finish_lockdown(plan: Plan, limits: bytes) -> None:
    """Take steps 13 to 15 of `lock_zygote`, with the limits of this run. After it returns, hostile bytes may be read."""
    memory_bytes, cpu_s, wall_s = LIMITS.unpack(limits)
    if plan.base_bytes:
        _limit("RLIMIT_AS", plan.base_bytes + memory_bytes)  # 13
    whole_s = math.ceil(cpu_s) + 1
    _limit("RLIMIT_CPU", whole_s, whole_s + 1)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)  # 14
    signal.setitimer(signal.ITIMER_REAL, wall_s)
    if plan.program is not None:
        plan.program.install()  # 15


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
