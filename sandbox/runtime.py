"""Which runtime compiled code belongs to, and what a script is offered, as the language layer says.

Kept apart from the broker, so that pages and tables can ask without starting anything.
"""

from __future__ import annotations

from .language import API_LEVEL, OFFERED, RUNTIME_KEY, WITHHELD, OfferedEntry, WithheldEntry

__all__ = ["API_LEVEL", "OfferedEntry", "WithheldEntry", "offered", "runtime_key", "withheld"]


def runtime_key() -> str:
    """Compiled code is valid for the same key only: policy, Python and RestrictedPython are in it."""
    return RUNTIME_KEY


def offered() -> tuple[OfferedEntry, ...]:
    """Everything a script may use, for the documentation."""
    return OFFERED


def withheld() -> tuple[WithheldEntry, ...]:
    """Everything a script may not use, each with its reason."""
    return WITHHELD
