"""What the records room raises. Everything it raises on purpose has one root.

RecordsError             root
+-- Refused              a value breaks a rule: which field, and why (the caller's fault, shown to the person)
+-- OtherProvider        a person comes by another identity provider than the one they belong to
+-- Unavailable          the database does not answer, or a lock was not given in time; trying again may help
|   +-- Silent           it says nothing at all: whoever asks waits in vain, so nobody else should
+-- SchemaUnknown        the database was upgraded by a newer release than this one
+-- WrongEnvironment     the database was made for development and this is production, or the other way round
+-- SecretsError         root of what sealing and opening secrets raises
+-- BadSecretKey           a key of the settings is too short, or there is none
+-- SecretNotOpened        no key opens this secret, or it was sealed for another place
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class RecordsError(Exception):
    """Root of what the records room raises on purpose."""


@dataclass(frozen=True)
class FieldFault:
    """One broken rule: the field's name as the caller gave it, and the reason in plain words."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


class RuleViolation(RecordsError):
    """A value breaks a rule. `field` and `reason` are the first fault, `faults` are all of them."""

    def __init__(self, field: str, reason: str, *, more: Iterable[FieldFault] = ()) -> None:
        self.faults = (FieldFault(field, reason), *more)
        super().__init__("; ".join(map(str, self.faults)))

    @property
    def field(self) -> str:
        """The first fault's field."""
        return self.faults[0].field

    @property
    def reason(self) -> str:
        """The first fault's reason."""
        return self.faults[0].reason


class OtherProvider(RecordsError):
    """The subject belongs to a person of another provider. `known` and `given` are the providers, for the log."""

    def __init__(self, known: str, given: str) -> None:
        self.known, self.given = known, given
        super().__init__("this person belongs to another identity provider: an administrator can hand people over")


class Conflict(RecordsError):
    """A constraint of the database was broken: mostly two people who stored the same thing at the same moment."""


class DatabaseUnavailable(RecordsError):
    """The database does not answer, or a lock was not given in time."""


class DatabaseUnresponsive(DatabaseUnavailable):
    """The database says nothing for as long as anybody may wait, so others must not wait for it as well."""


class SchemaUnknown(RecordsError):
    """The database carries a schema version which this release does not know."""


class WrongEnvironment(RecordsError):
    """The database was made for another environment. `found` is its mark, None if it has none."""

    def __init__(self, found: str | None, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        made = f"was made for {found}" if found else "does not say what it was made for"
        super().__init__(f"the database {made}, and this process runs in {wanted}")


class SecretsError(RecordsError):
    """Root of what sealing and opening secrets raises. No text of it holds a secret or a key."""


class BadSecretKey(SecretsError):
    """A key is too short to protect anything, or no key was given."""


class SecretNotOpened(SecretsError):
    """No key opens the secret, or it was sealed for another place."""
