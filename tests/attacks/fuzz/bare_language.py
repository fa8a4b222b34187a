"""The programs of the fuzzer in plain Python, in the jail: what CPython has of faults, and what a runner must notice.

The entry of a zygote for tests of the fuzzer itself; nothing of the product can name it.
"""

from __future__ import annotations

import builtins
import importlib
import marshal
import os
import sys
from dataclasses import dataclass
from types import SimpleNamespace

from sandbox import child
from sandbox.frames import HEADER
from sandbox.jail.lockdown import CHANNEL
from sandbox.zygote import startup


@dataclass(frozen=True)
class Compilation:
    code: bytes
    findings: tuple = ()
    literals: tuple = ()
    settings: tuple = ()
    setting_places: tuple = ()
    calls: tuple = ()
    prepares: bool = False
    api_level: int = 1


def main():
    startup.main(sys.modules[__name__])


def warm():
    for name in ("collections", "ctypes", "datetime", "decimal", "functools", "itertools", "json", "re", "zoneinfo"):
        importlib.import_module(name)


def prepare_runs(count):
    pass


def compile_source(source):
    return Compilation(marshal.dumps(compile(source, child.SCRIPT_FILE, "exec")))


def _get(connection, path, **more):
    """What the prelude of a spare child asks for."""
    return SimpleNamespace(json=lambda: {"list": [1]})


def execute(code, given, call):
    names = {
        "__builtins__": builtins,
        "__name__": "script",
        "message": lambda text, link=None, color=None: {"text": text, "link": link, "color": color},
        "frame": lambda data: os.write(CHANNEL, HEADER.pack(len(data)) + data),
        "ApiError": ValueError,
    }
    exec(marshal.loads(code), names)
    api = SimpleNamespace(log=lambda text: call("log", {"text": text}), settings=given["settings"], get=_get, now=str)
    return names["status"](SimpleNamespace(**given["user"]), SimpleNamespace(**given["session"]), api)
