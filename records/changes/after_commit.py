"""What a change returns: what came of it, and what its edge does after the commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class AfterCommit(Generic[T]):
    """What came of a change, whom to tell, and which logins to end. What was not `made` is not announced."""

    slug: str  #: of the implementation
    value: T
    made: bool = True  #: False: all is as it was, and there is no audit entry
    announced: bool = True  #: every process is told that the implementation has changed
    subjects: tuple[str, ...] = ()  #: people of the implementation whose logins end
    ends_first: bool = False  #: their logins end before the commit, too: without the store there is no change
    retired: bool = False  #: the cached statuses of the implementation are dropped, too


def unchanged(slug: str, value: T) -> AfterCommit[T]:
    """Say that nothing was changed."""
    return AfterCommit(slug, value, made=False, announced=False)
