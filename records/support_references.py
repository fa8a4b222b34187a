"""References: what a person reads out when something went wrong, and support looks up.

A reference is eight hexadecimal digits, such as `3f9ca71e`: short on the phone, and the same text is in the log. The
reference of a run is part of its id, so that it is known without the database.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time

#: Where the reference is in a run's id (`runner.queues.status_jobs.new_run_id`); migration 0006 has the same in SQL.
PLACE = slice(17, 25)

#: Seconds for which a `lasting` reference stays the same.
LASTING_S = 600

_SPOKEN = re.compile(r"([0-9a-f]{4})[\s-]?([0-9a-f]{4})", re.IGNORECASE)


def new() -> str:
    """Return a new reference."""
    return secrets.token_hex(4)


def lasting(*about: str, now: float | None = None) -> str:
    """Return the same reference for the same keys for some minutes, so that a page that asks again shows the same."""
    window = int((time.time() if now is None else now) // LASTING_S)
    return hashlib.blake2b("\0".join((*about, str(window))).encode(), digest_size=4).hexdigest()


def of_run(run_id: str) -> str:
    """Return the reference of a run."""
    return run_id[PLACE]


def read(text: str) -> str | None:
    """Return the reference that somebody typed, in its one spelling; None if it cannot be one."""
    found = _SPOKEN.fullmatch(text.strip())
    return f"{found[1]}{found[2]}".lower() if found else None
