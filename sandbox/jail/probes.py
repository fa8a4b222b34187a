"""Attempts to break out of the jail, each made by a child of its own at every start of a zygote.

A flag says what was requested; only an attempt shows what holds. Each layer can silently be missing (an old kernel, a
container's profile, a forgotten option), so the proof is made where the scripts will run. Layers hide one another: where
no file can be opened because no descriptor is left, a missing filter shows in the attempts that need no descriptor.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from . import kernel
from .lockdown import CHANNEL

_STOPPED, _LEAKED = 10, 11  # exit codes of a probe
_PTRACE_SEIZE = 0x4206  # PTRACE_ATTACH would stop the zygote where the jail is weak
_X32_GETPPID = 0x40000000 + 110
_FUTEX_WAKE = 1  # without the flag that limits it to one process
_CPU_CLOCK = 2  # of the process whose number is in the bits above
_EXECUTABLE = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC

#: Memory in bytes, CPU time and wall time in seconds that a probe may use.
PROBE_LIMITS = (32 * 1024 * 1024, 0.05, 5.0)
#: Of those that use up a limit: each start of a zygote takes that long.
_SHORT_CPU = (PROBE_LIMITS[0], 0.01, PROBE_LIMITS[2])
_SHORT_WALL = (*PROBE_LIMITS[:2], 0.1)
_SHORT = {"cpu_time": _SHORT_CPU, "wall_time": _SHORT_WALL}


def _open_folder() -> None:
    os.open("/", os.O_RDONLY)


def _create_file() -> None:
    os.open("/tmp/session-status-probe", os.O_CREAT | os.O_WRONLY, 0o600)  # noqa: S108 - must fail


def _list_folder() -> None:
    os.listdir("/")  # noqa: PTH208 - the plain call is the attempt


def _socket() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def _socket_pair() -> None:
    socket.socketpair()


def _fork() -> None:
    if os.fork() == 0:
        os._exit(_LEAKED)


def _exec() -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606 - must fail


def _kill(zygote: int) -> None:
    os.kill(zygote, 0)


def _ptrace(zygote: int) -> None:
    kernel.call("ptrace", _PTRACE_SEIZE, zygote, 0, 0)


def _memory() -> None:
    bytearray(2 * PROBE_LIMITS[0])


def _executable_memory() -> None:
    mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, _EXECUTABLE)


def _make_executable() -> None:
    page = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    kernel.call("mprotect", address, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC)


def _foreign_descriptor() -> None:
    os.write(2, b"x")


def _second_descriptor() -> None:
    os.dup(CHANNEL)


def _become_root() -> None:
    os.setuid(0)


def _lift_limits() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _disarm_timer() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)


def _ignore_timer() -> None:
    signal.signal(signal.SIGPROF, signal.SIG_IGN)


def _block_timer() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPROF])


def _new_namespace() -> None:
    kernel.call("unshare", 0x10000000)


def _io_uring() -> None:
    kernel.call("io_uring_setup", 1, b"\0" * 120)


def _x32_call() -> None:
    kernel.call_number(_X32_GETPPID, "getppid")


def _shared_futex() -> None:
    word = ctypes.c_int()
    kernel.call("futex", ctypes.addressof(word), _FUTEX_WAKE, 1, 0, 0, 0)


def _shared_memory() -> None:
    mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)


def _foreign_clock(zygote: int) -> None:
    time.clock_gettime((~zygote << 3) | _CPU_CLOCK)


def _cpu_time() -> None:
    while time.process_time() < 4:  # seconds, far over what the limits allow
        pass


def _wall_time() -> None:
    os.read(CHANNEL, 1)  # nothing ever comes


#: Name in the report -> attempt. An attempt that returns has broken out.
ATTEMPTS: dict[str, Callable[[], None]] = {
    "open": _open_folder,
    "create_file": _create_file,
    "list_folder": _list_folder,
    "socket": _socket,
    "socket_pair": _socket_pair,
    "fork": _fork,
    "exec": _exec,
    "memory": _memory,
    "exec_map": _executable_memory,
    "exec_protect": _make_executable,
    "foreign_fd": _foreign_descriptor,
    "second_fd": _second_descriptor,
    "uid0": _become_root,
    "lift_limits": _lift_limits,
    "disarm_timer": _disarm_timer,
    "ignore_timer": _ignore_timer,
    "block_timer": _block_timer,
    "new_namespace": _new_namespace,
    "io_uring": _io_uring,
    "x32_call": _x32_call,
    "shared_futex": _shared_futex,
    "shared_memory": _shared_memory,
}

#: The same against the zygote, whose process number is passed: in the jail, asking for it is refused, too.
ATTEMPTS_ON_ZYGOTE: dict[str, Callable[[int], None]] = {
    "kill": _kill,
    "ptrace": _ptrace,
    "foreign_clock": _foreign_clock,
}


#: The attempts that last until their time is used up, and the signals by which that must end them.
SLOW: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {
    "cpu_time": (_cpu_time, ("SIGPROF", "SIGXCPU")),
    "wall_time": (_wall_time, ("SIGALRM",)),
}

#: What the zygote's own jail must stop, too. A child makes these attempts before it takes any step of its own.
_STOPPED_BY_ZYGOTE = (
    "open",
    "create_file",
    "list_folder",
    "socket",
    "exec",
    "exec_map",
    "exec_protect",
    "new_namespace",
    "io_uring",
    "x32_call",
    "shared_futex",
    "shared_memory",
    "ptrace",
    "foreign_clock",
)


def body_of(name: str) -> Callable[[], None]:
    """The body of a probe child: make the attempt, and report by the exit code whether it was stopped.

    It is built in the zygote, where the zygote's own process number is known.
    """
    if name in ATTEMPTS_ON_ZYGOTE:
        attempt = functools.partial(ATTEMPTS_ON_ZYGOTE[name], os.getpid())
    else:
        attempt = functools.partial(SLOW[name][0] if name in SLOW else ATTEMPTS[name])

    def body() -> None:
        with suppress(OSError, MemoryError, AttributeError):
            attempt()
            os._exit(_LEAKED)
        os._exit(_STOPPED)

    return body


def of_zygote() -> Iterator[tuple[str, Callable[[], None]]]:
    """The attempts on the zygote's own jail, each with its name in the report and its body."""
    return ((f"zygote_{name}", body_of(name)) for name in names() if name in _STOPPED_BY_ZYGOTE)


def limits_of(name: str) -> tuple[int, float, float]:
    """The limits of a probe child: as `PROBE_LIMITS`."""
    return _SHORT.get(name, PROBE_LIMITS)


def holds(name: str, status: int) -> bool:
    """Whether the wait status of a probe proves that its attempt was stopped. An unclear status proves nothing."""
    if os.WIFSIGNALED(status):
        expected = SLOW[name][1] if name in SLOW else ("SIGSYS",)
        return signal.Signals(os.WTERMSIG(status)).name in expected
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == _STOPPED


def names() -> Iterator[str]:
    """The attempts that are made on this machine beside the slow ones."""
    x86 = kernel.ARCHITECTURE == "x86_64"
    return (name for name in (*ATTEMPTS, *ATTEMPTS_ON_ZYGOTE) if x86 or name != "x32_call")
