"""Whom each thing that can be done with versions touches, in sentences, with the numbers of users who are known."""

from __future__ import annotations

from dataclasses import dataclass

from records import DbSession, Implementation, Version
from records.people import users
from records.plurals import counted
from records.scripts import deployments, submissions, versions
from records.scripts.deployments import LiveVersions
from records.scripts.states import SUPERSEDED
from records.tenants.script_needs import Lack


@dataclass(frozen=True)
class DeploymentScene:
    """What a page is about: the version (None for all scripts), what is active and staged, and how many users are known."""

    owner: Implementation
    version: Version | None
    live: LiveVersions
    known: int
    approved: bool
    can_return: bool  #: it was active, and another version superseded it
    lacks: tuple[Lack, ...]  #: what the implementation lacks for the version

    @classmethod
    def of(cls, db: DbSession, owner: Implementation, version: Version | None) -> DeploymentScene:
        """Read it."""
        newest = deployments.newest_of(db, version) if version else None
        return cls(
            owner,
            version,
            deployments.live(db, owner),
            users.count(db, owner),
            approved=version is not None and submissions.is_approved(db, version),
            can_return=newest is not None and newest.state == SUPERSEDED and newest.active_since is not None,
            lacks=versions.lacks_of(db, owner, version) if version else (),
        )

    @property
    def active(self) -> Version | None:
        """The active version."""
        return self.live.active[1] if self.live.active else None

    @property
    def staged(self) -> Version | None:
        """The staged version."""
        return self.live.staged[1] if self.live.staged else None

    @property
    def everybody(self) -> str:
        """All users, with how many are known."""
        return f"all users ({counted(self.known, 'user')} known)"

    @property
    def without_script(self) -> str:
        """What users see if no script runs."""
        return "everybody sees the fallback text" if self.owner.fallback_text else "no message is shown"

    def state_of(self, version: Version) -> str:
        """How a version is live: "active", "staged" or ""."""
        if self.active is not None and self.active.id == version.id:
            return "active"
        return "staged" if self.staged is not None and self.staged.id == version.id else ""


def of_stage(scene: DeploymentScene) -> list[str]:
    """Staging a version."""
    assert scene.version is not None
    kept = f"The others keep version {scene.active.number}." if scene.active else "No version is active."
    share = (
        f"The share of the users that you choose sees version {scene.version.number} from their next request on: "
        f"of {scene.known} known users, 10 % are about {round(scene.known / 10)}. {kept}"
    )
    watch = (
        "A user sees the same version at every request. If it fails for clearly more users than the active version, the "
        "service reverts it by itself."
    )
    return [share, watch, *_ended_stage(scene)]


def of_activate(scene: DeploymentScene) -> list[str]:
    """Activating a version."""
    assert scene.version is not None
    instead = f", instead of version {scene.active.number}" if scene.active else ""
    found = [f"From their next request on, {scene.everybody} see version {scene.version.number}{instead}."]
    return found + ([] if scene.state_of(scene.version) == "staged" else _ended_stage(scene))


def of_roll_back(scene: DeploymentScene) -> list[str]:
    """Returning to an old version."""
    assert scene.version is not None
    instead = f", instead of version {scene.active.number}" if scene.active else ""
    found = [f"From their next request on, {scene.everybody} see version {scene.version.number} again{instead}."]
    if scene.active:
        found.append(f"Version {scene.active.number} counts as reverted: a later roll back does not return to it.")
    return found + _ended_stage(scene)


def of_suspend(scene: DeploymentScene) -> list[str]:
    """Suspending a version."""
    assert scene.version is not None
    state = scene.state_of(scene.version)
    touched = {
        "active": f"It is active: until another version is activated, {scene.without_script}.",
        "staged": "It is staged: its users see the active version from their next request on.",
        "": "No user sees it now.",
    }
    return [touched[state], "It cannot be staged or activated until somebody reinstates it."]


def of_revert(scene: DeploymentScene) -> list[str]:
    """Taking the staged version back."""
    share = scene.live.staged[0].share if scene.live.staged else 0
    instead = f"version {scene.active.number}" if scene.active else "no message"
    those = f"The users of the stage (about {round(scene.known * share / 100)} of {scene.known} known)"
    return [f"{those} see {instead} again from their next request on."]


def of_widen(scene: DeploymentScene) -> list[str]:
    """Widening the stage."""
    share = scene.live.staged[0].share if scene.live.staged else 0
    now = f"{share} % of the users see it now, about {round(scene.known * share / 100)} of {scene.known} known."
    return [f"{now} They keep it, and more users see it from their next request on."]


def _ended_stage(scene: DeploymentScene) -> list[str]:
    """Say that a staged version ends, unless it is the one that the page is about."""
    if scene.staged is None or (scene.version is not None and scene.staged.id == scene.version.id):
        return []
    return [f"Version {scene.staged.number}, which is staged now, ends."]
