"""The key under which compiled code is stored: code is valid only where the key is the same.

It is computed from the text of this package and of RestrictedPython's transformer, so that there is no version number to
forget, and from the exact Python version, because `marshal` changes between versions.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

#: This package: its text decides what is compiled from a script and what the code may do.
PACKAGE = Path(__file__).parent


def _runtime_key() -> str:
    digest = hashlib.sha256()
    for path in [*sorted(PACKAGE.rglob("*.py")), _transformer()]:
        name = path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else path.name
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    version = sys.version_info
    magic = importlib.util.MAGIC_NUMBER[:2].hex()
    python = f"{sys.implementation.name}-{version.major}.{version.minor}.{version.micro}-{magic}-{sys.byteorder}"
    return f"{digest.hexdigest()[:16]}-{python}"


def _transformer() -> Path:
    """The file of RestrictedPython's transformer, which is not imported for this: only a jailed child needs it."""
    spec = importlib.util.find_spec("RestrictedPython")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("transformer.py")


RUNTIME_KEY = _runtime_key()
