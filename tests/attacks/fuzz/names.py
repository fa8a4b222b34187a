"""What the fuzzer may say: every name of the tables of what scripts are offered, with the expression that reaches it.

Made from `OFFERED` alone, so that a name which is added to the tables is fuzzed from its first day.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox import OFFERED


@dataclass(frozen=True)
class Target:
    """One offered name. `where` is a module, a type of value, or a heading of the table."""

    kind: str  #: as in the table: "names", "exceptions", "module", "value" or "type"
    where: str
    name: str

    @property
    def needs_value(self) -> bool:
        """Whether it is read from a value of the type `where`, and not from a name."""
        return self.kind == "value"

    @property
    def text(self) -> str:
        """The expression, for a name that is not read from a value."""
        return f"{self.where}.{self.name}" if self.kind in {"module", "type"} else self.name


def targets() -> tuple[Target, ...]:
    """Every offered name, in the order of the tables."""
    found = [Target(entry.kind, entry.where, name) for entry in OFFERED for name in entry.names]
    return tuple(dict.fromkeys(found))


def modules() -> tuple[str, ...]:
    """The modules that a program has to import to reach them all."""
    return tuple(dict.fromkeys(target.where for target in targets() if target.kind == "module"))
