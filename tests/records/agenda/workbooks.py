"""Makes Excel files for the tests: good ones with the library, hostile ones by changing their parts."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from openpyxl import Workbook

HEADING = ("ID", "Title", "Start Time", "End Time")
GOOD = ("S1", "Opening", "2026-07-15 09:00", "2026-07-15 10:00")
SHEET = "xl/worksheets/sheet1.xml"


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def workbook(*rows: Iterable[Any], heading: Iterable[Any] = HEADING, prepare: Callable[[Workbook], None] = id) -> bytes:
    book = Workbook()
    for row in (heading, *rows):
        book.active.append(list(row))
    prepare(book)
    return saved(book)


def changed(data: bytes, name: str, change: Callable[[bytes], bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return the file with one member changed, or made of nothing."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", kind) as new:
        names = old.namelist()
        for member in names:
            content = old.read(member)
            new.writestr(member, change(content) if member == name else content)
        if name not in names:
            new.writestr(name, change(b""))
    return out.getvalue()
