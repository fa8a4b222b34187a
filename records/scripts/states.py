"""The states of submissions and deployments, and which state may follow which: the whole life cycle in two tables.

The tables `submissions` and `deployments` accept a change of state only if it is listed here, whichever rule makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from records.errors import RuleViolation


@dataclass(frozen=True)
class StateMachine:
    """The states of one kind of thing. A state from which no move leads is final."""

    kind: str  #: what has these states, as a refusal names it
    first: frozenset[str]
    moves: Mapping[str, frozenset[str]]

    @property
    def final(self) -> frozenset[str]:
        """The states that nothing leaves."""
        return frozenset(state for state, following in self.moves.items() if not following)

    @property
    def constraint(self) -> str:
        """The condition that the column `state` fulfils in the database."""
        return f"state IN ({', '.join(repr(state) for state in self.moves)})"

    def check(self, before: str | None, after: str) -> str:
        """Return `after` if it may follow `before` (None: the thing is new). Raises RuleViolation if it may not."""
        allowed = self.first if before is None else self.moves[before]
        if after in allowed:
            return after
        if before is None:
            raise RuleViolation(self.kind, f"must not begin as {worded(after)}")
        said = f"is {worded(before)}"
        if not allowed:
            raise RuleViolation(self.kind, f"{said}, and that cannot be changed any more")
        raise RuleViolation(self.kind, f"{said}, and cannot become {worded(after)}")


SUBMITTED: Final = "submitted"
CHANGES_REQUESTED: Final = "changes_requested"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
WITHDRAWN: Final = "withdrawn"
SUPERSEDED: Final = "superseded"

#: What a review can decide.
DECISIONS: Final = (CHANGES_REQUESTED, APPROVED, REJECTED)
SUBMISSION: Final = StateMachine(
    kind="submission",
    first=frozenset({SUBMITTED}),
    moves=MappingProxyType(
        {
            SUBMITTED: frozenset({*DECISIONS, WITHDRAWN, SUPERSEDED}),
            CHANGES_REQUESTED: frozenset(),
            APPROVED: frozenset(),
            REJECTED: frozenset(),
            WITHDRAWN: frozenset(),
            SUPERSEDED: frozenset(),
        }
    ),
)

STAGED: Final = "staged"
ACTIVE: Final = "active"
REVERTED: Final = "reverted"
SUSPENDED: Final = "suspended"

DEPLOYMENT: Final = StateMachine(
    kind="deployment",
    first=frozenset({STAGED, ACTIVE}),
    moves=MappingProxyType(
        {
            STAGED: frozenset({ACTIVE, SUPERSEDED, REVERTED, SUSPENDED}),
            ACTIVE: frozenset({SUPERSEDED, REVERTED, SUSPENDED}),
            SUPERSEDED: frozenset(),
            REVERTED: frozenset(),
            SUSPENDED: frozenset(),
        }
    ),
)


def seen_as(state: str, share: int) -> str:
    """Return as what users see a deployment, for a list of what a change ended."""
    return "active" if state == ACTIVE else f"staged for {share} %"


def worded(state: str) -> str:
    """Return a state as people read it."""
    return state.replace("_", " ")
