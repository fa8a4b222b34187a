"""A roster as a file: an Excel workbook or a CSV file with a badge ID for each person.

Reading never raises. Everything that is wrong is a fault with its row, column and value; all faults are found at once. Columns
that are not known are left out, because nothing else about people is needed here, and a note names them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from records.agenda.cell_table import MOST_COLUMNS, Cell
from records.agenda.csv_file import heading_key
from records.agenda.file_faults import FileFault, quoted
from records.agenda.file_tables import bounded, one_line, shown, table_of
from records.attendance.badge_formats.badge_format import TEST_BADGE
from records.people import badge_id

#: Rows below the heading.
MOST_PEOPLE: Final = 50_000
#: The columns, as they are written, the field of each, and how long its values are.
COLUMNS: Final = {
    "Badge ID": "badge_id",
    "Last Name": "last_name",
    "First Name": "first_name",
    "Email": "email",
    "Registration Type": "registration_type",
}
LONGEST: Final = {"badge_id": 300, "last_name": 200, "first_name": 200, "email": 254, "registration_type": 100}
REQUIRED: Final = "badge_id"
_ALSO_CALLED: Final = {
    "badge_id": (
        "badge",
        "badge number",
        "badge no",
        "barcode",
        "registration id",
        "attendee id",
        "confirmation number",
    ),
    "last_name": ("surname", "family name", "name last"),
    "first_name": ("given name", "forename", "name first"),
    "email": ("e-mail", "mail", "email address", "e-mail address"),
    "registration_type": ("type", "attendee type", "badge type", "category", "registrant type"),
}
LABELS: Final = {name: column for column, name in COLUMNS.items()}
KNOWN: Final = {heading_key(column): name for column, name in COLUMNS.items()} | {
    heading_key(word): name for name, words in _ALSO_CALLED.items() for word in words
}
#: A number as spreadsheets shorten it: its last digits are lost.
_SHORTENED: Final = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class RosterRow:
    """The good values of one row, by field. A column that the file does not have is not in it."""

    row: int
    values: dict[str, str]


@dataclass(frozen=True)
class RosterFile:
    """The content of a file. `headings` are the file's own headings of the fields; `ignored` are its other headings."""

    rows: list[RosterRow] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    faults: list[FileFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(data: bytes) -> RosterFile:
    """Read a file."""
    table = table_of(data, KNOWN)
    file = RosterFile(faults=table.faults, notes=table.notes)
    rows = list(bounded(table.rows, file.faults, MOST_PEOPLE))
    if not rows:
        file.faults.extend([] if file.faults else [FileFault(1, "", "the file is empty")])
        return file
    number, cells = rows.pop(0)
    columns = _columns(number, cells, file)
    if file.faults:
        return file
    file.rows.extend(_row(row, below, columns, file) for row, below in rows)
    file.faults.extend(_twice(file.rows, file.headings[REQUIRED]))
    return file


def in_words(file: RosterFile) -> list[str]:
    """Return the columns that were read, each with the file's own heading if that differs."""
    named = [(LABELS[name], file.headings[name]) for name in LABELS if name in file.headings]
    return [
        column if heading_key(column) == heading_key(heading) else f"{column} ({quoted(heading)})"
        for column, heading in named
    ]


def _columns(row: int, cells: list[Cell], file: RosterFile) -> list[str]:
    """Return the field of each column, "" for one that is left out; faults are added to those of the file."""
    if len(cells) > MOST_COLUMNS:
        file.faults.append(FileFault(row, "", f"has more than {MOST_COLUMNS} columns"))
        return []
    found: list[str] = []
    for cell in cells:
        heading = " ".join(shown(cell).split())
        name = KNOWN.get(heading_key(heading), "")
        if name and name in found:
            file.faults.append(FileFault(row, heading, f"is a second column for {LABELS[name]}"))
        found.append(name)
        if name:
            file.headings[name] = heading
        elif heading:
            file.ignored.append(heading)
    if REQUIRED not in found:
        headings = ", ".join(file.ignored)
        file.faults.append(
            FileFault(
                row, "", f"has no column {LABELS[REQUIRED]}: give that heading to the one with the badge IDs", headings
            )
        )
    return found


def _row(row: int, cells: list[Cell], columns: list[str], file: RosterFile) -> RosterRow:
    values: dict[str, str] = {}
    for at, name in enumerate(columns):
        if not name:
            continue
        cell = cells[at] if at < len(cells) else ""
        try:
            values[name] = _value(name, cell)
        except ValueError as fault:
            file.faults.append(FileFault(row, file.headings[name], str(fault), shown(cell)))
    return RosterRow(row, values)


def _value(name: str, cell: Cell) -> str:
    """Read a cell as what its column is. Raises ValueError with the reason."""
    text = one_line(cell, LONGEST[name])
    if name != REQUIRED:
        return text
    badge = badge_id.checked(text)
    if not badge:
        raise ValueError("is missing")
    if badge.startswith(TEST_BADGE):
        raise ValueError("is that of a test badge")
    if _SHORTENED.fullmatch(badge):
        raise ValueError("was shortened by a spreadsheet: format the column as text, and enter the IDs again")
    return badge


def _twice(rows: Iterable[RosterRow], heading: str) -> list[FileFault]:
    """Return a fault for each row with the badge ID of a row before it."""
    seen: dict[str, int] = {}
    faults = []
    for row in rows:
        badge = row.values.get(REQUIRED)
        if badge is None:
            continue
        if badge in seen:
            kind = "is in more than one row"
            faults.append(FileFault(row.row, heading, f"is in row {seen[badge]}, too", badge, kind))
        seen.setdefault(badge, row.row)
    return faults
