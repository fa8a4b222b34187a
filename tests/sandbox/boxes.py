"""Shared by the sandbox's tests: an input, powers that record calls, and a short way from a script to its outcome."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from sandbox import Answer, RunLimits, ScriptInput
from sandbox.zygote.process import Launch

HERE = Path(__file__).resolve().parent
RAW = Launch(entry="raw_language", path=(str(HERE),))

SCRIPT_INPUT = ScriptInput(
    user={
        "id": "u1",
        "username": "ann",
        "user_type": "attendee",
        "first_name": "Ann",
        "last_name": "Example",
        "badge_id": "b1",
        "attributes": {},
    },
    session={
        "id": "s1",
        "title": "Opening",
        "starts_at": "2026-05-01T10:00:00+00:00",
        "ends_at": "2026-05-01T11:00:00+00:00",
        "location": "Hall",
        "parent_id": None,
        "credits": None,
        "attributes": {},
    },
    settings={},
    now="2026-05-01T10:30:00+00:00",
)


class Vendor:
    """Powers that record their calls and give a fixed answer."""

    def __init__(self, text="{}", *, bytes_read=None, fault=None):
        self.calls = []
        self._text = text
        self._bytes_read = len(text) if bytes_read is None else bytes_read
        self._fault = fault

    def call(self, call, *, deadline, read_bytes_left):
        self.calls.append(call)
        if self._fault is not None:
            raise self._fault
        return Answer(200, {"content-type": "application/json"}, self._text, self._bytes_read)


def indented(body):
    return "def status(user, session, api):\n" + "".join(f"    {line}\n" for line in body.strip("\n").splitlines())


class Box:
    """A sandbox with a method that runs the body of a `status` function."""

    def __init__(self, sandbox):
        self.sandbox = sandbox

    def run(self, body, powers=None, script_input=SCRIPT_INPUT, **limits):
        checked = self.sandbox.check(indented(body))
        assert checked.ok, checked.findings
        return self.sandbox.run(
            checked.code, script_input, powers=powers or Vendor(), limits=replace(RunLimits(), **limits)
        )


def traced(box, source, powers=None, script_input=SCRIPT_INPUT, runs=1, **limits):
    """The last of several runs in one child."""
    made = box.sandbox.instrument(source)
    assert made.script is not None, made.finding
    with box.sandbox.traced_runs(made.script, limits=RunLimits(**limits), child_wall_s=10.0) as child:
        return [child.run(script_input, powers or Vendor()) for _ in range(runs)][-1]


def descendants(pid):
    """The process numbers of all descendants of a process, nearest first."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found, level = [], [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


def alive(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def soon(condition, patience_s=5.0):
    """Whether the condition becomes true within a few seconds."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False
