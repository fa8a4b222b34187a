"""The one table of what is known of a person: each field's length, meaning, check, and the login methods that provide it.

The table of users, the SAML attribute map, External Authentication, the command line, script arguments and the API document
are made from it. The subject, which identifies a person, is not one of these fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from records import fields

from . import badge_id

SAML: Final = frozenset({"saml"})
CLAIMS: Final = frozenset({"jwt", "introspection"})
PASSWORD: Final = frozenset({"password"})
#: Every way in but the first administrator's link.
SOURCES: Final = SAML | CLAIMS | PASSWORD


@dataclass(frozen=True, kw_only=True)
class UserField:
    """One text field of a person."""

    name: str
    label: str
    meaning: str  #: what it is for, in one sentence for people
    longest: int  #: characters
    check: fields.Check
    sources: frozenset[str] = SOURCES  #: the login methods that can provide it
    searched: bool = True  #: whether a search for people includes it


TABLE: Final = (
    UserField(
        name="username",
        label="Username",
        meaning="In lists, and for roles that are granted to usernames.",
        longest=255,
        check=fields.exact(255),  # not trimmed, because roles are granted to usernames
    ),
    UserField(
        name="user_type",
        label="User type",
        meaning="Decides who sees messages, and may give the role of scanner.",
        longest=100,
        check=fields.line(100),
        searched=False,
    ),
    UserField(
        name="first_name",
        label="First name",
        meaning="In lists and reports.",
        longest=200,
        check=fields.line(200),
    ),
    UserField(
        name="last_name",
        label="Last name",
        meaning="In lists and reports.",
        longest=200,
        check=fields.line(200),
    ),
    UserField(
        name="badge_id",
        label="Badge ID",
        meaning="Joins scans and people.",
        longest=badge_id.LONGEST,
        check=badge_id.checked,
    ),
)
TEXTS: Final = tuple(one.name for one in TABLE)
LONGEST: Final = MappingProxyType({one.name: one.longest for one in TABLE})

#: What else a login says about the person, as a JSON object, and its most bytes. A password relay maps texts only.
ATTRIBUTES: Final = "attributes"
MOST_ATTRIBUTE_BYTES: Final = 64 * 1024
ATTRIBUTE_SOURCES: Final = SAML | CLAIMS

#: What a script sees of the user.
SCRIPT_FIELDS: Final = ("id", *TEXTS, ATTRIBUTES)
#: The fields of `User.search_text`, in its order; the username must be the first (`users.with_username`).
SEARCHED: Final = (*(one.name for one in TABLE if one.searched), "subject")
