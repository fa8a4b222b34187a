"""What a rule is: an id which findings name, with its words.

`{...}` in the words is filled in by the place that finds; the words are shown to authors as they stand.
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
    """Rules by their names."""
    return MappingProxyType({rule.name: rule for rule in rules})
