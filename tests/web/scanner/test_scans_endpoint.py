"""The intake endpoint as phones and devices meet it: who may send, what is refused as a whole, what each answer says."""

import json
import logging
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession, Database, UserProfile
from records.attendance import devices, refused_scans
from records.attendance.devices import DeviceDraft
from records.attendance.ledger.tables import LedgerEntry
from records.audit import AuditContext
from records.changes import grants
from records.changes.attendance import scan_devices
from records.changes.grants import GrantDraft
from records.people import users
from records.tenants import implementations
from tests.support.application import copied
from tests.support.stub_status_service import SAME_ORIGIN
from web.scanner import scan_access

PATH = "/api/v1/implementations/{implementation}/scans"
HERE = PATH.format(implementation="demo")
ATTENDANCE = "/api/v1/implementations/{implementation}/sessions/{session_id}/attendance"
BY = AuditContext("demo/olga")


def stamp(at):
    return at.isoformat()


def scan(**changes):
    values = {
        "id": str(uuid.uuid4()),
        "session": "NOW-1",
        "badge_id": "B-1",
        "last_name": "Chen",
        "first_name": "Mei",
        "scanned_at": stamp(datetime.now(UTC)),
        "direction": None,
        "entry": "camera",
    }
    return values | changes


def batch(*scans, device_time=None):
    return {"device_time": device_time or stamp(datetime.now(UTC)), "scans": list(scans)}


@pytest.fixture
def database(database, tmp_path):
    """A database of this test's own, with a session that is held now, a scanner and their grant."""
    own = Database(f"sqlite:///{copied(database, tmp_path / 'scans.db')}")
    now = datetime.now(UTC)
    with own.session() as db:
        demo = implementations.find(db, "demo")
        for name in ("NOW-1", "NOW-2"):
            times = {"starts_at": now - timedelta(minutes=30), "ends_at": now + timedelta(minutes=30)}
            db.add(AgendaSession(implementation_id=demo.id, session_id=name, title=name, **times))
        users.remember(db, demo, "sam", UserProfile("sam", "Staff"))
        grants.add(db, demo, [GrantDraft("scanner", "username", "sam")], BY)
    yield own
    own.dispose()


def stored(database):
    with database.reading() as db:
        return db.query(LedgerEntry).count()


def refused(database):
    with database.reading() as db:
        return [each.reason for each in refused_scans.recent(db, implementations.find(db, "demo"))]


@pytest.fixture
def device(database):
    """Make a device, and give the headers of its token."""

    def make(name="door-3", sessions=(), hours=1):
        begins = datetime.now(UTC) - timedelta(minutes=40)
        draft = DeviceDraft(name, begins, begins + timedelta(hours=hours), sessions)
        with database.session() as db:
            made = scan_devices.make(db, implementations.find(db, "demo"), draft, BY).value
        return {"Authorization": f"Bearer {made.text}"}

    return make


def test_a_scanner_sends_by_bearer_token_and_each_scan_is_answered_in_order(http, database, bearer, fits):
    sent = [scan(), scan(email="x"), scan()]
    answer = http.post(HERE, json=batch(*sent), headers=bearer("demo", "sam"))
    assert answer.status_code == 200
    fits(answer, PATH, "post")
    results = answer.json["results"]
    assert [each["id"] for each in results] == [each["id"] for each in sent]
    assert [(each["state"], each["reason"]) for each in results] == [
        ("stored", None),
        ("refused", "unknown_member"),
        ("repeat", None),
    ]
    assert results[2]["first_at"] == sent[0]["scanned_at"]
    assert abs(datetime.fromisoformat(answer.json["server_time"]) - datetime.now(UTC)) < timedelta(seconds=30)
    assert "no-store" in answer.headers["Cache-Control"]
    again = http.post(HERE, json=batch(*sent), headers=bearer("demo", "sam"))
    assert [each["state"] for each in again.json["results"]] == ["already", "refused", "already"]
    assert (stored(database), refused(database)) == (2, ["unknown_member"])


def test_the_cookie_counts_on_our_own_pages_only(http, log_in, database, fits):
    log_in("demo", "sam")
    assert http.post(HERE, json=batch(scan()), headers=SAME_ORIGIN).status_code == 200
    foreign = http.post(HERE, json=batch(scan()), headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    fits(foreign, PATH, "post")
    assert stored(database) == 1


def test_without_a_login_of_a_scanner_nothing_is_stored(http, bearer, fits, database):
    for headers, status in (
        ({}, 403),  # neither a bearer token nor one of our pages
        (SAME_ORIGIN, 401),
        ({"Authorization": "Bearer x"}, 401),
        ({"Authorization": "Bearer ssd_x"}, 401),
        (bearer("other", "bob"), 401),
        (bearer("demo", "nobody"), 403),
        (bearer("demo", "ada"), 403),
    ):
        answer = http.post(HERE, json=batch(scan(), scan(email="x")), headers=headers)
        assert answer.status_code == status
        fits(answer, PATH, "post")
    assert (stored(database), refused(database)) == (0, [])


def test_a_login_that_was_ended_sends_nothing(http, store, bearer, database):
    headers = bearer("demo", "sam")
    store.ended_logins.end_everybody("demo", ["sam"])
    assert http.post(HERE, json=batch(scan()), headers=headers).status_code == 401
    assert stored(database) == 0


def test_scans_that_wait_on_a_phone_while_the_role_is_taken_count_and_later_ones_do_not(http, database, bearer):
    waiting = [scan(badge_id=f"B-{number}") for number in range(3)]
    with database.session() as db:
        demo = implementations.find(db, "demo")
        grants.remove(db, demo, grants.grants.every(db, demo)[0].id, BY)
    answer = http.post(HERE, json=batch(*waiting, scan(badge_id="B-9")), headers=bearer("demo", "sam"))
    assert [each["reason"] for each in answer.json["results"]] == [None, None, None, "revoked"]
    with database.reading() as db:
        assert {row.late for row in db.query(LedgerEntry)} == {True}
    assert (
        http.get(
            ATTENDANCE.format(implementation="demo", session_id="NOW-1"), headers=bearer("demo", "sam")
        ).status_code
        == 403
    )


def test_a_device_sends_with_its_own_token_and_a_revoked_one_only_what_it_made_before(http, database, device, fits):
    headers = device(sessions=("NOW-1",))
    answer = http.post(HERE, json=batch(scan(), scan(session="NOW-2")), headers=headers)
    assert [each["reason"] for each in answer.json["results"]] == [None, "other_session"]
    waiting = scan(badge_id="B-2")
    with database.session() as db:
        scan_devices.revoke(db, implementations.find(db, "demo"), "door-3", BY)
    late = http.post(HERE, json=batch(waiting, scan()), headers=headers)
    assert [each["reason"] for each in late.json["results"]] == [None, "revoked"]
    fits(late, PATH, "post")
    other = http.post(PATH.format(implementation="other"), json=batch(scan()), headers=headers)
    assert other.status_code == 401
    with database.reading() as db:
        assert {(row.device, row.actor) for row in db.query(LedgerEntry)} == {("door-3", "demo/olga")}
        (row,) = devices.every(db, implementations.find(db, "demo"))
        assert headers["Authorization"][7:] not in str(vars(row))


WHOLE = {
    "51 scans": lambda: json.dumps(batch(*(scan() for _ in range(51)))),
    "no device time": lambda: json.dumps({"scans": [scan()]}),
    "a device time without a zone": lambda: json.dumps(batch(scan(), device_time="2026-05-04T09:00:00")),
    "a device time that is a number": lambda: json.dumps(batch(scan(), device_time=7)),
    "an unknown member": lambda: json.dumps(batch(scan()) | {"more": 1}),
    "NaN": lambda: json.dumps(batch(scan(badge_id=float("nan")))),
    "a name twice": lambda: '{"device_time": "x",' + json.dumps(batch(scan()))[1:],
    "a list": lambda: json.dumps([scan()]),
    "scans that are an object": lambda: json.dumps(batch() | {"scans": {}}),
    "no UTF-8": lambda: b"\xff" + json.dumps(batch(scan())).encode(),
    "deep JSON": lambda: '{"scans":' + "[" * 20_000,
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_batch_that_is_none_is_refused_whole(http, database, bearer, fits, name):
    answer = http.post(HERE, data=WHOLE[name](), content_type="application/json", headers=bearer("demo", "sam"))
    assert answer.status_code == 400
    assert answer.json["field"] in ("body", "device_time", "scans")
    fits(answer, PATH, "post")
    assert (stored(database), refused(database)) == (0, [])


def test_a_batch_with_an_encoding_another_type_or_too_many_bytes_is_refused_whole(http, database, bearer, fits):
    headers = bearer("demo", "sam")
    for more, status in (
        ({"headers": headers | {"Content-Encoding": "gzip"}, "content_type": "application/json"}, 415),
        ({"headers": headers, "content_type": "text/plain"}, 415),
    ):
        answer = http.post(HERE, data=json.dumps(batch(scan())), **more)
        assert answer.status_code == status
        fits(answer, PATH, "post")
    answer = http.post(HERE, json=batch(scan(last_name="x" * 140_000)), headers=headers)
    assert answer.status_code == 413
    fits(answer, PATH, "post")
    assert stored(database) == 0


def test_50_scans_with_the_longest_texts_fit(http, bearer):
    texts = {"badge_id": "🎫" * 100, "last_name": "漢" * 200, "first_name": "é" * 200, "session": "NOW-1"}
    answer = http.post(
        HERE,
        data=json.dumps(batch(*(scan(**texts) for _ in range(50))), ensure_ascii=False).encode(),
        content_type="application/json",
        headers=bearer("demo", "sam"),
    )
    assert {each["state"] for each in answer.json["results"]} <= {"stored", "repeat"}


def test_whoever_tries_many_device_tokens_has_to_wait(http, fits):
    for _ in range(31):
        answer = http.post(HERE, json=batch(), headers={"Authorization": "Bearer ssd_guess"})
    assert answer.status_code == 429
    fits(answer, PATH, "post")


def test_an_attendee_who_asks_again_and_again_has_to_wait_before_we_look_for_a_role(http, bearer, monkeypatch):
    monkeypatch.setattr(scan_access, "MOST_REQUESTS", 3)
    looked = []
    monkeypatch.setattr(scan_access.scan_permission, "allowed_until", lambda *_: looked.append(1) or scan_access.NEVER)
    answers = [http.post(HERE, json=batch(), headers=bearer("demo", "ada")).status_code for _ in range(5)]
    assert (answers, len(looked)) == ([403, 403, 403, 429, 429], 3)


def test_nothing_of_a_scan_is_in_the_log(http, bearer, caplog):
    caplog.set_level(logging.DEBUG)
    http.post(HERE, json=batch(scan(last_name="Zzyzx"), scan(s3cret="Zzyzx")), headers=bearer("demo", "sam"))
    http.post(HERE, data='{"scans": "Zzyzx"}', content_type="application/json", headers=bearer("demo", "sam"))
    assert "Zzyzx" not in caplog.text
    assert "s3cret" not in caplog.text


def test_the_attendance_of_a_session_is_told_to_who_may_scan_there(http, database, bearer, device, fits):
    early = stamp(datetime.now(UTC) - timedelta(minutes=20))
    sent = batch(scan(scanned_at=early), scan(), scan(session="NOW-2", scanned_at=early), scan(badge_id="TEST-BADGE-1"))
    http.post(HERE, json=sent, headers=bearer("demo", "sam"))
    address = ATTENDANCE.format(implementation="demo", session_id="NOW-1")
    answer = http.get(address, headers=bearer("demo", "sam"))
    fits(answer, ATTENDANCE)
    assert answer.json["scans"] == 2
    (person,) = answer.json["people"]
    assert (person["badge_id"], person["minutes"], person["attended"]) in (("B-1", 50, True), ("B-1", 49, True))
    assert (person["inside"], person["conflicts"]) == (True, ["NOW-2"])
    assert "Chen" not in answer.text
    assert http.get(address, headers=device("d1", ("NOW-1",))).status_code == 200
    for headers, status in ((device("d2", ("NOW-2",)), 403), (bearer("demo", "ada"), 403), ({}, 401)):
        found = http.get(address, headers=headers)
        assert found.status_code == status
        fits(found, ATTENDANCE)
    unknown = http.get(ATTENDANCE.format(implementation="demo", session_id="NONE"), headers=bearer("demo", "sam"))
    assert unknown.status_code == 404
    fits(unknown, ATTENDANCE)


def test_whose_badge_was_scanned_sees_a_new_message(http, database, bearer, status_service):
    with database.session() as db:
        users.remember(db, implementations.find(db, "demo"), "mei", UserProfile("mei", "attendee", badge_id="B-1"))
    sent = batch(scan(), scan(badge_id="B-2"), scan(email="x"))
    http.post(HERE, json=sent, headers=bearer("demo", "sam"))
    http.post(HERE, json=sent, headers=bearer("demo", "sam"))  # nothing is new
    assert status_service.outdated == [("demo", "mei", "NOW-1")]


def test_a_device_that_floods_with_bad_scans_leaves_room_for_those_of_others(http, database, device, monkeypatch):
    monkeypatch.setattr(refused_scans, "MOST_OF_ONE", 20)
    hostile, honest = device("door-1"), device("door-2")
    for _ in range(3):
        answer = http.post(HERE, json=batch(*[scan(badge_id="") for _ in range(10)]), headers=hostile)
        assert [each["state"] for each in answer.json["results"]] == ["refused"] * 10
    http.post(HERE, json=batch(scan(session="ELSEWHERE")), headers=honest)
    assert refused(database) == ["unknown_session", *["bad_badge_id"] * 20]
