"""Devices in the console: a phone is added by a form as rendered, its code is shown once, and it is revoked."""

import re
from html import unescape

import zxingcpp

from records.attendance import devices
from records.tenants import implementations
from runner.attendance.code_drawing import CodeDrawing
from tests.records.attendance.test_device_pairing import BY, changes, draft
from tests.runner.attendance.test_code_drawing import picture
from tests.web.console.settings.staff_people import entries
from tests.web.console.settings.test_badges_page import form_at

PAGE = "/settings/devices"


def words(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def add(person, **changes):
    address, fields = form_at(person.get(PAGE).text, "/settings/devices")
    return person.post(address, fields | changes)


def drawn(text):
    size, path = re.search(r'viewBox="0 0 (\d+) \1".*?class="qr-ink" d="([^"]+)"', text, re.DOTALL).groups()
    (found,) = zxingcpp.read_barcodes(picture(CodeDrawing(int(size), path)))
    return found.bytes.decode()


def row(database, name="Hall B left"):
    with database.reading() as db:
        return devices.by_name(db, implementations.find(db, "demo"), name)


def test_a_phone_is_added_and_its_code_is_shown_once_as_a_picture_and_as_text(organizer, database):
    answer = add(organizer, name="Hall B left", sessions="CE-1\nP70068", hours="10")
    code = re.search(r'class="pairing-code">([^<]+)<', answer.text)[1]
    assert drawn(answer.text) == f"https://status.example.org/pair#{code}"
    assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}", code)
    assert code not in organizer.get(PAGE).text
    assert "waits for its phone" in words(organizer.get(PAGE))
    made = row(database)
    assert made.sessions == ["CE-1", "P70068"]
    assert (made.ends_at - made.begins_at).total_seconds() == 10 * 3600
    assert "no-store" in answer.headers["Cache-Control"]
    assert code not in str(entries(database))


def test_a_new_code_replaces_the_one_before_and_a_revoked_device_has_none(organizer, database):
    add(organizer, name="Hall B left")
    before = row(database).code_hash
    number = row(database).id
    address, fields = form_at(organizer.get(PAGE).text, f"/{number}/code")
    assert "pairing-code" in organizer.post(address, fields).text
    assert row(database).code_hash != before
    ask = organizer.get(f"{PAGE}/{number}/revoke")
    assert "Scans that it made before count" in words(ask)
    assert organizer.post(f"{PAGE}/{number}/revoke").status_code == 303
    assert row(database).revoked_at is not None
    assert "Hall B left is revoked." in words(organizer.get(PAGE))
    assert organizer.post(f"{PAGE}/{number}/code").status_code == 303
    assert "There is no new code" in words(organizer.get(PAGE))
    assert organizer.post(f"{PAGE}/{number}/revoke").status_code == 303
    assert "Nothing was changed" in words(organizer.get(PAGE))


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(organizer, database):
    for wrong, said in (
        ({"name": ""}, "Name is missing"),
        ({"hours": "0"}, "For must be 1 to 1440"),
        ({"hours": "many"}, "For must be 1 to 1440"),
        ({"begins": "tomorrow"}, "From must be a time such as 08:00"),
        ({"sessions": "<b>"}, "Sessions at which it scans"),
    ):
        answer = add(organizer, **({"name": "<i>door</i>", "hours": "10"} | wrong))
        assert (answer.status_code, said in words(answer)) == (422, True), said
        assert "<i>door" not in answer.text
    assert row(database, "<i>door</i>") is None


def test_a_device_of_another_implementation_is_neither_shown_nor_revoked(organizer, database):
    with database.session() as db:
        other = implementations.create(db, "other", "Other Congress")
        theirs = changes.make_for_phone(db, other, draft("theirs"), BY).value.device.id
    assert "theirs" not in organizer.get(PAGE).text
    for address in (f"{PAGE}/{theirs}/revoke", f"{PAGE}/{theirs}/code", f"{PAGE}/{2**63}/revoke"):
        organizer.post(address)
    assert organizer.get(f"{PAGE}/{theirs}/revoke").status_code == 303
    with database.reading() as db:
        assert devices.by_name(db, implementations.find(db, "other"), "theirs").revoked_at is None


def test_an_author_sees_devices_and_can_add_none(author, organizer):
    add(organizer, name="Hall B left")
    page = author.get(PAGE)
    assert "Hall B left" in page.text
    assert "Show the code" not in page.text
    assert author.post(PAGE, {"name": "mine", "hours": "1"}).status_code == 403


def test_the_test_badge_is_drawn_for_this_event(organizer):
    page = organizer.get("/settings/badges/test-badge")
    assert drawn(page.text) == "TEST-BADGE-DEMO"
