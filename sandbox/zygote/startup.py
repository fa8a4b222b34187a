"""The zygote: a clean interpreter of its own, single-threaded, that forks one jailed child per run.

Started by `launcher.py` with `-I -S`, an empty environment and the control socket as descriptor 0. It warms up whatever
a script may need, gives up what it can, attacks its own jail, reports, and then only forks, kills and reaps. It never
reads a byte that a script, a user or a vendor had a hand in: requests are numbers from the broker, and what a child
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
from sandbox.jail.lockdown import CHANNEL, Plan
from sandbox.jail.syscall_numbers import architecture

from . import child_warmup, fork_child, interpreter_check
from .loop import ChildSpec, ZygoteLoop

CONTROL = 0  #: the descriptor on which the launcher gives us our end of the control socket
JAIL_USER = 64000  #: who the children of a root zygote are: a user that owns nothing
_NEEDED = (namespaces.CAP_KILL, namespaces.CAP_SETGID, namespaces.CAP_SETUID)  #: to give children another user
_EXPENDABLE = "1000"  #: the out-of-memory killer takes us and our children before anything else


def main(language: child.Language) -> None:
    """Serve until the broker closes the control socket and the last run has ended, or until the broker is dead."""
    settings = json.loads(sys.argv[1])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a service stop reaches all processes; runs in flight shall end well
    os.dup2(1, 2)  # the error stream was the control socket, for an interpreter that fails before this line
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a few for each run that is in flight
    control = socket.socket(fileno=CONTROL)
    try:
        broker = _watch_broker(settings["broker"])
        ward = _prepare(language, settings, control, broker)
        ward.tend()
    except Exception:  # noqa: BLE001 - the last words: without them nobody learns why the zygote died
        with suppress(OSError):
            control.send(json.dumps({"fault": traceback.format_exc()[-4000:]}).encode())
        raise SystemExit(1) from None


def _prepare(
    language: child.Language, settings: dict[str, Any], control: socket.socket, broker: int | None
) -> ZygoteLoop:
    """Become a zygote, in this order.

    1. Leave the namespaces, and become process 1 of a new one where that is possible.
    2. Warm up: import and touch everything, while files can be read.
    3. Mark ourselves as expendable and measure our address space, while `/proc` is there.
    4. Make the Landlock ruleset and the filter, once for all children.
    5. Put an empty folder in place of the root folder.
    6. Drop every capability that is not needed for children.
    7. Freeze what lives, so that no collection copies its pages in a child.
    8. Have a child look what holds, attack the jail, and report what was seen: never what was asked for.
    """
    reason = interpreter_check.interpreter_fault()
    if reason:
        raise RuntimeError(reason)
    layers = settings["layers"]
    left = namespaces.unshare() if "namespaces" in layers else set()  # 1
    if "pid" in left:
        _become_first(control)
    os.environ.clear()  # the interpreter adds its locale
    warnings.simplefilter("ignore")  # 2: a warning opens the source and writes to a stream
    sys.unraisablehook = lambda _fault: None  # and so does an exception in a finalizer
    language.warm()
    before = child_warmup.prepare_warmup(language)
    _grow_stack()
    reserved = child.reserve()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_EXPENDABLE)  # 3
    machine = architecture() if "seccomp" in layers else None
    version = landlock.abi() if "landlock" in layers else 0
    as_root = "user" not in left and namespaces.has_capabilities(*_NEEDED)
    plan = Plan(  # 4
        parent=os.getpid(),
        base_bytes=_address_space(),
        user=JAIL_USER if as_root and "user" in layers else None,
        ruleset=landlock.ruleset(version) if version else None,
        program=seccomp.SeccompProgram(seccomp.build(machine, CHANNEL)) if machine else None,
    )
    empty = "mnt" in left and _empty_root()  # 5
    with suppress(OSError):
        namespaces.keep_capabilities(_NEEDED if as_root else ())  # 6
    gc.collect()
    gc.freeze()  # 7
    seen = fork_child.inspect_jail(plan)  # 8
    stopped = {} if seen.fault else fork_child.run_probes(plan)
    report = {
        "fault": seen.fault,
        "landlock": version if seen.landlock else 0,
        "seccomp": seen.seccomp,
        "namespaces": sorted(left),
        "empty_root": empty,
        "uid": seen.uid,
        "attempts": list(stopped),
        "leaks": [name for name, held in stopped.items() if not held],
    }
    control.send(json.dumps(report).encode())
    idle = fork_child.idle_bytes(plan, before)
    brood = ChildSpec(plan, lambda: child.serve(language, reserved), before, settings["spares"], idle)
    return ZygoteLoop(control, broker, brood)


def _become_first(control: socket.socket) -> None:
    """Fork into the new process namespace. The outer process only waits, because the launcher knows its number."""
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
    """A descriptor that becomes readable when the broker has died, for the case that a copy of its socket lives on."""
    watch = fork_child.open_pidfd(pid)
    if os.getppid() != pid:
        raise ProcessLookupError("the broker was gone before the zygote had started")
    return watch


def _grow_stack() -> None:
    """Take the whole stack, so that no child's has to grow when its memory is used up.

    That would end the child by a signal, as if Python were broken, and not as the end of its memory. One byte at the
    far end is enough: address space is what runs out, and pages come when they are used.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_STACK)
    with suppress(FileNotFoundError):  # not Linux
        lines = Path("/proc/self/maps").read_text().splitlines()
        (place,) = [line.split()[0] for line in lines if line.endswith("[stack]")]
        end = int(place.partition("-")[2], 16)
        ctypes.memset(end - limit + os.sysconf("SC_PAGE_SIZE"), 0, 1)


def _address_space() -> int:
    """Bytes of address space which an idle child has; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _empty_root() -> bool:
    try:
        namespaces.empty_root()
    except OSError:
        return False  # a container's profile may forbid to mount; Landlock and the filter still hold
    return True
