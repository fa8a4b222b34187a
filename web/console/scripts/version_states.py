"""What became of each version, and whom a deployment touches, in the words of pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from records import DbSession, Implementation
from records.people import users
from records.plurals import counted
from records.scripts import submissions
from records.scripts.deployments import Deployment, LiveVersions
from records.scripts.states import ACTIVE, REJECTED, worded
from records.scripts.versions import Version

#: A version that was only stored, by a command.
NEVER_SUBMITTED = "never submitted"


@dataclass(frozen=True)
class VersionState:
    """The state of a version: in words, and whether that is good or bad news."""

    words: str
    kind: str = ""  #: good, bad or ""


def states_of(db: DbSession, live: LiveVersions, rows: Iterable[Version]) -> dict[int, VersionState]:
    """Return the state of each version, by its id."""
    found = list(rows)
    reviewed = submissions.outcomes(db, found)
    return {version.id: _state(live, version, reviewed.get(version.id, NEVER_SUBMITTED)) for version in found}


def state_of(db: DbSession, live: LiveVersions, version: Version) -> VersionState:
    """Return the state of a version: suspended, active or staged, or what its reviews came to."""
    return states_of(db, live, [version])[version.id]


def _state(live: LiveVersions, version: Version, reviewed: str) -> VersionState:
    if version.suspended_at is not None:
        return VersionState("suspended", "bad")
    if live.active and live.active[1].id == version.id:
        return VersionState("active", "good")
    if live.staged and live.staged[1].id == version.id:
        return VersionState(f"staged, {live.staged[0].share} %", "good")
    return VersionState(worded(reviewed), "bad" if reviewed == REJECTED else "")


def touched_by(db: DbSession, owner: Implementation, live: LiveVersions, deployment: Deployment) -> str:
    """Say whom a deployment touches, with the number of users who have logged in so far."""
    known = users.count(db, owner)
    if deployment.state == ACTIVE:
        others = f", except those of version {live.staged[1].number}" if live.staged else ""
        return f"all users ({counted(known, 'user')} known){others}"
    return in_share(known, deployment.share)


def in_share(known: int, share: int) -> str:
    """Say how many of the known users are in a share of this many percent, roughly."""
    return f"{share} % of the users (about {round(known * share / 100)} of {known} known)"
