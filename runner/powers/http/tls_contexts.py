"""How our side of TLS is set up, for vendors and for the mail server."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities and those in `ca_file`, checks names, and uses TLS 1.2 or newer.

    Reading the authorities takes long, so a process reads them once, and again when `ca_file` has changed.
    """
    return _read_once(ca_file, Path(ca_file).stat().st_mtime_ns if ca_file else 0)


@lru_cache(maxsize=4)
def _read_once(ca_file: str | None, _changed_at: int) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
