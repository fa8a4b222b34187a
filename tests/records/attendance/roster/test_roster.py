"""The list of attendees: from a file of a registration system to names on scans, and its end."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from records import RuleViolation, UserProfile, audit
from records.attendance import intake
from records.attendance.roster import roster_file, roster_imports, roster_search
from records.attendance.roster.roster_search import KnownPerson
from records.attendance.roster.roster_tables import RosterPerson
from records.audit import AuditContext
from records.changes.attendance import rosters as changes
from records.changes.attendance import scans
from records.people import users
from records.tenants import implementations

BY = AuditContext("demo/olga")
FILE = """Badge ID;Surname;First Name;E-mail;Type;Dietary needs
0100165;Chen;Mei;mei@example.org;Member;vegan
B-2;O'Brien;Seán;;Guest;
B-3;حدّاد;ليلى;;;
"""


@pytest.fixture
def owner(db, demo):
    return implementations.find(db, demo.slug)


@pytest.fixture
def imported(db, owner):
    return bring_in(db, owner, FILE)


def bring_in(db, owner, text, **more):
    return changes.import_file(db, owner, roster_imports.read(text.encode()), BY, **more)


def people(db, owner):
    return [(each.badge_id, each.last_name, each.first_name) for each in roster_search.listed(db, owner, limit=99)]


def entries(db):
    return [(each.action, each.detail) for each in audit.recent(db)[::-1] if each.action.startswith("roster")]


def test_a_file_is_imported_with_the_headings_of_a_registration_system_and_no_other_column_is_kept(db, owner, imported):
    assert imported.value.counts == {"added": 3, "changed": 0, "unchanged": 0, "removed": 0}
    assert people(db, owner) == [("0100165", "Chen", "Mei"), ("B-2", "O'Brien", "Seán"), ("B-3", "حدّاد", "ليلى")]
    assert (
        "Left out, because only badge ID, names, email and registration type are kept: “Dietary needs”."
        in imported.value.notes
    )
    assert imported.value.columns[:2] == ("Badge ID", "Last Name (“Surname”)")
    assert "vegan" not in str([vars(each) for each in db.query(RosterPerson)])
    ((action, detail),) = entries(db)
    assert (action, detail["added"]) == ("roster.imported", 3)
    assert "Chen" not in json.dumps(detail)


def test_the_same_file_again_changes_nothing_and_another_one_only_what_differs(db, owner, imported):
    assert not bring_in(db, owner, FILE).made
    other = "ID,Badge ID,Last Name\n1,B-2,Byrne\n2,B-4,Zoë\n"
    after = bring_in(db, owner, other)
    assert after.value.counts == {"added": 1, "changed": 1, "unchanged": 0, "removed": 0}
    assert after.value.changed[0].before == {"last_name": "O'Brien"}
    assert ("B-2", "Byrne", "Seán") in people(db, owner), "a field without a column stays"
    assert bring_in(db, owner, other, remove=True).value.counts["removed"] == 2
    assert [badge for badge, _, _ in people(db, owner)] == ["B-2", "B-4"]
    assert len(entries(db)) == 3


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the file is empty"),
        ("Name,Surname\nMei,Chen\n", "has no column Badge ID: give that heading to the one with the badge IDs"),
        ("Badge ID,Last Name\nB-1,Chen\n B-1\r,Roy\n", "is in row 2, too"),
        ("Badge ID\n\u200b\n", "is missing"),
        ("Badge ID\nTEST-BADGE-7\n", "is that of a test badge"),
        ("Badge ID\n1.00165E+12\n", "was shortened by a spreadsheet"),
        ("Badge ID,Surname,Last Name\n1,2,3\n", "is a second column for Last Name"),
        (f"Badge ID\n{'x' * 101}\n", "at most 100 characters"),
        (f"Badge ID,Last Name\n1,{'x' * 201}\n", "at most 200 characters"),
        ('Badge ID\n"1\x072"\n', "must not contain a control character"),
    ],
)
def test_a_file_with_a_fault_imports_nothing_and_says_where_it_is(db, owner, text, fault):
    plan = bring_in(db, owner, text)
    assert not plan.made
    assert any(fault in str(each) for each in plan.value.faults), plan.value.faults
    assert people(db, owner) == []


def test_a_workbook_keeps_ids_that_are_texts_and_formulas_stay_texts(db, owner):
    book = Workbook()
    book.active.append(["Badge ID", "Last Name"])
    book.active.append(["007", "'=1+1"])
    book.active.append([42, "Roy"])
    out = io.BytesIO()
    book.save(out)
    changes.import_file(db, owner, roster_imports.read(out.getvalue()), BY)
    assert sorted(people(db, owner)) == [("007", "=1+1", ""), ("42", "Roy", "")]


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise(data):
    file = roster_file.read(data)
    assert file.faults or all(row.values["badge_id"] for row in file.rows)


def test_a_badge_without_names_gets_those_of_the_roster_unless_a_user_has_others(db, owner, imported):
    users.remember(db, owner, "u2", UserProfile("sean", badge_id="B-2", last_name="O'Brian", first_name="S."))
    users.remember(db, owner, "u3", UserProfile("leila", badge_id="B-3"))
    for subject in ("u4", "u5"):
        users.remember(db, owner, subject, UserProfile(subject, badge_id="0100165", last_name="Twin"))
    known = intake.known_names(db, owner, {"0100165", "B-2", "B-3", "B-9"})
    assert {badge: (names.last_name, names.first_name, names.completed) for badge, names in known.items()} == {
        "B-2": ("O'Brian", "S.", True),
        "B-3": ("حدّاد", "ليلى", True),
    }, "a badge that two users have tells no names"


def test_people_are_found_by_name_or_badge_in_both_lists_once(db, owner, imported):
    users.remember(db, owner, "u2", UserProfile("sean", badge_id="B-2", last_name="O'Brian", first_name="Seán"))
    users.remember(db, owner, "u9", UserProfile("seana", last_name="Seaná without a badge"))
    assert roster_search.search(db, owner, "SEÁN", 5) == [KnownPerson("B-2", "O'Brian", "Seán")]
    assert [each.badge_id for each in roster_search.search(db, owner, "chen mei", 5)] == ["0100165"]
    assert [each.badge_id for each in roster_search.search(db, owner, " b-3\r", 5)] == ["B-3"]
    assert [each.badge_id for each in roster_search.search(db, owner, "b-", 1)] == ["B-2"]
    for nothing in ("", "  ", "100165%", "_"):
        assert roster_search.search(db, owner, nothing, 5) == []


def test_no_other_implementation_finds_or_names_these_people(db, owner, imported):
    other = implementations.create(db, "other", "Other", "UTC")
    assert roster_search.search(db, other, "chen", 5) == []
    assert intake.known_names(db, other, {"0100165"}) == {}
    assert changes.clear(db, other, BY).made is False
    assert roster_search.count(db, owner) == 3


def test_erasing_a_badge_takes_the_person_out_and_a_later_file_does_not_bring_them_back(db, owner, imported):
    scans.erase_names(db, owner, " 0100165", AuditContext("demo/olga", "asked for it"))
    assert roster_search.search(db, owner, "chen", 5) == []
    again = bring_in(db, owner, FILE + "B-4;New;One;;;\n")
    assert again.value.counts == {"added": 1, "changed": 0, "unchanged": 2, "removed": 0}
    assert "1 person is left out, because their names were erased." in again.value.notes
    assert roster_search.search(db, owner, "chen", 5) == []
    with pytest.raises(RuleViolation, match="is not in the roster"):
        scans.erase_names(db, owner, "0100165", AuditContext("demo/olga", "again"))


def test_an_import_over_a_page_that_another_person_overtook_is_refused(db, owner, imported):
    before = audit.recent(db, limit=1)[0].number - 1
    with pytest.raises(RuleViolation, match="was overtaken by a change of"):
        changes.import_file(db, owner, roster_imports.read(b"Badge ID\n9\n"), AuditContext("demo/kim", as_of=before))


def test_clearing_deletes_everybody_and_the_files_that_wait(db, owner, imported):
    roster_imports.keep_upload(db, owner, "demo/olga", "list.csv", FILE.encode())
    assert changes.clear(db, owner, BY).value == 3
    assert (people(db, owner), roster_imports.upload_of(db, owner, "demo/olga")) == ([], None)
    assert entries(db)[-1] == ("roster.cleared", {"removed": 3})
    assert not changes.clear(db, owner, BY).made
