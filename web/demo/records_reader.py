"""Reads the service's database for the demo's pages: the agenda, and the runs for the panel beside the app.

A real app has its own agenda and never sees a run; the demo shows runs to newcomers who want to look inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from records import Database
from records.agenda import sessions
from records.scripts import runs
from records.tenants import implementations

from .agenda import IMPLEMENTATION, PEOPLE, sample_session_title
from .app_pages import AppSession, RunLine

SHOWN_RUNS = 6


class DemoRecords:
    """Reads the database, for the whole process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sessions(self) -> list[AppSession]:
        """The agenda of the demo."""
        with self._database.reading() as db:
            demo = implementations.find(db, IMPLEMENTATION)
            return [app_session(row) for row in sessions.every(db, demo)] if demo else []

    def runs(self) -> list[RunLine]:
        """The last runs, newest first."""
        with self._database.reading() as db:
            demo = implementations.find(db, IMPLEMENTATION)
            return [run_line(row) for row in runs.recent(db, demo, limit=SHOWN_RUNS)] if demo else []


def app_session(row: sessions.AgendaSession) -> AppSession:
    """A session as the app knows it."""
    return AppSession(
        session_id=row.session_id,
        title=row.title,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        location=row.location,
        credits=None if row.credits is None else str(row.credits),
    )


def run_line(row: runs.Run) -> RunLine:
    """A run as the panel shows it."""
    message = row.message["text"] if row.message else "(hidden)"
    person = next((one.first_name for one in PEOPLE if one.member_number == row.user), row.user)
    return RunLine(
        outcome=row.outcome,
        message=message if row.shown_as in ("fresh", "hidden") else f"{message} ({row.shown_as})",
        clock=f"{row.started_at:%H:%M:%S}",
        session=sample_session_title(row.session),
        user=person,
        ms=round(row.usage.get("wall_ms", row.usage.get("ms", 0))),
        calls=tuple(call_line(call) for call in row.calls),
        error=f"{row.error['type']}: {row.error['text']}" if row.error else None,
    )


def call_line(call: Mapping[str, Any]) -> str:
    """One call of a script in words: `ethosce GET /course_credit_awarded.json: 200, 12 ms`."""
    how = call.get("status") or call.get("fault") or "no answer"
    source = ", from the cache" if call.get("from_cache") else f", {round(call.get('ms', 0))}\N{NO-BREAK SPACE}ms"
    return f"{call['connection']} {call['method']} {call['path']}: {how}{source}"
