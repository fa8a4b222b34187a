"""Pairing a phone as its person meets it, and the attacks on it: guessing, replay, frames, other sites, logs, and the cookie elsewhere."""

import logging
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from records.agenda import sessions
from records.attendance import device_pairing, devices
from records.attendance.device_pairing import LENGTH
from records.attendance.devices import DeviceDraft, ScanDevice
from records.audit import AuditContext
from records.changes.attendance import scan_devices as changes
from records.tenants import implementations
from tests.support.people import visitor
from tests.support.stub_status_service import SAME_ORIGIN
from tests.web.console.settings.staff_people import typed
from tests.web.scanner.test_scans_endpoint import HERE, batch, database, scan, stored

__all__ = ["database"]
BY = AuditContext("demo/olga")
PAIR, START, PAGE = "/pair", "/scan/demo", "/scan/demo/sessions/NOW-1"


@pytest.fixture
def code(database):
    """Make a device for a phone, and return its code."""

    def make(name="door-3", sessions=("NOW-1",), begins=-40, hours=1, slug="demo"):
        begins_at = datetime.now(UTC) + timedelta(minutes=begins)
        draft = DeviceDraft(name, begins_at, begins_at + timedelta(hours=hours), sessions)
        with database.session() as db:
            made = changes.make_for_phone(db, implementations.find(db, slug), draft, BY).value
        return device_pairing.shown(made.code)

    return make


@pytest.fixture
def phone(app):
    """A browser that was never here."""
    return app.test_client()


def send(client, text, page, **changed):
    """Send the form of a page as it is, but for these fields."""
    fields = {name: values[0] for name, values in typed(page.text).items()}
    return client.post(text, data=fields | changed, headers=SAME_ORIGIN)


def look(client, text):
    return send(client, PAIR, client.get(PAIR), code=text)


def pair(client, text):
    return send(client, "/pair/phone", look(client, text))


def words(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def device(database, name="door-3"):
    with database.reading() as db:
        return devices.by_name(db, implementations.find(db, "demo"), name)


def change(database, **values):
    with database.session() as db:
        row = devices.by_name(db, implementations.find(db, "demo"), "door-3")
        for name, value in values.items():
            setattr(row, name, value)


def test_a_phone_is_paired_by_two_taps_and_scans_at_its_sessions_without_a_login(phone, code, database):
    page = look(phone, code())
    assert (page.status_code, "Demo Congress" in words(page), "door-3" in words(page)) == (200, True, True)
    assert device(database).paired_at is None, "nothing has happened before the second tap"
    answer = send(phone, "/pair/phone", page)
    assert (answer.status_code, answer.headers["Location"]) == (303, START)
    start = phone.get(START)
    assert "this phone is door-3" in words(start)
    assert 'href="/scan/demo/sessions/NOW-1"' in start.text
    assert "NOW-2" not in start.text
    scanner = phone.get(PAGE)
    assert scanner.status_code == 200
    done = send(phone, PAGE, scanner, badge="B-1")
    assert 'class="result good"' in done.text
    sent = phone.post(HERE, json=batch(scan(badge_id="B-2")), headers=SAME_ORIGIN)
    assert [each["state"] for each in sent.json["results"]] == ["stored"]
    assert stored(database) == 2


def test_the_cookie_is_for_this_host_and_two_paths_and_no_script_reads_it(phone, code):
    cookies = pair(phone, code()).headers.getlist("Set-Cookie")
    mine = [each for each in cookies if each.startswith("__Secure-scan-device=")]
    assert len(mine) == 2
    for each in mine:
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(each.split("; "))
        assert "Domain" not in each
    assert sorted(re.search(r"Path=([^;]+)", each)[1] for each in mine) == [
        "/api/v1/implementations/demo",
        "/scan/demo",
    ]


def test_a_replayed_code_is_refused_and_says_that_it_was_used(phone, app, code, database):
    text = code()
    pair(phone, text)
    first = device(database).token_hash
    thief = app.test_client()
    answer = look(thief, text)
    assert (answer.status_code, "was used already" in words(answer)) == (422, True)
    fields = {"csrf_token": typed(thief.get(PAIR).text)["csrf_token"][0], "code": text}
    assert thief.post("/pair/phone", data=fields, headers=SAME_ORIGIN).status_code == 422
    assert device(database).token_hash == first
    assert thief.get(START).status_code == 401


def test_a_page_that_waited_until_another_phone_was_paired_pairs_nothing(phone, app, code, database):
    text = code()
    slow = look(phone, text)
    pair(app.test_client(), text)
    assert "was used already" in words(send(phone, "/pair/phone", slow))


def test_guessing_is_slowed_down_and_finds_nothing(phone, code):
    code()
    page = phone.get(PAIR)
    answers = [send(phone, PAIR, page, code="A" * LENGTH).status_code for _ in range(40)]
    assert answers[0] == 422
    assert answers[-1] == 429
    assert set(answers) == {422, 429}


@pytest.mark.parametrize("text", ["", "A", "x" * 5000, "<script>alert(1)</script>", "' OR 1=1 --", "\u202eABCD"])
def test_what_is_no_code_is_refused_and_shown_as_text(phone, text):
    answer = look(phone, text)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", [PAIR, START, PAGE])
def test_no_page_of_it_can_be_framed(phone, code, path):
    pair(phone, code())
    assert "frame-ancestors 'none'" in phone.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}])
def test_another_site_can_neither_pair_nor_scan(phone, code, database, headers):
    text = code()
    fields = {"csrf_token": typed(phone.get(PAIR).text)["csrf_token"][0], "code": text}
    assert phone.post("/pair/phone", data=fields, headers=headers).status_code == 403
    pair(phone, text)
    assert phone.post(HERE, json=batch(scan()), headers=headers).status_code == 403
    assert phone.post(PAGE, data={"badge": "B-1"}, headers=headers).status_code == 403
    assert stored(database) == 0


def test_a_form_without_its_token_pairs_nothing(phone, code):
    assert phone.post("/pair/phone", data={"code": code()}, headers=SAME_ORIGIN).status_code == 403


def test_the_code_and_the_token_are_in_no_log_no_address_and_no_answer(phone, code, caplog):
    caplog.set_level(logging.DEBUG)
    text = code()
    look(phone, text[:-1] + "A")
    answer = pair(phone, text)
    token = re.search(r"scan-device=(ssd_[^;]+)", answer.headers["Set-Cookie"])[1]
    said = caplog.text + answer.headers["Location"] + answer.text + phone.get(START).text
    for secret in (text, text.replace("-", ""), token):
        assert secret not in said
    assert phone.get(PAIR).headers["Referrer-Policy"] == "same-origin"


def test_the_cookie_opens_nothing_but_the_scanner(phone, code):
    pair(phone, code())
    value = phone.get_cookie("__Secure-scan-device", "status.example.org", "/scan/demo").value
    thief = phone.application.test_client()
    thief.set_cookie("__Secure-scan-device", value, domain="status.example.org", secure=True)
    status = thief.get("/api/v1/implementations/demo/sessions/CE-1/status")
    assert status.json["state"] == "login"
    assert thief.get("/console/").status_code == 303
    assert thief.get("/console/implementations/demo/settings/devices").status_code in (303, 401, 403)
    assert thief.get("/scan/other").status_code == 401, "it is of another implementation"
    assert thief.post(HERE.replace("demo", "other"), json=batch(scan()), headers=SAME_ORIGIN).status_code == 401


def test_a_bearer_token_goes_before_the_cookie_even_if_it_is_not_valid(phone, code):
    pair(phone, code())
    assert phone.post(HERE, json=batch(scan()), headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_revoked_phone_reads_why_and_its_earlier_scans_count(phone, code, database):
    pair(phone, code())
    made_at = datetime.now(UTC) - timedelta(seconds=20)
    with database.session() as db:
        changes.revoke(db, implementations.find(db, "demo"), "door-3", BY)
    start = phone.get(START)
    assert (start.status_code, "This phone was revoked" in words(start)) == (403, True)
    assert phone.get(PAGE).headers["Location"] == START
    sent = phone.post(
        HERE,
        json=batch(
            scan(scanned_at=made_at.isoformat()), scan(badge_id="B-2", scanned_at=datetime.now(UTC).isoformat())
        ),
        headers=SAME_ORIGIN,
    )
    assert [(each["state"], each["reason"]) for each in sent.json["results"]] == [
        ("stored", None),
        ("refused", "revoked"),
    ]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"begins_at": timedelta(minutes=10), "ends_at": timedelta(hours=1)}, "may not scan yet"),
        (
            {"begins_at": timedelta(hours=-2), "ends_at": timedelta(minutes=-1)},
            "The time for which this phone was paired is over",
        ),
    ],
)
def test_outside_its_window_a_phone_reads_when_it_may_scan(phone, code, database, values, said):
    pair(phone, code())
    change(database, **{name: datetime.now(UTC) + after for name, after in values.items()})
    assert said in words(phone.get(START))
    assert phone.get(PAGE).headers["Location"] == START


def test_at_a_session_that_is_not_its_own_a_phone_is_led_to_its_sessions(phone, code):
    pair(phone, code())
    assert phone.get("/scan/demo/sessions/NOW-2").headers["Location"] == START


def test_a_scanner_who_logs_in_on_a_paired_phone_scans_as_the_phone_until_it_ends(phone, code, logins, database):
    pair(phone, code())
    phone.set_cookie(logins.cookie, logins.sign(visitor("demo", "sam")), domain="status.example.org")
    assert "this phone is door-3" in words(phone.get(START))
    with database.session() as db:
        changes.revoke(db, implementations.find(db, "demo"), "door-3", BY)
    assert phone.get("/scan/demo/sessions/NOW-2").status_code == 200


def test_without_a_credential_the_first_page_says_what_to_do(phone, log_in, http, database):
    answer = phone.get(START)
    assert (answer.status_code, "ask an organizer for a code" in words(answer)) == (401, True)
    log_in("demo", "ada")
    assert http.get(START).status_code == 403
    assert phone.get("/scan/nowhere").status_code == 404


def test_a_room_is_chosen_and_sessions_of_another_day_come_when_today_has_none(phone, code, database):
    pair(phone, code(sessions=()))
    with database.session() as db:
        demo = implementations.find(db, "demo")
        sessions.find(db, demo, "NOW-1").location, sessions.find(db, demo, "NOW-2").location = "Hall A", "Hall <B>"
    both = phone.get(START)
    assert ("sessions/NOW-1" in both.text, "sessions/NOW-2" in both.text) == (True, True)
    one = phone.get(START, query_string={"room": "Hall <B>"})
    assert ("sessions/NOW-1" in one.text, "sessions/NOW-2" in one.text) == (False, True)
    assert "sessions/NOW-1" in phone.get(START, query_string={"room": "nowhere"}).text


def test_no_two_devices_have_one_code(code, database):
    made = {code(f"door-{number}") for number in range(20)}
    with database.reading() as db:
        hashes = {each.code_hash for each in db.query(ScanDevice)}
    assert len(made) == len(hashes) == 20
