"""The levels of the script API: which there are, and what a script of each level may use.

A script names the level that it was written for (`API_LEVEL = 1`; level 1 if it names none), and its version keeps it. What
a level offers is never taken away from it. A change that would break a script is a new level.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from .offered import OFFERED, OfferedEntry


@dataclass(frozen=True)
class ApiLevel:
    """One level. `summary` is what is different from the level before."""

    number: int
    summary: str
    offered: tuple[OfferedEntry, ...]


LEVELS: Final = MappingProxyType(
    {level.number: level for level in (ApiLevel(1, "the first level: everything on this page", OFFERED),)}
)
#: The newest level.
API_LEVEL: Final = max(LEVELS)
#: The level of a script that names none.
DEFAULT_LEVEL: Final = 1
