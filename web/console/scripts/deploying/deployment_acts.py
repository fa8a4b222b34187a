"""What can be done with versions, one line each: its words, what it asks for, whom it touches, and the change that it makes.

A page asks once before each of these, and says whom it touches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from records import DbSession, Implementation
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit
from records.changes.scripts import deployments as changes
from records.changes.scripts.readiness import Without

from . import deployment_effects as effects
from .deployment_effects import DeploymentScene


@dataclass(frozen=True)
class SentValues:
    """What the form of an act holds."""

    by: AuditContext
    share: Any = None
    without: Without = Without.NOTHING
    active: int | None = None  #: the number of the version that was active on the page
    staged: int | None = None


Change = Callable[[DbSession, Implementation, int, SentValues], AfterCommit[Any]]


@dataclass(frozen=True, kw_only=True)
class DeploymentAct:
    """One thing that can be done. Texts hold `{number}`, that of the version."""

    title: str
    verb: str  #: on the button
    done: str
    effects: Callable[[DeploymentScene], list[str]]
    change: Change
    offered: Callable[[DeploymentScene], bool]  #: whether a page links to it
    danger: bool = False
    share: Callable[[DeploymentScene], int] | None = None  #: asks for a share, and proposes this one
    reason_needed: bool = True
    shows_version: bool = (
        False  #: users begin to see the version, so the page tells what the implementation lacks for it
    )
    needs_all: bool = False  #: refused if something is lacking, unless the form says that it may
    checks_seen: bool = True  #: refused if something else is active or staged than on the page


def _can_begin(scene: DeploymentScene) -> bool:
    version = scene.version
    return version is not None and scene.approved and version.suspended_at is None


def _widened(scene: DeploymentScene) -> int:
    share = scene.live.staged[0].share if scene.live.staged else 0
    return 50 if share < 50 else 90


#: What can be done with one version, by the last part of its address.
OF_A_VERSION: Mapping[str, DeploymentAct] = MappingProxyType(
    {
        "stage": DeploymentAct(
            title="Stage version {number}",
            verb="Stage version {number}",
            done="Version {number} is staged.",
            effects=effects.of_stage,
            change=lambda db, owner, number, sent: changes.stage(
                db, owner, number, sent.share, sent.by, without=sent.without
            ),
            offered=lambda scene: (
                _can_begin(scene) and scene.active is not None and not scene.state_of(scene.version or scene.active)
            ),
            share=lambda _: 10,
            reason_needed=False,
            shows_version=True,
            needs_all=True,
        ),
        "activate": DeploymentAct(
            title="Activate version {number}",
            verb="Activate version {number}",
            done="Version {number} is active.",
            effects=effects.of_activate,
            change=lambda db, owner, number, sent: changes.activate(db, owner, number, sent.by, without=sent.without),
            offered=lambda scene: (
                _can_begin(scene) and scene.version is not None and scene.state_of(scene.version) != "active"
            ),
            reason_needed=False,
            shows_version=True,
            needs_all=True,
        ),
        "roll-back": DeploymentAct(
            title="Roll back to version {number}",
            verb="Roll back to version {number}",
            done="Version {number} is active again.",
            effects=effects.of_roll_back,
            change=lambda db, owner, number, sent: changes.roll_back(
                db, owner, sent.by, expected=sent.active, number=number
            ),
            offered=lambda scene: scene.version is not None and scene.can_return and scene.version.suspended_at is None,
            shows_version=True,
        ),
        "suspend": DeploymentAct(
            title="Suspend version {number}",
            verb="Suspend version {number}",
            done="Version {number} is suspended.",
            effects=effects.of_suspend,
            change=lambda db, owner, number, sent: changes.suspend(db, owner, number, sent.by),
            offered=lambda scene: scene.version is not None and scene.version.suspended_at is None,
            danger=True,
            checks_seen=False,
        ),
        "reinstate": DeploymentAct(
            title="Reinstate version {number}",
            verb="Reinstate version {number}",
            done="Version {number} can be staged and activated again.",
            effects=lambda _: ["No user sees it by this. It can be staged and activated again."],
            change=lambda db, owner, number, sent: changes.reinstate(db, owner, number, sent.by),
            offered=lambda scene: scene.version is not None and scene.version.suspended_at is not None,
            checks_seen=False,
        ),
    }
)

#: What can be done with what is live, whichever version that is.
OF_WHAT_IS_LIVE: Mapping[str, DeploymentAct] = MappingProxyType(
    {
        "widen": DeploymentAct(
            title="Let more users see version {number}",
            verb="Widen the stage",
            done="More users see version {number} now.",
            effects=effects.of_widen,
            change=lambda db, owner, number, sent: changes.widen(db, owner, sent.share, sent.by, expected=number),
            offered=lambda scene: scene.staged is not None,
            share=_widened,
            reason_needed=False,
        ),
        "revert": DeploymentAct(
            title="Take version {number} back",
            verb="Take version {number} back",
            done="Version {number} is taken back.",
            effects=effects.of_revert,
            change=lambda db, owner, number, sent: changes.revert(db, owner, sent.by, expected=number),
            offered=lambda scene: scene.staged is not None,
            danger=True,
        ),
        "stop": DeploymentAct(
            title="Stop all scripts",
            verb="Stop all scripts",
            done="All scripts are stopped.",
            effects=lambda scene: [
                f"No script runs for {scene.everybody}: from their next request on, {scene.without_script}.",
                "Versions stay active and staged, and run again when you let scripts go on.",
            ],
            change=lambda db, owner, _, sent: changes.stop(db, owner, sent.by),
            offered=lambda scene: scene.owner.stopped_at is None,
            danger=True,
            checks_seen=False,
        ),
        "go-on": DeploymentAct(
            title="Let scripts go on",
            verb="Let scripts go on",
            done="Scripts run again.",
            effects=lambda scene: [f"From their next request on, {scene.everybody} see what the script says."],
            change=lambda db, owner, _, sent: changes.go_on(db, owner, sent.by),
            offered=lambda scene: scene.owner.stopped_at is not None,
            reason_needed=False,
            checks_seen=False,
        ),
    }
)


def acts_offered(scene: DeploymentScene, known: Mapping[str, DeploymentAct]) -> list[tuple[str, str, DeploymentAct]]:
    """Return what a page links to: the last part of the address, the words of the link, and the act."""
    about = scene.version or scene.staged
    number = about.number if about else 0
    return [(name, act.title.format(number=number), act) for name, act in known.items() if act.offered(scene)]
