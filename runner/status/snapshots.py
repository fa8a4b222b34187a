"""Snapshots of what an answer needs from the records, so that a cached status touches no database.

A snapshot is dropped as soon as a change event names its implementation. Its short life is only the safety net.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from records import AgendaSession, Database, DbSession, Implementation, Version, editions
from records.agenda import sessions
from records.attendance.scan_permission import has_scanners, is_scanner
from records.people import users
from records.scripts import deployments
from records.tenants import implementations
from runner.settings.run_budgets import limits_of
from sandbox import RunLimits

from .settings_messages import fallback_of, shown_message
from .status_body import ShownMessage
from .ttl_cache import TtlCache

IMPLEMENTATION_S = 10.0
SESSION_S = 60.0
#: Levels of sub-sessions that are followed; deeper ones are a mistake in the agenda.
DEEPEST = 5
#: A user's type changes when they log in again, for which there is no event.
USER_S = 15.0


class UnknownImplementation(LookupError):
    """No implementation has this slug."""


class UnknownSession(LookupError):
    """The implementation's agenda has no such session."""


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """A version as users see it. Without an active version, `sha256` is empty."""

    sha256: str
    edition: str  #: as in `records.editions`


@dataclass(frozen=True, slots=True)
class StagedVersion:
    """A version that a share of the users see."""

    version: SeenVersion
    share: int
    salt: str


@dataclass(frozen=True, slots=True)
class ScanButton:
    """The button that people who scan badges see, where and when."""

    message: ShownMessage  #: without the action, whose address names the session
    sessions: frozenset[str]  #: empty: all
    opens: timedelta  #: before the start
    closes: timedelta  #: after the end


@dataclass(frozen=True, slots=True)
class ImplementationSnapshot:
    """What the web side knows of an implementation."""

    slug: str
    active: SeenVersion
    staged: StagedVersion | None
    stopped: bool  #: no script is run
    fallback: ShownMessage | None
    show_when: str
    user_types: frozenset[str]
    inherits: bool
    concurrency: int
    wall_s: float
    since: int  #: when it was made, in Unix seconds
    scan_button: ScanButton | None = None  #: None if nobody can see it
    own_attendance: bool = False  #: people may look at their own

    def seen_by(self, user: str) -> SeenVersion:
        """Return the one version that a user sees."""
        staged = self.staged
        return staged.version if staged and deployments.sees(staged.salt, staged.share, user) else self.active

    def run_seconds(self, seen: SeenVersion) -> float:
        """Return how long a run may take: twice as long for a staged version, because the active one is run if it fails."""
        return self.wall_s if seen is self.active else 2 * self.wall_s


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """What the web side knows of a session."""

    id: str
    edition: str  #: as in `records.editions`
    starts_at: datetime
    ends_at: datetime
    parent: str | None


class StatusSnapshots:
    """What the web side needs of implementations, sessions and users."""

    def __init__(self, database: Database, *, most: RunLimits) -> None:
        self._database = database
        self._most = most
        self._implementations = TtlCache(self._read_implementation, life_s=IMPLEMENTATION_S)
        self._sessions = TtlCache(self._read_session, life_s=SESSION_S)
        self._user_types = TtlCache(self._read_user_type, life_s=USER_S)
        self._scanners = TtlCache(self._read_scanner, life_s=USER_S)

    def implementation(self, slug: str) -> ImplementationSnapshot:
        """Raises `UnknownImplementation`."""
        found = self._implementations.get(slug)
        if found is None:
            raise UnknownImplementation(slug)
        return found

    def session(self, slug: str, session: str) -> SessionSnapshot:
        """Raises `UnknownSession`."""
        found = self._sessions.get(slug, session)
        if found is None:
            raise UnknownSession(session)
        return found

    def shown_for(self, implementation: ImplementationSnapshot, session: SessionSnapshot) -> SessionSnapshot:
        """Return the session whose status is shown: a sub-session may show that of the one it is a part of."""
        for _ in range(DEEPEST if implementation.inherits else 0):
            if not session.parent:
                break
            session = self.session(implementation.slug, session.parent)
        return session

    def user_type(self, slug: str, user: str) -> str:
        """Return the user's type; empty for a user who is not in the records."""
        return self._user_types.get(slug, user)

    def is_scanner(self, slug: str, user: str) -> bool:
        """Say whether the user may scan badges; a user who is not in the records may not."""
        return self._scanners.get(slug, user)

    def drop(self, slug: str | None) -> None:
        """Drop the snapshots of one implementation, or all."""
        for cache in (self._implementations, self._sessions, self._user_types, self._scanners):
            cache.drop(slug)

    def _read_implementation(self, slug: str, _: str) -> ImplementationSnapshot | None:
        with self._database.reading() as db:
            found = implementations.find(db, slug)
            if found is None:
                return None
            live = deployments.live(db, found)
            active = seen_version(db, found, live.active[1] if live.active else None)
            staged = None
            if live.staged:
                deployment, version = live.staged
                staged = StagedVersion(seen_version(db, found, version), deployment.share, deployment.salt)
            button = scan_button_of(found) if has_scanners(db, found) else None
            return replace(implementation_snapshot(found, active, staged, self._most), scan_button=button)

    def _read_session(self, slug: str, session: str) -> SessionSnapshot | None:
        with self._database.reading() as db:
            implementation = implementations.find(db, slug)
            found = sessions.find(db, implementation, session) if implementation else None
            return session_snapshot(found) if found else None

    def _read_user_type(self, slug: str, user: str) -> str:
        with self._database.reading() as db:
            implementation = implementations.find(db, slug)
            found = users.find(db, implementation, user) if implementation else None
            return found.user_type if found else ""

    def _read_scanner(self, slug: str, user: str) -> bool:
        with self._database.reading() as db:
            implementation = implementations.find(db, slug)
            found = users.find(db, implementation, user) if implementation else None
            return implementation is not None and found is not None and is_scanner(db, implementation, found)


def session_snapshot(found: AgendaSession) -> SessionSnapshot:
    """Return the snapshot of a session's row."""
    return SessionSnapshot(
        id=found.session_id,
        edition=editions.session_edition(found),
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        parent=found.parent_id,
    )


def seen_version(db: DbSession, implementation: Implementation, version: Version | None) -> SeenVersion:
    """Return what the web side knows of a version, or of there being none."""
    return SeenVersion(version.sha256 if version else "", editions.edition(db, implementation, version))


def implementation_snapshot(
    found: Implementation, active: SeenVersion, staged: StagedVersion | None, most: RunLimits
) -> ImplementationSnapshot:
    """Return the snapshot of an implementation's row."""
    return ImplementationSnapshot(
        slug=found.slug,
        active=active,
        staged=staged,
        stopped=found.stopped_at is not None,
        fallback=fallback_of(found),
        show_when=found.show_when,
        user_types=frozenset(kind.casefold() for kind in found.user_types),
        inherits=found.inherit_from_parent,
        concurrency=found.concurrency,
        wall_s=limits_of(found, most).wall_s,
        since=implementations.made_at(found),
        own_attendance=found.own_attendance,
    )


def scan_button_of(found: Implementation) -> ScanButton | None:
    """Return the button of an implementation's settings; None if it has no text, or one that may not be shown any more."""
    message = shown_message(found, found.scan_text)
    if message is None:
        return None
    opens, closes = timedelta(minutes=found.scan_opens_minutes), timedelta(minutes=found.scan_closes_minutes)
    return ScanButton(message, frozenset(found.scan_sessions), opens, closes)
