"""Starts one zygote process and stops it; its children are taken from its `SpareStock`.

By `exec` and not by `fork`: what the broker holds (secrets, connections, threads) must not be inherited. The interpreter
is started isolated, with an empty environment and with every descriptor but the control socket closed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.jail.report import JailReport, with_hello
from sandbox.language import RUNTIME_KEY

from .loop import SOCKET_TYPE
from .spare_stock import SpareStock

_START_S = 30.0  #: for interpreter start, warm-up and probes on a busy machine
_PRINTED_BYTES = 16 * 1024  #: kept of what a failing interpreter prints
#: The largest stack of a zygote, in bytes. From 3.14 on Python recurses as deep as the limit allows, so the limit must
#: not be more than what a zygote can reserve at its start.
STACK_BYTES = 8 * 1024 * 1024
#: Python reads its stack limit only once, at its start; so an interpreter with a larger limit executes itself again.
#:
#: Python's own modules go before installed ones in the path. The package `sandbox` is set up without its front page, which
#: would load the broker: `threading` alone, with its work after every fork, makes a run half a millisecond longer.
#: `sysconfig` is replaced by an empty module, because from 3.12 on it loads `threading`, too: `zoneinfo` asks it where the
#: system keeps its zones (a script's come from `tzdata`), and `ctypes` for the name of a library on other systems.
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


@dataclass(frozen=True)
class Launch:
    """How to start zygotes. The defaults are the product's; other values are for the sandbox's own tests.

    Another executable imports the pure Python packages from the same folders as this interpreter.
    """

    executable: str = sys.executable  #: the interpreter; `make fuzz` names a debug build
    entry: str = "sandbox.zygote.entry"  #: the module whose `main` the new interpreter calls
    layers: tuple[str, ...] = ("namespaces", "user", "landlock", "seccomp")
    spares: int = 8  #: children that are forked ahead, 1 to 255
    path: tuple[str, ...] = ()  #: more folders to import from


class Zygote:
    """One zygote process, from its start to its end, and its `spares`. Safe to use from many threads."""

    def __init__(self, launch: Launch) -> None:
        self._control, inner = socket.socketpair(socket.AF_UNIX, SOCKET_TYPE)
        self.spares = SpareStock(self._control, launch.spares)
        self.started_at = time.monotonic()
        settings = {"broker": os.getpid(), "layers": launch.layers}
        package = str(Path(__file__).parents[1])
        boot = _BOOT.format(
            path=[*launch.path, *_import_path()], package=package, entry=launch.entry, stack=STACK_BYTES
        )
        with inner:
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter with the sandbox's own code
                [launch.executable, "-I", "-S", "-B", "-X", "utf8", "-c", boot, json.dumps(settings)],
                stdin=inner.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=inner.fileno(),  # until the zygote can report by itself
                env={"LD_BIND_NOW": "1"},  # symbols of libraries are resolved once here, not again in every child
                cwd="/",
                start_new_session=True,
            )
        self.report = self._hello()

    def stop(self, timeout_s: float) -> None:
        """Order no more children, wait for the end of its last run, and kill it after `timeout_s`. No process of it is left."""
        self.spares.close()
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def fault(self) -> str:
        """Why it died, if it could report that; known when it was stopped."""
        try:
            return str(json.loads(self.spares.fault)["fault"])
        except ValueError:  # none, or where messages have no boundaries, only its beginning
            return ""

    def _hello(self) -> JailReport:
        known = machine_report()
        self._control.settimeout(_START_S)
        try:
            message = self._control.recv(65536)
        except OSError as fault:
            message = json.dumps({"fault": f"the zygote did not report within {_START_S:.0f} s ({fault})"}).encode()
        report = with_hello(known, self._parse_hello(message))
        if report.fault:
            self.stop(0.0)
        return report

    def _parse_hello(self, message: bytes) -> dict[str, Any]:
        """The zygote's first message, or as its fault all that an interpreter printed which failed to start."""
        if message.startswith(b"{"):
            return dict(json.loads(message))
        printed = message
        while message and len(printed) < _PRINTED_BYTES:
            try:
                message = self._control.recv(4096)
            except OSError:
                break
            printed += message
        return {"fault": printed.decode(errors="replace") or "the zygote ended before it could report anything"}


def machine_report() -> JailReport:
    """What is known about this machine before a zygote reports more."""
    return JailReport(
        arch=platform.machine(),
        system=f"{platform.system()} {platform.release()}",
        runtime=RUNTIME_KEY,
    )


def _import_path() -> list[str]:
    """The folders of this package and of what the language layer imports; the new interpreter has no site-packages."""
    folders = [Path(__file__).resolve().parents[2]]
    for name in ("RestrictedPython", "tzdata"):
        found = importlib.util.find_spec(name)
        if found is not None and found.origin is not None:
            folders.append(Path(found.origin).resolve().parent.parent)
    return list(dict.fromkeys(str(folder) for folder in folders))
