"""The key under which compiled code may be kept: code is valid only where the key is the same.

It is made from the text of this package and of RestrictedPython's transformer, so that nobody can forget to raise a
version, and from the exact Python, because `marshal` changes between versions.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

from RestrictedPython import transformer


def _runtime_key() -> str:
    digest = hashlib.sha256()
    for path in [*sorted(Path(__file__).parent.glob("*.py")), Path(transformer.__file__)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    version = sys.version_info
    magic = importlib.util.MAGIC_NUMBER[:2].hex()
    python = f"{sys.implementation.name}-{version.major}.{version.minor}.{version.micro}-{magic}-{sys.byteorder}"
    return f"{digest.hexdigest()[:16]}-{python}"


RUNTIME_KEY = _runtime_key()
