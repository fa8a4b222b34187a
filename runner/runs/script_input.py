"""The input of a script: the user, the session and the time, as plain values without any secret."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from records import AgendaSession, Database, Implementation, User
from records.agenda import sessions
from records.people import users
from records.people.user_fields import TEXTS
from records.tenants import implementations
from runner.status.ttl_cache import TtlCache
from sandbox import ScriptInput

SESSION_S = 30.0


class ScriptInputReader:
    """Reads the inputs of runs. Sessions are cached for a while; users are read each time. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sessions = TtlCache(self._read_session, life_s=SESSION_S)

    def read(
        self, implementation: Implementation, user: str, session: str, *, now: datetime, return_url: str
    ) -> ScriptInput:
        """Return the input of a run. A user who is not in the records has an id and nothing else."""
        zone = ZoneInfo(implementation.time_zone)
        with self._database.reading() as db:
            known = users.find(db, implementation, user)
        return ScriptInput(
            user=user_fields(known, user),
            session=session_fields(self._sessions.get(implementation.slug, session), session, zone),
            settings=implementation.script_settings,
            now=moment(now, zone),
            return_url=return_url,
        )

    def knows(self, implementation: str, session: str) -> bool:
        """Say whether the agenda has this session, and it is not retired."""
        return self._sessions.get(implementation, session) is not None

    def drop(self, implementation: str | None) -> None:
        """Forget the agenda of one implementation, or all."""
        self._sessions.drop(implementation)

    def _read_session(self, slug: str, session: str) -> AgendaSession | None:
        with self._database.reading() as db:
            implementation = implementations.find(db, slug)
            return sessions.find(db, implementation, session) if implementation else None


def user_fields(known: User | None, subject: str) -> dict[str, Any]:
    """The fields of `user` in the script API."""
    texts = {name: getattr(known, name) if known else "" for name in TEXTS}
    return {"id": subject, **texts, "attributes": known.attributes if known else {}}


def session_fields(known: AgendaSession | None, session: str, zone: tzinfo) -> dict[str, Any]:
    """The fields of `session` in the script API, with times in the implementation's time zone."""
    if known is None:
        return {"id": session}
    return {
        "id": known.session_id,
        "title": known.title,
        "starts_at": moment(known.starts_at, zone),
        "ends_at": moment(known.ends_at, zone),
        "location": known.location,
        "parent_id": known.parent_id,
        "credits": None if known.credits is None else str(known.credits),
        "attributes": known.attributes,
    }


def moment(at: datetime, zone: tzinfo) -> str:
    """RFC 3339, to the second."""
    return at.astimezone(zone).isoformat(timespec="seconds")
