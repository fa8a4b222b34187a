"""A workbook of Excel with one sheet of texts, written row by row. The same rows give the same bytes.

Cells are texts, never formulas or numbers: Excel shows them as they are. It takes an eighth of the time of openpyxl, which can do more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from records.errors import RuleViolation

#: Rows of a sheet, the headings included.
MOST_ROWS: Final = 1_048_576
SHEET: Final = "xl/worksheets/sheet1.xml"

_NAMESPACES: Final = "http://schemas.openxmlformats.org"
_MAIN: Final = f"{_NAMESPACES}/spreadsheetml/2006/main"
_LINKS: Final = f"{_NAMESPACES}/package/2006/relationships"
_DOCUMENT: Final = f"{_NAMESPACES}/officeDocument/2006/relationships"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
#: Everything but the sheet (ECMA-376, parts 1 and 2).
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_NAMESPACES}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/{SHEET}" ContentType="{_TYPES}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_LINKS}">'
    f'<Relationship Id="rId1" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}">'
    '<sheets><sheet name="Attendance" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_LINKS}">'
    f'<Relationship Id="rId1" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
#: The first row stays in sight, and columns are wide enough for a name.
_BEGIN: Final = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="{columns}" width="20" '
    'customWidth="1"/></cols><sheetData>\n'
)
_END: Final = "</sheetData></worksheet>\n"
#: What XML cannot hold, what its readers change, and what Excel would take for one of these: written as _xHHHH_.
_UNWRITABLE: Final = re.compile("[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_WRITTEN: Final = re.compile("_x([0-9A-Fa-f]{4})_")


def write_sheet(out: BinaryIO, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a workbook. Raises RuleViolation for more rows than a sheet has."""
    with ZipFile(out, "w") as workbook:
        for name, text in _PARTS.items():
            workbook.writestr(_member(name), _XML + text)
        with workbook.open(_member(SHEET), "w") as sheet:
            sheet.write(_BEGIN.format(columns=max(len(headings), 1)).encode())
            sheet.write(_row(headings))
            for number, cells in enumerate(rows, start=2):
                if number > MOST_ROWS:
                    raise RuleViolation("format", f"must not be xlsx for more than {MOST_ROWS - 1:,} rows: choose csv")
                sheet.write(_row(cells))
            sheet.write(_END.encode())


def unescaped(text: str) -> str:
    """Return the text of a cell as it was given to `write_sheet`."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _member(name: str) -> ZipInfo:
    member = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = ZIP_DEFLATED
    return member


def _row(cells: Sequence[str]) -> bytes:
    return f"<row>{''.join(map(_cell, cells))}</row>\n".encode()


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    if not text.isalnum():
        text = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
