"""A language layer without protection: what is sent as a script runs as plain Python in the jailed child.

So only the jail and the broker stop what is in `fallen.py`. The product cannot start it: it is in no package.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import struct
import sys
from types import SimpleNamespace

from sandbox.jail.lockdown import CHANNEL
from sandbox.zygote import startup

_C = ctypes.CDLL(None, use_errno=True)
_C.syscall.restype = ctypes.c_long


def main():
    startup.main(sys.modules[__name__])


def warm():
    for name in ("ctypes", "json", "mmap", "signal", "struct"):
        importlib.import_module(name)


def system(number, *arguments):
    """A system call by its number, every argument as 64 bits; its result, or the name of its error as a text."""
    result = _C.syscall(
        ctypes.c_long(number), *[ctypes.c_ulong(part) if type(part) is int else part for part in arguments]
    )
    return result if result != -1 else os.strerror(ctypes.get_errno())


def raw(data):
    """Bytes to the broker as they are."""
    while data:
        data = data[os.write(CHANNEL, data) :]


def frame(body):
    """A frame to the broker, of bytes, text or something for JSON."""
    body = body if isinstance(body, bytes | str) else json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    body = body.encode() if isinstance(body, str) else body
    raw(struct.pack(">I", len(body)) + body)


def answer(text="x"):
    return {"t": "result", "value": {"text": text, "link": None, "color": None}}


def ask(**changes):
    """A call as the language makes it, but for the changes."""
    call = {"t": "call", "line": None, "method": "GET", "connection": "c", "path": "/p", "params": [], "headers": []}
    frame({**call, "json": None, "has_json": False, **changes})


POWERS = {
    name: value
    for name, value in globals().items()
    if name in {"system", "raw", "frame", "answer", "ask", "os", "json", "struct", "ctypes", "CHANNEL"}
}


def prepare_runs(count):
    pass


def compile_source(source):
    if source.startswith("# compiler"):
        exec(source, dict(POWERS))
    return SimpleNamespace(
        findings=(),
        literals=(),
        api_level=1,
        settings=(),
        setting_places=(),
        calls=(),
        prepares=False,
        code=source.encode(),
    )


def execute(code, script_input, call):
    if script_input["settings"].get("warm"):
        return {"text": "", "link": None, "color": None}
    names = {**POWERS, "call": call}
    exec(code.decode(), names)
    return {"text": str(names.get("said", "x")), "link": None, "color": None}
