"""Reads the scripts of the red team: each is a file that says in its own header what it attacks and what must hold.

# Attack: what is tried
# Holds: what must be true whatever happens
# Check: rules which the check must name, with commas between them; for a script that must be refused
# Ends: how the run may end, with " or " between the ways: `returned TEXT`, `hidden`, or a kind and an error's type
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
_HEADER = re.compile(r"^# (Check|Ends): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Attack:
    """One script and what must come of it: findings of these rules, or a run that ends in one of these ways."""

    name: str
    source: str
    rules: tuple[str, ...] = ()
    or_rules: tuple[str, ...] = ()  #: as good as `rules`
    ends: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.rules and not self.ends:
            raise ValueError(f"{self.name} must say what the check finds or how the run ends")


def written() -> list[Attack]:
    """Every script of the folder."""
    return [_read(path) for path in sorted(SCRIPTS.glob("*.txt"))]


def _read(path: Path) -> Attack:
    source = path.read_text(encoding="utf-8")
    said = dict(_HEADER.findall(source))
    rules = tuple(said["Check"].split(", ")) if "Check" in said else ()
    ends = tuple(said["Ends"].split(" or ")) if "Ends" in said else ()
    return Attack(path.stem, source, rules=rules, ends=ends)


def ending(kind: str, text: str | None, error: str | None) -> tuple[str, ...]:
    """Every way to write how a run ended, from the exact to the vague."""
    if kind == "returned":
        return ("hidden",) if text is None else (f"returned {text}", "returned")
    return (f"{kind} {error}", kind)
