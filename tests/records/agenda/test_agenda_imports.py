"""Importing an agenda: what the preview says is done, sessions are retired and not deleted, and one step takes it back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from records import AgendaSession, AgendaUpload, RuleViolation, audit
from records.agenda import agenda_imports as agenda
from records.agenda import sessions
from records.audit import AuditContext
from records.tenants import implementations
from tests.records.agenda.workbooks import workbook

BY = AuditContext("demo/olga", "Programme of May", {"system_user": "olga"})
HEAD = "ID,Title,Start Time,End Time,Location,Parent ID,Credits,Track\n"
FIRST = HEAD + (
    "S1,Opening,2026-07-15 09:00,2026-07-15 12:00,Hall A,,1.0,General\n"
    "S2,Airway,2026-07-15 09:30,2026-07-15 10:30,,S1,,Skills\n"
    "S3,Closing,2026-07-16 09:00,2026-07-16 10:00,,,,\n"
)
SECOND = HEAD + (
    "S1,Opening,2026-07-15 08:30,2026-07-15 12:00,Hall B,,1.00,\nS4,New,2026-07-15 13:00,2026-07-15 14:00,,,,\n"
)
FIELDS = ("title", "starts_at", "ends_at", "location", "parent_id", "credits", "attributes")


def said(demo, text, order="auto"):
    return agenda.read(text if isinstance(text, bytes) else text.encode(), demo.time_zone, order)


def bring(db, demo, text, *, retire=False, order="auto"):
    return agenda.import_file(db, demo, said(demo, text, order), BY, retire=retire, file_name="C:\\may\\agenda.csv")


def served(db, demo):
    return {one.session_id: [str(getattr(one, name)) for name in FIELDS] for one in sessions.every(db, demo)}


def test_a_preview_says_what_an_import_does_and_does_nothing(database, demo):
    with database.session() as db:
        bring(db, demo, FIRST)
    with database.reading() as db:  # which refuses every write
        plan = agenda.plan(db, demo, said(demo, SECOND), retire=True)
        assert plan.counts == {"added": 1, "changed": 1, "unchanged": 0, "retired": 2}
        assert [one.session_id for one in plan.gone] == ["S2", "S3"]
        (changed,) = (one for one in plan.sessions if one.before)
        assert set(changed.before) == {"starts_at", "location", "credits", "attributes"}
        assert changed.before["credits"] == Decimal("1.0")
    with database.session() as db:
        assert bring(db, demo, SECOND, retire=True).counts == plan.counts


def test_sessions_that_the_file_does_not_name_stay_unless_they_are_retired(db, demo):
    bring(db, demo, FIRST)
    plan = bring(db, demo, SECOND)
    assert ([one.session_id for one in plan.gone], plan.retired) == (["S2", "S3"], ())
    assert set(served(db, demo)) == {"S1", "S2", "S3", "S4"}
    assert bring(db, demo, SECOND, retire=True).counts["retired"] == 2
    assert set(served(db, demo)) == {"S1", "S4"}
    assert sessions.find(db, demo, "S3") is None
    assert set(sessions.with_retired(db, demo)) == {"S1", "S2", "S3", "S4"}
    assert (sessions.count(db, demo), sessions.count(db, demo, retired=True)) == (2, 2)
    assert sessions.last_end(db, demo).day == 15
    assert "Closing" not in agenda.export_csv(db, demo)
    assert bring(db, demo, SECOND, retire=True).counts == {"added": 0, "changed": 0, "unchanged": 2, "retired": 0}


def test_a_retired_session_comes_back_with_what_the_file_has_no_column_for(db, demo):
    bring(db, demo, FIRST)
    bring(db, demo, SECOND, retire=True)
    plan = bring(db, demo, "ID,Title,Start Time,End Time\nS2,Again,2026-07-15 09:30,2026-07-15 10:30\n")
    assert plan.counts["added"] == 1
    back = sessions.find(db, demo, "S2")
    assert (back.title, back.parent_id, back.attributes, back.retired_at) == ("Again", "S1", {"Track": "Skills"}, None)


def test_a_session_whose_parent_would_be_retired_is_a_fault_and_nothing_is_imported(db, demo):
    bring(db, demo, FIRST)
    part = HEAD + "S2,Airway,2026-07-15 09:30,2026-07-15 10:30,,S1,,Skills\n"
    assert bring(db, demo, part).faults == ()
    plan = bring(db, demo, part, retire=True)
    assert [str(fault) for fault in plan.faults] == [
        "Row 2, column Parent ID: names a session that is neither in the file nor in the agenda (found: “S1”)"
    ]
    assert set(served(db, demo)) == {"S1", "S2", "S3"}


def test_undoing_puts_everything_back_in_one_step_and_the_chain_of_entries_holds(database, demo):
    with database.session() as db:
        bring(db, demo, FIRST)
        before = served(db, demo)
    with database.session() as db:
        bring(db, demo, SECOND, retire=True)
        assert served(db, demo) != before
    with database.session() as db:
        assert agenda.undo(db, demo, BY) == {"put_back": 3, "retired": 1}
    with database.session() as db:
        assert served(db, demo) == before
        assert sessions.with_retired(db, demo)["S4"].retired_at is not None
        undone, imported, first = audit.recent(db, implementation="demo")
        assert [undone.action, imported.action, first.action] == [
            "agenda.import_undone",
            "agenda.imported",
            "agenda.imported",
        ]
        assert imported.detail["retired_sessions"] == ["S2", "S3"]
        assert {"added": 1, "changed": 1, "retired": 2, "file": "agenda.csv"}.items() <= imported.detail.items()
        assert (undone.actor, undone.reason, undone.detail["system_user"]) == ("demo/olga", "Programme of May", "olga")
        assert audit.verify(db).ok
        with pytest.raises(RuleViolation, match="no import that could be undone"):
            agenda.undo(db, demo, BY)


def test_undoing_an_import_that_brought_a_retired_session_back_retires_it_again(db, demo):
    bring(db, demo, FIRST)
    bring(db, demo, SECOND, retire=True)
    bring(db, demo, FIRST)
    assert agenda.undo(db, demo, BY) == {"put_back": 1, "retired": 2}
    assert set(served(db, demo)) == {"S1", "S4"}


def test_an_import_that_changes_nothing_leaves_no_entry_and_the_one_before_can_be_undone(db, demo):
    bring(db, demo, FIRST)
    bring(db, demo, FIRST)
    assert len(audit.recent(db, implementation="demo")) == 1
    assert agenda.undo(db, demo, BY) == {"put_back": 0, "retired": 3}
    assert served(db, demo) == {}


def test_an_undo_of_another_import_than_the_person_saw_is_refused(db, demo):
    bring(db, demo, FIRST)
    seen = agenda.last_import(db, demo).id
    bring(db, demo, SECOND)
    with pytest.raises(RuleViolation, match="another import since"):
        agenda.undo(db, demo, BY, number=seen)
    agenda.undo(db, demo, BY, number=agenda.last_import(db, demo).id)


def test_a_file_that_was_read_in_another_time_zone_is_not_imported(db, demo):
    read = said(demo, FIRST)
    implementations.update(db, db.merge(demo), time_zone="Europe/Berlin")
    with pytest.raises(RuleViolation, match="read it again"):
        agenda.import_file(db, implementations.find(db, "demo"), read, BY)


def test_an_order_of_dates_that_there_is_not_is_refused(demo):
    with pytest.raises(RuleViolation, match="must be one of"):
        agenda.read(b"", demo.time_zone, "guess")


def test_a_workbook_and_the_csv_file_of_the_same_agenda_are_one_agenda(db, demo):
    bring(db, demo, FIRST)
    rows = [line.split(",") for line in FIRST.splitlines()]
    assert bring(db, demo, workbook(*rows[1:], heading=rows[0])).counts["unchanged"] == 3


def test_an_agenda_of_another_implementation_is_neither_retired_nor_undone(db, demo):
    other = implementations.create(db, "other", "Other")
    agenda.import_file(db, other, agenda.read(FIRST.encode(), other.time_zone), BY)
    bring(db, demo, FIRST)
    bring(db, demo, SECOND, retire=True)
    agenda.undo(db, demo, BY)
    assert len(served(db, other)) == 3
    assert agenda.last_import(db, other) is not None


def test_an_upload_waits_for_its_person_until_it_is_replaced_or_a_day_old(db, demo):
    agenda.keep_upload(db, demo, "olga", "../../x\x1b/a\x07b.csv", b"one")
    agenda.keep_upload(db, demo, "kim", "kim.csv", b"two")
    assert agenda.upload_of(db, demo, "olga").file_name == "a\ufffdb.csv"
    agenda.keep_upload(db, demo, "olga", "new.csv", b"three")
    assert (agenda.upload_of(db, demo, "olga").content, agenda.upload_of(db, demo, "kim").content) == (b"three", b"two")
    kims = agenda.upload_of(db, demo, "kim")
    kims.uploaded_at -= timedelta(days=1, seconds=1)
    db.flush()
    assert agenda.upload_of(db, demo, "kim") is None
    agenda.keep_upload(db, demo, "olga", "newer.csv", b"four")
    assert [one.uploaded_by for one in db.scalars(select(AgendaUpload))] == ["olga"]
    agenda.drop_upload(db, demo, "olga")
    assert agenda.upload_of(db, demo, "olga") is None


def test_nothing_is_deleted_by_any_import(db, demo):
    for text in (FIRST, SECOND, FIRST, HEAD + "S9,Only,2026-07-15 09:00,2026-07-15 10:00,,,,\n"):
        bring(db, demo, text, retire=True)
    agenda.undo(db, demo, BY)
    assert {one.session_id for one in db.scalars(select(AgendaSession))} == {"S1", "S2", "S3", "S4", "S9"}


def test_headings_that_nearly_name_a_column_are_told_and_stay_attributes(db, demo):
    near = "Session ID,Title,Start Time,End Time,Room,Parent,Credit,Locaton,Track\n"
    plan = agenda.plan(db, demo, said(demo, near + "S1,A,2026-07-15 09:00,2026-07-15 12:00,Hall A,P,1,x,General\n"))
    assert plan.columns == ("ID (“Session ID”)", "Title", "Start Time", "End Time")
    assert plan.attributes == ("Room", "Parent", "Credit", "Locaton", "Track")
    told = "“{}” is kept as an attribute. If it is the {}, call the column {}."
    assert plan.notes == (
        told.format("Room", "location", "Location"),
        told.format("Parent", "parent ID", "Parent ID"),
        told.format("Credit", "credits", "Credits"),
        told.format("Locaton", "location", "Location"),
    )


def test_a_heading_beside_the_column_that_it_resembles_is_an_attribute_without_a_word(db, demo):
    both = HEAD.replace("Track", "Room") + "S1,A,2026-07-15 09:00,2026-07-15 12:00,Hall A,,1.0,12\n"
    assert agenda.plan(db, demo, said(demo, both)).notes == ()


@pytest.mark.parametrize("title", ["Annual Meeting 2026\n", "Annual Meeting 2026,,,,,,,\n\n"])
def test_a_title_above_the_headings_is_told_with_what_was_found_and_where_the_headings_are(db, demo, title):
    plan = agenda.plan(db, demo, said(demo, title + FIRST))
    row = 2 + title.count("\n") - 1
    assert [str(fault) for fault in plan.faults] == [
        f"Row 1: has no known heading. Row {row} has them: delete the rows above it (found: “Annual Meeting 2026”)"
    ]
    assert (plan.columns, plan.attributes, plan.notes, plan.dates.order) == ((), (), (), "")


def test_headings_of_which_none_is_known_are_named_once(db, demo):
    plan = agenda.plan(db, demo, said(demo, "Kennung,Titel,Von,Bis\nS1,A,2026-07-15 09:00,2026-07-15 12:00\n"))
    (fault,) = plan.faults
    assert str(fault) == (
        "Row 1: has no known heading. It must have the columns ID, Title, Start Time and End Time "
        "(found: “Kennung, Titel, Von, Bis”)"
    )
