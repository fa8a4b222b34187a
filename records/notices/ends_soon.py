"""Notices about what ends soon: author tokens, the certificates of identity providers, and our own. Each is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.identity import certificates
from records.identity import saml_providers as saml
from records.people.users import User
from records.scripts.author_tokens import AuthorToken
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import audiences
from .notice_kinds import BY_NAME, OWN_CERTIFICATE_ENDS, PROVIDER_CERTIFICATE_ENDS, TOKEN_ENDS, Audience
from .notice_making import Announcement, announce, locked_cursor

#: How long before its end the owner of an author token is told. One that was made for less is not mentioned.
TOKEN_NOTICE = timedelta(days=14)
#: The longest time for which something is told of beforehand. Notices are kept for longer, so that none is told again.
LONGEST_NOTICE = max(TOKEN_NOTICE, certificates.NOTICE)


def announce_ends(db: Session, now: datetime, *, mailing: bool) -> int:
    """Tell of what ends soon and was not told of before; return how many notices are new."""
    locked_cursor(db)
    return sum(announce(db, one, mailing=mailing) for one in (*_tokens(db, now), *_certificates(db, now)))


def _tokens(db: Session, now: datetime) -> Iterator[Announcement]:
    rows = select(AuthorToken).where(
        AuthorToken.revoked_at.is_(None), AuthorToken.ends_at > now, AuthorToken.ends_at <= now + TOKEN_NOTICE
    )
    for token in db.scalars(rows.order_by(AuthorToken.id)).all():
        owner = db.get_one(Implementation, token.implementation_id)
        if owner.archived_at is not None or token.made_at > token.ends_at - TOKEN_NOTICE:
            continue
        people = _still_belonging(db, owner, audiences.by_keys(db, [token.made_by]), Audience.OWNER)
        values = {"token": token.name, "date": _date(token.ends_at)}
        yield Announcement(owner, BY_NAME[TOKEN_ENDS], f"author token {token.id}", values, now, people)


def _certificates(db: Session, now: datetime) -> Iterator[Announcement]:
    served = {one.id: one for one in implementations.every(db) if one.archived_at is None}
    for certificate in saml.expiring(db):
        if certificate.not_after > now and certificate.implementation_id in served:
            kind, values = BY_NAME[PROVIDER_CERTIFICATE_ENDS], {"date": _date(certificate.not_after)}
            owner, about = served[certificate.implementation_id], f"certificate {certificate.id}"
            yield Announcement(owner, kind, about, values, now, _keepers(db, owner))
    for own in saml.own_expiring(db):
        if own.not_after > now and own.implementation_id in served:
            kind, values = BY_NAME[OWN_CERTIFICATE_ENDS], {"date": _date(own.not_after), "use": own.use}
            owner, about = served[own.implementation_id], f"own certificate {own.id}"
            yield Announcement(owner, kind, about, values, now, _keepers(db, owner))


def _keepers(db: Session, owner: Implementation) -> tuple[tuple[User, Audience], ...]:
    found = audiences.holders(db, owner, audiences.BY_ROLE[Audience.KEEPER])
    return _still_belonging(db, owner, found, Audience.KEEPER)


def _still_belonging(
    db: Session, owner: Implementation, found: list[User], audience: Audience
) -> tuple[tuple[User, Audience], ...]:
    return tuple((user, audience) for user in found if audiences.belongs(db, owner, user, audience))


def _date(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
