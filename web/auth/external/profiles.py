"""The profile of a person, from the claims or the answer of the organizer's system.

Only the fields named here are read and stored. They can grant no role above scanner (`records.people.grants`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from records import UserProfile
from records.people import badge_id
from records.people.user_fields import LONGEST

from .strict_json import line_of, name_of

#: Claims stored as attributes, by which an implementation can grant the role of scanner.
_ATTRIBUTES: Final = ("email", "locale", "org")
_MAX_ROLES: Final = 50
_VALUE: Final = 200  #: characters


def from_claims(claims: Mapping[str, Any]) -> UserProfile:
    """Read the claims of an assertion or an introspected token (OpenID Connect Core, 5.1, and a few of our own)."""
    attributes: dict[str, Any] = {name: name_of(claims.get(name), _VALUE) for name in _ATTRIBUTES}
    if isinstance(claims.get("roles"), list):
        attributes["roles"] = [name_of(role, _VALUE) for role in claims["roles"][:_MAX_ROLES]]
    # An unverified address may belong to another person, so it is not used as a username.
    known_email = attributes["email"] if claims.get("email_verified") is not False else ""
    return UserProfile(
        username=_username(claims) or known_email,
        user_type=name_of(claims.get("user_type"), LONGEST["user_type"]),
        first_name=line_of(claims.get("given_name"), LONGEST["first_name"]),
        last_name=_last_name(claims),
        badge_id=_badge_id(claims.get("badge_id")),
        attributes={name: value for name, value in attributes.items() if value},
    )


def from_registrant(known: Mapping[str, Any]) -> UserProfile:
    """Read the fields of a registration vendor's answer."""
    return UserProfile(
        username=name_of(known.get("username"), LONGEST["username"]),
        user_type=line_of(known.get("user_type"), LONGEST["user_type"]),
        first_name=line_of(known.get("first_name"), LONGEST["first_name"]),
        last_name=line_of(known.get("last_name"), LONGEST["last_name"]),
        badge_id=_badge_id(known.get("badge_id")),
    )


def _badge_id(value: Any) -> str:
    """Return a badge ID, which a vendor may send as a number; "" for an invalid one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return badge_id.acceptable(str(value))


def _username(claims: Mapping[str, Any]) -> str:
    longest = LONGEST["username"]
    return name_of(claims.get("username"), longest) or name_of(claims.get("preferred_username"), longest)


def _last_name(claims: Mapping[str, Any]) -> str:
    longest = LONGEST["last_name"]
    return line_of(claims.get("family_name"), longest) or line_of(claims.get("name"), longest)
