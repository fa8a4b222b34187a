"""How deep a JSON value is nested. What reads one value within another has a limit of its own, at which it fails."""

from __future__ import annotations

from typing import Any, Final

#: Levels of a value that strangers send, far above what a case or an answer needs and far below that limit.
MOST_LEVELS: Final = 100


def is_deep(value: Any) -> bool:
    """Say whether a JSON value has objects and lists within each other on more than `MOST_LEVELS` levels."""
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        level = [one for each in level for one in _within(each)]
        if not level:
            return False
    return True


def _within(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
