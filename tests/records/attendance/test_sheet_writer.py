"""The workbooks that we write ourselves: read by another library, whatever texts they hold, and the same bytes each time."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from records import RuleViolation
from records.attendance.report import sheet_writer
from records.attendance.report.sheet_writer import unescaped, write_sheet

#: Any characters at all, and those which mean something in XML or to Excel more often.
TEXTS = st.lists(
    st.one_of(st.characters(), st.sampled_from(["_x0041_", "_x005F_", "\r", "\n", "<", "&", "]]>", "=1+1", " ", "_"])),
    max_size=8,
).map("".join)


def written(headings, rows):
    out = io.BytesIO()
    write_sheet(out, headings, rows)
    return out.getvalue()


def read(content):
    book = load_workbook(io.BytesIO(content), read_only=True)
    rows = [["" if each is None else unescaped(str(each)) for each in row] for row in book.worksheets[0].values]
    book.close()
    return rows


@settings(deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=5))
def test_every_text_is_read_as_it_was_written_and_is_no_formula(rows):
    content = written(["a", "b", "c"], rows)
    assert read(content) == [["a", "b", "c"], *rows]
    assert written(["a", "b", "c"], rows) == content
    cells = (cell for row in load_workbook(io.BytesIO(content)).worksheets[0] for cell in row)
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}


def test_the_first_row_stays_in_sight_and_nothing_in_the_file_names_a_moment_or_a_machine():
    content = written(["a", "b"], [["1", "2"]])
    assert load_workbook(io.BytesIO(content)).worksheets[0].freeze_panes == "A2"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert len(archive.namelist()) == 5


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch):
    monkeypatch.setattr(sheet_writer, "MOST_ROWS", 3)
    assert len(read(written(["a"], [["1"], ["2"]]))) == 3
    with pytest.raises(RuleViolation, match="choose csv"):
        written(["a"], [["1"], ["2"], ["3"]])
