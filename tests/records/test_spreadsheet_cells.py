# ruff: noqa: RUF001 - full-width signs are what this file is about
"""What we write for spreadsheets computes nothing, however a program splits it, and reads back the same."""

import csv
import io
import re
import sys
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from records.agenda import agenda_file
from records.spreadsheet_cells import SEPARATORS, TRIGGERS, guarded, unguarded

LIVE = re.compile(rf"[\s\"\u200b\ufeff]*[{TRIGGERS}]")
HOSTILE = [
    "=1+1",
    "x;=HYPERLINK(A1)",
    'x;"=1+1"',
    'x;""=1+1',
    'x,;"=1+1',
    "x; =1+1",
    "x;\u00a0=1+1",
    "x;\ufeff=1+1",
    "x;＝1+1",
    "x;﹦1",
    "x|=1",
    "x,=1",
    "x\t=1",
    "x\r\n=1",
    "x\u2028=1",
    ";;;@SUM(A1)",
    "'=1",
    "x;'=1",
    "x;'''-1",
    "+1;-1;@1",
    "\t=1",
    ' "=1',
]
TEXTS = st.text(st.sampled_from([*"aß;;,|\t \"'=+-@＝\u00a0\ufeff\r\n"]), max_size=25)


def row(title, location=""):
    moment = datetime(2026, 7, 15, 9, 0, tzinfo=UTC)
    known = {"session_id": "S1", "starts_at": moment, "ends_at": moment, "parent_id": None, "credits": None}
    return known | {"title": title, "location": location, "attributes": {f"a{title}": title}}


def cells_of(written):
    for delimiter in ",;\t|":
        for cells in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
            yield from cells
        # And a program that knows no quotes.
        for cells in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter, quoting=csv.QUOTE_NONE):
            yield from cells


@pytest.mark.parametrize("title", HOSTILE, ids=ascii)
def test_a_title_computes_nothing_wherever_a_spreadsheet_splits_the_agenda(title):
    written = agenda_file.write([row(title, title)], ZoneInfo("Europe/Berlin"))
    assert [cell for cell in cells_of(written) if LIVE.match(cell)] == []


@given(TEXTS, TEXTS)
@example("x;=1", '"')
@example("x,;", "=1")
def test_no_text_computes_anything_and_every_text_comes_back(title, location):
    assert unguarded(guarded(title)) == title
    written = agenda_file.write([row(title, location)], ZoneInfo("UTC"))
    assert [cell for cell in cells_of(written) if LIVE.match(cell)] == []


@pytest.mark.parametrize(
    "title", ["x;=HYPERLINK(A1)", 'x;"=1+1"', "Berlin, -5 °C", "x;'=1", "'=1", "A | @ B", "x;＝1", "x;\u00a0=1"]
)
def test_an_agenda_that_was_downloaded_is_the_same_when_it_is_imported(title):
    zone = ZoneInfo("UTC")
    (found,) = agenda_file.read(agenda_file.write([row(title)], zone).encode(), zone).rows
    assert found.values["title"] == title
    assert found.attributes == {f"a{title}": title}


def test_every_form_of_a_sign_that_begins_a_formula_is_known():
    forms = {
        chr(point)
        for point in range(sys.maxunicode + 1)
        if unicodedata.normalize("NFKC", chr(point)).startswith(("=", "+", "-", "@"))
    }
    assert forms == set(TRIGGERS.replace("\\", ""))
    assert not forms & set(SEPARATORS)
