"""Author tokens: an author's command line sends one instead of a login.

A token is of one implementation, belongs to one person, and ends within a year. It allows some of what that person may do,
and nothing that they may not do at the moment of use. It is shown once; only its hash is stored. In audit entries and
submissions it stands by its name, which is never given twice.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields, roles
from records.columns import Base, RowId, utc_now
from records.errors import FieldFault
from records.identity.held_roles import allowed, held_roles
from records.people import users
from records.roles import Permission
from records.tenants import implementations, script_bounds
from records.tenants.implementations import Implementation

#: How a token begins, so that a scanner for secrets finds it in a repository.
PREFIX: Final = "sst_"
LONGEST: Final = timedelta(days=365)
#: What a token can have, at most. It never decides about a submission, deploys, or makes another token.
PERMISSIONS: Final = frozenset({Permission.SEE_SCRIPTS, Permission.SUBMIT_SCRIPTS, Permission.SEE_RUNS})
#: How a token is called as an actor. It has no slash, so no person is called so.
_ACTOR: Final = "author token "
#: Seconds for which another use of a token is not noted: each use would be a write.
_NOTED_S: Final = 60


class AuthorToken(Base):
    """One token, for ever: a revoked one keeps its name."""

    __tablename__ = "author_tokens"
    __table_args__ = (
        UniqueConstraint("implementation_id", "name"),
        CheckConstraint("length(token_hash) = 64", name="token_hash"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by = '')", name="revoked"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    permissions: Mapped[list[str]]  #: names of `records.roles.Permission`
    made_by: Mapped[str] = mapped_column(String(255))  #: the person to whom it belongs, by their key
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    ends_at: Mapped[datetime]
    revoked_by: Mapped[str] = mapped_column(String(255), default="")
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        return f"<AuthorToken {self.name}>"

    @property
    def actor(self) -> str:
        """What audit entries and submissions call it."""
        return f"{_ACTOR}{self.name}"

    @property
    def given(self) -> frozenset[Permission]:
        """What it allows at most; what a later release does not give to tokens is not in it."""
        return frozenset(each for each in PERMISSIONS if each.name in self.permissions)


@dataclass(frozen=True)
class AuthorTokenDraft:
    """A token as a person asks for it."""

    name: str
    permissions: frozenset[Permission]
    ends_at: datetime


@dataclass(frozen=True)
class UsableToken:
    """A token that counts now, its person, and what it allows now: what it was given and its person may do."""

    token: AuthorToken
    person: str
    may: frozenset[Permission]


def make(
    db: Session, implementation: Implementation, draft: AuthorTokenDraft, *, person: str
) -> tuple[AuthorToken, str]:
    """Make a token for a person, given by their key; returns its row, and its text, which is stored nowhere.

    Raises RuleViolation with every fault, also for a name that was given before, and for a person who may not submit.
    """
    given = fields.checked(_CHECKS, {"name": draft.name, "person": person})
    implementations.lock(db, implementation)
    fields.refuse(_faults(db, implementation, draft, given["person"]))
    text = PREFIX + secrets.token_urlsafe(32)
    token = AuthorToken(
        implementation_id=implementation.id,
        name=given["name"],
        token_hash=_hash(text),
        permissions=sorted(each.name for each in draft.permissions),
        made_by=given["person"],
        ends_at=draft.ends_at,
    )
    db.add(token)
    db.flush()
    return token, text


def find_usable(db: Session, implementation: Implementation, text: str, now: datetime) -> UsableToken | None:
    """Return the token of this implementation with this text, if it counts now.

    1. It is a token of this implementation: that of another is as one that there is not.
    2. It was not revoked.
    3. It has not ended.
    4. Its person may do some of what it was given: it ends with their role, and while they are locked out.
    """
    token = db.scalar(select(AuthorToken).where(AuthorToken.token_hash == _hash(text)))
    if token is None or token.implementation_id != implementation.id:  # 1
        return None
    if token.revoked_at is not None:  # 2
        return None
    if now >= token.ends_at:  # 3
        return None
    may = token.given & held_by(db, implementation, token.made_by)  # 4
    return UsableToken(token, token.made_by, may) if may else None


def held_by(db: Session, implementation: Implementation, person: str) -> frozenset[Permission]:
    """Return what a person, given by their key, may do in an implementation after a login by SAML.

    It is nothing for a key that is not a person's, a person who is locked out, and one whose provider was replaced.
    """
    slug, slash, subject = person.partition("/")
    home = implementations.find(db, slug) if slash else None
    user = users.find(db, home, subject) if home and "\0" not in subject else None
    return allowed(held_roles(db, implementation, user)) if user else frozenset()


def _why_not(db: Session, implementation: Implementation, person: str) -> str:
    """Say of a person who may not submit what to write instead; of a username, whose it is."""
    slug, _, name = person.partition("/")
    home = implementations.find(db, slug)
    if home is not None and "\0" not in name and users.find(db, home, name) is None:
        named = users.with_username(db, home, name)
        if len(named) == 1:
            return f"must be written with the user's ID: {name} is the username of {slug}/{named[0].subject}"
        return f"must have logged in once: {slug} has no user with the ID {name}"
    return (
        f"must be a person who may submit scripts for {implementation.slug}, such as one with the role {roles.AUTHOR}"
    )


def use_is_due(token: AuthorToken, now: datetime) -> bool:
    """Say whether this use is to be noted: the last one was noted more than a minute ago."""
    return token.last_used_at is None or (now - token.last_used_at).total_seconds() >= _NOTED_S


def note_use(db: Session, token: AuthorToken, now: datetime) -> None:
    """Keep when a token was used last, to the minute."""
    if use_is_due(token, now):
        token.last_used_at = now
        db.flush()


def revoke(db: Session, token: AuthorToken, by: str) -> bool:
    """Revoke a token, for ever. Returns False if it was revoked before."""
    if token.revoked_at is not None:
        return False
    token.revoked_by, token.revoked_at = by, utc_now()
    db.flush()
    return True


def by_name(db: Session, implementation: Implementation, name: str) -> AuthorToken | None:
    """Return the implementation's token with this name."""
    mine = select(AuthorToken).where(AuthorToken.implementation_id == implementation.id)
    return db.scalar(mine.where(AuthorToken.name == name))


def every(db: Session, implementation: Implementation) -> list[AuthorToken]:
    """Return the implementation's tokens, the newest first."""
    mine = select(AuthorToken).where(AuthorToken.implementation_id == implementation.id)
    return list(db.scalars(mine.order_by(AuthorToken.made_at.desc(), AuthorToken.id.desc())))


def is_token(actor: str) -> bool:
    """Say whether an actor is a token."""
    return actor.startswith(_ACTOR)


def person_behind(db: Session, implementation: Implementation, actor: str) -> str:
    """Return who answers for what an actor does: the person of a token, else the actor."""
    token = by_name(db, implementation, actor.removeprefix(_ACTOR)) if is_token(actor) else None
    return token.made_by if token else actor


def _faults(db: Session, implementation: Implementation, draft: AuthorTokenDraft, person: str) -> list[FieldFault]:
    faults, held = [], held_by(db, implementation, person)
    may_submit = Permission.SUBMIT_SCRIPTS in held
    if not may_submit:
        faults.append(FieldFault("person", _why_not(db, implementation, person)))
    if by_name(db, implementation, draft.name) is not None:
        faults.append(FieldFault("name", "was given to another token, perhaps one that was revoked: choose another"))
    if not draft.permissions:
        faults.append(FieldFault("permissions", "must be at least one"))
    faults += _too_many(db, implementation, person)
    never = draft.permissions - PERMISSIONS
    missing = draft.permissions & PERMISSIONS - held if may_submit else ()  # else the person is the fault
    faults += [FieldFault("permissions", f"must not include “{each}”: no token has it") for each in sorted(never)]
    for each in sorted(missing):
        with_it = " or ".join(role.name for role in roles.TABLE if each in role.may)
        why = f"its person does not have it. The role {with_it} has"
        faults.append(FieldFault("permissions", f"must not include “{each}”: {why}"))
    now = utc_now()
    if not now < draft.ends_at <= now + LONGEST:
        faults.append(FieldFault("ends_at", f"must be within the next {LONGEST.days} days"))
    return faults


def _too_many(db: Session, implementation: Implementation, person: str) -> list[FieldFault]:
    mine = select(func.count()).where(AuthorToken.implementation_id == implementation.id, AuthorToken.made_by == person)
    ever = db.scalar(mine) or 0
    counting = db.scalar(mine.where(AuthorToken.revoked_at.is_(None), AuthorToken.ends_at > utc_now())) or 0
    if counting >= script_bounds.MOST_TOKENS:
        return [FieldFault("person", f"has {counting} tokens that count, the most: revoke one that is not needed")]
    if ever >= script_bounds.MOST_TOKENS_EVER:
        most = script_bounds.MOST_TOKENS_EVER
        return [
            FieldFault("person", f"has had {most} tokens, the most: use those that count, and let them last longer")
        ]
    return []


def _person(value: Any) -> str:
    key = str(fields.exact(255, empty=False)(value))
    if "/" not in key:
        raise ValueError("must be a person, written as the implementation, a slash, and the user's ID there")
    return key


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


_CHECKS: dict[str, fields.Check] = {"name": fields.slug, "person": _person}
