"""What is known of people by their badges: from the implementation's users and from the roster.

A user has logged in, so their names are those of the identity provider; they come before the roster's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from records import fields
from records.people import badge_id, users
from records.people.users import SEARCH_WORDS
from records.tenants.implementations import Implementation

from .roster_tables import RosterPerson

#: Users that are looked at for each one that is returned: those without a badge are left out.
_USERS_FOR_ONE: Final = 4


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person with a badge, as people at the door see them."""

    badge_id: str
    last_name: str
    first_name: str


def names_of(db: Session, owner: Implementation, badges: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return last and first names of the roster by normalised badge ID, without people who have neither."""
    if not badges:
        return {}
    rows = select(RosterPerson.badge_id, RosterPerson.last_name, RosterPerson.first_name)
    found = rows.where(RosterPerson.implementation_id == owner.id, RosterPerson.badge_id.in_(badges))
    return {badge: (last, first) for badge, last, first in db.execute(found) if last or first}


def search(db: Session, owner: Implementation, text: str, most: int) -> list[KnownPerson]:
    """Return at most `most` people, users and roster, whose names or badge ID contain every word of a text, in any case.

    The whole text is also compared as a badge ID, and the person who has it comes first; the others are ordered by their names. A
    text without a word finds no one.
    """
    if not fields.folded(text).split():
        return []
    of_users = [
        KnownPerson(each.badge_id, each.last_name, each.first_name)
        for each in users.search(db, owner, text, order="name", limit=most * _USERS_FOR_ONE)
        if each.badge_id
    ]
    of_roster = [
        KnownPerson(each.badge_id, each.last_name, each.first_name) for each in listed(db, owner, text, limit=most)
    ]
    found = {each.badge_id: each for each in (*of_roster, *of_users)}
    badge = badge_id.acceptable(text)
    return sorted(found.values(), key=lambda each: (each.badge_id != badge, *_by_name(each)))[:most]


def listed(db: Session, owner: Implementation, text: str = "", *, limit: int, offset: int = 0) -> list[RosterPerson]:
    """Return people of the roster whose names or badge ID contain every word, by name. Without a word: all."""
    found = select(RosterPerson).where(RosterPerson.implementation_id == owner.id)
    words = fields.folded(text).split()[:SEARCH_WORDS]
    if words:
        every_word = and_(*(RosterPerson.search_text.contains(word, autoescape=True) for word in words))
        badge = badge_id.acceptable(text)
        found = found.where(or_(every_word, RosterPerson.badge_id == badge) if badge else every_word)
    return list(db.scalars(found.order_by(RosterPerson.search_text, RosterPerson.id).limit(limit).offset(offset)))


def count(db: Session, owner: Implementation) -> int:
    """Return how many people the roster has."""
    return db.scalar(select(func.count()).where(RosterPerson.implementation_id == owner.id)) or 0


def _by_name(person: KnownPerson) -> tuple[str, str, str]:
    return fields.folded(person.last_name), fields.folded(person.first_name), person.badge_id
