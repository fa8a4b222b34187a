"""A language layer without any rule, for attacks on the jail alone, and the entry of a zygote that uses it.

Production cannot reach this: a zygote's entry is a module name in `Launch`, the product's is `sandbox.zygote.entry`, and this
module is in no package that is shipped.
"""

from __future__ import annotations

import builtins
import dataclasses
import importlib
import json
import marshal
import os
import sys
from types import SimpleNamespace

from sandbox import child
from sandbox.frames import HEADER
from sandbox.jail import kernel
from sandbox.jail.lockdown import CHANNEL
from sandbox.zygote import startup


class ApiError(Exception):
    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


@dataclasses.dataclass(frozen=True)
class Compilation:
    code: bytes | None
    findings: tuple = ()
    literals: tuple = ()
    api_level: int = 1
    settings: tuple = ()


def main():
    startup.main(sys.modules[__name__])


def warm():
    """Nothing but what the attacks below use: they shall meet the kernel, not a missing module."""
    for name in (
        "array",
        "ctypes",
        "decimal",
        "gc",
        "mmap",
        "re",
        "resource",
        "select",
        "signal",
        "socket",
        "threading",
    ):
        importlib.import_module(name)


def compile_source(source):
    if source.startswith("#ATTACK OUTPUT"):
        return Compilation(b"x" * 5_000_000)
    if source.startswith("#ATTACK"):  # a text which the compiler falls for
        exec(source)
    return Compilation(marshal.dumps(compile(source, child.SCRIPT_FILE, "exec")))


def execute(code, given, call):
    def get(connection, path, params=None, **more):
        pairs = [[key, value] for key, value in (params or {}).items()]
        asked = {"method": "GET", "json": None, "has_json": False, "headers": [], **more}
        said = call("call", {"connection": connection, "path": path, "params": pairs, **asked})
        if "fault" in said:
            raise ApiError(said["fault"], said["text"])
        return SimpleNamespace(**said, json=lambda: json.loads(said["text"]))

    names = {
        "__builtins__": builtins,
        "__name__": "script",
        "message": lambda text, link=None, color=None: {"text": text, "link": link, "color": color},
        "raw": lambda data: os.write(CHANNEL, data),
        "frame": lambda data: os.write(CHANNEL, HEADER.pack(len(data)) + data),
        "kernel": kernel,
        "ApiError": ApiError,
    }
    exec(marshal.loads(code), names)
    api = SimpleNamespace(get=get, log=lambda text: call("log", {"text": text}), now=lambda: given["now"])
    return names["status"](SimpleNamespace(**given["user"]), SimpleNamespace(**given["session"]), api)
