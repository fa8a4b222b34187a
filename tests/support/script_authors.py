"""People who may submit scripts, for all tests that need one: described, and granted the role."""

from records import DbSession, UserProfile
from records.people import grants, users
from records.tenants import implementations
from records.tenants.implementations import STAFF


def add_author(db: DbSession, key: str) -> str:
    """Describe the person with this key and let them submit: as an author, or as an administrator of the staff."""
    slug, subject = key.split("/")
    home = implementations.staff(db) if slug == STAFF else implementations.find(db, slug)
    users.remember(db, home, subject, UserProfile(username=subject))
    role = "administrator" if slug == STAFF else "author"
    grants.add(db, home, kind="username", value=subject, role=role, by="tests")
    return key
