"""The agenda in the console: a file is looked at before it is imported, whole or not at all, and an import can be undone."""

import hashlib
import io
import re

from openpyxl import Workbook

from records.agenda import agenda_imports as agenda
from records.agenda import sessions
from records.audit import AuditContext
from records.tenants import implementations
from tests.web.console.settings.staff_people import DEMO, entries, typed

HEAD = "ID,Title,Start Time,End Time,Location\r\n"
GOOD = (
    HEAD
    + "CE-2,Stroke <b>now</b>,2026-11-24 09:00,2026-11-24 10:00,Hall 1\r\nCE-3,Asthma,2026-11-24 11:00,2026-11-24 12:00,\r\n"
)
BAD = HEAD + "CE-2,,2026-11-24 09:00,2026-11-24 10:00,Hall 1\r\nCE-3,<script>x,tomorrow,2026-11-24 08:00,=1+1\r\n"
OPEN = HEAD + "CE-2,Stroke,03/04/2026 9:00 AM,03/04/2026 10:00 AM,\r\n"


def upload(person, text, dates="auto", name="agenda.csv"):
    data = {"file": (io.BytesIO(text if isinstance(text, bytes) else text.encode()), name), "dates": dates}
    return person.post("/agenda", data, content_type="multipart/form-data")


def checked(person, text, dates="auto", name="agenda.csv"):
    """Upload a file; give the preview to which that leads."""
    answer = upload(person, text, dates, name)
    assert answer.status_code == 303
    return person.http.get(answer.headers["Location"])


def import_form(preview):
    """The fields of the form that imports the file."""
    return typed(re.search(r"<form[^>]*agenda/import.*?</form>", preview.text, re.DOTALL)[0])


def bring(person, text, **more):
    return person.post("/agenda/import", import_form(checked(person, text)) | more)


def agenda_of(database):
    with database.reading() as db:
        return {one.session_id: one.title for one in sessions.every(db, implementations.find(db, "demo"))}


def test_an_organizer_sees_what_a_file_does_and_imports_it(organizer, database, browser_for):
    preview = checked(organizer, GOOD)
    assert preview.status_code == 200
    assert "2 to add" in preview.text
    assert "Tue 24 Nov 2026, 09:00" in preview.text  # in the event's time zone, with the weekday
    assert "year first" in preview.text
    assert (agenda_of(database), entries(database), browser_for.told) == ({"CE-1": "Sepsis in 2026"}, [], [])
    assert organizer.post("/agenda/import", import_form(preview)).status_code == 303
    text = organizer.get("/agenda").text
    assert "2 sessions added, 0 changed, 0 unchanged, 0 retired" in text
    assert "Stroke &lt;b&gt;now&lt;/b&gt;" in text
    (entry,) = entries(database, "agenda.imported")
    assert (entry.actor, entry.detail["added"], entry.detail["file"]) == ("demo/olga", 2, "agenda.csv")
    assert browser_for.told == ["demo"]
    exported = organizer.get("/agenda.csv")
    assert exported.headers["Content-Disposition"] == 'attachment; filename="demo-agenda.csv"'
    assert bring(organizer, exported.data).status_code == 303
    assert "0 sessions added, 0 changed, 3 unchanged" in organizer.get("/agenda").text
    assert len(entries(database, "agenda.imported")) == 1  # what changes nothing is no change


def test_a_file_with_faults_changes_nothing_and_each_kind_is_named_with_what_was_found(
    organizer, database, browser_for
):
    answer = checked(organizer, BAD)
    assert answer.status_code == 422
    assert "2 faults" in answer.text
    assert 'data-label="Column"><bdi>Start Time</bdi>' in answer.text
    assert "must be a date with a time" in answer.text
    assert "“tomorrow”" in answer.text
    assert "<script>x" not in answer.text
    assert "/agenda/import" not in answer.text
    forged = {"upload": hashlib.sha256(BAD.encode()).hexdigest(), "dates": "auto"}
    assert organizer.post("/agenda/import", forged).status_code == 422
    assert (list(agenda_of(database)), entries(database), browser_for.told) == (["CE-1"], [], [])


def test_300_rows_with_one_mistake_are_one_line(organizer):
    rows = "".join(f"C-{n},Talk {n},soon,2026-11-24 10:00,\r\n" for n in range(300))
    answer = checked(organizer, HEAD + rows)
    assert "300 rows: 2, 3, 4, 5, 6, 7, 8, 9 and 292 more" in answer.text
    assert answer.text.count('data-label="Rows"') == 1


def test_dates_that_can_be_read_in_two_ways_wait_for_a_choice(organizer, database):
    asked = checked(organizer, OPEN)
    assert asked.status_code == 422
    assert "Wednesday 4 March 2026, 09:00" in asked.text
    assert "Friday 3 April 2026, 09:00" in asked.text
    assert "/agenda/import" not in asked.text
    chosen = organizer.get("/agenda/check?dates=day-first")
    assert chosen.status_code == 200
    assert "Fri 03 Apr 2026, 09:00" in chosen.text
    assert organizer.post("/agenda/import", import_form(chosen)).status_code == 303
    assert set(agenda_of(database)) == {"CE-1", "CE-2"}


def test_an_order_of_dates_that_there_is_not_is_refused(organizer, database):
    assert upload(organizer, GOOD).status_code == 303
    answer = organizer.get("/agenda/check?dates=guess")
    assert answer.status_code == 422
    assert "must be one of" in answer.text
    form = import_form(organizer.get("/agenda/check")) | {"dates": "guess"}
    assert organizer.post("/agenda/import", form).status_code == 303
    assert list(agenda_of(database)) == ["CE-1"]


def test_a_workbook_is_imported_like_a_csv_file(organizer, database):
    book = Workbook()
    book.active.append(["ID", "Title", "Start Time", "End Time"])
    book.active.append(["CE-2", "Stroke", "2026-11-24 09:00", "2026-11-24 10:00"])
    out = io.BytesIO()
    book.save(out)
    preview = checked(organizer, out.getvalue(), name="agenda.xlsx")
    assert organizer.post("/agenda/import", import_form(preview)).status_code == 303
    assert agenda_of(database)["CE-2"] == "Stroke"


def test_sessions_that_are_gone_are_retired_if_asked_and_an_undo_brings_them_back(organizer, database, browser_for):
    preview = checked(organizer, GOOD)
    assert "1 in the agenda that the file does not contain" in preview.text
    assert organizer.post("/agenda/import", import_form(preview) | {"retire": "y"}).status_code == 303
    assert set(agenda_of(database)) == {"CE-2", "CE-3"}
    page = organizer.get("/agenda").text
    assert "1 more is retired" in page
    undo = re.search(r'href="([^"]+/agenda/undo/\d+)"', page)[1]
    assert "Undo the last import" in organizer.http.get(undo).text
    assert organizer.post(undo.removeprefix(DEMO)).status_code == 303
    assert agenda_of(database) == {"CE-1": "Sepsis in 2026"}
    assert entries(database, "agenda.import_undone")[0].detail["put_back"] == 1
    assert browser_for.told == ["demo", "demo"]
    assert organizer.post(undo.removeprefix(DEMO)).status_code == 303  # a second press
    assert len(entries(database, "agenda.import_undone")) == 1


def test_a_preview_that_another_import_overtook_imports_nothing(organizer, database):
    form = import_form(checked(organizer, GOOD))
    with database.session() as db:
        demo = implementations.find(db, "demo")
        theirs = agenda.read(GOOD.replace("Stroke", "Theirs").encode(), demo.time_zone)
        agenda.import_file(db, demo, theirs, AuditContext("staff/kim"))
    assert organizer.post("/agenda/import", form).status_code == 303
    assert "overtaken by a change of staff/kim" in organizer.get("/agenda").text
    assert agenda_of(database)["CE-2"].startswith("Theirs")


def test_a_file_that_was_replaced_since_its_preview_is_not_imported(organizer, database):
    form = import_form(checked(organizer, GOOD))
    assert upload(organizer, GOOD.replace("Stroke", "Other")).status_code == 303
    assert organizer.post("/agenda/import", form).status_code == 303
    assert "Upload the file again" in organizer.get("/agenda").text
    assert list(agenda_of(database)) == ["CE-1"]


def test_the_file_of_one_person_is_not_shown_to_another(organizer, administrator):
    assert upload(organizer, GOOD).status_code == 303
    assert administrator.get("/agenda/check").status_code == 303


def test_an_author_can_neither_upload_import_nor_undo(author):
    for page in ("/agenda/import", "/agenda/undo/1"):
        assert author.post(page).status_code in (403, 404)
    assert upload(author, GOOD).status_code in (403, 404)
    assert author.get("/agenda/check").status_code in (403, 404)


def test_no_file_rubbish_and_too_much_are_refused(organizer, database):
    answer = upload(organizer, "")
    assert answer.status_code == 422
    assert "is missing" in answer.text
    assert "neither UTF-8, UTF-16" in checked(organizer, b"\x81rubbish").text
    headers = {"Sec-Fetch-Site": "same-origin"}
    kind = "multipart/form-data; boundary=x"
    body = b"x" * (8 * 1024 * 1024 + 65 * 1024)
    huge = organizer.http.post("/console/implementations/demo/agenda", data=body, headers=headers, content_type=kind)
    assert huge.status_code == 413
    assert list(agenda_of(database)) == ["CE-1"]


def test_the_preview_says_what_columns_were_taken_for_and_shows_place_parent_and_credits(organizer):
    head = "ID,Title,Start Time,End Time,Location,Parent ID,Credits,Hall\r\n"
    whole = "CE-8,Workshops,2026-11-24 08:00,2026-11-24 12:00,,,,\r\n"
    text = checked(organizer, head + whole + "CE-9,Airway,2026-11-24 09:00,2026-11-24 10:00,Annexe,CE-8,1.5,3\r\n").text
    assert "<dt>Read as</dt><dd><bdi>ID, Title, Start Time, End Time, Location, Parent ID, Credits</bdi>" in text
    assert "<dt>Kept as attributes</dt><dd><bdi>Hall</bdi>" in text
    assert '<td data-label="Location"><bdi>Annexe</bdi></td><td data-label="Parent ID"><code>CE-8</code></td>' in text
    assert '<td data-label="Credits">1.5</td>' in text
    near = checked(organizer, GOOD.replace("Location", "Room")).text
    assert "“Room” is kept as an attribute. If it is the location, call the column Location." in near


def test_a_title_row_is_told_and_no_dates_are_where_nothing_was_read(organizer):
    answer = checked(organizer, "Annual Meeting 2026\r\n" + GOOD)
    assert answer.status_code == 422
    assert "has no known heading. Row 2 has them" in answer.text
    assert "<dt>Dates</dt>" not in answer.text
    assert "<dt>Dates</dt>" not in checked(organizer, HEAD).text
