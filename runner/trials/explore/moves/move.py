"""One step from a scene to another, and how soon it is worth a run."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from runner.trials.explore.scene import Edit, ScenePath

#: What a move is for: ("test", site, outcome) or ("comparison", site, name, relation).
Goal = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """Edits, their rank (the lowest is tried first), and the goal after whose reaching they can wait."""

    rank: float
    edits: tuple[Edit, ...]
    goal: Goal | None = None


def move(rank: float, path: ScenePath, value: Any, goal: Goal | None = None) -> Move:
    """A move of one edit."""
    return Move(rank, (Edit(path, value),), goal)


def own_text(path: ScenePath) -> str:
    """A text that stands nowhere else, the same each time for the same path: the last key, and a number."""
    name = next((part for part in reversed(path) if isinstance(part, str)), "text")
    plain = "".join(character for character in name if character.isalnum())[:12] or "text"
    return f"{plain}-{zlib.crc32(repr(path).encode()) % 9000 + 1000}"
