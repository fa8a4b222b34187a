"""A file of a spreadsheet as a table, whatever kind of file it is: what reading an agenda and reading a roster share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from records import fields
from records.spreadsheet_cells import unguarded

from . import csv_file, workbook
from .cell_table import BadCell, Cell, CellTable, unreadable
from .file_faults import FileFault

#: Bytes of a file.
LARGEST_FILE: Final = 8 * 1024 * 1024

_BREAKS: Final = re.compile(r"[\r\n\t\v\f]+")


def table_of(data: bytes, known: Iterable[str]) -> CellTable:
    """Read a file. `known` are headings by which the sheet of a workbook and the delimiter of a CSV file are recognised."""
    if len(data) > LARGEST_FILE:
        return unreadable(1, f"the file has more than {LARGEST_FILE // 1024 // 1024} MB")
    if data.startswith(workbook.OLD_START):
        return unreadable(1, workbook.OLD_FILE)
    if data.startswith(workbook.ZIP_START):
        return workbook.read(data, known)
    return csv_file.read(data, known)


def bounded(
    rows: Iterable[tuple[int, list[Cell]]], faults: list[FileFault], most: int
) -> Iterator[tuple[int, list[Cell]]]:
    """Yield the heading and at most `most` rows."""
    for count, (row, cells) in enumerate(rows):
        if count > most:
            faults.append(FileFault(row, "", f"the file has more than {most} rows"))
            return
        yield row, cells


def one_line(cell: Cell, longest: int) -> str:
    """Return a cell as one line, without the `'` that keeps a spreadsheet from computing it. Raises ValueError."""
    if isinstance(cell, BadCell):
        raise ValueError(cell.what)  # noqa: TRY004 - every check raises ValueError
    return str(fields.line(longest)(_BREAKS.sub(" ", unguarded(cell))))


def shown(cell: Cell) -> str:
    """Return a cell as the spreadsheet shows it."""
    return cell.text if isinstance(cell, BadCell) else cell
