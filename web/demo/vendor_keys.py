"""The demo vendors' credentials: made at random at the first start and stored in the demo's folder.

The seed stores them (encrypted) as the secrets of the connections; the vendor process checks them. So not even the demo
uses a password that is written in this repository.
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
    """The credentials of the APIs, and the issued bearer tokens; the repr shows none of them."""

    ethosce_user: str = field(repr=False)
    ethosce_password: str = field(repr=False)
    cvent_client: str = field(repr=False)
    cvent_secret: str = field(repr=False)
    tokens: dict[str, float] = field(default_factory=dict, repr=False)  #: token -> when it ends, monotonic

    def new_token(self, life_s: float) -> str:
        """Issue a token for some seconds. A restart ends all tokens, as at a vendor."""
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.monotonic() + life_s
        return token

    def knows_token(self, token: str) -> bool:
        """Say whether a token was issued and has not ended."""
        return self.tokens.get(token, 0.0) > time.monotonic()


def vendor_keys(folder: Path) -> VendorKeys:
    """Read the keys, or make them at the first start."""
    file = folder / "vendor-keys.json"
    if file.exists():
        return VendorKeys(**json.loads(file.read_text()))
    keys = VendorKeys("restws-demo", secrets.token_urlsafe(18), "cvent-demo", secrets.token_urlsafe(24))
    folder.mkdir(parents=True, exist_ok=True)
    stored = {name: value for name, value in asdict(keys).items() if name != "tokens"}
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(stored, out)
    return keys
