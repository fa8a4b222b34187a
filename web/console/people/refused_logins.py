"""The last refused logins of an implementation, with what their codes mean and who they were of, where that is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from records import DbSession, Implementation, User
from records.people import users
from records.tenants import implementations
from web.auth.login_choice.refusal_codes import meaning_of
from web.auth.services import AuthServices


@dataclass(frozen=True)
class RefusedLogin:
    """One refused login. `user` is the person's key, "" where no message that was believed named it."""

    at: datetime
    code: str
    meaning: str  #: "" for a code that says it itself
    reference: str
    user: str
    person: User | None


def refused_logins(db: DbSession, implementation: Implementation) -> list[RefusedLogin]:
    """Return what is kept of an implementation, the newest first; nothing of a removed one with the same slug.

    Raises `StoreAway`.
    """
    kept = AuthServices.here().store.refused.recent(implementation.slug)
    people = {key: users.find(db, implementation, key) for key in {each["user"] for each in kept} if key}
    found = (
        RefusedLogin(
            at=datetime.fromtimestamp(each["at"], UTC),
            code=each["code"],
            meaning=meaning_of(each["code"], each["view"]),
            reference=each["reference"],
            user=each["user"],
            person=people.get(each["user"]),
        )
        for each in kept
    )
    return [each for each in found if implementations.existed_at(implementation, each.at)]
