"""What is wrong with a file: one fault for one place, and faults of one kind gathered for people to read.

A file of 300 rows with the same mistake should be told in one line, with its rows and some of the values that it is about.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from records.plurals import counted

#: Characters of an offending value that are shown.
LONGEST_VALUE = 60
#: Rows and values that a gathered fault names; the rest are counted.
ROWS_NAMED = 8
VALUES_NAMED = 3
_UNSHOWN = ("Cc", "Cf", "Cs", "Zl", "Zp")


@dataclass(frozen=True, order=True)
class FileFault:
    """What is wrong at one place of a file.

    `column` is its heading, or empty when the whole row is meant. `value` is what the cell holds. `kind` is what faults
    of one kind have in common where `what` names something that differs from row to row.
    """

    row: int
    column: str
    what: str
    value: str = ""
    kind: str = field(default="", compare=False)

    def __str__(self) -> str:
        place = f"Row {self.row}, column {self.column}" if self.column else f"Row {self.row}"
        return f"{place}: {self.what}" + (f" (found: {quoted(self.value)})" if self.value else "")


@dataclass(frozen=True)
class FaultGroup:
    """Faults of one kind in one column, in the order of their rows."""

    column: str
    what: str
    rows: tuple[int, ...]
    values: tuple[str, ...]  #: as quoted, without doubles, the first few

    @property
    def rows_named(self) -> str:
        """The first rows, and how many more there are."""
        named = ", ".join(map(str, self.rows[:ROWS_NAMED]))
        more = len(self.rows) - ROWS_NAMED
        return f"{named} and {more} more" if more > 0 else named

    def __str__(self) -> str:
        place = f"column {self.column}: " if self.column else ""
        found = f"; found: {', '.join(self.values)}" if self.values else ""
        return f"{counted(len(self.rows), 'row')}: {place}{self.what} (rows {self.rows_named}{found})"


def gathered(faults: Iterable[FileFault]) -> list[FaultGroup]:
    """Gather faults of one kind, in the order in which their first rows stand in the file."""
    groups: dict[tuple[str, str], list[FileFault]] = {}
    for fault in sorted(faults):
        groups.setdefault((fault.column, fault.kind or fault.what), []).append(fault)
    return [_group(column, kind, found) for (column, kind), found in groups.items()]


def as_lines(faults: Iterable[FileFault]) -> list[str]:
    """Return the faults as lines: those of one kind gathered, a single one in its own words."""
    faults = list(faults)
    alone = {(fault.column, fault.kind or fault.what): fault for fault in faults}
    return [str(alone[group.column, group.what]) if len(group.rows) == 1 else str(group) for group in gathered(faults)]


def quoted(value: str) -> str:
    """Return a value of the file in quotes: shortened, and without what would steer a terminal or turn a line."""
    cut = value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
    return "“" + "".join("\ufffd" if unicodedata.category(c) in _UNSHOWN else c for c in cut) + "”"


def _group(column: str, kind: str, found: list[FileFault]) -> FaultGroup:
    values = dict.fromkeys(quoted(fault.value) for fault in found if fault.value)
    rows = tuple(dict.fromkeys(fault.row for fault in found))
    return FaultGroup(column, kind, rows, tuple(values)[:VALUES_NAMED])
