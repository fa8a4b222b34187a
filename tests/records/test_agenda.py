"""Importing an agenda from a file: every fault by row and column, all or nothing, twice is once."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import AgendaSession, Database, Implementation, ImportReport, implementations, sessions

AGENDA = """\
ID,Title,Start Time,End Time,Location,Parent ID,Credits,Track
S1,Opening,2026-07-15 09:00,2026-07-15 12:00,Hall A,,,General
S2,"Airway, hands on",2026-07-15T09:30,2026-07-15T10:30,Room 4,S1,1.0,Skills
S3,Closing,2026-07-15T20:00:00Z,2026-07-15T22:00:00+01:00,,,,
"""


def take(db: Session, demo: Implementation, text: str | bytes) -> ImportReport:
    return sessions.import_csv(db, demo, io.BytesIO(text.encode() if isinstance(text, str) else text))


def faults(db: Session, demo: Implementation, *rows: str, heading: str = "ID,Title,Start Time,End Time") -> list[str]:
    """Import rows which must be refused; give the faults as people see them."""
    report = take(db, demo, "\n".join([heading, *rows]))
    assert (report.added, report.changed, report.unchanged) == (0, 0, 0)
    assert db.scalar(select(func.count()).select_from(AgendaSession)) == 0
    return [str(fault) for fault in report.faults]


def test_file_becomes_the_agenda_in_the_time_zone_of_the_implementation(database: Database, demo: Implementation):
    with database.session() as db:
        assert take(db, demo, AGENDA) == ImportReport(added=3)
    with database.reading() as db:
        opening, airway, closing = sessions.every(db, demo)
    assert opening.starts_at == datetime(2026, 7, 15, 13, 0, tzinfo=UTC)
    assert (airway.title, airway.parent_id, airway.location) == ("Airway, hands on", "S1", "Room 4")
    assert str(airway.credits) == "1.0"
    assert airway.attributes == {"Track": "Skills"}
    assert (closing.starts_at.hour, closing.ends_at.hour) == (20, 21)
    assert (closing.credits, closing.parent_id, closing.attributes) == (None, None, {})


def test_an_agenda_ends_with_its_last_session_and_one_without_sessions_never(db: Session, demo: Implementation):
    other = implementations.create(db, "other", "Other")
    assert sessions.last_end(db, demo) is None
    take(db, demo, AGENDA)
    assert sessions.last_end(db, demo) == datetime(2026, 7, 15, 21, 0, tzinfo=UTC)
    assert sessions.last_end(db, other) is None


def test_second_import_changes_nothing(db: Session, demo: Implementation):
    take(db, demo, AGENDA)
    assert take(db, demo, AGENDA) == ImportReport(unchanged=3)


def test_changed_row_changes_that_session_only_and_absent_sessions_stay(db: Session, demo: Implementation):
    take(db, demo, AGENDA)
    heading, first, *_ = AGENDA.splitlines()
    assert take(db, demo, f"{heading}\n{first.replace('Hall A', 'Hall B')}\n") == ImportReport(changed=1)
    assert len(sessions.every(db, demo)) == 3
    changed = sessions.find(db, demo, "S1")
    assert changed is not None
    assert changed.location == "Hall B"


def test_what_the_file_has_no_column_for_stays(db: Session, demo: Implementation):
    take(db, demo, AGENDA)
    row = "S2,New title,2026-07-15 09:30,2026-07-15 10:30"
    assert take(db, demo, f"ID,Title,Start Time,End Time\n{row}") == ImportReport(changed=1)
    kept = sessions.find(db, demo, "S2")
    assert kept is not None
    assert (kept.title, kept.parent_id, kept.credits) == ("New title", "S1", Decimal("1.0"))
    assert kept.attributes == {"Track": "Skills"}


def test_empty_cell_clears_what_was_there(db: Session, demo: Implementation):
    take(db, demo, AGENDA)
    take(db, demo, AGENDA.replace(",Room 4,S1,1.0,Skills", ",,,,"))
    cleared = sessions.find(db, demo, "S2")
    assert cleared is not None
    assert (cleared.location, cleared.parent_id, cleared.credits, cleared.attributes) == ("", None, None, {})


def test_credits_with_other_digits_are_a_change(db: Session, demo: Implementation):
    take(db, demo, AGENDA)
    assert take(db, demo, AGENDA.replace("1.0", "1.00")).changed == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n\n"])
def test_delimiters_byte_order_marks_and_headings_as_spreadsheets_write_them(
    db: Session, demo: Implementation, delimiter: str, start: str
):
    rows = [["session id", " TITLE", "start_time", "EndTime"], ["S1", "A", "2026-07-15 09:00", "2026-07-15 10:00"]]
    text = start + "\r\n".join(delimiter.join(row) for row in rows) + "\r\n\r\n"
    assert take(db, demo, text) == ImportReport(added=1)


def test_every_fault_is_named_with_row_and_column(db: Session, demo: Implementation):
    assert faults(
        db,
        demo,
        "S1,,2026-07-15 09:00,2026-07-15 10:00",
        "",
        "S1,Twice,2026-07-15 09:00,2026-07-15 10:00",
        "S 2,Bad id,2026-07-15 09:00,2026-07-15 10:00",
        "S3,Times,7/15/2026 9:00 AM,2026-02-30 10:00",
        ",No id,2026-07-15 09:00,",
        "S4,Backwards,2026-07-15 11:00,2026-07-15 10:00",
        "S5,Long,2026-07-15 11:00,2027-07-15 10:00",
        "S6,Old,1066-10-14 09:00,2026-07-15 10:00,more",
    ) == [
        "Row 2, column Title: is missing",
        "Row 4, column ID: is the same as in row 2",
        "Row 5, column ID: has 1 to 128 letters, digits, '-', '_', '.', ':' or '~', and starts with a letter or digit",
        "Row 6, column End Time: is no time of the calendar",
        "Row 6, column Start Time: is not written YYYY-MM-DD HH:MM, such as 2026-07-15 09:00",
        "Row 7, column End Time: is missing",
        "Row 7, column ID: is missing",
        "Row 8, column End Time: is before the start",
        "Row 9, column End Time: is more than 31 days after the start",
        "Row 10: has more cells than the heading has columns (4)",
        "Row 10, column Start Time: is not in the years 1970 to 2199",
    ]


def test_parents_must_be_there_be_another_and_hold_their_parts(db: Session, demo: Implementation):
    assert faults(
        db,
        demo,
        "P,Whole,2026-07-15 09:00,2026-07-15 12:00,",
        "A,Own parent,2026-07-15 09:00,2026-07-15 10:00,A",
        "B,No parent,2026-07-15 09:00,2026-07-15 10:00,Q",
        "C,Early and late,2026-07-15 08:59,2026-07-15 12:01,P",
        "D,Circle,2026-07-15 09:00,2026-07-15 10:00,E",
        "E,Circle,2026-07-15 09:00,2026-07-15 10:00,D",
        heading="ID,Title,Start Time,End Time,Parent ID",
    ) == [
        "Row 3, column Parent ID: a session cannot be its own parent",
        "Row 4, column Parent ID: there is no session Q, neither in the file nor before",
        "Row 5, column End Time: is after the end of its parent P",
        "Row 5, column Start Time: is before the start of its parent P",
        "Row 6, column Parent ID: parents lead in a circle, or are more than 5 deep",
        "Row 7, column Parent ID: parents lead in a circle, or are more than 5 deep",
    ]


def test_parent_may_stand_after_its_parts_and_may_be_there_before(db: Session, demo: Implementation):
    heading = "ID,Title,Start Time,End Time,Parent ID\n"
    part, whole = "A,Part,2026-07-15 09:00,2026-07-15 10:00,P\n", "P,Whole,2026-07-15 09:00,2026-07-15 12:00,\n"
    assert take(db, demo, heading + part + whole).added == 2
    assert take(db, demo, heading + part.replace("A,", "B,")).added == 1


def test_parent_that_moves_away_from_a_part_not_in_the_file_is_a_fault(db: Session, demo: Implementation):
    take(db, demo, AGENDA)
    report = take(db, demo, "ID,Title,Start Time,End Time\nS1,Opening,2026-07-16 09:00,2026-07-16 12:00")
    assert [str(fault) for fault in report.faults] == [
        "Row 2, column Start Time: its sub-session S2, which is not in the file, would lie outside it"
    ]


def test_hour_that_the_clocks_skipped_is_a_fault(db: Session, demo: Implementation):
    assert faults(db, demo, "S1,Spring,2026-03-08 02:30,2026-03-08 04:00") == [
        "Row 2, column Start Time: does not exist in America/New_York: the clocks were put forward over it"
    ]


def test_hour_that_happens_twice_is_a_fault_until_the_offset_is_written(db: Session, demo: Implementation):
    (fault,) = faults(db, demo, "S1,Autumn,2026-11-01 01:30,2026-11-01 04:00")
    assert "happens twice in America/New_York" in fault
    assert "2026-11-01 01:30-04:00 or 2026-11-01 01:30-05:00" in fault
    heading = "ID,Title,Start Time,End Time\n"
    assert take(db, demo, f"{heading}S1,Autumn,2026-11-01 01:30-05:00,2026-11-01 04:00").added == 1
    autumn = sessions.find(db, demo, "S1")
    assert autumn is not None
    assert autumn.starts_at == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "Row 1: the file is empty"),
        (b"\n \n", "Row 1: the file is empty"),
        ("ID\nä".encode("latin-1"), "Row 2: the file is not UTF-8: save it as 'CSV UTF-8'"),
        ("ID,Title".encode("utf-16"), "Row 1: the file is not UTF-8: save it as 'CSV UTF-8'"),
        (b'ID,Title,Start Time,End Time\nS1,"never ends', "Row 2: cannot be read from here on: unexpected end of data"),
        (b"ID,Title,Start Time,End Time,ID\n", "Row 1, column ID: is there twice"),
        (b"ID,Title,Start Time,End Time,Session ID\n", "Row 1, column Session ID: is there twice"),
        (b"ID,Title,Start Time\n", "Row 1, column End Time: is missing"),
        (b"ID,Title,Start Time,End Time" + b",x" * 100, "Row 1: has more than 100 columns"),
        (b"x" * (8 * 1024 * 1024 + 1), "Row 1: the file has more than 8 MB"),
        (
            b"ID,Title,Start Time,End Time,\nS1,A,2026-07-15 09:00,2026-07-15 10:00,x",
            "Row 2, column number 5: holds something, but the column has no heading",
        ),
        (
            b"ID,Title,Start Time,End Time\nS1,A\0B,2026-07-15 09:00,2026-07-15 10:00",
            "Row 2, column Title: holds a control character (U+0000)",
        ),
        (
            b"ID,Title,Start Time,End Time\nS1," + b"A" * 501 + b",2026-07-15 09:00,2026-07-15 10:00",
            "Row 2, column Title: has at most 500 characters; this has 501",
        ),
        (
            b"ID,Title,Start Time,End Time,Credits\nS1,A,2026-07-15 09:00,2026-07-15 10:00,-1",
            "Row 2, column Credits: is not a number from 0 to 9999 with at most three decimals, such as 1.0",
        ),
        (
            b"ID,Title,Start Time,End Time\n" + b"S1,A,2026-07-15 09:00,2026-07-15 10:00\n" * 20_001,
            "Row 20002: the file has more than 20000 rows",
        ),
    ],
)
def test_unusable_file_is_refused_with_its_place(db: Session, demo: Implementation, text: bytes, fault: str):
    report = take(db, demo, text)
    assert fault in [str(found) for found in report.faults]
    assert sessions.every(db, demo) == []


def test_formula_is_kept_as_text_and_is_harmless_in_the_file_we_write(db: Session, demo: Implementation):
    take(db, demo, 'ID,Title,Start Time,End Time\nS1,"=HYPERLINK(""x"")",2026-07-15 09:00,2026-07-15 10:00')
    stored = sessions.find(db, demo, "S1")
    assert stored is not None
    assert stored.title == '=HYPERLINK("x")'
    written = sessions.export_csv(db, demo)
    assert "\"'=HYPERLINK(" in written
    assert take(db, demo, written) == ImportReport(unchanged=1)


def test_agenda_of_another_implementation_is_not_touched(db: Session, demo: Implementation):
    other = implementations.create(db, "other", "Other", "UTC")
    take(db, other, AGENDA)
    take(db, demo, AGENDA.replace("Opening", "Mine"))
    theirs = sessions.find(db, other, "S1")
    assert theirs is not None
    assert theirs.title == "Opening"


def test_agenda_of_an_event_with_thousands_of_sessions_is_read_in_seconds(db: Session, demo: Implementation):
    rows = [f"S{n},Session {n},2026-07-15 09:00,2026-07-15 10:00,Room {n % 50}" for n in range(3000)]
    text = "\n".join(["ID,Title,Start Time,End Time,Location", *rows])
    assert take(db, demo, text).added == 3000
    assert take(db, demo, text).unchanged == 3000
