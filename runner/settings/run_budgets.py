"""The budgets of a run: what the implementation asks for, within what the operator allows."""

from __future__ import annotations

from dataclasses import asdict

from records import Implementation
from sandbox import RunLimits


def limits_of(implementation: Implementation, most: RunLimits) -> RunLimits:
    """Each budget is the implementation's or else the usual one, and never more than the operator's."""
    usual, allowed = asdict(RunLimits()), asdict(most)
    asked = {name: value for name, value in implementation.limits.items() if name in usual}
    return RunLimits(**{name: min(value, allowed[name]) for name, value in (usual | asked).items()})
