"""A language layer without any rule, for attacks on the jail alone, and the entry point of a zygote that uses it.

Production cannot reach it: a zygote's entry point is a module name in `Launch`, the product's is `sandbox.zygote.entry`, and
this module is in no package that is shipped.
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
    setting_places: tuple = ()
    prepares: bool = False
    calls: tuple = ()


def main():
    startup.main(sys.modules[__name__])


def warm():
    """Import what the attacks use, so that the kernel stops them and not a missing module."""
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
    if source.startswith("#ATTACK"):  # a text that takes over the compiler
        exec(source)
    return Compilation(marshal.dumps(compile(source, child.SCRIPT_FILE, "exec")))


def instrument(source):
    if source.startswith("#ATTACK"):  # a text that takes over the compiler
        exec(source)
    return SimpleNamespace(
        lines=(1,),
        sites=(),
        texts=(),
        numbers=(),
        templates=(),
        code=marshal.dumps(compile(source, child.SCRIPT_FILE, "exec")),
    )


class Recorder:
    """Records nothing, or what an attack put into `forged`."""

    forged = None

    def __init__(self, max_calls):
        pass

    def report(self):
        empty = {"steps": 0, "used_up": "", "lines": [], "tests": [], "comparisons": [], "reads": [], "misuses": []}
        return {**empty, **(Recorder.forged or {})}


def execute_traced(code, script_input, call, recorder):
    return execute(code, script_input, call), None


def execute_prepare(code, script_input, call):
    names = {"__builtins__": builtins, "frame": lambda data: os.write(CHANNEL, HEADER.pack(len(data)) + data)}
    exec(marshal.loads(code), names)
    return names["prepare"](None, None)


def execute(code, script_input, call):
    def get(connection, path, params=None, **more):
        pairs = [[key, value] for key, value in (params or {}).items()]
        fields = {"method": "GET", "json": None, "has_json": False, "headers": [], **more}
        answer = call("call", {"connection": connection, "path": path, "params": pairs, **fields})
        if "fault" in answer:
            raise ApiError(answer["fault"], answer["text"])
        return SimpleNamespace(**answer, json=lambda: json.loads(answer["text"]))

    names = {
        "__builtins__": builtins,
        "__name__": "script",
        "message": lambda text, link=None, color=None: {"text": text, "link": link, "color": color},
        "raw": lambda data: os.write(CHANNEL, data),
        "frame": lambda data: os.write(CHANNEL, HEADER.pack(len(data)) + data),
        "kernel": kernel,
        "forge": lambda **parts: setattr(Recorder, "forged", parts),
        "ApiError": ApiError,
    }
    exec(marshal.loads(code), names)
    api = SimpleNamespace(get=get, log=lambda text: call("log", {"text": text}), now=lambda: script_input["now"])
    return names["status"](SimpleNamespace(**script_input["user"]), SimpleNamespace(**script_input["session"]), api)
