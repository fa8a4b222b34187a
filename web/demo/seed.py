"""Puts the demo into the records: implementation, agenda around now, people, and connections.

Safe to do at every start: what is there is brought up to date (the agenda moves so that something is always "now"),
nothing is doubled, and a script that somebody activated meanwhile stays in service.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

from records import ConnectionDraft, DbSession, Implementation, SecretBox, UserProfile
from records.agenda import agenda_imports as agenda
from records.maintenance import archiving
from records.maintenance.archiving import AuditContext
from records.maintenance.development_stand_ins import UP
from records.people import users
from records.storage.environment_mark import DEVELOPMENT
from records.tenants import connections, implementations
from web.devidp.sample_people import SamplePerson

from .agenda import AGENDA, EVENT, IMPLEMENTATION, LINK_HOSTS, PEOPLE, SampleSession
from .audit_notes import note
from .vendor_keys import VendorKeys

#: the agenda begins on a full five minutes
STEP = timedelta(minutes=5)
ATTRIBUTES = ("kind",)


def seed(db: DbSession, box: SecretBox, keys: VendorKeys, *, vendor_url: str, now: datetime) -> Implementation:
    """Make the demo as it has to be for this start; everything but its script."""
    demo = present(db)
    set_fields(db, demo, fields(vendor_url) | {"link_hosts": sorted({*demo.link_hosts, *LINK_HOSTS})})
    for draft in drafts(keys, vendor_url):
        connect(db, box, demo, draft)
    moved = agenda.read(agenda_csv(now).encode(), demo.time_zone)
    agenda.import_file(db, demo, moved, AuditContext(UP), file_name="demo.csv")
    for person in reversed(PEOPLE):  # lists show who was seen last first
        describe(db, demo, person)
    return demo


def present(db: DbSession) -> Implementation:
    """The demo's implementation: made if there is none, served again if somebody archived it."""
    demo = implementations.find_any(db, IMPLEMENTATION)
    if demo is None:
        demo = implementations.create(db, IMPLEMENTATION, EVENT)
        note(db, "implementation.added", demo, demo.slug, name=demo.name, time_zone=demo.time_zone)
    elif demo.archived_at is not None:
        archiving.restore(db, demo, AuditContext(UP), environment=DEVELOPMENT)
    return demo


def set_fields(db: DbSession, demo: Implementation, wanted: dict[str, object]) -> None:
    """Set what depends on this start."""
    changed = sorted(name for name, value in wanted.items() if getattr(demo, name) != value)
    if changed:
        implementations.update(db, demo, **wanted)
        note(db, "settings.changed", demo, fields=changed)


def connect(db: DbSession, box: SecretBox, demo: Implementation, draft: ConnectionDraft) -> None:
    """Save a connection to the demo vendor. Its secret is sealed anew each time: the data folder's key may be another."""
    before = connections.find(db, demo, draft.name)
    known = before is not None and (before.base_url, before.auth_fields) == (draft.base_url, draft.auth_fields)
    connections.save(db, box, demo, draft)
    if not known:
        note(db, "connection.saved", demo, draft.name, base_url=draft.base_url, development=True)


def describe(db: DbSession, demo: Implementation, person: SamplePerson) -> None:
    """Let the records know a sample person."""
    known = users.find(db, demo, person.member_number) is not None
    profile = UserProfile(person.username, person.user_type, person.first_name, person.last_name, person.badge_id)
    users.remember(db, demo, person.member_number, profile)
    if not known:
        note(db, "user.described", demo, person.member_number)


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


def row(slot: SampleSession, base: datetime) -> list[str]:
    """One session of the file."""
    start = base + timedelta(minutes=slot.start)
    end = start + timedelta(minutes=slot.minutes)
    times = [moment.isoformat(timespec="minutes") for moment in (start, end)]
    extra = [slot.attributes.get(name, "") for name in ATTRIBUTES]
    return [slot.session_id, slot.title, *times, slot.location, slot.parent_id or "", slot.credits or "", *extra]
