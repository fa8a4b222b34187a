"""Whether users may see a version: it is approved, and its implementation has what it needs, as far as its text says."""

from __future__ import annotations

import enum
from typing import Any

from sqlalchemy.orm import Session

from records.errors import RuleViolation
from records.scripts import submissions, versions
from records.scripts.versions import Version
from records.tenants.implementations import Implementation
from records.tenants.script_needs import Lack


class Without(enum.Flag):
    """What a version may lack when it is staged or activated, because a person says so."""

    NOTHING = 0
    REVIEW = enum.auto()  #: the approval
    NEEDS = enum.auto()  #: settings, connections and link hosts that its text names


class NeedsLacking(RuleViolation):
    """A version needs what its implementation lacks, and nobody said that it may. `lacks` has each thing."""

    def __init__(self, number: int, owner: Implementation, lacks: tuple[Lack, ...]) -> None:
        self.lacks = lacks
        told = " ".join(one.what for one in lacks)
        super().__init__(
            "version",
            f"{number} needs what {owner.slug} lacks: {told} Add it, or say that the version is shown anyway",
        )


def refuse_unready(db: Session, owner: Implementation, version: Version, without: Without) -> dict[str, Any]:
    """Refuse a version that users should not see yet; return what an entry says of its review and of what it lacks.

    1. It is approved, unless it may go without.
    2. The implementation has what the version needs, unless it may go without. A suspended version is not asked for that:
       it is refused whatever it lacks.
    """
    # 1. review
    approved = submissions.is_approved(db, version)
    if not approved and Without.REVIEW not in without:
        raise RuleViolation("version", f"{version.number} is not approved: it must be submitted and reviewed first")
    # 2. needs
    lacks = () if version.suspended_at is not None else versions.lacks_of(db, owner, version)
    if lacks and Without.NEEDS not in without:
        raise NeedsLacking(version.number, owner, lacks)
    review = {"review": "approved" if approved else "none"}
    return review | ({"lacks": [one.what for one in lacks]} if lacks else {})
