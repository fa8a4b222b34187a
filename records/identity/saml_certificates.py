"""The certificates of an implementation's SAML identity provider, by which its messages are verified.

A certificate that an administrator entered is active. One that was only found in the provider's metadata waits until an
administrator accepts it, so that somebody who can change the metadata cannot log in as everybody. A retired or refused one
is remembered, so that the same metadata does not propose it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import FieldFault, RuleViolation

from . import certificates
from .certificates import Certificate
from .saml_tables import SamlProvider

#: Certificates of one provider that are active or waiting.
MOST = 10


class SamlCertificate(Base):
    """A certificate of a provider: `active` ones are trusted, `waiting` ones need a decision, `retired` ones are not trusted."""

    __tablename__ = "saml_certificates"
    __table_args__ = (
        ForeignKeyConstraint(
            ["provider_id", "implementation_id"],
            ["saml_providers.id", "saml_providers.implementation_id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("provider_id", "sha256"),
        CheckConstraint("state IN ('active', 'waiting', 'retired')", name="state"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    provider_id: Mapped[int] = mapped_column(RowId)
    state: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64))  #: fingerprint, hexadecimal
    pem: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    not_after: Mapped[datetime]
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    decided_at: Mapped[datetime | None]  #: accepted, refused, retired or entered
    decided_by: Mapped[str] = mapped_column(String(255), default="")

    def __repr__(self) -> str:
        return f"<SamlCertificate {self.state} {self.sha256[:12]}>"


def of(db: Session, provider: SamlProvider, *, state: str | None = None) -> list[SamlCertificate]:
    """Return the provider's certificates, the oldest first."""
    rows = select(SamlCertificate).where(SamlCertificate.provider_id == provider.id)
    rows = rows if state is None else rows.where(SamlCertificate.state == state)
    return list(db.scalars(rows.order_by(SamlCertificate.added_at, SamlCertificate.id)))


def read_all(pems: Iterable[str]) -> list[Certificate]:
    """Read certificates, without duplicates. Raises RuleViolation with the faults of all."""
    found: dict[str, Certificate] = {}
    faults: list[FieldFault] = []
    for number, pem in enumerate(pems, start=1):
        try:
            certificate = certificates.read(pem)
            found[certificate.sha256] = certificate
        except ValueError as fault:
            faults.append(FieldFault("certificates", f"the {_ordinal(number)} {fault}"))
    fields.refuse(faults)
    return list(found.values())


def enter(db: Session, provider: SamlProvider, given: Iterable[Certificate], by: str) -> None:
    """Make certificates active that an administrator entered, whatever they were before; others stay as they are."""
    known = {row.sha256: row for row in of(db, provider)}
    for certificate in given:
        row = known.get(certificate.sha256) or _row(provider, certificate)
        if row.state != "active":
            _decide(row, "active", by)
        db.add(row)
    db.flush()
    _refuse_too_many(db, provider)


def propose(db: Session, provider: SamlProvider, pems: Iterable[str]) -> list[SamlCertificate]:
    """Let certificates that are not known yet wait for an administrator; return them."""
    known = {row.sha256 for row in of(db, provider)}
    new = [_row(provider, one) for one in read_all(pems) if one.sha256 not in known]
    db.add_all(new)
    db.flush()
    _refuse_too_many(db, provider)
    return new


def accept(db: Session, provider: SamlProvider, fingerprint: str, by: str) -> SamlCertificate:
    """Trust a waiting certificate from now on."""
    return _decide(_waiting(db, provider, fingerprint), "active", by)


def refuse(db: Session, provider: SamlProvider, fingerprint: str, by: str) -> SamlCertificate:
    """Refuse a waiting certificate permanently; it can still be entered by hand."""
    return _decide(_waiting(db, provider, fingerprint), "retired", by)


def retire(db: Session, provider: SamlProvider, fingerprint: str, by: str) -> SamlCertificate:
    """Stop trusting an active certificate. Raises RuleViolation for the last active one, because no one could log in."""
    # The provider's row is locked, so that two people cannot both retire one of the last two.
    db.execute(select(SamlProvider.id).where(SamlProvider.id == provider.id).with_for_update())
    row = _found(db, provider, fingerprint)
    if row.state != "active":
        raise RuleViolation("certificate", f"is {row.state}, not active")
    if len(of(db, provider, state="active")) == 1:
        raise RuleViolation("certificate", "is the last active one: no one could log in any more")
    return _decide(row, "retired", by)


def expiring(db: Session, *, within: timedelta = certificates.NOTICE) -> list[SamlCertificate]:
    """Return active certificates of all implementations that expire soon or have expired, by their expiry."""
    rows = select(SamlCertificate).where(SamlCertificate.state == "active")
    rows = rows.where(SamlCertificate.not_after < utc_now() + within)
    return list(db.scalars(rows.order_by(SamlCertificate.not_after, SamlCertificate.id)))


def _waiting(db: Session, provider: SamlProvider, fingerprint: str) -> SamlCertificate:
    row = _found(db, provider, fingerprint)
    if row.state != "waiting":
        raise RuleViolation("certificate", f"is {row.state}: somebody has decided already")
    return row


def _found(db: Session, provider: SamlProvider, fingerprint: str) -> SamlCertificate:
    one = select(SamlCertificate).where(SamlCertificate.provider_id == provider.id)
    one = one.where(SamlCertificate.sha256 == fingerprint.replace(":", "").lower())
    row = db.scalar(one.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise RuleViolation("certificate", "does not belong to this identity provider")
    return row


def _row(provider: SamlProvider, certificate: Certificate) -> SamlCertificate:
    return SamlCertificate(
        implementation_id=provider.implementation_id,
        provider_id=provider.id,
        state="waiting",
        sha256=certificate.sha256,
        pem=certificate.pem,
        subject=certificate.subject,
        not_after=certificate.not_after,
    )


def _decide(row: SamlCertificate, state: str, by: str) -> SamlCertificate:
    row.decided_by = fields.checked({"by": fields.line(255, empty=False)}, {"by": by})["by"]
    row.state, row.decided_at = state, utc_now()
    return row


def _refuse_too_many(db: Session, provider: SamlProvider) -> None:
    mine = select(func.count()).select_from(SamlCertificate).where(SamlCertificate.provider_id == provider.id)
    if (db.scalar(mine.where(SamlCertificate.state != "retired")) or 0) > MOST:
        raise RuleViolation(
            "certificates", f"must be at most {MOST}, active and waiting together: retire or refuse some"
        )


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")
