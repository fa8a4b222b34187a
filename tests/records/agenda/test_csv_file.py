"""CSV files as programs save them: which encoding is decided by rule, and the person is told."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.agenda import agenda_file
from records.agenda.csv_file import WINDOWS_NOTE

ROWS = "ID,Title,Start Time,End Time\r\nS1,{},2026-07-15 09:00,2026-07-15 10:00\r\n"


def read(data):
    return agenda_file.read(data, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"], ids=lambda name: name
)
def test_a_file_of_any_of_these_encodings_is_read_with_its_letters(encoding):
    file = read(ROWS.format("Für Ärzte “naïve” €").encode(encoding))
    assert file.faults == []
    assert file.rows[0].values["title"] == "Für Ärzte “naïve” €"
    assert file.notes == ([WINDOWS_NOTE] if encoding == "cp1252" else [])


def test_a_file_of_excel_as_unicode_text_is_read():
    data = ROWS.replace(",", "\t").format("日本語").encode("utf-16")
    assert read(data).rows[0].values["title"] == "日本語"


def test_a_file_that_mixes_encodings_is_refused_with_the_row():
    mixed = ROWS.format("é").encode() + b"S2,\xe9,2026-07-15 09:00,2026-07-15 10:00\r\n"
    (fault,) = read(mixed).faults
    assert (fault.row, fault.what[:30]) == (3, "the file mixes UTF-8 with anot")


TITLES = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cs")), min_size=1).map(str.strip)


@given(TITLES.filter(lambda text: text and not set(text) & set("\",;\t'") and len(text) < 200))
@settings(deadline=None)
def test_letters_of_windows_1252_come_through_or_the_file_is_refused(title):
    file = read(ROWS.format(title).encode("cp1252"))
    if file.faults:  # bytes that happen to be UTF-8 letters as well
        assert "mixes" in file.faults[0].what
    elif title.isascii() or file.notes:
        assert file.rows[0].values["title"] == " ".join(title.splitlines())
