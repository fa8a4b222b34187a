"""The last refused logins of an implementation: the meaning of each code, and the person if they are known."""

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
    """One refused login. `user` is the person's key, "" if no accepted message named one."""

    at: datetime
    code: str
    meaning: str  #: "" for a code that explains itself
    reference: str
    user: str
    person: User | None


def refused_logins(db: DbSession, implementation: Implementation) -> list[RefusedLogin]:
    """Return the stored refused logins of an implementation, newest first; none of a removed one with the same slug.

    Raises `StoreAway`.
    """
    stored = AuthServices.here().store.refused_logins.recent(implementation.slug)
    people = {key: users.find(db, implementation, key) for key in {each["user"] for each in stored} if key}
    found = (
        RefusedLogin(
            at=datetime.fromtimestamp(each["at"], UTC),
            code=each["code"],
            meaning=meaning_of(each["code"], each["view"]),
            reference=each["reference"],
            user=each["user"],
            person=people.get(each["user"]),
        )
        for each in stored
    )
    return [each for each in found if implementations.existed_at(implementation, each.at)]
