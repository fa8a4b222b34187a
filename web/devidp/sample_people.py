"""The sample people: at least one for every role, with names that a page must be able to show.

Each belongs to a conference or to the staff implementation. This provider does not know roles; the service works them
out from username and user type.
"""

from __future__ import annotations

from dataclasses import dataclass

from records import roles
from records.tenants.implementations import STAFF


@dataclass(frozen=True)
class SamplePerson:
    """A person who can be chosen; `role` is shown on the page and is in no message."""

    username: str
    first_name: str
    last_name: str
    user_type: str
    role: str
    member_number: str
    badge_id: str = ""
    home: str = ""  #: the implementation to which this person belongs; empty for any conference

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def mail(self) -> str:
        """An address that leads nowhere (RFC 2606)."""
        return f"{self.username}@example.org"

    def attributes(self) -> dict[str, str]:
        """The attributes for a service provider, without empty ones."""
        attributes = {
            "uid": self.username,
            "givenName": self.first_name,
            "sn": self.last_name,
            "mail": self.mail,
            "userType": self.user_type,
            "badgeId": self.badge_id,
            "memberNumber": self.member_number,
        }
        return {name: value for name, value in attributes.items() if value}


PEOPLE = (
    SamplePerson("mchen", "Mei", "Chen", "attendee", roles.ATTENDEE, "165", "100165"),
    SamplePerson("jokafor", "Jide", "Okafor", "member", roles.ATTENDEE, "166", "100166"),
    SamplePerson("lhaddad", "ليلى", "حدّاد", "attendee", roles.ATTENDEE, "168", "100168"),
    SamplePerson("srivera", "Sam", "Rivera", "staff", roles.SCANNER, "167", "100167"),
    SamplePerson("nvandijk", "Noor", "van Dijk", "organizer", roles.ORGANIZER, "169", "100169"),
    SamplePerson("tferreira", "Tomás", "Ferreira", "vendor", roles.AUTHOR, "170"),
    SamplePerson("isolberg", "Ingrid", "Solberg-Hohenstein", "ativ", roles.REVIEWER, "901", home=STAFF),
    SamplePerson("gokonkwo", "Grace", "Okonkwo", "ativ", roles.ADMINISTRATOR, "902", home=STAFF),
)


def person_named(username: str) -> SamplePerson | None:
    """Return the sample person with this username."""
    return next((person for person in PEOPLE if person.username == username), None)


def groups_for(implementation: str) -> list[tuple[str, list[SamplePerson]]]:
    """Return the people in groups, those of the implementation first. Anyone may try to log in to either."""
    staff = [person for person in PEOPLE if person.home == STAFF]
    others = [person for person in PEOPLE if person.home != STAFF]
    groups = [("People of the conference", others), ("Staff of the service", staff)]
    return groups[::-1] if implementation == STAFF else groups
