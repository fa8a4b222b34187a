"""What the first administrator has to do, in the order of docs/set-up-a-conference.md, ticked from the records."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from records import DbSession, roles
from records.identity import saml_providers as saml
from records.people import administrators, grants
from records.tenants import implementations


@dataclass(frozen=True)
class FirstStep:
    """One step: the words of its link, what they lead to, and what follows them."""

    label: str
    address: str  #: "" for a step without a page of its own
    said: str
    done: bool


def first_steps(db: DbSession) -> list[FirstStep]:
    """Return the steps from an empty database to a conference, each with whether it is done."""
    staff = implementations.staff(db)
    named = any(each.role == roles.ADMINISTRATOR and each.kind == "username" for each in grants.every(db, staff))
    conferences = [each for each in implementations.every(db) if each.slug != implementations.STAFF]
    return [
        FirstStep(
            "Connect the identity provider of your own staff",
            url_for("console_settings.provider", implementation=implementations.STAFF),
            "and try the login.",
            saml.find(db, staff) is not None,
        ),
        FirstStep(
            "Name administrators",
            url_for("console_roles.roles", implementation=implementations.STAFF),
            "by their usernames, yours among them.",
            named,
        ),
        FirstStep(
            "Sign out, and sign in as one of them.",
            "",
            "This login ends after eight hours, and is not needed any more.",
            administrators.has_signed_in(db),
        ),
        FirstStep(
            "Add an implementation",
            url_for("console.add"),
            "for each conference. Its overview lists what to set up, its identity provider first.",
            bool(conferences),
        ),
    ]
