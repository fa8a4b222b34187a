"""Users: the people that an implementation's identity provider knows, as it described them at their last login.

Nothing here logs anybody in. A row is what was last known of a person, for the input of scripts and for computing roles.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CursorResult,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import OtherProvider, RuleViolation
from records.storage.upsert import insert_missing
from records.tenants.implementations import Implementation

from . import badge_id, user_fields

#: Characters of the reason why a person is locked out.
LONGEST_LOCK_OUT_REASON = 500

#: Words of a search that are used.
SEARCH_WORDS = 8


class User(Base):
    """A person of one implementation. `subject` is what scripts see as `user.id`."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("implementation_id", "subject"),
        # The badge first: an index that began with the implementation could be taken for a search by subject, which it does not
        # narrow, as long as PostgreSQL has no statistics of the table.
        Index(None, "badge_id", "implementation_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(255))
    username: Mapped[str] = mapped_column(String(user_fields.LONGEST["username"]), default="")
    user_type: Mapped[str] = mapped_column(String(user_fields.LONGEST["user_type"]), default="")
    first_name: Mapped[str] = mapped_column(String(user_fields.LONGEST["first_name"]), default="")
    last_name: Mapped[str] = mapped_column(String(user_fields.LONGEST["last_name"]), default="")
    badge_id: Mapped[str] = mapped_column(String(user_fields.LONGEST["badge_id"]), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    #: the provider that this person belongs to; "" until the first login
    provider: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    disabled_at: Mapped[datetime | None]  #: locked out since then
    disabled_reason: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    #: the folded text in which `search` looks
    search_text: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))

    def __repr__(self) -> str:
        return f"<User {self.id}>"  # a log is no place for a person's name


class UserRow(NamedTuple):
    """What scripts are given of a user, besides the subject: the fields of `user_fields.TEXTS` and the attributes."""

    username: str
    user_type: str
    first_name: str
    last_name: str
    badge_id: str
    attributes: dict[str, Any]


#: The columns of a `UserRow`.
USER_COLUMNS = tuple(getattr(User, name) for name in UserRow._fields)

#: The orders of a list of users.
ORDERS = {
    "seen": (User.last_seen_at,),
    "name": (User.last_name, User.first_name),
    "username": (User.username,),
    "type": (User.user_type,),
    "badge": (User.badge_id,),
}


@dataclass(frozen=True)
class UserProfile:
    """What an identity provider says about a person."""

    username: str = ""
    user_type: str = ""
    first_name: str = ""
    last_name: str = ""
    badge_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


def find(db: Session, implementation: Implementation, subject: str) -> User | None:
    """Return the implementation's user with this subject."""
    return db.scalar(_BY_SUBJECT, {"owner": implementation.id, "subject": subject})


#: Made once, because nearly every request asks.
_BY_SUBJECT = select(User).where(User.implementation_id == bindparam("owner"), User.subject == bindparam("subject"))


def known_subjects(db: Session, implementation: Implementation, subjects: Collection[str]) -> set[str]:
    """Return those of some subjects, each in exactly this spelling, that users of this implementation have."""
    usable = [each for each in subjects if fields.is_storable_text(each)]
    mine = select(User.subject).where(User.implementation_id == implementation.id, User.subject.in_(usable))
    return set(db.scalars(mine))


def every(db: Session, implementation: Implementation, *, limit: int = 100) -> list[User]:
    """Return users of an implementation, the most recently seen first."""
    return search(db, implementation, "", limit=limit)


def count(db: Session, implementation: Implementation) -> int:
    """Return how many users of an implementation have ever logged in."""
    return db.scalar(select(func.count()).where(User.implementation_id == implementation.id)) or 0


def types_seen(db: Session, implementation: Implementation, *, limit: int = 50) -> list[str]:
    """Return the user types of an implementation's people, the most frequent first."""
    rows = select(User.user_type).where(User.implementation_id == implementation.id, User.user_type != "")
    return list(db.scalars(rows.group_by(User.user_type).order_by(func.count().desc(), User.user_type).limit(limit)))


def search(  # noqa: PLR0913 - a list is asked for by all of these, by name
    db: Session,
    implementation: Implementation,
    text: str,
    *,
    order: str = "-seen",
    limit: int = 50,
    offset: int = 0,
) -> list[User]:
    """Return users whose username, names, badge ID or subject contain every word, in any case.

    The whole text is also compared as a badge ID, without what a scanner or a copy put around it. To know whether there is a
    next page, ask for one more than is shown. `order` is one of ORDERS, with a hyphen before it for descending order.
    """
    found = select(User).where(User.implementation_id == implementation.id)
    words = fields.folded(text).split()[:SEARCH_WORDS]
    if words:
        every_word = and_(*(User.search_text.contains(word, autoescape=True) for word in words))
        badge = badge_id.acceptable(text)
        found = found.where(or_(every_word, User.badge_id == badge) if badge else every_word)
    columns = ORDERS[order.removeprefix("-")]
    wanted = [column.desc() if order.startswith("-") else column.asc() for column in columns]
    return list(db.scalars(found.order_by(*wanted, User.id).limit(limit).offset(offset)))


def with_username(db: Session, implementation: Implementation, username: str) -> list[User]:
    """Return the users with this username, in any case, as grants compare usernames."""
    mine = select(User).where(User.implementation_id == implementation.id)
    # The first line of the text is the folded username.
    return list(db.scalars(mine.where(User.search_text.startswith(fields.folded(username) + "\n", autoescape=True))))


def with_badges(db: Session, implementation: Implementation, badges: Collection[str]) -> dict[str, list[str]]:
    """Return the subjects of the users who have these normalised badge IDs, by badge ID."""
    rows = select(User.badge_id, User.subject).where(User.implementation_id == implementation.id)
    found: dict[str, list[str]] = {}
    for badge, subject in db.execute(rows.where(User.badge_id.in_(badges))) if badges else ():
        found.setdefault(badge, []).append(subject)
    return found


def remember(  # noqa: PLR0913 - six, the most our style allows
    db: Session,
    implementation: Implementation,
    subject: str,
    profile: UserProfile,
    *,
    provider: str = "",
    at: datetime | None = None,
) -> User:
    """Store a person as just described, replacing what was known before. Raises RuleViolation with every fault.

    A person belongs to the first `provider` by which they logged in. From another provider, the same subject may be somebody
    else, so OtherProvider is raised and nothing is changed. Every login method names its provider. "" is for descriptions
    without a login (a sample user, a seed): the person keeps their provider.
    """
    values = fields.checked(_CHECKS, {"subject": subject, **vars(profile), "provider": provider})
    values["last_seen_at"] = at or utc_now()
    values["search_text"] = "\n".join(fields.folded(values[name]) for name in user_fields.SEARCHED)
    insert_missing(db, User, [{"implementation_id": implementation.id, **values}])
    mine = select(User).where(User.implementation_id == implementation.id, User.subject == values["subject"])
    user = db.scalars(mine.with_for_update().execution_options(populate_existing=True)).one()
    if user.provider and values["provider"] not in ("", user.provider):
        raise OtherProvider(user.provider, values["provider"])
    values["provider"] = values["provider"] or user.provider
    for name, value in values.items():
        setattr(user, name, value)
    db.flush()
    return user


def disable(db: Session, user: User, reason: str) -> None:
    """Lock a person out until `enable`: they have no role. Their logins must be ended by the caller."""
    user.disabled_reason = fields.checked(
        {"reason": fields.line(LONGEST_LOCK_OUT_REASON, empty=False)}, {"reason": reason}
    )["reason"]
    user.disabled_at = user.disabled_at or utc_now()
    db.flush()


def enable(db: Session, user: User) -> None:
    """Let a person in again."""
    user.disabled_at, user.disabled_reason = None, ""
    db.flush()


def hand_over(db: Session, implementation: Implementation, old: str, new: str) -> int:
    """Move the people of one provider to another that replaces it; return how many.

    This is only right if both providers use the same subjects for the same people, which a person must decide.
    """
    checks = dict.fromkeys(("old", "new"), fields.line(1200, empty=False))
    providers = fields.checked(checks, {"old": old, "new": new})
    if providers["old"] == providers["new"]:
        raise RuleViolation("new", "is the provider to which they belong already")
    theirs = update(User).where(User.implementation_id == implementation.id, User.provider == providers["old"])
    done: CursorResult[Any] = db.execute(theirs.values(provider=providers["new"]))  # type: ignore[assignment]  # of an UPDATE
    return done.rowcount


_CHECKS: dict[str, fields.Check] = {
    "subject": fields.exact(255, empty=False),
    **{one.name: one.check for one in user_fields.TABLE},
    user_fields.ATTRIBUTES: fields.json_object(user_fields.MOST_ATTRIBUTE_BYTES),
    "provider": fields.line(1200),  # an entity ID has at most 1024 characters (SAML core, 8.3.6)
}
