"""Starts one zygote process and asks it for children.

`exec` and not `fork`: what the broker holds (secrets, connections, threads) must not come along. The interpreter is
started isolated, with an empty environment, and every descriptor but the control socket closed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.channel import Channel
from sandbox.errors import SandboxError
from sandbox.jail.report import JailReport, with_hello
from sandbox.outcomes import RunLimits
from sandbox.runtime import runtime_key

from .loop import HANDED, NO_CHILD, REQUEST

#: Linux keeps the borders of messages; elsewhere every message here is small and alone on its way.
RECORDS = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM

_DESCRIPTOR = struct.Struct("=i")
#: A program that somebody starts meanwhile must not get a run's channel. (`socket.recv_fds` drops its flags.)
_NOT_INHERITED = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
_START_S = 30.0  #: for interpreter, warm-up and probes on a busy machine
_PRINTED_BYTES = 16 * 1024  #: as much as is kept of what a failing interpreter prints
_HAND_OVER_S = 10.0  #: a zygote that hands out no child for so long is taken for dead
#: Bytes of stack that a zygote has at most. From 3.14 on Python goes as deep as the limit lets it, so the limit must not
#: be more than a zygote can take at its start.
STACK_BYTES = 8 * 1024 * 1024
#: Python asks for its stack's limit only once, when it starts; so an interpreter that got more starts again.
#:
#: What comes with Python goes before what is installed beside us. The package is there without its front page, which
#: would load the broker: `threading` alone, with what it does after every fork, makes a run half a millisecond longer.
#: `sysconfig` is a stand-in, because from 3.12 on it loads `threading`, too: `zoneinfo` asks it where the system keeps
#: its zones (a script's come from `tzdata`), and `ctypes` for the name of a library on other systems.
_BOOT = """
import os, resource, sys, types
stack, most = resource.getrlimit(resource.RLIMIT_STACK)
if not 0 <= stack <= {stack}:
    resource.setrlimit(resource.RLIMIT_STACK, ({stack}, most))
    os.execv(sys.executable, sys.orig_argv)
sys.path += {path!r}
sys.modules["sandbox"] = types.ModuleType("sandbox")
sys.modules["sandbox"].__path__ = [{package!r}]
sys.modules["sysconfig"] = types.ModuleType("sysconfig")
sys.modules["sysconfig"].get_config_var = {{}}.get
from {entry} import main
main()
"""


class ZygoteLost(SandboxError):
    """This zygote answers no more. Stays inside this package: the supply starts another."""


class NoChild(SandboxError):
    """The zygote lives, but the system lets it fork no more. Stays inside this package."""


@dataclass(frozen=True)
class Launch:
    """How to start zygotes. The defaults are the product; anything else is for the sandbox's own tests.

    Whatever the executable, it imports the pure Python packages of this one from the same folders.
    """

    executable: str = sys.executable  #: the interpreter; `make fuzz` names a debug build
    entry: str = "sandbox.zygote.entry"  #: the module whose `main` the new interpreter calls
    layers: tuple[str, ...] = ("namespaces", "user", "landlock", "seccomp")
    spares: int = 1
    path: tuple[str, ...] = ()  #: more folders to import from


class Zygote:
    """One zygote process, from its start to its end. Safe for many threads."""

    def __init__(self, launch: Launch) -> None:
        self._control, inner = socket.socketpair(socket.AF_UNIX, RECORDS)
        self._lock = threading.Lock()
        self._open = True
        self.born = time.monotonic()
        self.asked = 0  #: how many children were asked for
        settings = {"broker": os.getpid(), "layers": launch.layers, "spares": launch.spares}
        package = str(Path(__file__).parents[1])
        boot = _BOOT.format(
            path=[*launch.path, *_import_path()], package=package, entry=launch.entry, stack=STACK_BYTES
        )
        with inner:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own code
                [launch.executable, "-I", "-S", "-B", "-X", "utf8", "-c", boot, json.dumps(settings)],
                stdin=inner.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=inner.fileno(),  # until the zygote can speak for itself
                env={},
                cwd="/",
                start_new_session=True,
            )
        self.report = self._hello()

    def child(self, limits: RunLimits) -> Channel:
        """A fresh jailed child. Raises `ZygoteLost` and `NoChild`; in both cases nothing of a run has happened."""
        try:
            mine, theirs = socket.socketpair(socket.AF_UNIX, RECORDS)
        except OSError as fault:
            raise NoChild("too many open files") from fault
        try:
            with theirs:
                self._ask(REQUEST.pack(limits.wall_s, limits.cpu_s, limits.memory_bytes), theirs)
            return self._handed_over(mine)
        except BaseException:
            mine.close()
            raise

    def retire(self) -> None:
        """Ask it for nothing more. It ends by itself when the last of its runs is over."""
        with self._lock:
            if self._open:
                self._open = False
                with suppress(OSError):  # said aloud, because a careless fork may hold a copy of the socket
                    self._control.shutdown(socket.SHUT_WR)
                self._control.close()

    def bury(self, patience_s: float) -> None:
        """Retire it, wait for its end, and after `patience_s` make an end. Nothing of it is left afterwards."""
        self.retire()
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_words(self) -> str:
        """Why it died, if it could say so."""
        try:
            self._control.setblocking(False)
            said = self._control.recv(8192)
        except OSError:
            return ""
        return str(json.loads(said).get("fault", "")) if said else ""

    def _handed_over(self, status: socket.socket) -> Channel:
        status.settimeout(_HAND_OVER_S)
        try:
            said, sent, _, _ = status.recvmsg(1, socket.CMSG_LEN(_DESCRIPTOR.size), _NOT_INHERITED)
        except OSError as fault:
            raise ZygoteLost("the zygote does not answer") from fault
        if sent:
            (number,) = _DESCRIPTOR.unpack(sent[0][2])
            return Channel(socket.socket(fileno=number), status)
        if said in (HANDED, NO_CHILD):
            raise NoChild("the system gives us no more processes or open files")
        raise ZygoteLost("the zygote died")

    def _ask(self, request: bytes, status: socket.socket) -> None:
        """Requests are whole once sent; a retired zygote still serves what was sent before."""
        with self._lock:
            if not self._open:
                raise ZygoteLost("the zygote is retired")
            self.asked += 1
            try:
                socket.send_fds(self._control, [request], [status.fileno()])
            except OSError as fault:
                raise ZygoteLost("the zygote does not listen") from fault

    def _hello(self) -> JailReport:
        known = machine_report()
        self._control.settimeout(_START_S)
        try:
            said = self._control.recv(65536)
        except OSError as fault:
            said = json.dumps({"fault": f"the zygote said nothing for {_START_S:.0f} s ({fault})"}).encode()
        self._control.settimeout(_HAND_OVER_S)
        report = with_hello(known, self._understood(said))
        if report.fault:
            self.bury(0.0)
        return report

    def _understood(self, said: bytes) -> dict[str, Any]:
        """The first message, or what an interpreter that failed to start has printed piece by piece."""
        if said.startswith(b"{"):
            return dict(json.loads(said))
        printed = said
        while said and len(printed) < _PRINTED_BYTES:
            try:
                said = self._control.recv(4096)
            except OSError:
                break
            printed += said
        return {"fault": printed.decode(errors="replace") or "the zygote ended before it could say anything"}


def machine_report() -> JailReport:
    """What is known about this machine before a zygote says more."""
    return JailReport(
        arch=platform.machine(),
        system=f"{platform.system()} {platform.release()}",
        runtime=runtime_key(),
    )


def _import_path() -> list[str]:
    """Where the new interpreter finds us and what the language layer stands on; it has no site-packages of its own."""
    folders = [Path(__file__).resolve().parents[2]]
    for name in ("RestrictedPython", "tzdata"):
        found = importlib.util.find_spec(name)
        if found is not None and found.origin is not None:
            folders.append(Path(found.origin).resolve().parent.parent)
    return list(dict.fromkeys(str(folder) for folder in folders))
