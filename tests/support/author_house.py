"""An implementation with an author, for tests of what author tokens do: each test makes its own."""

import itertools
from dataclasses import dataclass
from datetime import timedelta

from records import Database, Implementation, UserProfile
from records.audit import AuditContext
from records.changes.scripts import author_tokens as token_changes
from records.columns import utc_now
from records.people import grants, users
from records.roles import Permission
from records.scripts.author_tokens import PERMISSIONS, AuthorTokenDraft
from records.tenants import implementations

_numbers = itertools.count(1)

GOOD = '''"""Says that a session can be claimed."""


def status(user, session, api):
    return message("Claim " + session.id)
'''
ANOTHER = GOOD.replace("Claim ", "Please claim ")
BROKEN = """import os


def status(user, session, api):
    return message(os.getcwd())
"""


@dataclass(frozen=True)
class AuthorHouse:
    """An implementation, and its author "ann" who may submit scripts and see runs."""

    database: Database
    slug: str

    @property
    def path(self) -> str:
        return f"/api/v1/implementations/{self.slug}"

    def token(self, *permissions: Permission, lasts: timedelta = timedelta(days=1)) -> str:
        """Make a token of the author with these permissions (all if none is named); return its text."""
        with self.database.session() as db:
            draft = AuthorTokenDraft(
                f"ci-{next(_numbers)}", frozenset(permissions) or PERMISSIONS, utc_now() + timedelta(days=1)
            )
            person = f"{self.slug}/ann"
            made = token_changes.make(db, self.owner(db), draft, AuditContext(person), person=person).value
            made.token.ends_at = utc_now() + lasts
            return made.text

    def headers(self, *permissions: Permission) -> dict[str, str]:
        return author_token_headers(self.token(*permissions))

    def owner(self, db) -> Implementation:
        found = implementations.find(db, self.slug)
        assert found is not None
        return found


def author_token_headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def author_house(database: Database) -> AuthorHouse:
    """Make an implementation with an author."""
    slug = f"house-{next(_numbers)}"
    with database.session() as db:
        owner = implementations.create(db, slug, "A congress", "Europe/Berlin")
        user = users.remember(db, owner, "ann", UserProfile("ann@example.org", "member", "Ann", "Author"))
        for role in ("author", "organizer"):
            grants.add(db, owner, kind="username", value=user.username, role=role, by="tests")
    return AuthorHouse(database, slug)
