"""Whether a stored secret may stay when its connection is changed: one rule for all secrets that people enter.

A secret is entered once and never shown again. Without this rule, somebody who may change where it is sent, but does not know
it, could have it sent to a host of their own. The steps, in this order:

1. If no secret is needed, a typed one is refused and a stored one is deleted.
2. A typed secret is checked, and replaces the stored one.
3. Without a typed secret there must be a stored one.
4. The stored one must be typed again if its use changes: the kind of credential, the scheme, host or port of an address that
   it is sent to, or the account (user, client ID, header, parameter) that it belongs to.
5. Otherwise it stays. A path may change, because the secret goes to the same host.

The seal is a second safeguard: a secret is sealed for its `SecretUse.destination`, and opens for no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from records import fields
from records.errors import FieldFault

#: Characters; more than any vendor's token has.
LONGEST = 8192


@dataclass(frozen=True)
class SecretUse:
    """What a secret is used for: the method, the addresses that it is sent to, and the account that it belongs to."""

    method: tuple[str, ...]
    urls: tuple[str, ...]
    account: tuple[str, ...]

    @property
    def destination(self) -> list[str]:
        """What a secret is sealed for. If this form changed, no stored secret would open any more."""
        return [*self.method, *(_origin(url) for url in self.urls)]

    def is_another_than(self, other: SecretUse) -> bool:
        """Say whether a secret for the other use must not be used for this one."""
        return self.destination != other.destination or self.account != other.account


def to_seal(
    typed: str | None, *, wanted: SecretUse | None, stored: SecretUse | None, check: Callable[[Any], str]
) -> str | None:
    """Return the secret to seal, "" to delete the stored one, or None to keep it. Raises RuleViolation.

    `wanted` is None where no secret is needed, `stored` is None where none is stored.
    """
    if wanted is None:  # 1.
        fields.refuse([FieldFault("secret", "must be empty for this kind of credential")] if typed else [])
        return ""
    if typed is not None:  # 2.
        return str(fields.checked({"secret": check}, {"secret": typed})["secret"])
    if stored is None:  # 3.
        fields.refuse([FieldFault("secret", "is missing")])
    elif wanted.is_another_than(stored):  # 4.
        reason = (
            "must be typed again, because it would be used at another address, for another account or in another way"
        )
        fields.refuse([FieldFault("secret", reason)])
    return None  # 5.


def text(value: Any, *, least: int = 1) -> str:
    """Check the text of a secret, which must have at least `least` bytes."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or not value.isprintable():
        raise ValueError(f"must be 1 to {LONGEST} printable characters")
    if len(value.encode()) < least:
        raise ValueError(
            f"must have at least {least} random characters, because somebody who guesses it can log in as any person"
        )
    return value


def _origin(url: str) -> str:
    try:
        return "{0.scheme}://{0.netloc}".format(urlsplit(url)).lower()
    except ValueError:  # not an address, which the rule for addresses refuses, so no stored secret has it
        return url
