"""Measures the memory of a real jailed child in the middle of a call."""

from __future__ import annotations

from pathlib import Path

from sandbox import Answer, Call, Sandbox, ScriptInput

_SCRIPT = """
def status(user, session, api):
    return message(api.get("vendor", "/").text)
"""
_FIELDS = {"Rss": "rss_bytes", "Pss": "pss_bytes", "Private_Dirty": "private_dirty_bytes"}


def child_memory(sandbox: Sandbox) -> dict[str, int]:
    """Resident, proportional and private dirty bytes of a child that waits for a call, and of its zygote.

    Needs Linux and root, because nothing else may look into a jailed child; otherwise it raises `OSError`.
    """
    measured: dict[str, int] = {}

    class Observer:
        def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
            zygote, child = _zygote_and_child(sandbox.zygote_pid)
            measured.update(_memory(child, "child"), **_memory(zygote, "zygote"))
            return Answer(200, {}, "", 0)

    script_input = ScriptInput({"id": "u"}, {"id": "s"}, {}, "2026-01-01T00:00:00+00:00")
    code = sandbox.check(_SCRIPT).code
    assert code is not None
    sandbox.run(code, script_input, powers=Observer())
    return measured


def _zygote_and_child(outer: int) -> tuple[int, int]:
    """The zygote and the child of the run: of all its children, the one that has touched most memory."""
    children = _children(outer)
    zygote = children[0] if len(children) == 1 and _children(children[0]) else outer
    return zygote, max(_children(zygote), key=lambda pid: _memory(pid, "x")["x_private_dirty_bytes"])


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _memory(pid: int, prefix: str) -> dict[str, int]:
    rows = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    sizes = {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows if len(row) > 1}
    return {f"{prefix}_{name}": sizes[field] for field, name in _FIELDS.items()}
