"""Looks up a reference, and shows what the person who looks it up may see.

1. Runs and errors of this implementation, and outages, which affect all implementations.
2. Errors that belong to no implementation, such as a link back that does not work, with the permission for these.
3. Nothing of another implementation; with the permission to see its runs, only which one it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from records import DbSession, Implementation, Run, User, support_references
from records.people import users
from records.scripts import runs
from records.tenants import implementations
from runner.logins import NotedError
from web.auth.login_choice.refusal_codes import meaning_of
from web.auth.services import AuthServices
from web.auth.staff.staff_member import StaffMember
from web.page_names import page_name
from web.permissions import Permission


@dataclass(frozen=True)
class FoundError:
    """An error that was shown to a person, with the times of its first and last display, and the person if known."""

    first: datetime
    at: datetime
    error: NotedError
    person: User | None

    @property
    def where(self) -> str:
        """The name of the page or endpoint in words."""
        return page_name(self.error.what)

    @property
    def meaning(self) -> str:
        """What the code means; "" if there is none, or if the code explains itself."""
        return meaning_of(self.error.code, self.error.what)


@dataclass(frozen=True)
class ReferenceMatches:
    """The runs and errors that a reference stands for."""

    runs: list[Run]
    errors: list[FoundError]
    elsewhere: list[Implementation]  #: other implementations that it belongs to


def look_up(db: DbSession, found: Implementation, text: str, by: StaffMember) -> ReferenceMatches:
    """Look up a reference for a person who may see the runs of an implementation. Raises `StoreAway`."""
    wanted = support_references.read(text)
    if wanted is None:
        return ReferenceMatches([], [], [])
    owned = runs.by_reference(db, wanted)
    errors = AuthServices.here().store.errors
    noted = errors.find(wanted)
    others = {owner.slug: owner for owner, _ in owned} | dict(_owners(db, noted))
    return ReferenceMatches(
        [run for owner, run in owned if owner.id == found.id],
        [
            FoundError(
                errors.first_shown(error) or at, at, error, users.find(db, found, error.user) if error.user else None
            )
            for at, error in noted
            if _may_see(error, at, found, by, others)
        ],
        [other for slug, other in others.items() if other.id != found.id and by.may(Permission.SEE_RUNS, slug)],
    )


def _may_see(
    error: NotedError, at: datetime, found: Implementation, by: StaffMember, others: dict[str, Implementation]
) -> bool:
    if error.concerns(found.slug):  # 1.
        return implementations.existed_at(found, at)
    return error.implementation not in others and by.may(Permission.SEE_ALL_ERRORS, found.slug)  # 2.


def _owners(db: DbSession, noted: list[tuple[datetime, NotedError]]) -> Iterator[tuple[str, Implementation]]:
    """Yield the implementations that errors belong to; one that was added later is another one with the same slug."""
    for at, error in noted:
        owner = implementations.find_any(db, error.implementation) if error.implementation else None
        if owner is not None and implementations.existed_at(owner, at):
            yield owner.slug, owner
