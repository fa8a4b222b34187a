"""Reads the file of scans that a phone has saved, for the page and the command that import it."""

from __future__ import annotations

import hashlib

from records import Implementation, RuleViolation
from records.attendance.phones import saved_scans
from records.attendance.phones.saved_scans import LARGEST, SavedScans
from web.auth.external.strict_json import read_json


def read_phone_file(owner: Implementation, data: bytes) -> SavedScans:
    """Read a file. Raises RuleViolation if it is none, or not of this implementation."""
    if not data:
        raise RuleViolation("file", "is missing, or empty")
    if len(data) > LARGEST:
        raise RuleViolation("file", f"is larger than {LARGEST // 1024 // 1024} MB")
    try:
        content = read_json(data.removeprefix(b"\xef\xbb\xbf"))  # some editors put a mark there
    except ValueError:
        raise RuleViolation(
            "file", "is not a file of scans that a phone has saved, or was cut off or changed"
        ) from None
    return saved_scans.checked(owner, content, hashlib.sha256(data).hexdigest())
