"""The budgets that an implementation may set for its runs, in one table: their ranges, and how forms name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from records import fields
from records.errors import RuleViolation

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True)
class RunBudget:
    """A budget that an implementation may set for its runs, with its name in `sandbox.RunLimits`.

    `unit` and `factor` are those of the form; without a label, it can be set by a command only.
    """

    name: str
    check: fields.Check
    label: str = ""
    unit: str = ""
    factor: int = 1
    whole: bool = True


BUDGETS = (
    RunBudget("wall_s", fields.number(0.1, 30), "Time of one run", "seconds", whole=False),
    RunBudget("cpu_s", fields.number(0.1, 10), "Computing time of one run", "seconds", whole=False),
    RunBudget("memory_bytes", fields.whole(16 * MIB, 1024 * MIB), "Memory of one run", "MiB", MIB),
    RunBudget("calls", fields.whole(0, 100), "Calls of one run", "calls"),
    RunBudget("read_bytes", fields.whole(0, 16 * MIB), "Data that one run may read", "KiB", KIB),
    RunBudget("log_lines", fields.whole(0, 1000), "Lines of log that one run may write", "lines"),
    RunBudget("log_chars", fields.whole(1, 5000)),
    RunBudget("output_bytes", fields.whole(1024, 64 * 1024)),
)

#: The budgets by name, with their ranges.
LIMITS: dict[str, fields.Check] = {each.name: each.check for each in BUDGETS}


def run_limits(value: Any) -> dict[str, Any]:
    """Check the budgets of an implementation, a JSON object. Raises ValueError."""
    given = fields.json_object(4096)(value)
    try:
        return fields.checked(LIMITS, given)
    except RuleViolation as refused:
        raise ValueError(str(refused)) from None
