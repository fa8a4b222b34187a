"""Whatever a file holds, reading it gives rows or faults; whatever an agenda holds, writing and reading it keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from records.agenda import agenda_file

ZONES = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])
HEADING = b"ID,Title,Start Time,End Time,Location,Parent ID,Credits,Track\n"
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=40).map(str.strip)
IDS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._:~-]{0,20}", fullmatch=True)
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
KNOWN = {
    "".join(c for c in name if c not in " _-").casefold()
    for name in (*agenda_file.COLUMNS, "Session ID", "Parent Session ID")
}
NAMES = TEXT.filter(
    lambda name: name and "".join(c for c in name if not c.isspace() and c not in "_-").casefold() not in KNOWN
)


@st.composite
def agenda_rows(draw: st.DrawFn) -> dict[str, object]:
    starts_at = draw(TIMES)
    return {
        "session_id": draw(IDS),
        "title": draw(TEXT.filter(bool)),
        "starts_at": starts_at,
        "ends_at": starts_at + draw(st.timedeltas(timedelta(0), timedelta(days=30))),
        "location": draw(TEXT),
        "parent_id": draw(st.none() | IDS),
        "credits": draw(st.none() | st.decimals(0, 9999, places=2, allow_nan=False)),
        "attributes": draw(st.dictionaries(NAMES, TEXT.filter(bool), max_size=3)),
    }


@given(st.lists(agenda_rows(), max_size=5), ZONES)
@settings(max_examples=150, deadline=None)
def test_what_is_written_reads_back_the_same(rows: list[dict[str, object]], zone: str):
    read = agenda_file.read(agenda_file.write(rows, ZoneInfo(zone)).encode(), ZoneInfo(zone))
    assert read.faults == []
    assert len(read.rows) == len(rows)
    for row, found in zip(rows, read.rows, strict=True):
        attributes = {name: text for name, text in found.attributes.items() if text}
        assert {**found.values, "attributes": attributes} == row
        assert isinstance(found.values["credits"], Decimal | None)


@given(st.binary(max_size=400), st.booleans(), ZONES)
@example(b"\xff\xfe", False, "UTC")
@example(b'"', True, "UTC")
@example(b"S1,a,0001-01-01 00:00-23:59,9999-12-31 23:59+23:59", True, "UTC")
@example(b"S1,a,2026-01-01 00:00+99:99,2026-01-01 24:00", True, "UTC")
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_give_rows_or_faults_but_never_raise(data: bytes, headed: bool, zone: str):  # noqa: FBT001 - drawn
    file = agenda_file.read(HEADING + data if headed else data, ZoneInfo(zone))
    assert headed or file.faults or set(agenda_file.REQUIRED) <= set(file.headings)
    for fault in file.faults:
        assert str(fault).startswith(f"Row {fault.row}")


CELLS = st.text(st.sampled_from("S19aä,;\t\"'=\n\r\0 :-+.TZ\ud7ff\u202e"), max_size=30)


@given(st.lists(st.lists(CELLS, max_size=9), max_size=4), ZONES)
@settings(max_examples=200, deadline=None)
def test_nearly_good_rows_never_raise(rows: list[list[str]], zone: str):
    data = HEADING + "\n".join(",".join(row) for row in rows).encode()
    file = agenda_file.read(data, ZoneInfo(zone))
    for row in file.rows:
        assert set(row.values) <= set(agenda_file.COLUMNS.values())
