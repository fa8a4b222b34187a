"""How many people a session's room holds, and how many have registered, if the agenda's file has a column for it."""

from __future__ import annotations

from typing import Final

from records.agenda.sessions import AgendaSession

#: Headings, in small letters without anything but letters, in the order in which they are looked for.
_CAPACITY: Final = ("capacity", "roomcapacity", "seats")
_REGISTERED: Final = ("registered", "registrations", "enrolled")
#: Digits of a number of people.
_DIGITS: Final = 7


def capacity_of(session: AgendaSession) -> int | None:
    """Return the capacity of the room; None if the agenda does not say it."""
    return _number(session, _CAPACITY)


def registered_of(session: AgendaSession) -> int | None:
    """Return how many people have registered; None if the agenda does not say it."""
    return _number(session, _REGISTERED)


def _number(session: AgendaSession, headings: tuple[str, ...]) -> int | None:
    texts = {"".join(filter(str.isalpha, name.casefold())): str(text) for name, text in session.attributes.items()}
    for heading in headings:
        text = texts.get(heading, "").strip()
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text):
            return int(text)
    return None
