"""The budgets of a run: what the implementation asks for, within what the operator allows."""

from __future__ import annotations

from dataclasses import asdict

from records import Implementation
from sandbox import RunLimits


def limits_of(implementation: Implementation, most: RunLimits) -> RunLimits:
    """Return the budgets: each is the implementation's or else the default, but never more than the operator's limit."""
    defaults, allowed = asdict(RunLimits()), asdict(most)
    own = {name: value for name, value in implementation.limits.items() if name in defaults}
    return RunLimits(**{name: min(value, allowed[name]) for name, value in (defaults | own).items()})
