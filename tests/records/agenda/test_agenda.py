"""Importing an agenda from a file: every fault by row and column, all or nothing, twice is once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import AgendaSession, Database, Implementation, ImportPlan
from records.agenda import agenda_imports as agenda
from records.agenda import sessions
from records.audit import AuditContext
from records.tenants import implementations

AGENDA = """\
ID,Title,Start Time,End Time,Location,Parent ID,Credits,Track
S1,Opening,2026-07-15 09:00,2026-07-15 12:00,Hall A,,,General
S2,"Airway, hands on",2026-07-15T09:30,2026-07-15T10:30,Room 4,S1,1.0,Skills
S3,Closing,2026-07-15T20:00:00Z,2026-07-15T22:00:00+01:00,,,,
"""


def take(db: Session, demo: Implementation, text: str | bytes, order: str = "auto") -> ImportPlan:
    said = agenda.read(text.encode() if isinstance(text, str) else text, demo.time_zone, order)
    return agenda.import_file(db, demo, said, AuditContext("tests"))


def counts(plan: ImportPlan) -> tuple[int, int, int]:
    """Added, changed, unchanged; nothing is retired here."""
    assert (plan.faults, plan.retired) == ((), ())
    return plan.added, plan.changed, plan.unchanged


def faults(db: Session, demo: Implementation, *rows: str, heading: str = "ID,Title,Start Time,End Time") -> list[str]:
    """Import rows which must be refused; give the faults as people see them."""
    report = take(db, demo, "\n".join([heading, *rows]))
    assert (report.added, report.changed, report.unchanged) == (0, 0, 0)
    assert db.scalar(select(func.count()).select_from(AgendaSession)) == 0
    return [str(fault) for fault in report.faults]


def test_file_becomes_the_agenda_in_the_time_zone_of_the_implementation(database: Database, demo: Implementation):
    with database.session() as db:
        assert counts(take(db, demo, AGENDA)) == (3, 0, 0)
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
    assert counts(take(db, demo, AGENDA)) == (0, 0, 3)


def test_changed_row_changes_that_session_only_and_absent_sessions_stay(db: Session, demo: Implementation):
    take(db, demo, AGENDA)
    heading, first, *_ = AGENDA.splitlines()
    assert counts(take(db, demo, f"{heading}\n{first.replace('Hall A', 'Hall B')}\n")) == (0, 1, 0)
    assert len(sessions.every(db, demo)) == 3
    changed = sessions.find(db, demo, "S1")
    assert changed is not None
    assert changed.location == "Hall B"


def test_what_the_file_has_no_column_for_stays(db: Session, demo: Implementation):
    take(db, demo, AGENDA)
    row = "S2,New title,2026-07-15 09:30,2026-07-15 10:30"
    assert counts(take(db, demo, f"ID,Title,Start Time,End Time\n{row}")) == (0, 1, 0)
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
    assert counts(take(db, demo, text)) == (1, 0, 0)


def test_every_fault_is_named_with_row_and_column(db: Session, demo: Implementation):
    assert faults(
        db,
        demo,
        "S1,,2026-07-15 09:00,2026-07-15 10:00",
        "",
        "S1,Twice,2026-07-15 09:00,2026-07-15 10:00",
        "S 2,Bad id,2026-07-15 09:00,2026-07-15 10:00",
        "S3,Times,tomorrow 9:00 AM,2026-02-30 10:00",
        ",No id,2026-07-15 09:00,",
        "S4,Backwards,2026-07-15 11:00,2026-07-15 10:00",
        "S5,Long,2026-07-15 11:00,2027-07-15 10:00",
        "S6,Old,1066-10-14 09:00,2026-07-15 10:00,more",
    ) == [
        "Row 2, column Title: is missing",
        "Row 4, column ID: is the same as in row 2 (found: “S1”)",
        "Row 5, column ID: must be 1 to 128 letters, digits, '-', '_', '.', ':' or '~', and start with a letter, a digit or '_' (found: “S 2”)",
        "Row 6, column End Time: is not a valid time (found: “2026-02-30 10:00”)",
        "Row 6, column Start Time: must be a date with a time, such as 2026-07-15 09:00, 7/15/2026 9:00 AM or 15 July 2026 09:00 (found: “tomorrow 9:00 AM”)",
        "Row 7, column End Time: is missing",
        "Row 7, column ID: is missing",
        "Row 8, column End Time: is before the start (found: “2026-07-15 10:00”)",
        "Row 9, column End Time: is more than 31 days after the start (found: “2027-07-15 10:00”)",
        "Row 10: has more cells than the heading has columns (4) (found: “more”)",
        "Row 10, column Start Time: must be in the years 1970 to 2199 (found: “1066-10-14 09:00”)",
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
        "Row 3, column Parent ID: a session cannot be its own parent (found: “A”)",
        "Row 4, column Parent ID: names a session that is neither in the file nor in the agenda (found: “Q”)",
        "Row 5, column End Time: is after the end of its parent P (found: “2026-07-15 12:01”)",
        "Row 5, column Start Time: is before the start of its parent P (found: “2026-07-15 08:59”)",
        "Row 6, column Parent ID: parents form a circle, or more than 5 levels (found: “E”)",
        "Row 7, column Parent ID: parents form a circle, or more than 5 levels (found: “D”)",
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
        (
            "Row 2, column Start Time: its sub-session S2, which is not in the file, would lie outside it "
            "(found: “2026-07-16 09:00”)"
        )
    ]


def test_hour_that_the_clocks_skipped_is_a_fault(db: Session, demo: Implementation):
    assert faults(db, demo, "S1,Spring,2026-03-08 02:30,2026-03-08 04:00") == [
        (
            "Row 2, column Start Time: does not exist in America/New_York: the clocks were put forward over it "
            "(found: “2026-03-08 02:30”)"
        )
    ]


def test_hour_that_happens_twice_is_a_fault_until_the_offset_is_written(db: Session, demo: Implementation):
    (fault,) = faults(db, demo, "S1,Autumn,2026-11-01 01:30,2026-11-01 04:00")
    assert "occurs twice in America/New_York" in fault
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
        (b"ID\n\x81", "Row 2: the file is neither UTF-8, UTF-16 nor Windows-1252: save it as “CSV UTF-8”"),
        (b"\xff\xfeI", "Row 1: the file is neither UTF-8, UTF-16 nor Windows-1252: save it as “CSV UTF-8”"),
        (
            "ID,ä\nü,".encode() + b"\xe4",
            "Row 2: the file mixes UTF-8 with another encoding: save it as “CSV UTF-8”",
        ),
        (b'ID,Title,Start Time,End Time\nS1,"never ends', "Row 2: cannot be read from here on: unexpected end of data"),
        (b"ID,Title,Start Time,End Time,ID\n", "Row 1, column ID: occurs twice"),
        (b"ID,Title,Start Time,End Time,Session ID\n", "Row 1, column Session ID: occurs twice"),
        (b"ID,Title,Start Time\n", "Row 1, column End Time: is missing"),
        (b"ID,Title,Start Time,End Time" + b",x" * 100, "Row 1: has more than 100 columns"),
        (b"x" * (8 * 1024 * 1024 + 1), "Row 1: the file has more than 8 MB"),
        (
            b"ID,Title,Start Time,End Time,\nS1,A,2026-07-15 09:00,2026-07-15 10:00,x",
            "Row 2, column number 5: is not empty, but the column has no heading (found: “x”)",
        ),
        (
            b"ID,Title,Start Time,End Time\nS1,A\0B,2026-07-15 09:00,2026-07-15 10:00",
            "Row 2, column Title: must not contain a control character (U+0000) (found: “A\ufffdB”)",
        ),
        (
            b"ID,Title,Start Time,End Time\nS1," + b"A" * 501 + b",2026-07-15 09:00,2026-07-15 10:00",
            "Row 2, column Title: must have at most 500 characters; this has 501 (found: “" + "A" * 59 + "…”)",
        ),
        (
            b"ID,Title,Start Time,End Time,Credits\nS1,A,2026-07-15 09:00,2026-07-15 10:00,-1",
            "Row 2, column Credits: must be a number from 0 to 9999 with at most three decimals, such as 1.0 (found: “-1”)",
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
    written = agenda.export_csv(db, demo)
    assert "\"'=HYPERLINK(" in written
    assert counts(take(db, demo, written)) == (0, 0, 1)


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
