"""What a child costs in memory, measured on a real one in the middle of a call: for the benchmarks."""

from __future__ import annotations

from pathlib import Path

from .broker import Sandbox
from .outcomes import Answer, Call, ScriptInput

_SCRIPT = """
def status(user, session, api):
    return message(api.get("vendor", "/").text)
"""
_FIELDS = {"Rss": "rss_bytes", "Pss": "pss_bytes", "Private_Dirty": "private_dirty_bytes"}


def child_memory(sandbox: Sandbox) -> dict[str, int]:
    """Resident, proportional and private dirty bytes of a child which waits for a call, and of its zygote.

    Linux only, and only root may look into a jailed child; raises `OSError` else.
    """
    measured: dict[str, int] = {}

    class Observer:
        def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:  # noqa: ARG002 - the shape of Powers
            zygote, child = _line_of_descent(sandbox.zygote_pid)
            measured.update(_memory(child, "child"), **_memory(zygote, "zygote"))
            return Answer(200, {}, "", 0)

    given = ScriptInput({"id": "u"}, {"id": "s"}, {}, "2026-01-01T00:00:00+00:00")
    code = sandbox.check(_SCRIPT).code
    assert code is not None
    sandbox.run(code, given, powers=Observer())
    return measured


def _line_of_descent(outer: int) -> tuple[int, int]:
    """The zygote and its child that was forked last but for the spares: the one whose memory was touched most."""
    below = _children(outer)
    zygote = below[0] if len(below) == 1 and _children(below[0]) else outer
    return zygote, max(_children(zygote), key=lambda pid: _memory(pid, "x")["x_private_dirty_bytes"])


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _memory(pid: int, prefix: str) -> dict[str, int]:
    rows = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    sizes = {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows if len(row) > 1}
    return {f"{prefix}_{ours}": sizes[theirs] for theirs, ours in _FIELDS.items()}
