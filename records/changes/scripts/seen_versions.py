"""What was active and staged on the page from which somebody makes a change, so that it never ends what they have not seen."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from records.errors import Overtaken
from records.scripts import deployments
from records.tenants.implementations import Implementation


@dataclass(frozen=True)
class SeenVersions:
    """The numbers of the active and the staged version that a person saw; None: there was none."""

    active: int | None
    staged: int | None


def seen(db: Session, owner: Implementation) -> SeenVersions:
    """Return what is active and staged now."""
    found = deployments.live(db, owner)
    return SeenVersions(
        found.active[1].number if found.active else None, found.staged[1].number if found.staged else None
    )


def refuse_overtaken(db: Session, owner: Implementation, expected: SeenVersions) -> None:
    """Raise `Overtaken` if something else is active or staged by now. The caller holds the implementation's lock."""
    now = seen(db, owner)
    for state, before, after in (("active", expected.active, now.active), ("staged", expected.staged, now.staged)):
        if before != after:
            told = f"version {after}" if after else "no version"
            raise Overtaken(
                "page", f"was overtaken by another change: {told} is {state} by now. Look again, then decide"
            )
