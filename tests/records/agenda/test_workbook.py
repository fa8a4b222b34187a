"""Excel workbooks: what a person sees in Excel is what is read; bombs and damaged files are refused."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from records.agenda import agenda_file, workbook_parts
from tests.records.agenda.workbooks import GOOD, HEADING, SHEET, changed, saved, workbook

NEW_YORK = ZoneInfo("America/New_York")
NINE, TEN = datetime(2026, 7, 15, 9), datetime(2026, 7, 15, 10)  # noqa: DTZ001 - as cells hold them
DAMAGED = "the file is damaged, or is not an Excel workbook (.xlsx)"


def read(data):
    return agenda_file.read(data, NEW_YORK)


def faults(data):
    file = read(data)
    assert file.faults
    return [str(fault) for fault in file.faults]


def test_cells_are_read_as_excel_shows_them():
    heading = (*HEADING, "Credits", "Room", "Public", "Day")
    file = read(workbook((101, "Zoë", NINE, TEN, 1.5, 4, True, date(2026, 7, 15)), heading=heading))
    assert file.faults == []
    (row,) = file.rows
    assert (row.values["session_id"], row.values["title"], str(row.values["credits"])) == ("101", "Zoë", "1.5")
    assert row.values["starts_at"] == datetime(2026, 7, 15, 13, tzinfo=UTC)
    assert row.attributes == {"Room": "4", "Public": "TRUE", "Day": "2026-07-15"}


def test_dates_of_cells_are_certain_and_numbers_of_days_are_read():
    file = read(workbook(("S1", "A", datetime(2026, 4, 3, 9), 46115.5)))  # noqa: DTZ001 - as above
    assert file.faults == []
    assert file.rows[0].values["starts_at"] == datetime(2026, 4, 3, 13, tzinfo=UTC)
    assert file.rows[0].values["ends_at"] == datetime(2026, 4, 3, 16, tzinfo=UTC)


def test_a_workbook_that_counts_from_1904_is_read_as_excel_shows_it():
    def from_1904(book):
        book.epoch = CALENDAR_MAC_1904

    file = read(workbook(("S1", "A", NINE, 44756.4375), prepare=from_1904))
    assert file.faults == []
    assert file.rows[0].values["starts_at"] == datetime(2026, 7, 15, 13, tzinfo=UTC)
    assert file.rows[0].values["ends_at"] == datetime(2026, 7, 15, 14, 30, tzinfo=UTC)


def test_a_date_alone_and_a_time_alone_are_faults_with_their_value():
    assert faults(workbook(("S1", "A", date(2026, 7, 15), time(10, 0)))) == [
        "Row 2, column Start Time: has a date without a time of day (found: “2026-07-15”)",
        "Row 2, column End Time: has a time of day without a date (found: “10:00:00”)",
    ]


def test_a_formula_counts_with_its_stored_value_and_without_one_is_a_fault():
    book = workbook(("S1", "=1+1", NINE, TEN))
    assert faults(book) == [
        "Row 2, column Title: contains a formula whose value is not stored: open the file in Excel, save it and upload it again"
    ]
    stored = changed(
        book,
        SHEET,
        lambda xml: xml.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>").replace(
            b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"
        ),
    )
    assert read(stored).rows[0].values["title"] == "2"


def test_an_error_of_the_spreadsheet_is_a_fault():
    assert faults(workbook(("S1", "#REF!", NINE, TEN))) == [
        "Row 2, column Title: contains an error of the spreadsheet (found: “#REF!”)"
    ]


def test_hidden_sheets_are_not_read_and_hidden_rows_are_told():
    def hide(book):
        for state in ("hidden", "veryHidden"):
            book.create_sheet(state).append(list(HEADING))
            book[state].sheet_state = state
        book.active.row_dimensions[3].hidden = True

    file = read(workbook(GOOD, ("S2", *GOOD[1:]), prepare=hide))
    assert (len(file.rows), file.faults) == (2, [])
    assert file.notes == [
        "2 hidden sheets were not read.",
        "1 hidden row was read as well: remove those that you do not want.",
    ]


def test_the_sheet_with_the_agenda_is_found_and_two_of_them_are_refused():
    book = Workbook()
    book.active.append(["Rooms"])
    for title in ("Agenda", "Agenda 2025"):
        sheet = book.create_sheet(title)
        sheet.append(list(HEADING))
        sheet.append(list(GOOD))
    assert "“Agenda” and “Agenda 2025” could both be the one to import" in faults(saved(book))[0]
    del book["Agenda 2025"]
    file = read(saved(book))
    assert (len(file.rows), file.notes) == (1, ["Of 2 sheets, “Agenda” was read."])


def test_rows_have_the_numbers_that_excel_shows():
    file = read(workbook((), (), ("S1", "", NINE, TEN)))
    assert [fault.row for fault in file.faults] == [4]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "the file is an old Excel file (.xls) or has a password"),
        (b"PK\x03\x04rubbish", DAMAGED),
        (changed(workbook(GOOD), SHEET, lambda xml: xml[:200]), f"{DAMAGED}: its XML cannot be read"),
        (workbook(GOOD)[:-300], DAMAGED),
        (changed(workbook(GOOD), "xl/workbook.xml", lambda _: b"<x/>"), "the workbook has no visible sheet"),
        (workbook(heading=()), "the file is empty"),
    ],
    ids=["xls", "rubbish", "cut xml", "cut zip", "no workbook", "empty"],
)
def test_a_file_that_is_no_workbook_is_refused_with_what_to_do(data, fault):
    assert fault in faults(data)[0]


def test_a_zip_file_of_something_else_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("agenda.csv", "ID,Title")
    assert faults(out.getvalue()) == [f"Row 1: {DAMAGED}"]


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize("name", [SHEET, "xl/sharedStrings.xml", "[Content_Types].xml", "xl/styles.xml", "evil.rels"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_xml_bomb_is_refused_in_every_part_and_encoding(name, encoding):
    def declare(xml):
        text = (
            ENTITIES.decode() + (xml or b"<x/>").decode().partition("?>")[2]
            if b"?>" in xml
            else ENTITIES.decode() + (xml or b"<x/>").decode()
        )
        return text.encode(encoding)

    assert faults(changed(workbook(GOOD), name, declare)) == [f"Row 1: {DAMAGED}: its XML declares a document type"]


def test_an_external_entity_reads_no_file():
    evil = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    found = faults(changed(workbook(GOOD), "xl/sharedStrings.xml", lambda _: evil))
    assert found == [f"Row 1: {DAMAGED}: its XML declares a document type"]


def test_a_zip_bomb_is_refused_at_its_bound():
    bomb = changed(workbook(GOOD), SHEET, lambda _: b"<a>" + b" " * (workbook_parts.LARGEST_SHEET + 1) + b"</a>")
    assert len(bomb) < 100_000
    assert "too large when it is unpacked" in faults(bomb)[0]


def test_a_zip_bomb_that_lies_about_its_size_is_refused():
    bomb = bytearray(changed(workbook(GOOD), SHEET, lambda _: b"<a>" + b" " * (40 * 1024 * 1024) + b"</a>"))
    real = struct.pack("<I", 40 * 1024 * 1024 + 7)
    while (at := bomb.find(real)) >= 0:
        bomb[at : at + 4] = struct.pack("<I", 1000)
    assert faults(bytes(bomb)) == [f"Row 1: {DAMAGED}"]


def test_many_parts_that_are_each_small_enough_are_refused_together():
    out = io.BytesIO(workbook(GOOD))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(13):
            archive.writestr(f"docProps/x{number}.xml", b"<a>" + b" " * (workbook_parts.LARGEST_PART - 100) + b"</a>")
    assert "too large when it is unpacked" in faults(out.getvalue())[0]


@pytest.mark.parametrize(
    ("name", "xml", "fault"),
    [
        ("docProps/unknown.xml", b'<?xml version="1.0" encoding="nothing"?><a/>', "its XML cannot be read"),
        ("docProps/deep.xml", b"<a>" * 65 + b"</a>" * 65, "nested too deep"),
        ("docProps/names.xml", b"<a>" + b"".join(b"<n%d/>" % n for n in range(1001)) + b"</a>", "too many names"),
        ("docProps/sheets.xml", b"<a>" + b"<sheet/>" * 21 + b"</a>", "more than 20 sheets"),
        ("docProps/odd.xml", b'<?xml version="1.0" encoding="utf-7"?><a/>', "its XML cannot be read"),
    ],
)
def test_xml_that_no_agenda_needs_is_refused(name, xml, fault):
    assert fault in faults(changed(workbook(GOOD), name, lambda _: xml))[0]


def test_more_parts_than_a_workbook_has_are_refused():
    out = io.BytesIO(workbook(GOOD))
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(workbook_parts.MOST_PARTS):
            archive.writestr(f"x{number}", "")
    assert "more than 500 parts" in faults(out.getvalue())[0]


def test_a_row_or_column_far_away_costs_nothing_and_a_wide_heading_is_refused():
    far = changed(workbook(GOOD), SHEET, lambda xml: xml.replace(b'r="2"', b'r="900000000"'))
    assert "more than 100000 rows" in faults(far)[0]
    wide = changed(workbook(GOOD), SHEET, lambda xml: xml.replace(b'r="D2"', b'r="XFD2"'))
    assert "column End Time: is missing" in faults(wide)[0]
    assert "more than 100 columns" in faults(workbook(GOOD, heading=[*HEADING, *map(str, range(97))]))[0]


def test_macros_and_pictures_stay_packed():
    data = changed(workbook(GOOD), "xl/vbaProject.bin", lambda _: b" " * 60_000_000)
    assert len(read(data).rows) == 1


#: Made once: a workbook holds the time at which it was made, and is longer or shorter with it.
WHOLE = workbook(GOOD, (101, 1.5, NINE, TEN))


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
def test_a_damaged_workbook_gives_rows_or_faults_but_never_raises(data):
    good = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(good))


SMALL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(NINE),
    st.text(st.characters(codec="ascii", min_codepoint=32), max_size=9),
)


@given(st.lists(st.lists(SMALL, max_size=6), max_size=3))
@settings(max_examples=40, deadline=None)
def test_whatever_cells_hold_they_are_read_or_named(rows):
    file = read(workbook(*rows))
    for row in file.rows:
        assert set(row.values) <= set(agenda_file.COLUMNS.values())


@given(st.sampled_from(["r", "s", "t", "v", "f", "row", "c"]), st.text("0123456789AZdnsbe-. ", max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_sheet_with_odd_attributes_and_values_never_raises(what, value):
    def odd(xml):
        text = xml.decode()
        if what in ("r", "s", "t"):
            return text.replace(f' {what}="', f' {what}="{value}', 1).encode()
        return text.replace("<v>", f"<v>{value}", 3).encode()

    read(changed(workbook((101, 1.5, NINE, TEN)), SHEET, odd))
