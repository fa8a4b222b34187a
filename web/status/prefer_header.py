"""`Prefer: wait=N` (RFC 7240): how long a client wants to wait for a first answer."""

from __future__ import annotations

import re

#: Seconds, whole or decimal; there may be other preferences.
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*\"?(\d{1,6}(?:\.\d{1,3})?)\"?\s*(?=;|,|$)", re.IGNORECASE)


def wait_wanted(header: str | None, most: float) -> float:
    """Return the seconds to wait, at most `most`; 0 if the header is missing or invalid."""
    found = _WAIT.search(header) if header else None
    return min(float(found[1]), most) if found else 0.0
