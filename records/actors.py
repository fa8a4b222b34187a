"""Who is meant by the key that audit entries and rows call a person by: "demo/olga" is Olga Example.

A key never changes, and a name may be chosen by a person's provider: pages show the name and its implementation, and
keep the key beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import audit, fields
from .implementations import Implementation
from .users import SEARCH_WORDS, User

#: People who are found by a name at most.
MOST_FOUND = 200


@dataclass(frozen=True)
class Actor:
    """A person as pages call them; `home` is the slug of the implementation whose provider knows them."""

    name: str
    home: str


def known(db: Session, keys: Iterable[str]) -> dict[str, Actor]:
    """Return the people behind these keys. What is no person's key, or of somebody who is gone, is not in it."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        home, slash, subject = key.partition("/")
        if slash:
            wanted[home].add(subject)
    found = {}
    for home, subjects in wanted.items():
        rows = select(User).join(Implementation, Implementation.id == User.implementation_id)
        for user in db.scalars(rows.where(Implementation.slug == home, User.subject.in_(subjects))):
            name = f"{user.first_name} {user.last_name}".strip() or user.username
            if name:
                found[audit.person(home, user.subject)] = Actor(name, home)
    return found


def keys_of(db: Session, text: str) -> list[str]:
    """Return the keys of people in whose names, usernames or ids every word of a text stands, whatever its case."""
    words = fields.folded(text).split()[:SEARCH_WORDS]
    if not words:
        return []
    rows = select(Implementation.slug, User.subject).join(Implementation, Implementation.id == User.implementation_id)
    for word in words:
        rows = rows.where(User.search_text.contains(word, autoescape=True))
    return [audit.person(slug, subject) for slug, subject in db.execute(rows.order_by(User.id).limit(MOST_FOUND))]
