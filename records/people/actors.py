"""The people behind the keys in audit entries and rows: "demo/olga" is Olga Example.

A key never changes, but a provider can choose any name. So a name is always shown with its implementation or its key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, fields
from records.audit import AuditEntry
from records.tenants import implementations
from records.tenants.implementations import Implementation

from .users import SEARCH_WORDS, User, UserProfile

#: The most people that a search by name finds.
MOST_FOUND = 200
#: Subjects that one statement asks for.
BATCH = 1000


@dataclass(frozen=True)
class Actor:
    """A person by the name that pages show, and the implementation whose provider knows them."""

    name: str
    implementation: Implementation = field(repr=False)

    @property
    def home(self) -> str:
        """The slug of that implementation."""
        return self.implementation.slug


@dataclass(frozen=True)
class NamedEntry:
    """An audit entry with the people in it; None if it names no person, or a person who was removed."""

    entry: AuditEntry
    by: Actor | None
    target: Actor | None

    def as_values(self) -> dict[str, Any]:
        """Return the values for files and programs. `by` and `target` are names for people; the keys are as in the entry."""
        names = ("number", "at", "implementation", "action", "reason", "detail", "previous", "hash")
        return {name: getattr(self.entry, name) for name in names} | {
            "by": self.by.name if self.by else self.entry.actor,
            "by_key": self.entry.actor,
            "target": self.target.name if self.target else self.entry.target,
            "target_key": self.entry.target,
        }


def by_keys(db: Session, keys: Iterable[str]) -> dict[str, Actor]:
    """Return the people behind these keys, without keys that are not a person's or whose person was removed."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        home, slash, subject = key.partition("/")
        if slash:
            wanted[home].add(subject)
    found = {}
    for home, subjects in wanted.items():
        owner = implementations.find_any(db, home)
        if owner is None:
            continue
        for user in _users(db, owner, sorted(subjects)):
            if name_of(user):
                found[audit.person(home, user.subject)] = Actor(name_of(user), owner)
    return found


def of_entries(db: Session, entries: Sequence[AuditEntry]) -> list[NamedEntry]:
    """Return the entries with the names of the people in them.

    An entry that is older than the implementation is about a removed one that had the same slug.
    """
    keys = [audit.person(entry.implementation, entry.target) for entry in entries]
    people = by_keys(db, {entry.actor for entry in entries} | set(keys))

    def at_that_time(entry: AuditEntry, key: str) -> Actor | None:
        found = people.get(key)
        return found if found and implementations.existed_at(found.implementation, entry.at) else None

    return [
        NamedEntry(
            entry,
            at_that_time(entry, entry.actor),
            at_that_time(entry, key) if entry.action in audit.ABOUT_PEOPLE else None,
        )
        for entry, key in zip(entries, keys, strict=True)
    ]


def in_words(db: Session, key: str) -> str:
    """Return an actor for a sentence: a person's name with the implementation, or a key that is not a person's."""
    person = by_keys(db, [key]).get(key)
    return f"{person.name} ({person.home})" if person else key


def name_of(user: User | UserProfile) -> str:
    """Return a person's full name, or else the username; "" without either."""
    return f"{user.first_name} {user.last_name}".strip() or user.username


def keys_of(db: Session, text: str) -> list[str]:
    """Return the keys of people whose names, usernames or ids contain every word of a text, in any case."""
    words = fields.folded(text).split()[:SEARCH_WORDS]
    if not words:
        return []
    rows = select(Implementation.slug, User.subject).join(Implementation, Implementation.id == User.implementation_id)
    for word in words:
        rows = rows.where(User.search_text.contains(word, autoescape=True))
    return [audit.person(slug, subject) for slug, subject in db.execute(rows.order_by(User.id).limit(MOST_FOUND))]


def _users(db: Session, owner: Implementation, subjects: Sequence[str]) -> Iterator[User]:
    mine = select(User).where(User.implementation_id == owner.id)
    for start in range(0, len(subjects), BATCH):
        yield from db.scalars(mine.where(User.subject.in_(subjects[start : start + BATCH])))
