"""Warns an author whose run used most of a budget."""

from __future__ import annotations

from sandbox import RunLimits, Usage

#: Share of a budget above which the author is warned.
NEARLY = 0.8
MIB = 1024 * 1024


def budget_warnings(usage: Usage, limits: RunLimits) -> tuple[str, ...]:
    """Return a warning for each budget of which little was left."""
    own_bytes = max(0, usage.memory_bytes - usage.idle_bytes)
    budgets = (
        ("time", usage.wall_ms / 1000, limits.wall_s, " s"),
        ("processor time", usage.cpu_ms / 1000, limits.cpu_s, " s"),
        ("memory", own_bytes / MIB, limits.memory_bytes / MIB, " MiB"),
        ("calls", usage.calls, limits.calls, ""),
        ("bytes read", usage.read_bytes, limits.read_bytes, ""),
        ("log lines", usage.log_lines, limits.log_lines, ""),
    )
    return tuple(
        f"{name}: {round(used, 2)} of {allowed:.10g}{unit} used"
        for name, used, allowed, unit in budgets
        if allowed and used >= NEARLY * allowed
    )
