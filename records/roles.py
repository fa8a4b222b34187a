"""The one table of roles: where each is valid, who gives it, which logins may have it, and what it allows.

Grants, permissions, forms, the command line and the documentation read it; a test finds any other list of roles. A role
that is not in the table does not exist.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Permission(StrEnum):
    """What can be allowed, in the words of a refusal."""

    #: The view is for everybody, or checks a credential itself: the app's endpoints, login pages, static files.
    ANYONE = "anyone"
    SEE_CONSOLE = "see the console of an implementation"
    SEE_SETTINGS = "see an implementation's settings"
    CHANGE_SETTINGS = "change an implementation's texts, times and user types"
    CHANGE_TRUST = "change identity providers, connections, secrets and link hosts"
    SEE_PEOPLE = "see people and roles"
    GRANT_SCANNING = "grant and take away the role of scanner"
    GRANT_ROLES = "grant and take away every role, and lock people out"
    SEE_ATTENDANCE = "see who was scanned where, and make reports of it"
    CORRECT_ATTENDANCE = "void and add scans, and decide what is open about attendance"
    SEE_RUNS = "see what people are shown, and the runs behind it"
    SEE_SCRIPTS = "see scripts, submissions and deployments"
    SUBMIT_SCRIPTS = "submit scripts for review"
    MAKE_TOKENS = "make and revoke author tokens"
    REVIEW_SCRIPTS = "review scripts"
    DEPLOY_SCRIPTS = "stage, activate, roll back, suspend and stop scripts"
    SEE_AUDIT = "see the audit entries of an implementation"
    ADD_IMPLEMENTATIONS = "add implementations"
    RETIRE_IMPLEMENTATIONS = "archive, restore and remove implementations"
    SEE_ALL_AUDIT = "see the audit entries of all implementations"
    SEE_ALL_ERRORS = "look up errors that belong to no implementation"
    MANAGE_MAILS = "see which mails were not sent, and send or drop them"


#: Permissions whose changes require a fresh login.
FRESH: Final = frozenset(
    {
        Permission.CHANGE_TRUST,
        Permission.GRANT_SCANNING,
        Permission.GRANT_ROLES,
        Permission.MAKE_TOKENS,
        Permission.DEPLOY_SCRIPTS,
        Permission.RETIRE_IMPLEMENTATIONS,
    }
)


class Scope(StrEnum):
    """Where a role is valid."""

    IMPLEMENTATION = "in its implementation"
    ALL = "in all"  #: given in the staff implementation only


#: Sources of logins that may have more than the ordinary roles. All others prove less than staff must prove.
SAML: Final = "saml"
LINK: Final = "first administrator"

ATTENDEE: Final = "attendee"
SCANNER: Final = "scanner"
AUTHOR: Final = "author"
ORGANIZER: Final = "organizer"
REVIEWER: Final = "reviewer"
ADMINISTRATOR: Final = "administrator"


@dataclass(frozen=True, kw_only=True)
class Role:
    """One role."""

    name: str
    scope: Scope = Scope.IMPLEMENTATION
    meaning: str  #: what it is for, in one line for people
    may: frozenset[Permission] = frozenset()  #: without any, the console refuses: attendees and scanners use the app
    given_with: frozenset[Permission] = frozenset(
        {Permission.GRANT_ROLES}
    )  #: one of these is needed to give or revoke it
    sources: frozenset[str] | None = field(
        default=frozenset({SAML})
    )  #: of logins that may have it; None: of every login

    def allows_source(self, source: str) -> bool:
        """Say whether a login from this source may have the role."""
        return self.sources is None or source in self.sources


_VISITOR = frozenset({Permission.SEE_CONSOLE, Permission.SEE_SETTINGS})
_AUTHOR = _VISITOR | {Permission.SEE_SCRIPTS, Permission.SUBMIT_SCRIPTS, Permission.MAKE_TOKENS}
_LOOKS_ON = _VISITOR | {Permission.SEE_PEOPLE, Permission.SEE_ATTENDANCE, Permission.SEE_RUNS, Permission.SEE_AUDIT}

TABLE: Final = (
    Role(
        name=ATTENDEE,
        meaning="everybody who is logged in; it is not granted",
        given_with=frozenset(),
        sources=None,
    ),
    Role(
        name=SCANNER,
        meaning="scans badges at sessions in the app: sees the button for it instead of the message",
        given_with=frozenset({Permission.GRANT_SCANNING, Permission.GRANT_ROLES}),
        sources=None,
    ),
    Role(
        name=ORGANIZER,
        meaning="sees and changes the settings of this conference, sees its people, names scanners, corrects attendance",
        may=_LOOKS_ON | {Permission.CHANGE_SETTINGS, Permission.GRANT_SCANNING, Permission.CORRECT_ATTENDANCE},
    ),
    Role(name=AUTHOR, meaning="sees the settings, writes the script and submits it for review", may=_AUTHOR),
    Role(
        name=REVIEWER,
        scope=Scope.ALL,
        meaning="sees every conference, reviews and deploys scripts",
        may=_LOOKS_ON
        | {
            Permission.SEE_SCRIPTS,
            Permission.REVIEW_SCRIPTS,
            Permission.DEPLOY_SCRIPTS,
            Permission.SEE_ALL_AUDIT,
            Permission.SEE_ALL_ERRORS,
        },
    ),
    Role(
        name=ADMINISTRATOR,
        scope=Scope.ALL,
        meaning="may do everything, in every conference",
        may=frozenset(Permission) - {Permission.ANYONE},
        sources=frozenset({SAML, LINK}),
    ),
)

BY_NAME: Final = MappingProxyType({role.name: role for role in TABLE})
NAMES: Final = tuple(BY_NAME)
#: Roles that a grant can give. Attributes and user types can be allowed to give each of these.
GRANTED: Final = tuple(role.name for role in TABLE if role.given_with)
#: Roles that are valid in all implementations, and are given in the staff implementation only.
STAFF_ROLES: Final = tuple(role.name for role in TABLE if role.scope is Scope.ALL)
#: Roles that every login may have. A login with any other role is a staff login.
ORDINARY: Final = frozenset(role.name for role in TABLE if role.sources is None)
#: Sources of logins that may have more.
STAFF_SOURCES: Final = frozenset[str]().union(*(role.sources for role in TABLE if role.sources))


def allowed_by_source(names: Collection[str], source: str) -> frozenset[str]:
    """Return those of the roles that a login from this source may have."""
    return frozenset(name for name in names if BY_NAME[name].allows_source(source))


def existing_in(*, staff: bool) -> tuple[str, ...]:
    """Return the roles that can be given in the staff implementation (`staff`), or in any other."""
    return tuple(name for name in GRANTED if (name in STAFF_ROLES) is staff)


def to_give(held: Collection[Permission], *, staff: bool) -> tuple[str, ...]:
    """Return the roles that a person with these permissions may give and revoke there."""
    return tuple(name for name in existing_in(staff=staff) if not BY_NAME[name].given_with.isdisjoint(held))


def in_words(names: Collection[str]) -> str:
    """Return roles as a list in a sentence: "author, organizer and scanner"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
