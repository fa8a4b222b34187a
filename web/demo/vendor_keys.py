"""The demo vendors' credentials: made at random on the first start, kept in the demo's folder, known to both sides.

The seed stores them (encrypted) as the connections' secrets; the vendor process asks for them. So even the demo
teaches no password that somebody could find in this repository.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class VendorKeys:
    """What a caller must know, and the bearer tokens given out; the repr shows nothing."""

    ethosce_user: str = field(repr=False)
    ethosce_password: str = field(repr=False)
    cvent_client: str = field(repr=False)
    cvent_secret: str = field(repr=False)
    tokens: dict[str, float] = field(default_factory=dict, repr=False)  #: token -> when it ends, monotonic

    def new_token(self, life_s: float) -> str:
        """Give out a token for some seconds. Those of an earlier process are gone, as after a vendor's restart."""
        fresh = secrets.token_urlsafe(24)
        self.tokens[fresh] = time.monotonic() + life_s
        return fresh

    def knows_token(self, token: str) -> bool:
        """Say whether a token was given out and has not ended."""
        return self.tokens.get(token, 0.0) > time.monotonic()


def vendor_keys(folder: Path) -> VendorKeys:
    """Read the keys, or make them if this is the first start."""
    file = folder / "vendor-keys.json"
    if file.exists():
        return VendorKeys(**json.loads(file.read_text()))
    keys = VendorKeys("restws-demo", secrets.token_urlsafe(18), "cvent-demo", secrets.token_urlsafe(24))
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in asdict(keys).items() if name != "tokens"}
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(kept, out)
    return keys
