"""A file of scans that a phone could not send: what it must look like, and what its import does with each scan.

The phone writes it as the last resort without any network (`web/static/scanner/saved_file.mjs`). It is not signed: what
decides is who imports it. So a scan in it is judged as one that arrives, by its id, its session and its time, and a file can
be imported any number of times, before or after the phone sends the same scans itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from records.attendance import intake
from records.attendance.intake import BatchArrival, ScanResult, ScanSender
from records.attendance.phones import undone_scans
from records.attendance.phones.undone_scans import UndoResult
from records.attendance.scan_parsing import read_moment
from records.errors import RuleViolation
from records.tenants.implementations import Implementation

#: What a file says that it is.
FORMAT, VERSION = "session-status scans", 1
MEMBERS: Final = frozenset({"format", "version", "implementation", "saved_at", "skew_ms", "scans", "voids"})
#: Bytes of a file, and scans or voids in it.
LARGEST: Final = 2 * 1024 * 1024
MOST: Final = 10_000
#: A clock that differs by more is none.
WIDEST_SKEW: Final = timedelta(days=366 * 30)
#: Scans, or voids, that are taken in at once.
_BATCH: Final = 500


@dataclass(frozen=True)
class SavedScans:
    """A file as it was read. Its scans and voids are as the phone wrote them: each is judged by itself."""

    sha256: str
    saved_at: datetime
    skew: timedelta | None  #: by how much the phone's clock was behind ours; None if the phone never learned it
    scans: tuple[Any, ...]
    voids: tuple[Any, ...]


@dataclass(frozen=True)
class FileResults:
    """What became of the scans and voids of a file."""

    scans: tuple[ScanResult, ...]
    voids: tuple[UndoResult, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many scans are new, already there or refused, and how many were voided or could not be."""
        voids = Counter(each.state for each in self.voids)
        return counts_of(self.scans) | {"voided": voids["voided"], "voids_refused": voids["refused"]}


def counts_of(results: Sequence[ScanResult]) -> dict[str, int]:
    """Count scans by what became of them: new, already and refused."""
    states = Counter(each.state for each in results)
    return {"new": states["stored"] + states["repeat"], "already": states["already"], "refused": states["refused"]}


def checked(owner: Implementation, content: Any, sha256: str) -> SavedScans:
    """Check the content of a file that was read as JSON. Raises RuleViolation for the file as a whole."""
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise RuleViolation("file", "is not a file of scans that a phone has saved")
    if content.get("version") != VERSION:
        raise RuleViolation(
            "file", "is of a version that is not known here. Update the service, or the page on the phone"
        )
    if content.keys() != MEMBERS:
        raise RuleViolation("file", "was changed: it must have exactly the members that the phone writes")
    if content["implementation"] != owner.slug:
        raise RuleViolation("file", f"is of another implementation than {owner.slug}")
    saved_at = read_moment(content["saved_at"])
    if saved_at is None:
        raise RuleViolation("file", "was changed: saved_at must be a time with its offset (RFC 3339)")
    return SavedScans(sha256, saved_at, _skew(content["skew_ms"]), _items(content, "scans"), _items(content, "voids"))


def preview(
    db: Session, owner: Implementation, saved: SavedScans, actor: str, received_at: datetime
) -> tuple[ScanResult, ...]:
    """Say what an import would do with each scan, without storing any."""
    return intake.preview(db, owner, saved.scans, arrival_of(saved, actor, received_at))


def arrival_of(saved: SavedScans, actor: str, received_at: datetime) -> BatchArrival:
    """Return how the scans of a file arrive: the person who imports it sends them, with the skew that the phone measured."""
    return BatchArrival(ScanSender(actor=actor), received_at, saved.skew or timedelta(0))


def store(
    db: Session, owner: Implementation, saved: SavedScans, arrival: BatchArrival
) -> tuple[FileResults, frozenset[tuple[str, str]]]:
    """Take in what a file has, and void what was undone. Also returns the sessions and badges for which something is new."""
    scans: list[ScanResult] = []
    touched: set[tuple[str, str]] = set()
    for start in range(0, len(saved.scans), _BATCH):
        done = intake.take_in(db, owner, saved.scans[start : start + _BATCH], arrival)
        scans += done.results
        touched |= done.touched
    voids: list[UndoResult] = []
    for start in range(0, len(saved.voids), _BATCH):
        undone = undone_scans.undo(db, owner, saved.voids[start : start + _BATCH], arrival, own_only=False)
        voids += undone.results
        touched |= {(each.session_id, each.badge_id) for each in undone.voided}
    return FileResults(tuple(scans), tuple(voids)), frozenset(touched)


def _skew(value: Any) -> timedelta | None:
    if value is None:
        return None
    widest = WIDEST_SKEW // timedelta(milliseconds=1)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > widest:
        raise RuleViolation("file", "was changed: skew_ms must be whole milliseconds, or null")
    return timedelta(milliseconds=value)


def _items(content: Mapping[str, Any], member: str) -> tuple[Any, ...]:
    items = content[member]
    if not isinstance(items, list):
        raise RuleViolation("file", f"was changed: {member} must be a list")
    if len(items) > MOST:
        raise RuleViolation("file", f"has more than {MOST} {member}")
    return tuple(items)
