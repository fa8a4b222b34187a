"""Puts the demo into the records: implementation, agenda around now, people, and connections.

Safe to do at every start: what is there is brought up to date (the agenda moves so that something is always "now"),
nothing is doubled, and a script that somebody activated meanwhile stays in service.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

from records import (
    ConnectionDraft,
    DbSession,
    Implementation,
    Profile,
    SecretBox,
    connections,
    implementations,
    sessions,
    users,
)

from .agenda import AGENDA, EVENT, IMPLEMENTATION, PEOPLE, Slot
from .keys import VendorKeys

#: the agenda begins on a full five minutes
STEP = timedelta(minutes=5)
ATTRIBUTES = ("kind",)


def seed(db: DbSession, box: SecretBox, keys: VendorKeys, *, vendor_url: str, now: datetime) -> Implementation:
    """Make the demo as it has to be for this start; everything but its script."""
    demo = implementations.find(db, IMPLEMENTATION) or implementations.create(db, IMPLEMENTATION, EVENT)
    implementations.update(db, demo, **fields(vendor_url))
    for draft in drafts(keys, vendor_url):
        connections.save(db, box, demo, draft)
    sessions.import_csv(db, demo, agenda_csv(now).encode())
    for person in reversed(PEOPLE):  # lists show who was seen last first
        profile = Profile(person.username, person.user_type, person.first_name, person.last_name, person.badge_id)
        users.seen(db, demo, person.member_number, profile)
    return demo


def fields(vendor_url: str) -> dict[str, object]:
    """What depends on where the demo vendor answers, and times short enough to watch."""
    return {
        "session_url": f"{vendor_url}/sessions/{{session_id}}",
        "script_settings": {
            "claim_url": f"{vendor_url}/ethosce/claim",
            "register_url": f"{vendor_url}/cvent/register",
            "live_url": f"{vendor_url}/live",
        },
        "fallback_text": "Ask at the CE desk",
        "fresh_seconds": 20,
        "stale_seconds": 300,
    }


def drafts(keys: VendorKeys, vendor_url: str) -> tuple[ConnectionDraft, ...]:
    """The connections to the demo vendor's APIs, each allowed only what the script asks."""
    return (
        ConnectionDraft(
            name="ethosce",
            base_url=f"{vendor_url}/ethosce",
            auth_kind="basic",
            auth_fields={"user": keys.ethosce_user},
            secret=keys.ethosce_password,
            path_prefixes=("/course_credit_awarded.json",),
            development=True,
        ),
        ConnectionDraft(
            name="cvent",
            base_url=f"{vendor_url}/cvent",
            auth_kind="oauth2_client_credentials",
            auth_fields={"token_url": f"{vendor_url}/cvent/ea/oauth2/token", "client_id": keys.cvent_client},
            secret=keys.cvent_secret,
            path_prefixes=("/ea/sessions/enrollment",),
            development=True,
        ),
    )


def agenda_csv(now: datetime) -> str:
    """The agenda as an organizer's file, with the times around `now`."""
    base = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % STEP
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["ID", "Title", "Start Time", "End Time", "Location", "Parent ID", "Credits", *ATTRIBUTES])
    writer.writerows(row(slot, base) for slot in AGENDA)
    return out.getvalue()


def row(slot: Slot, base: datetime) -> list[str]:
    """One session of the file."""
    start = base + timedelta(minutes=slot.start)
    end = start + timedelta(minutes=slot.minutes)
    times = [moment.isoformat(timespec="minutes") for moment in (start, end)]
    extra = [slot.attributes.get(name, "") for name in ATTRIBUTES]
    return [slot.session_id, slot.title, *times, slot.location, slot.parent_id or "", slot.credits or "", *extra]
