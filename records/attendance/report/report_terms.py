"""What a report is about: its kind, its columns, of which session or badge, and up to which row of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from records.errors import RuleViolation

#: The kinds of reports: one row for each scan that counts, or one for each session of the agenda.
SCANS: Final = "scans"
SESSIONS: Final = "sessions"
NAMES: Final = ("last_name", "first_name")


@dataclass(frozen=True)
class ReportColumn:
    """One column. `help` says for people what stands in it, if its heading does not."""

    heading: str
    help: str = ""


@dataclass(frozen=True)
class ReportKind:
    """One kind of report: its columns by name, in the order in which they stand, and those that it has by default."""

    title: str
    columns: Mapping[str, ReportColumn]
    usual: tuple[str, ...]


KINDS: Final[Mapping[str, ReportKind]] = MappingProxyType(
    {
        SCANS: ReportKind(
            "All scans",
            {
                "session": ReportColumn("Session ID"),
                "badge": ReportColumn("Badge ID"),
                "last_name": ReportColumn("Last Name"),
                "first_name": ReportColumn("First Name"),
                "title": ReportColumn("Session Title"),
                "time": ReportColumn("Time (UTC)", "in UTC, when the badge was scanned"),
                "direction": ReportColumn("Direction", "in or out, where people are scanned when they leave, too"),
                "repeat": ReportColumn("Repeat", "a scan of the same badge shortly before"),
                "minutes": ReportColumn("Minutes", "of the badge at the session, on each of its rows"),
                "attended": ReportColumn("Attended", "yes or no by your rules; empty while it is open"),
                "entry": ReportColumn("Read by", "camera, keyboard, wedge or search"),
                "staff": ReportColumn("Scanned by"),
                "device": ReportColumn("Device"),
                "scan": ReportColumn("Scan ID"),
            },
            ("session", "badge", "last_name", "first_name"),
        ),
        SESSIONS: ReportKind(
            "Sessions",
            {
                "session": ReportColumn("Session ID"),
                "title": ReportColumn("Session Title"),
                "starts": ReportColumn("Starts (UTC)", "in UTC, as the end"),
                "ends": ReportColumn("Ends (UTC)"),
                "room": ReportColumn("Room"),
                "scans": ReportColumn("Scans", "that count, repeats included"),
                "repeats": ReportColumn("Repeats"),
                "people": ReportColumn("People", "different badges"),
                "attended": ReportColumn("Attended", "people who attended by your rules"),
                "minutes": ReportColumn("Minutes", "of all people together"),
                "capacity": ReportColumn("Capacity", "of the room, if the agenda has a column for it"),
                "share": ReportColumn("People of Capacity (%)"),
            },
            ("session", "title", "starts", "scans", "repeats", "people", "attended", "minutes", "capacity", "share"),
        ),
    }
)

#: The columns of the report of scans, for what needs no other kind.
USUAL: Final = KINDS[SCANS].usual


@dataclass(frozen=True)
class ReportTerms:
    """What a report is about.

    `entries` is how many rows of the ledger are looked at, `as_of` until when minutes are counted. `session` and `badge` ""
    mean all. `basis` is the SHA-256 of what was frozen with it (`report_basis`); reports of earlier releases have none.
    """

    entries: int
    as_of: datetime
    session: str = ""
    columns: tuple[str, ...] = USUAL
    badge: str = ""
    kind: str = SCANS
    basis: str = ""

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of its columns."""
        return tuple(KINDS[self.kind].columns[name].heading for name in self.columns)


def columns_named(kind: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return columns of a kind of report, in their order. Raises RuleViolation for one that it does not have."""
    known = KINDS[kind].columns
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise RuleViolation("columns", f"must be some of {', '.join(known)}")
    return tuple(name for name in known if name in names)
