"""The steps of the first administrator, in the order of docs/set-up-a-conference.md. The records say which are done."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from records import DbSession, roles
from records.identity import saml_providers as saml
from records.people import administrators, grants
from records.tenants import implementations


@dataclass(frozen=True)
class FirstStep:
    """One step: a link, and the words after it."""

    label: str  #: the words of the link
    address: str  #: "" for a step without a page of its own
    text: str  #: the words after the link
    done: bool


def first_steps(db: DbSession) -> list[FirstStep]:
    """Return the steps from an empty database to a conference, each with whether it is done."""
    staff = implementations.staff(db)
    are_named = any(each.role == roles.ADMINISTRATOR and each.kind == "username" for each in grants.every(db, staff))
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
            are_named,
        ),
        FirstStep(
            "Sign out, and sign in as one of them.",
            "",
            "This login ends after eight hours and is no longer needed.",
            administrators.has_signed_in(db),
        ),
        FirstStep(
            "Add an implementation",
            url_for("console.add"),
            "for each conference. Its overview lists what to set up, its identity provider first.",
            bool(conferences),
        ),
    ]
