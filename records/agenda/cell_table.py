"""A file as rows of cells, whatever kind of file it was: what `csv_file` and `workbook` return to `agenda_file`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from .file_faults import FileFault

#: Rows below the heading, and columns.
MOST_ROWS = 20_000
MOST_COLUMNS = 100
#: Day 0 of the day numbers of spreadsheets.
EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001 - local times, in the zone of the implementation


@dataclass(frozen=True)
class BadCell:
    """A cell of a workbook that cannot be read: what it shows, and why."""

    text: str
    what: str


Cell = str | BadCell


@dataclass(frozen=True)
class CellTable:
    """The rows that are not blank, with the numbers that the spreadsheet shows. Reading a row may add to `faults`."""

    rows: Iterable[tuple[int, list[Cell]]]
    faults: list[FileFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  #: what a person should know about how the file was read
    epoch: datetime = EPOCH_1900


def unreadable(row: int, what: str) -> CellTable:
    """Return the table of a file that cannot be read."""
    return CellTable((), [FileFault(row, "", what)])
