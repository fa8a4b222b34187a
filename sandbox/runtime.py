"""Which runtime compiled code belongs to, and what a script is offered, as the language layer says.

Kept apart from the broker, so that pages and tables can ask without starting anything.
"""

from __future__ import annotations

from typing import Any

from . import language

API_LEVEL = 1  #: the newest level of the script API; an upgrade takes nothing away from older ones


def runtime_key() -> str:
    """Compiled code is valid for the same key only: policy, Python and RestrictedPython are in it."""
    return language.RUNTIME_KEY


def offered() -> Any:
    """Everything a script may use, for the documentation."""
    return language.OFFERED


def withheld() -> Any:
    """Everything a script may not use, each with its reason."""
    return language.WITHHELD
