"""The page that imports a phone's file: looked at first, imported as it was looked at, refused with words."""

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import expect

from records import AgendaSession, audit
from records.attendance.ledger.tables import LedgerEntry
from records.tenants import implementations
from tests.records.attendance.phones.test_saved_scans import content, fresh, void
from tests.support.application import make_app, make_settings
from tests.support.browser import serving
from tests.support.looks import SIZES, look_at
from tests.support.stub_status_service import SAME_ORIGIN
from tests.web.console.conftest import person
from tests.web.console.settings.staff_people import typed

PAGE = "/console/implementations/demo/attendance/phone-file"
#: A folder in which to keep a picture of each page, for people to look at.
PICTURES = os.environ.get("PHONE_FILE_PICTURES")
SPITE = {"last_name": "<script>alert(1)</script>", "first_name": "=cmd()", "badge_id": "\u202eB-1"}


@pytest.fixture(autouse=True)
def hall(database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        now = datetime.now(UTC)
        times = {"starts_at": now - timedelta(hours=4), "ends_at": now}
        db.add(AgendaSession(implementation_id=demo.id, session_id="s1", title="One", **times))


@pytest.fixture
def olga(browser_for):
    return browser_for("organizer")


def upload(browser, data):
    """Send the form with a file, as bytes: Werkzeug's own writer of forms leaves large ones in open files."""
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    part = 'Content-Disposition: form-data; name="{}"\r\n\r\n'
    file = (
        'Content-Disposition: form-data; name="file"; filename="scans.json"\r\nContent-Type: application/json\r\n\r\n'
    )
    parts = [part.format("csrf_token").encode() + browser.token().encode(), file.encode() + data]
    body = b"".join(b"--limit\r\n" + each + b"\r\n" for each in parts) + b"--limit--\r\n"
    return browser.post(PAGE, data=body, content_type="multipart/form-data; boundary=limit", headers=SAME_ORIGIN)


def confirm(browser, checked):
    fields = {name: values[0] for name, values in typed(checked.text).items()}
    return browser.send(f"{PAGE}/import", **(fields | {"csrf_token": browser.token()}))


def stored(database):
    with database.reading() as db:
        return [(row.kind, row.badge_id, row.actor) for row in db.query(LedgerEntry).order_by(LedgerEntry.number)]


def test_a_file_is_looked_at_then_imported_and_again_without_effect(olga, database):
    one, foreign = fresh(), fresh(session="ELSEWHERE", **SPITE)
    whole = content(one, foreign, voids=[void(one, at=(datetime.now(UTC) - timedelta(hours=1)).isoformat())])
    checked = upload(olga, whole)
    assert checked.status_code == 200
    assert "2 in the file: 1 new, 0 already there, 1 refused" in checked.text
    assert "The agenda never had this session." in checked.text
    assert "<script>alert" not in checked.text
    assert stored(database) == []
    done = confirm(olga, checked)
    assert "1 new scan is stored; 0 were already there." in done.text
    assert stored(database) == [("scan", "B-1", "demo/organizer"), ("void", "B-1", "demo/organizer")]
    again = upload(olga, whole)
    assert "0 new, 1 already there, 1 refused" in again.text
    assert "0 new scans are stored; 1 was already there." in confirm(olga, again).text
    with database.reading() as db:
        assert [each.action for each in audit.recent(db)].count("attendance.scans_imported") == 1


REFUSED = {
    "nothing": (b"", "is missing, or empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "was cut off or changed"),
    "half a file": (json.dumps(content(fresh())).encode()[:-40], "was cut off or changed"),
    "a name twice": (b'{"format": "session-status scans", "format": "x"}', "was cut off or changed"),
    "a number that is none": (json.dumps(content(skew_ms=float("nan"))).encode(), "was cut off or changed"),
    "lists in lists": (b"[" * 100_000, "was cut off or changed"),
    "another implementation": (content(implementation="other"), "is of another implementation than demo"),
    "a member more": (content(more=1), "exactly the members"),
    "2 MB and a byte": (b" " * (2 * 1024 * 1024 + 1), "is larger than 2 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_none_is_refused_with_words(olga, database, name):
    data, words = REFUSED[name]
    answer = upload(olga, data)
    assert answer.status_code == 422
    assert words in unescape(answer.text)
    sent = data if isinstance(data, bytes) else json.dumps(data).encode()
    direct = olga.send(f"{PAGE}/import", content=base64.urlsafe_b64encode(sent).decode())
    assert direct.status_code == 422
    assert words in unescape(direct.text)
    assert olga.send(f"{PAGE}/import", content="no base64").status_code == 422
    assert stored(database) == []


def test_a_file_that_is_far_too_large_is_not_even_read(olga):
    assert upload(olga, b" " * (3 * 1024 * 1024)).status_code == 413


def test_the_largest_file_can_be_imported(olga, database):
    # In base64, most of this is "/" and "+", which a form would send as three characters each.
    scans = [fresh(badge_id=f"B-{number}", last_name="?>?>" * 20) for number in range(1500)]
    padding = " " * (2 * 1024 * 1024 - len(json.dumps(content(*scans))))
    checked = upload(olga, (json.dumps(content(*scans)) + padding).encode())
    assert "1500 new" in checked.text
    assert "1500 new scans are stored" in confirm(olga, checked).text
    assert len(stored(database)) == 1500


@pytest.mark.parametrize(
    ("zone", "at"), [("America/Chicago", "0001-01-01T00:00:00Z"), ("Asia/Tokyo", "9999-12-31T23:59:59Z")]
)
def test_a_file_with_a_time_at_the_end_of_the_calendar_is_shown(olga, database, zone, at):
    with database.session() as db:
        implementations.update(db, implementations.find(db, "demo"), time_zone=zone)
    checked = upload(olga, content(fresh() | {"scanned_at": at}))
    assert (checked.status_code, "1 refused" in checked.text) == (200, True)


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_read_by_everybody(chromium, database, store, tmp_path, size):
    scans = [
        fresh(),
        fresh(badge_id="B-2", last_name="", first_name=""),
        fresh(session="ELSEWHERE", **SPITE),
        {"id": 7},
    ]
    file = tmp_path / "scans.json"
    file.write_text(json.dumps(content(*scans, skew_ms=-720_000, voids=[void(scans[0])])))
    with serving(lambda address: make_app(database, store, make_settings(address))) as (address, app):
        logins = app.extensions["auth services"].logins
        context = chromium.new_context(base_url=address, viewport=SIZES[size])
        context.add_cookies([{"name": logins.cookie, "value": logins.sign(person("organizer")), "url": address}])
        page = context.new_page()
        page.set_default_timeout(8000)
        page.goto("/console/implementations/demo/attendance")
        page.get_by_role("navigation", name="Attendance").get_by_role("link", name="Import from a phone").click()
        looked_at(page, "upload", size)
        page.get_by_label("File from the phone").set_input_files(file)
        page.get_by_role("button", name="Upload and check").click()
        expect(page.get_by_text("12 minutes ahead: its times are corrected")).to_be_visible()
        looked_at(page, "check", size)
        page.get_by_role("button", name="Import 2 new scans").click()
        expect(page.get_by_text("2 new scans are stored")).to_be_visible()
        looked_at(page, "done", size)
        context.close()


def looked_at(page, name, size):
    look_at(page, PICTURES and Path(PICTURES) / f"{name}-{size}-page")
