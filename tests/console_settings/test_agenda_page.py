"""The agenda in the console: a file is imported whole or not at all, and its faults are told by row and column."""

import io

from records import implementations, sessions
from tests.console_settings.stage import entries, faults

HEAD = "ID,Title,Start Time,End Time,Location\r\n"
GOOD = (
    HEAD
    + "CE-2,Stroke <b>now</b>,2026-11-24 09:00,2026-11-24 10:00,Hall 1\r\nCE-3,Asthma,2026-11-24 11:00,2026-11-24 12:00,\r\n"
)
BAD = HEAD + "CE-2,,2026-11-24 09:00,2026-11-24 10:00,Hall 1\r\nCE-3,<script>x,tomorrow,2026-11-24 08:00,=1+1\r\n"


def bring(person, text):
    data = {"file": (io.BytesIO(text if isinstance(text, bytes) else text.encode()), "agenda.csv")}
    return person.post("/agenda", data, content_type="multipart/form-data")


def count(database):
    with database.reading() as db:
        return len(sessions.every(db, implementations.find(db, "demo")))


def test_an_organizer_imports_the_agenda(organizer, database, desk):
    assert bring(organizer, GOOD).status_code == 303
    text = organizer.get("/agenda").text
    assert "2 sessions added, 0 changed, 0 unchanged" in text
    assert "Stroke &lt;b&gt;now&lt;/b&gt;" in text
    assert "24 Nov 2026, 09:00" in text  # in the event's time zone
    assert entries(database, "agenda.imported")[0].detail == {"added": 2, "changed": 0, "unchanged": 0}
    assert desk.told == ["demo"]
    exported = organizer.get("/agenda.csv")
    assert exported.headers["Content-Disposition"] == 'attachment; filename="demo-agenda.csv"'
    assert bring(organizer, exported.data).status_code == 303
    assert "0 sessions added, 0 changed, 3 unchanged" in organizer.get("/agenda").text


def test_a_file_with_faults_changes_nothing_and_each_is_named(organizer, database, desk):
    answer = bring(organizer, BAD)
    assert answer.status_code == 422
    assert "2 faults" in answer.text
    assert 'data-label="Column"><bdi>Start Time</bdi>' in answer.text
    assert "is not written YYYY-MM-DD HH:MM" in answer.text
    assert "<script>x" not in answer.text
    assert count(database) == 1
    assert entries(database) == []
    assert desk.told == []


def test_no_file_rubbish_and_too_much_are_refused(organizer, database):
    assert "is missing" in faults(bring(organizer, ""))["file"]
    assert "not UTF-8" in bring(organizer, b"\xff\xfe\x00rubbish").text
    headers = {"Sec-Fetch-Site": "same-origin"}
    kind = "multipart/form-data; boundary=x"
    body = b"x" * (8 * 1024 * 1024 + 65 * 1024)
    huge = organizer.http.post("/console/implementations/demo/agenda", data=body, headers=headers, content_type=kind)
    assert huge.status_code == 413
    assert count(database) == 1
