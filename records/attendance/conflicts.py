"""Conflicts: one badge was in two sessions at the same time. They are shown at both, and only a person decides about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from .minutes import Presence

#: An overlap up to this is the way from one room to the next.
TOLERATED: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, order=True)
class AttendanceConflict:
    """Two sessions (`first` is the lower id) in which a badge was at the same time, for `seconds` in all."""

    first: str
    second: str
    seconds: int


def conflicts_of(
    presences: Mapping[str, Sequence[Presence]], parents: Mapping[str, str | None]
) -> list[AttendanceConflict]:
    """Return the conflicts of one badge: presences in two sessions that overlap by more than a minute.

    `presences` are by session, `parents` has the session of which each is a part. A session and its part are no conflict.
    """
    found: dict[tuple[str, str], timedelta] = {}
    for (one, mine), (other, theirs) in _close_pairs(presences):
        overlap = min(mine.ends, theirs.ends) - max(mine.begins, theirs.begins)
        if overlap > TOLERATED and not _is_part(one, other, parents) and not _is_part(other, one, parents):
            pair = (min(one, other), max(one, other))
            found[pair] = found.get(pair, timedelta()) + overlap
    return sorted(AttendanceConflict(*pair, int(overlap.total_seconds())) for pair, overlap in found.items())


def _close_pairs(
    presences: Mapping[str, Sequence[Presence]],
) -> Iterator[tuple[tuple[str, Presence], tuple[str, Presence]]]:
    """Yield presences in two sessions that overlap, each pair once."""
    listed = [(session, each) for session, several in presences.items() for each in several]
    listed.sort(key=lambda item: (item[1].begins, item[1].ends, item[0]))
    for place, item in enumerate(listed):
        for other in listed[place + 1 :]:
            if other[1].begins >= item[1].ends:
                break
            if other[0] != item[0]:
                yield item, other


def _is_part(session: str, whole: str, parents: Mapping[str, str | None]) -> bool:
    """Say whether a session is a part of another, at any depth."""
    seen = set()
    above = parents.get(session)
    while above is not None and above not in seen:
        if above == whole:
            return True
        seen.add(above)
        above = parents.get(above)
    return False
