"""What a reference stands for that somebody read out, as far as the person who looks it up may know.

1. Runs and errors of this implementation, and outages, which concern all.
2. Errors that belong to no implementation, such as a way back that does not work: for those who may see these.
3. What belongs to another implementation is not shown; those who may see its runs are told where to look.
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
    """An error that somebody was shown, first and last at these times, and the person, if they are known."""

    first: datetime
    at: datetime
    error: NotedError
    person: User | None

    @property
    def where(self) -> str:
        """What people call the page or endpoint."""
        return page_name(self.error.what)

    @property
    def meaning(self) -> str:
        """What the code means; "" if there is none, or the word says it itself."""
        return meaning_of(self.error.code, self.error.what)


@dataclass(frozen=True)
class Lookup:
    """What is known by a reference."""

    runs: list[Run]
    errors: list[FoundError]
    elsewhere: list[Implementation]  #: where else it is known


def look_up(db: DbSession, found: Implementation, text: str, by: StaffMember) -> Lookup:
    """Look a reference up for somebody who sees the runs of an implementation. Raises `StoreAway`."""
    wanted = support_references.read(text)
    if wanted is None:
        return Lookup([], [], [])
    owned = runs.by_reference(db, wanted)
    errors = AuthServices.here().store.errors
    noted = errors.find(wanted)
    others = {owner.slug: owner for owner, _ in owned} | dict(_owners(db, noted))
    return Lookup(
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
    """Yield the implementations that errors belong to; one that was made later is another with the same slug."""
    for at, error in noted:
        owner = implementations.find_any(db, error.implementation) if error.implementation else None
        if owner is not None and implementations.existed_at(owner, at):
            yield owner.slug, owner
