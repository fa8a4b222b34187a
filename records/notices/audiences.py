"""Who the people of an audience are, now: those who hold a role, or who had a hand in a submission or a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, roles
from records.identity.held_roles import allowed, held_roles
from records.people import grants, users
from records.people.grants import Grant
from records.people.users import User
from records.scripts import author_tokens, reviews
from records.scripts.submissions import Submission
from records.tenants import implementations
from records.tenants.implementations import STAFF, Implementation

from .notice_kinds import NEEDED, Audience

#: People of one audience who are told of one thing; more have a role only by mistake.
MOST_TOLD = 200
#: People whose attributes are compared with grants by attributes, those who logged in last.
MOST_COMPARED = 20_000
_BATCH = 1000
#: The audiences that are made up of everybody who holds one of these roles.
BY_ROLE = {
    Audience.REVIEWER: frozenset(role.name for role in roles.TABLE if NEEDED[Audience.REVIEWER] in role.may),
    Audience.ORGANIZER: frozenset({roles.ORGANIZER}),
    Audience.KEEPER: frozenset(role.name for role in roles.TABLE if NEEDED[Audience.KEEPER] in role.may),
}


def belongs(db: Session, owner: Implementation, user: User, audience: Audience) -> bool:
    """Say whether a person may still be told what this audience is told about an implementation."""
    return NEEDED[audience] in allowed(held_roles(db, owner, user))


def holders(db: Session, owner: Implementation, names: frozenset[str]) -> list[User]:
    """Return the people who hold one of these roles in an implementation, at most `MOST_TOLD`."""
    found: dict[int, User] = {}
    staff = implementations.find(db, STAFF)
    for home, wanted in ((owner, names - set(roles.STAFF_ROLES)), (staff, names & set(roles.STAFF_ROLES))):
        if home is not None and wanted:
            found |= {user.id: user for user in _named(db, home, wanted)}
    newest_first = sorted(found.values(), key=lambda user: (user.last_seen_at, user.id), reverse=True)
    return [user for user in newest_first if held_roles(db, owner, user) & names][:MOST_TOLD]


def by_keys(db: Session, keys: Iterable[str]) -> list[User]:
    """Return the people with these keys, without keys that are not a person's."""
    found = []
    for key in keys:
        slug, slash, subject = key.partition("/")
        home = implementations.find(db, slug) if slash else None
        user = users.find(db, home, subject) if home else None
        if user is not None:
            found.append(user)
    return found


def key_of(db: Session, user: User) -> str:
    """Return a person's key, as in audit entries."""
    return audit.person(db.get_one(Implementation, user.implementation_id).slug, user.subject)


def participants(db: Session, owner: Implementation, submission: Submission) -> list[str]:
    """Return the keys of those who decided about a submission or commented on it."""
    review = reviews.of_submission(db, submission)
    named = [one.by for one in reviews.comments(db, submission, private=True)]
    named += [review.reviewer] if review else []
    return list(dict.fromkeys(author_tokens.person_behind(db, owner, one) for one in named))


def _named(db: Session, home: Implementation, wanted: frozenset[str]) -> Iterator[User]:
    """Yield the people of an implementation to whom a grant may give one of these roles."""
    given = db.scalars(select(Grant).where(Grant.implementation_id == home.id, Grant.role.in_(wanted))).all()
    mine = select(User).where(User.implementation_id == home.id, User.disabled_at.is_(None))
    for grant in given:
        if grant.kind == "username":
            yield from users.with_username(db, home, grant.value)
    types = {value for grant in given if grant.kind == "user type" for value in (grant.value, grant.compared)}
    newest = mine.order_by(User.last_seen_at.desc(), User.id.desc())
    if types:
        yield from db.scalars(newest.where(User.user_type.in_(types)).limit(MOST_TOLD))
    by_attribute = [grant for grant in given if grant.kind == "attribute"]
    if by_attribute:
        for user in db.scalars(newest.limit(MOST_COMPARED).execution_options(yield_per=_BATCH)):
            if any(grants.matches(grant, user) for grant in by_attribute):
                yield user
