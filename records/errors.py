"""The exceptions of the records. Everything that is raised on purpose has one root.

RecordsError                  root
+-- RuleViolation             a value breaks a rule: which field, and why (the caller's fault, shown to the person)
+-- OtherProvider             a person logs in by another identity provider than the one they belong to
+-- Conflict                  a constraint of the database was violated
|   +-- Overtaken             (a RuleViolation, too) something else than the person looked at is there now
+-- DatabaseUnavailable       the database does not answer, or a lock was not granted in time; trying again may help
|   +-- DatabaseUnresponsive  it gives no answer at all, so no other request should wait for it
+-- SchemaUnknown             the database was upgraded by a newer release than this one
+-- WrongEnvironment          the database was made for development and this is production, or the other way round
+-- SecretsError              root of what sealing and opening secrets raises
    +-- BadSecretKey          a key in the settings is too short, or there is none
    +-- SecretNotOpened       no key opens this secret, or it was sealed for another purpose
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class RecordsError(Exception):
    """Root of what the records raise on purpose."""


@dataclass(frozen=True)
class FieldFault:
    """One broken rule: the name of the field, and the reason in words that follow it."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


class RuleViolation(RecordsError):
    """A value breaks a rule. `field` and `reason` are those of the first fault; `faults` are all of them."""

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
    """The subject belongs to a person of another provider. `known` and `given` are the two providers, for the log."""

    def __init__(self, known: str, given: str) -> None:
        self.known, self.given = known, given
        super().__init__("this person belongs to another identity provider: an administrator can hand people over")


class Conflict(RecordsError):
    """A constraint of the database was violated, usually because two people stored the same thing at the same moment."""


class Overtaken(RuleViolation, Conflict):
    """Something else than the person looked at is there now, so their change would hit what they have not seen."""


class DatabaseUnavailable(RecordsError):
    """The database does not answer, or a lock was not granted in time."""


class DatabaseUnresponsive(DatabaseUnavailable):
    """The database gave no answer for as long as a request may wait, so others must not wait as well."""


class SchemaUnknown(RecordsError):
    """The database has a schema version that this release does not know."""


class WrongEnvironment(RecordsError):
    """The database was made for another environment. `found` is its mark, None if it has none."""

    def __init__(self, found: str | None, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        made = f"was made for {found}" if found else "does not say what it was made for"
        super().__init__(f"the database {made}, and this process runs in {wanted}")


class SecretsError(RecordsError):
    """Root of what sealing and opening secrets raises. No text of it holds a secret or a key."""


class BadSecretKey(SecretsError):
    """A key is too short to protect anything, or there is no key."""


class SecretNotOpened(SecretsError):
    """No key opens the secret, or it was sealed for another purpose."""
