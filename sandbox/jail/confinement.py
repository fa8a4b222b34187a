"""Confines a whole process that reads hostile bytes with native code, such as a decoder of images.

It has no broker, no zygote and no script. It loads what it needs, calls `confine_process`, and only then reads: from then on it
can compute, and read and write one channel.
"""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.errors import JailTooWeak

from . import landlock, namespaces, seccomp
from .lockdown import CHANNEL, JAIL_USER, LIMITS, Plan, finish_lockdown, lock_zygote, start_lockdown
from .syscall_numbers import architecture


def confine_process(channel: int, *, memory_bytes: int, cpu_s: float) -> int:
    """Lock this process in for good, and return the descriptor of its channel. `memory_bytes` are those beyond what it has.

    Raises `JailTooWeak` where the kernel has no Landlock or no filter of system calls, or refuses one: then nothing hostile may be read.
    The steps:

    1. Leave the namespaces that may be left.
    2. Make the deny-all ruleset and the filter. Both must exist.
    3. The steps of a zygote and of every jailed child (`lockdown`), with one filter for both.
    """
    left = namespaces.unshare()  # 1
    machine, version = architecture(), landlock.abi()  # 2
    if machine is None or not version:
        raise JailTooWeak("this system has no Landlock, or no filter of system calls")
    as_root = "user" not in left and namespaces.has_capabilities(namespaces.CAP_SETGID, namespaces.CAP_SETUID)
    plan = Plan(
        parent=os.getppid(),
        base_bytes=int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE"),
        user=JAIL_USER if as_root else None,
        ruleset=landlock.ruleset(version),
        program=seccomp.SeccompProgram(seccomp.whole_program(machine, CHANNEL)),
    )
    try:
        lock_zygote(plan)  # 3
        start_lockdown(plan, channel)
        finish_lockdown(plan, LIMITS.pack(memory_bytes, cpu_s, 0.0))
    except (OSError, ValueError) as fault:
        raise JailTooWeak(f"a layer of the jail cannot be entered: {fault}") from fault
    return CHANNEL
