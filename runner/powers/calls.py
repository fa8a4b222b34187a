"""The record of one call for the trace: what was asked and what came of it, without secrets and without bodies.

A reviewer reads these, and so may an organizer; parameters whose names promise a secret are blanked even though the
script wrote them itself.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

REDACTED: Final = "[redacted]"

_SECRET_NAME = re.compile(
    r"(?i)pass(word|wd)?$|secret|token|(api|access|auth)[_-]?key|^key$|signature|^sig$|credential|^auth"
)


@dataclass(frozen=True)
class CallRecord:
    """One call as the trace shows it. `ms` is everything the script waited for; `attempts` counts requests sent."""

    connection: str
    method: str
    path: str
    query: str
    status: int | None
    fault: str | None
    ms: float
    bytes: int
    from_cache: bool
    attempts: int

    def as_json(self) -> dict[str, Any]:
        """Plain values, as they are stored with the run."""
        return asdict(self)


def shown_query(query: str, params: tuple[tuple[str, str], ...]) -> str:
    """Query and parameters for people to read: values of telling names are blanked, the whole is cut."""
    pairs = (*parse_qsl(query, keep_blank_values=True), *params)
    return "&".join(f"{name}={REDACTED if _SECRET_NAME.search(name) else value}" for name, value in pairs)[:1000]
