"""Puts the demo into the database: the implementation, its agenda around the present time, people and connections.

It runs at every start and updates what is there (the agenda moves with the time). Nothing is duplicated, and a script
that was activated meanwhile stays active.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from datetime import datetime, timedelta

from records import ConnectionDraft, DbSession, Implementation, SecretBox, UserProfile
from records.agenda import agenda_imports
from records.audit import AuditContext
from records.changes import agenda, people, retirement
from records.changes import connections as connection_changes
from records.changes import implementations as implementation_changes
from records.changes.implementations import ImplementationDraft, SettingsTerms
from records.maintenance.development_stand_ins import UP
from records.storage.environment_mark import DEVELOPMENT
from records.tenants import connections, implementations
from web.devidp.sample_people import SamplePerson

from .agenda import AGENDA, EVENT, IMPLEMENTATION, LINK_HOSTS, PEOPLE, SampleSession
from .badges.scanning import set_up_scanning
from .vendor_keys import VendorKeys

#: the agenda begins on a full five minutes
STEP = timedelta(minutes=5)
#: the actor in audit entries
BY = AuditContext(UP)
#: the demo sets no budget of a run
TERMS = SettingsTerms(most={})
ATTRIBUTES = ("kind",)


def seed(db: DbSession, box: SecretBox, keys: VendorKeys, *, vendor_url: str, now: datetime) -> Implementation:
    """Create the demo, or bring it up to date for this start; everything except its script."""
    demo = present(db)
    wanted = fields(vendor_url) | {"link_hosts": sorted({*demo.link_hosts, *LINK_HOSTS})}
    implementation_changes.change(db, demo, wanted, BY, terms=TERMS)
    for draft in drafts(keys, vendor_url):
        connect(db, box, demo, draft)
    moved = agenda_imports.read(agenda_csv(now).encode(), demo.time_zone)
    agenda.import_file(db, demo, moved, BY, file_name="demo.csv")
    for person in reversed(PEOPLE):  # lists show who was seen last first
        people.describe(db, demo, person.member_number, profile(person), BY)
    set_up_scanning(db, demo, now)
    return demo


def present(db: DbSession) -> Implementation:
    """Return the demo's implementation; add it if there is none, restore it if it was archived."""
    demo = implementations.find_any(db, IMPLEMENTATION)
    if demo is None:
        return implementation_changes.add(db, ImplementationDraft(IMPLEMENTATION, EVENT), BY, terms=TERMS).value
    if demo.archived_at is not None:
        retirement.restore(db, demo, BY, environment=DEVELOPMENT)
    return demo


def connect(db: DbSession, box: SecretBox, demo: Implementation, draft: ConnectionDraft) -> None:
    """Save a connection to the demo vendor, unless it is there and its secret can be decrypted with the present key."""
    known, _ = connections.open_usable(db, box, demo)
    present = known.get(draft.name)
    if present is None:
        before = connections.find(db, demo, draft.name)
        save = connection_changes.change if before else connection_changes.add
        save(db, box, demo, draft, BY, environment=DEVELOPMENT)
    elif any(getattr(present, each.name) != getattr(draft, each.name) for each in dataclasses.fields(draft)):
        connection_changes.change(db, box, demo, draft, BY, environment=DEVELOPMENT)


def profile(person: SamplePerson) -> UserProfile:
    """The profile of a sample person in the database."""
    return UserProfile(person.username, person.user_type, person.first_name, person.last_name, person.badge_id)


def fields(vendor_url: str) -> dict[str, object]:
    """The settings that depend on the demo vendor's address, and times that are short enough to watch."""
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
    """The connections to the demo vendor's APIs, each limited to the calls of the scripts."""
    return (
        ConnectionDraft(
            name="ethosce",
            base_url=f"{vendor_url}/ethosce",
            auth_kind="basic",
            auth_fields={"user": keys.ethosce_user},
            secret=keys.ethosce_password,
            path_prefixes=("/course_credit_awarded.json", "/course_enrollment.json"),
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
    writer.writerows(row(sample, base) for sample in AGENDA)
    return out.getvalue()


def row(sample: SampleSession, base: datetime) -> list[str]:
    """One session of the file."""
    start = base + timedelta(minutes=sample.start)
    end = start + timedelta(minutes=sample.minutes)
    times = [moment.isoformat(timespec="minutes") for moment in (start, end)]
    extra = [sample.attributes.get(name, "") for name in ATTRIBUTES]
    return [
        sample.session_id,
        sample.title,
        *times,
        sample.location,
        sample.parent_id or "",
        sample.credits or "",
        *extra,
    ]
