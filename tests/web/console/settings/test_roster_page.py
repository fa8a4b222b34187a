"""The list of attendees in the console: uploaded, looked at, imported, searched, deleted; and who may not."""

import io

import pytest

from records.attendance.roster import roster_search
from records.tenants import implementations
from tests.web.console.settings.staff_people import entries
from tests.web.console.settings.test_badges_page import form_at
from tests.web.console.settings.test_devices_page import words

PAGE = "/settings/roster"
FILE = "Badge ID,Surname,First Name,Phone\nB-1,Chen,Mei,1\nB-2,<b>Roy</b>,Eva,2\n"


def upload(person, text=FILE):
    return person.post(PAGE, {"file": (io.BytesIO(text.encode()), "list.csv")}, content_type="multipart/form-data")


def import_it(person, **changes):
    address, fields = form_at(person.get(f"{PAGE}/check").text, "/settings/roster/import")
    return person.post(address, fields | changes)


def names(database):
    with database.reading() as db:
        owner = implementations.find(db, "demo")
        return [(each.badge_id, each.last_name) for each in roster_search.listed(db, owner, limit=9)]


@pytest.fixture
def imported(organizer):
    assert upload(organizer).status_code == 303
    assert import_it(organizer).status_code == 303
    return organizer


def test_a_file_is_looked_at_before_it_is_imported(organizer, database):
    assert upload(organizer).headers["Location"].endswith("/settings/roster/check")
    check = organizer.get(f"{PAGE}/check")
    assert "2 in the file: 2 to add, 0 to change, 0 unchanged" in words(check)
    assert "Left out, because only badge ID, names, email and registration type are kept: “Phone”." in words(check)
    assert "<b>Roy" not in check.text
    assert names(database) == []
    import_it(organizer)
    assert "The list is imported: 2 added, 0 changed, 0 unchanged, 0 removed." in words(organizer.get(PAGE))
    assert names(database) == [("B-2", "<b>Roy</b>"), ("B-1", "Chen")]
    assert organizer.get(f"{PAGE}/check").status_code == 303, "the file waits no more"


def test_changes_and_people_who_are_gone_are_shown_and_removed_only_if_asked(imported, database):
    upload(imported, "Badge ID,Last Name\nB-1,Chan\nB-7,New\n")
    assert "1 to add" in words(imported.get(f"{PAGE}/check")), "a file without first names can be looked at"
    upload(imported, "Badge ID,Last Name\nB-1,Chan\n")
    check = words(imported.get(f"{PAGE}/check"))
    assert "Last Name: Chen → becomes Chan" in check
    assert "1 on the list whom the file does not contain" in check
    import_it(imported)
    assert ("B-2", "<b>Roy</b>") in names(database)
    upload(imported, "Badge ID,Last Name\nB-1,Chan\n")
    import_it(imported, remove="y")
    assert names(database) == [("B-1", "Chan")]


def test_a_file_with_faults_is_explained_and_nothing_of_it_is_imported(organizer, database):
    upload(organizer, "Badge ID,Last Name\nB-1,Chen\nB-1,Roy\n,Nobody\n")
    check = organizer.get(f"{PAGE}/check")
    assert check.status_code == 422
    assert "is in more than one row" in words(check)
    assert "is missing" in words(check)
    assert "Import 3" not in check.text
    assert names(database) == []


def test_the_file_that_was_looked_at_is_imported_and_no_other(organizer, database):
    upload(organizer)
    address, fields = form_at(organizer.get(f"{PAGE}/check").text, "/settings/roster/import")
    upload(organizer, "Badge ID\nX-1\n")
    organizer.post(address, fields)
    assert "Upload the file again" in words(organizer.get(PAGE))
    assert names(database) == []


def test_the_list_is_searched_and_deleted_after_a_question(imported, database):
    assert "Mei" in words(imported.get(f"{PAGE}?q=CHEN"))
    assert "No one on the list has “ <x> ”" in words(imported.get(f"{PAGE}?q=%3Cx%3E"))
    ask = words(imported.get(f"{PAGE}/clear"))
    assert "2 people on the list" in ask
    imported.post(f"{PAGE}/clear")
    assert "The list is deleted: 2 people." in words(imported.get(PAGE))
    assert names(database) == []
    assert entries(database)[0].action == "roster.cleared"


def test_without_a_file_the_page_asks_for_one(organizer):
    answer = organizer.post(PAGE, {}, content_type="multipart/form-data")
    assert (answer.status_code, "List of attendees is missing, or empty" in words(answer)) == (422, True)


def test_authors_see_no_attendees(author, imported):
    assert author.get(PAGE).status_code == 403
    assert upload(author).status_code == 403
    assert "Attendee list" not in author.get("/settings").text
