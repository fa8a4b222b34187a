"""Runs that are recorded for a test, at fixed times."""

import secrets
from datetime import UTC, datetime, timedelta

from records import RunRecord
from records.scripts import runs

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def record_runs(house, *seconds, **more):
    """Record runs that began so many seconds after START; return their IDs."""
    usual = {"user": "ann", "session": "CE-1", "version": "0" * 64, "outcome": "returned", "shown_as": "fresh"}
    records = [
        RunRecord(
            id=f"{number:012x}-{secrets.token_hex(8)}",
            implementation=house.slug,
            started_at=START + timedelta(seconds=number),
            **(usual | more),
        )
        for number in seconds
    ]
    with house.database.session() as db:
        runs.record_many(db, records)
    return [one.id for one in records]
