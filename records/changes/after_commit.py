"""What a change returns: its result, and what follows after the commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class AfterCommit(Generic[T]):
    """The result of a change, whom to tell, and which logins to end. A change that was not `made` is not announced."""

    slug: str  #: of the implementation
    value: T
    made: bool = True  #: False: nothing was changed, and there is no audit entry
    announced: bool = True  #: every process is told that the implementation has changed
    subjects: tuple[str, ...] = ()  #: people of the implementation whose logins end
    ends_first: bool = False  #: their logins also end before the commit, so that without the store there is no change
    outdated: tuple[tuple[str, str], ...] = ()  #: people and sessions whose statuses are to be found anew
    retired: bool = False  #: the cached statuses of the implementation are dropped as well


def unchanged(slug: str, value: T) -> AfterCommit[T]:
    """Return the result of a change that changed nothing."""
    return AfterCommit(slug, value, made=False, announced=False)
