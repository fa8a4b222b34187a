"""Seals secrets at rest, so that vendors' credentials cannot be read in the database and its backups.

A sealed secret names the place that it was sealed for, and opens for no other. If it is copied to the row of another
connection, where somebody else chooses the address that it is sent to, it does not open.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import BadSecretKey, SecretNotOpened

#: Characters. A key is random and never a password, so the cipher's key is derived from it without stretching.
SHORTEST_KEY = 32
_PURPOSE = b"session-status: connection secrets, 1"
_MARKS = b"session-status: marks in audit entries, 1"
#: Hexadecimal digits of a mark.
_MARK = 8


class SecretBox:
    """Seals texts with the first key, and opens them with any (`keys`: the newest first, then the old ones).

    Its `repr` shows nothing of the keys, and its exceptions contain neither key nor text.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise BadSecretKey(
                "no key for secrets was given: set SESSION_STATUS_SECRET_KEY to at least 32 random characters"
            )
        self._fernet = MultiFernet([Fernet(_cipher_key(key)) for key in keys])
        self._count = len(keys)
        self._mark_key = hmac.digest(keys[0].encode(), _MARKS, "sha256")

    def __repr__(self) -> str:
        return f"<SecretBox with {self._count} key(s)>"

    def __reduce__(self) -> str:
        raise TypeError("a SecretBox must not leave its process")

    def seal(self, text: str, *, place: str = "") -> bytes:
        """Encrypt `text` for `place` with the newest key."""
        return self._fernet.encrypt(json.dumps({"place": place, "text": text}).encode())

    def open(self, sealed: bytes, *, place: str = "") -> str:
        """Decrypt a secret that was sealed for `place`. Raises SecretNotOpened, which says what to do."""
        try:
            content = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise _wrong_key() from None
        if content["place"] != place:
            raise SecretNotOpened(
                "this secret was sealed for another connection or address: enter it again for this one"
            )
        return str(content["text"])

    def opens(self, sealed: bytes) -> bool:
        """Say whether any of the keys opens a sealed secret, whatever place it was sealed for."""
        try:
            self._fernet.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def mark(self, text: str) -> str:
        """Return a mark that differs for different texts and reveals nothing of them."""
        return hmac.digest(self._mark_key, text.encode(), "sha256").hex()[:_MARK]

    def rotate(self, sealed: bytes) -> bytes:
        """Encrypt a secret again with the newest key, if any of the keys opens it."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken:
            raise _wrong_key() from None


def _wrong_key() -> SecretNotOpened:
    return SecretNotOpened(
        "no key opens this secret: put the key it was sealed with into SESSION_STATUS_SECRET_KEYS_OLD, "
        "or enter the secret again"
    )


def _cipher_key(key: str) -> bytes:
    """Derive the cipher's key, so that the same setting can also sign cookies without sharing a key."""
    if len(key) < SHORTEST_KEY:
        raise BadSecretKey(
            f"a key for secrets must have at least {SHORTEST_KEY} random characters; this one has {len(key)}"
        )
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
