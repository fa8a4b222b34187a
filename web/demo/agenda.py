"""The sample event: its sessions around the present time, and what the vendors know about its courses.

Times are minutes from the start of the demo, so that there are always sessions before, during and after the present.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from records.tenants.implementations import STAFF
from web.devidp import sample_people

IMPLEMENTATION = "demo"
EVENT = "Meadowlands Annual Meeting"


@dataclass(frozen=True)
class SampleSession:
    """One session of the sample agenda; `start` is minutes from now, negative for the past."""

    session_id: str
    title: str
    start: int
    minutes: int
    location: str
    about: str
    credits: str | None = None
    parent_id: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)


#: the session of the story: it has ended, and its credit can be claimed
STORY = "CE-101"

#: the session at which Sam Rivera scans people when they come and when they leave, and one at which they are scanned once
SCANNED, SCANNED_TOO = "CE-103", "CE-102"

#: hosts that the scripts of README.md and docs/authors.md link to, so that scripts copied from there show a button
LINK_HOSTS = ("cme.example.org", "survey.example.com")

#: fully booked workshops: registering leads to the waitlist
FULL = frozenset({"WS-202"})

AGENDA = (
    SampleSession(
        "LIVE-1",
        "Welcome and awards",
        -190,
        60,
        "Main stage",
        "The president opens the meeting and hands over this year's teaching awards.",
        attributes={"kind": "live"},
    ),
    SampleSession(
        STORY,
        "Sepsis in the first hour",
        -105,
        60,
        "Hall B",
        "What to do, in which order, before the laboratory answers. Cases from three emergency rooms, with votes.",
        credits="1.0",
    ),
    SampleSession(
        SCANNED_TOO,
        "New guidelines for asthma",
        -20,
        150,
        "Hall A",
        "What changed since the last edition, and what to tell patients who ask why.",
        credits="1.5",
    ),
    SampleSession(
        SCANNED,
        "Airways in children",
        -55,
        120,
        "Hall C",
        "Small airways, small margins. Badges are scanned at the door, and the minutes in the room count for the credit.",
        credits="1.0",
        attributes={"kind": "scanned"},
    ),
    SampleSession(
        "LIVE-2",
        "Keynote: medicine in 2040",
        -15,
        180,
        "Main stage",
        "Three people who build the hospitals of the future, and one who doubts them.",
        attributes={"kind": "live"},
    ),
    SampleSession(
        "LUNCH",
        "Lunch with the exhibitors",
        40,
        60,
        "Garden",
        "No status message here: the widget stays hidden and takes no room.",
    ),
    SampleSession(
        "WS-201",
        "Hands-on: point-of-care ultrasound",
        150,
        120,
        "Room 204",
        "Four stations, eight probes, sixteen seats. Please register.",
        attributes={"kind": "workshop"},
    ),
    SampleSession(
        "WS-202",
        "Hands-on: difficult airways",
        300,
        120,
        "Room 206",
        "Video laryngoscopy and everything after it. Fully booked; there is a waitlist.",
        attributes={"kind": "workshop"},
    ),
    SampleSession(
        "LIVE-3",
        "Closing debate",
        1440,
        60,
        "Main stage",
        "Should artificial intelligence write the discharge letter?",
        attributes={"kind": "live"},
    ),
)

#: the people that the vendors know: all but the service's own staff
PEOPLE = tuple(person for person in sample_people.PEOPLE if person.home != STAFF)


def sample_session_with(session_id: str) -> SampleSession | None:
    """Return the sample session of this id."""
    return next((sample for sample in AGENDA if sample.session_id == session_id), None)


def sample_session_title(session_id: str) -> str:
    """Return the title of a session, or its id if the sample does not know it."""
    sample = sample_session_with(session_id)
    return sample.title if sample else session_id
