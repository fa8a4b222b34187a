"""Grants in words, and who may give which: the one place where the two permissions over roles are told apart.

1. Whoever may grant every role gives every role which exists in the implementation: those of ATIV's own people in the
   staff implementation only.
2. Whoever may grant scanning gives and takes the role of scanner, and no other.
"""

from __future__ import annotations

from records import Implementation
from records.people import grants
from records.tenants import implementations
from web.auth.staff.staff_member import StaffMember
from web.permissions import Permission

#: What each role may do, in one line for people.
MEANINGS = {
    "scanner": "will scan badges at sessions, in the app; it has no effect yet, because the scanner is not built",
    "organizer": "sees and changes the settings of this conference, sees its people, names scanners",
    "author": "sees the settings, writes the script",
    "reviewer": "sees every conference, reviews scripts",
    "administrator": "may do everything, in every conference",
}

SCANNER = "scanner"


def roles_to_give(person: StaffMember, implementation: Implementation) -> tuple[str, ...]:
    """Return the roles which this person may give and take in an implementation."""
    if person.may(Permission.GRANT_ROLES, implementation.slug):  # 1.
        house = implementation.slug == implementations.STAFF
        return implementations.STAFF_ROLES if house else tuple(r for r in grants.ROLES if r in _OF_A_CONFERENCE)
    return (SCANNER,) if person.may(Permission.GRANT_SCANNING, implementation.slug) else ()  # 2.


_OF_A_CONFERENCE = frozenset({SCANNER, "organizer", "author"})
