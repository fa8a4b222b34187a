"""A rule of the check: an id that findings refer to, with its texts.

The check fills in `{...}` in the texts; they are shown to authors exactly as written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from sandbox.outcomes import Severity


@dataclass(frozen=True)
class Rule:
    """One rule: `name` is its id in findings."""

    name: str
    what: str
    why: str
    instead: str
    severity: Severity = Severity.ERROR


def table(*rules: Rule) -> MappingProxyType[str, Rule]:
    """The rules by their names."""
    return MappingProxyType({rule.name: rule for rule in rules})
