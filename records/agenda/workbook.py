"""An Excel workbook as a table: its sheet, and what its cells show.

Nothing is computed: for a formula, the value that Excel stored with it is used. Hidden sheets are not read. A cell with a
date becomes the text of the date with the year first, so that the order of day and month is clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from importlib import import_module
from typing import Any

from records.plurals import counted, form

from .cell_table import MOST_COLUMNS, BadCell, Cell, CellTable, unreadable
from .csv_file import heading_key
from .file_faults import FileFault
from .workbook_parts import PartsRefused, WorkbookParts, open_parts

#: Rows of a sheet that are read, blank ones included.
MOST_SHEET_ROWS = 100_000
#: Rows at the start of a sheet among which its heading is searched for if there are several sheets.
_HEADING_WITHIN = 20
#: How the two kinds of Excel files begin: .xlsx, and .xls or a workbook with a password.
ZIP_START = b"PK\x03\x04"
OLD_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLD_FILE = "the file is an old Excel file (.xls) or has a password: save it as an Excel workbook (.xlsx) without one"
_NOT_STORED = "contains a formula whose value is not stored: open the file in Excel, save it and upload it again"
_UNREADABLE = "the workbook cannot be read: save it in Excel as .xlsx and upload it again"


def read(data: bytes, known: Iterable[str]) -> CellTable:
    """Read the sheet with the agenda. `known` are headings by which it is recognised among several."""
    try:
        parts = open_parts(data)
        # In a separate thread, because libxml2 keeps the file's names until the thread ends.
        with ThreadPoolExecutor(1, "workbook") as thread:
            return thread.submit(_table, parts, frozenset(known)).result()
    except PartsRefused as refused:
        return unreadable(1, str(refused))
    except Exception as error:  # noqa: BLE001 - any error of the library on a hostile or damaged file is the file's fault
        return unreadable(1, f"{_UNREADABLE} ({type(error).__name__})")


def _opened(parts: WorkbookParts, *, data_only: bool) -> Any:
    openpyxl = import_module("openpyxl")  # large, and no other work of a server needs it
    return openpyxl.load_workbook(parts.packed, read_only=True, data_only=data_only, keep_links=False)


def _table(parts: WorkbookParts, known: frozenset[str]) -> CellTable:
    book = _opened(parts, data_only=True)
    with ExitStack() as closing:
        closing.callback(book.close)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not visible:
            return unreadable(1, "the workbook has no visible sheet")
        best = _recognised(visible, known)
        if len(best) > 1:
            names = " and ".join(f"“{sheet.title}”" for sheet in best[:2])
            return unreadable(1, f"the sheets {names} could both be the one to import: leave one, or hide the other")
        sheet = (best or visible)[0]
        faults: list[FileFault] = []
        rows = list(_rows(sheet, _formula_cells(parts, sheet), faults))
        notes = _notes(parts, sheet, len(book.worksheets) - len(visible), len(visible))
        return CellTable(rows, faults, notes, book.epoch)


def _recognised(sheets: list[Any], known: frozenset[str]) -> list[Any]:
    """Return the sheets with the most known headings; none if no sheet has any."""
    if len(sheets) == 1:
        return sheets
    scores = [_score(sheet, known) for sheet in sheets]
    most = max(scores)
    return [sheet for sheet, score in zip(sheets, scores, strict=True) if score == most and most]


def _score(sheet: Any, known: frozenset[str]) -> int:
    for cells in _raw(sheet, _HEADING_WITHIN):
        if any(cell.value is not None for cell in cells):
            return sum(heading_key(str(cell.value)) in known for cell in cells if cell.value is not None)
    return 0


def _raw(sheet: Any, most_rows: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows as the library gives them, limited in both directions whatever size the file claims."""
    sheet.reset_dimensions()
    yield from sheet.iter_rows(max_row=most_rows, max_col=MOST_COLUMNS + 1)


def _rows(
    sheet: Any, formulas: frozenset[tuple[int, int]], faults: list[FileFault]
) -> Iterator[tuple[int, list[Cell]]]:
    number = 0
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), 1):
        if number > MOST_SHEET_ROWS:
            faults.append(FileFault(number, "", f"the sheet has more than {MOST_SHEET_ROWS} rows, blank ones included"))
            return
        cells = [_cell(cell, formula=bool(formulas) and (number, at) in formulas) for at, cell in enumerate(row, 1)]
        while cells and cells[-1] == "":
            cells.pop()
        if any(isinstance(cell, BadCell) or cell.strip() for cell in cells):
            yield number, cells


def _formula_cells(parts: WorkbookParts, sheet: Any) -> frozenset[tuple[int, int]]:
    """Return the cells with formulas; a sheet that has any is read a second time for that."""
    path = sheet._worksheet_path  # noqa: SLF001 - the library has no other name for the member
    if path.lstrip("/") not in parts.formulas:
        return frozenset()
    parts.packed.seek(0)
    book = _opened(parts, data_only=False)
    found: set[tuple[int, int]] = set()
    for number, row in enumerate(_raw(book[sheet.title], MOST_SHEET_ROWS), 1):
        found.update((number, at) for at, cell in enumerate(row, 1) if cell.data_type == "f")
    return frozenset(found)


def _cell(cell: Any, *, formula: bool) -> Cell:
    """Return what a cell shows, as a text that `dates` and `agenda_file` read."""
    value = cell.value
    if value is None:
        return BadCell("", _NOT_STORED) if formula else ""
    if cell.data_type == "e":
        return BadCell(str(value), "contains an error of the spreadsheet")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        return _moment(value, str(cell.number_format))
    if isinstance(value, timedelta):
        return BadCell(str(value), "contains a length of time instead of a text or a date")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _number(value: float) -> str:
    """Write a number as a spreadsheet shows it: 15 digits, no `.0`."""
    text = format(value, ".15g")
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else text  # 15 digits


def _moment(value: datetime, shown_as: str) -> str:
    """Write a date with the year first, without a time if the cell has none and shows none."""
    rounded = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    if rounded.time() == time() and "h" not in shown_as.lower():
        return rounded.date().isoformat()
    return rounded.isoformat(sep=" ")


def _notes(parts: WorkbookParts, sheet: Any, hidden: int, visible: int) -> list[str]:
    notes = []
    if visible > 1:
        notes.append(f"Of {visible} sheets, “{sheet.title}” was read.")
    if hidden:
        notes.append(f"{counted(hidden, 'hidden sheet')} {form(hidden, 'was')} not read.")
    rows = parts.hidden_rows.get(sheet._worksheet_path.lstrip("/"), 0)  # noqa: SLF001 - as above
    if rows:
        notes.append(
            f"{counted(rows, 'hidden row')} {form(rows, 'was')} read as well: remove those that you do not want."
        )
    return notes
