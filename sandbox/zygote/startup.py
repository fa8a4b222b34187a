"""The zygote: a clean interpreter of its own, single-threaded, that forks one jailed child per run.

Started by `process.py` with `-I -S`, an empty environment and the control socket as descriptor 0. It loads whatever a
script may need, drops every right it can, attacks its own jail, reports, and then only forks, kills and reaps. It never
reads a byte that a script, a user or a vendor could influence: requests are numbers from the broker, and what a child
writes goes to the broker through a channel whose end the zygote hands over unread.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import signal
import socket
import sys
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from sandbox import child
from sandbox.jail import kernel, landlock, namespaces, seccomp
from sandbox.jail.lockdown import CHANNEL, JAIL_USER, Plan, lock_zygote
from sandbox.jail.syscall_numbers import architecture

from . import child_warmup, fork_child, interpreter_check
from .loop import ChildSpec, ZygoteLoop

CONTROL = 0  #: the descriptor of the zygote's end of the control socket
#: Of a zygote that is root: to kill its children and to give them another group and user.
_NEEDED_CAPABILITIES = (namespaces.CAP_KILL, namespaces.CAP_SETGID, namespaces.CAP_SETUID)
_OOM_SCORE = "1000"  #: the out-of-memory killer takes the zygote and its children before anything else


def main(language: child.Language) -> None:
    """Serve until the broker closes the control socket and the last run has ended, or until the broker is dead."""
    settings = json.loads(sys.argv[1])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # stopping a service signals all its processes, and running scripts should still end normally
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGXCPU, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)  # the service may have been started with another setting
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.dup2(1, 2)  # until here the error stream was the control socket, in case the interpreter failed to start
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))  # each running script needs a few
    control = socket.socket(fileno=CONTROL)
    try:
        broker = _watch_broker(settings["broker"])
        _prepare(language, settings, control, broker).run()
    except Exception:  # noqa: BLE001 - whatever it is: without this report the reason would be lost
        with suppress(OSError):
            control.send(json.dumps({"fault": traceback.format_exc()[-4000:]}).encode())
        raise SystemExit(1) from None


def _prepare(
    language: child.Language, settings: dict[str, Any], control: socket.socket, broker: int | None
) -> ZygoteLoop:
    """Become a zygote, in these steps.

    1. Leave the namespaces, and become process 1 of a new one where that is possible.
    2. Warm up: import and touch everything, while files can be read.
    3. Let the out-of-memory killer take this process first, and measure its address space, while `/proc` is there.
    4. Make the Landlock ruleset and the filter, once for all children.
    5. Replace the root folder by an empty one.
    6. Drop every capability that is not needed for children.
    7. Freeze all objects, so that no garbage collection copies their pages in a child.
    8. Let a child observe the jail. It takes the steps of the zygote and of a child, and says how far it got.
    9. Lock this process in: from now on it can only fork, and hand out, kill and reap children.
    10. Let the probes attack the jail, and report what was observed: never what was requested.
    """
    reason = interpreter_check.interpreter_fault()
    if reason:
        raise RuntimeError(reason)
    layers = settings["layers"]
    left_namespaces = namespaces.unshare() if "namespaces" in layers else set()  # 1
    if "pid" in left_namespaces:
        _enter_pid_namespace(control)
    os.environ.clear()  # the interpreter adds its locale
    warnings.simplefilter("ignore")  # 2: a warning opens the source and writes to a stream
    sys.unraisablehook = lambda _fault: None  # and so does an exception in a finalizer
    language.warm()
    warm_up = child_warmup.prepare_warmup(language)
    _grow_stack()
    reserved = child.reserve()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)  # 3
    machine = architecture() if "seccomp" in layers else None
    version = landlock.abi() if "landlock" in layers else 0
    as_root = "user" not in left_namespaces and namespaces.has_capabilities(*_NEEDED_CAPABILITIES)
    plan = Plan(  # 4
        parent=os.getpid(),
        base_bytes=_address_space(),
        user=JAIL_USER if as_root and "user" in layers else None,
        ruleset=landlock.ruleset(version) if version else None,
        shared_program=seccomp.SeccompProgram(seccomp.zygote_program(machine)) if machine else None,
        program=seccomp.SeccompProgram(seccomp.child_program(machine, CHANNEL)) if machine else None,
    )
    empty = "mnt" in left_namespaces and _empty_root()  # 5
    with suppress(OSError):
        namespaces.keep_capabilities(_NEEDED_CAPABILITIES if as_root else ())  # 6
    gc.collect()
    gc.freeze()  # 7
    observed = fork_child.inspect_jail(plan)  # 8
    stopped = {}
    if not observed.fault:
        lock_zygote(plan)  # 9
        stopped = fork_child.run_probes(plan)  # 10
    report = {
        "fault": observed.fault,
        "landlock": version if observed.landlock else 0,
        "seccomp": observed.seccomp,
        "namespaces": sorted(left_namespaces),
        "empty_root": empty,
        "uid": observed.uid,
        "attempts": list(stopped),
        "leaks": [name for name, held in stopped.items() if not held],
    }
    control.send(json.dumps(report).encode())
    idle = fork_child.idle_bytes(plan, warm_up)
    child_spec = ChildSpec(plan, lambda: child.serve(language, reserved), warm_up, idle)
    return ZygoteLoop(control, broker, child_spec)


def _enter_pid_namespace(control: socket.socket) -> None:
    """Fork into the new process namespace as its process 1. The outer process only waits: the broker knows its number."""
    inner = os.fork()
    if inner == 0:
        kernel.control(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        return
    control.close()
    with suppress(OSError):
        namespaces.keep_capabilities(())
    _, status = os.waitpid(inner, 0)
    os._exit(os.waitstatus_to_exitcode(status) != 0)


def _watch_broker(pid: int) -> int | None:
    """A descriptor that becomes readable when the broker dies, in case a copy of its socket outlives it."""
    watch = fork_child.open_pidfd(pid)
    if os.getppid() != pid:
        raise ProcessLookupError("the broker was gone before the zygote had started")
    return watch


def _grow_stack() -> None:
    """Grow the stack to its full size, so that no child's stack has to grow when its memory is used up.

    Then the child would die by a signal, as if Python were broken, instead of running out of memory. Touching one byte at
    the far end is enough: what runs out is address space, and pages are only allocated when they are used.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_STACK)
    with suppress(FileNotFoundError):  # not Linux
        lines = Path("/proc/self/maps").read_text().splitlines()
        (place,) = [line.split()[0] for line in lines if line.endswith("[stack]")]
        end = int(place.partition("-")[2], 16)
        ctypes.memset(end - limit + os.sysconf("SC_PAGE_SIZE"), 0, 1)


def _address_space() -> int:
    """Bytes of address space that an idle child has; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _empty_root() -> bool:
    try:
        namespaces.empty_root()
    except OSError:
        return False  # a container's profile may forbid mounts; Landlock and the filter still hold
    return True
