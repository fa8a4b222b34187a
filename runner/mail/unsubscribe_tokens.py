"""Signed links that end the mails of a group: `/unsubscribe/{token}` (RFC 8058).

A token works without a login and without an end, because a mail may be read years later. It can do one thing only: end the
mails of one group, or of all, for one person. It holds nothing secret, and counts only for the person for whom it was made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

PURPOSE: Final = b"session-status unsubscribe 1:"
#: Characters of the longest token that is looked at.
MOST_CHARS: Final = 256
_LARGEST_NUMBER: Final = 2**62


@dataclass(frozen=True)
class Unsubscription:
    """Whose mails end, and of which group; "" means all groups. `mark` is that of the person (`records.notices.mail_content`)."""

    user: int
    group: str
    mark: str


class UnsubscribeTokens:
    """Makes and reads tokens. The first key signs; all are accepted."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._serializer = URLSafeSerializer(
            list(reversed(keys)),  # the library signs with the last
            salt=PURPOSE,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def make(self, wanted: Unsubscription) -> str:
        """Return the token."""
        return str(self._serializer.dumps([wanted.user, wanted.group, wanted.mark]))

    def read(self, token: str) -> Unsubscription | None:
        """Return what a token says; None for one that we did not make."""
        if len(token) > MOST_CHARS:
            return None
        try:
            user, group, mark = self._serializer.loads(token)
        except (BadData, ValueError, TypeError):
            return None
        whole = type(user) is int and 0 < user < _LARGEST_NUMBER and type(group) is str and type(mark) is str
        return Unsubscription(user, group, mark) if whole else None
