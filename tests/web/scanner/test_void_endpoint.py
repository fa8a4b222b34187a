"""The endpoint by which a phone undoes its scans: who may, what is refused as a whole, and what follows."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from records import UserProfile
from records.attendance.ledger.tables import LedgerEntry
from records.changes import grants
from records.people import users
from records.tenants import implementations
from tests.support.stub_status_service import SAME_ORIGIN
from tests.web.scanner.test_scans_endpoint import BY, HERE, batch, database, device, scan, stamp

__all__ = ["database", "device"]
PATH = "/api/v1/implementations/{implementation}/scans/void"
VOID = PATH.format(implementation="demo")


def void(sent, **changes):
    return {"id": sent["id"], "voided_at": stamp(datetime.now(UTC)), "reason": "wrong person"} | changes


def voids(*sent, device_time=None):
    return {"device_time": device_time or stamp(datetime.now(UTC)), "voids": list(sent)}


def kinds(database):
    with database.reading() as db:
        return [row.kind for row in db.query(LedgerEntry).order_by(LedgerEntry.number)]


def test_a_scanner_undoes_a_scan_and_a_batch_that_is_sent_again_changes_nothing(http, database, bearer, fits):
    sent = [scan(), scan(badge_id="B-2")]
    http.post(HERE, json=batch(*sent), headers=bearer("demo", "sam"))
    answer = http.post(VOID, json=voids(void(sent[0]), void({"id": "x"})), headers=bearer("demo", "sam"))
    assert answer.status_code == 200
    fits(answer, PATH, "post")
    assert answer.json["results"] == [
        {"id": sent[0]["id"], "state": "voided", "reason": None},
        {"id": "x", "state": "refused", "reason": "bad_id"},
    ]
    again = http.post(VOID, json=voids(void(sent[0])), headers=bearer("demo", "sam"))
    assert [each["state"] for each in again.json["results"]] == ["already"]
    assert kinds(database) == ["scan", "scan", "void"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_device_undoes_what_it_scanned_and_nothing_of_another_one_or_of_a_person(http, database, bearer, device):
    own, other = device("door-1"), device("door-2")
    mine, theirs = scan(), scan(badge_id="B-2")
    http.post(HERE, json=batch(mine), headers=own)
    http.post(HERE, json=batch(theirs), headers=bearer("demo", "sam"))
    for headers in (other, bearer("demo", "sam")):
        answer = http.post(VOID, json=voids(void(mine)), headers=headers)
        assert [each["reason"] for each in answer.json["results"]] == ["not_yours"]
    answer = http.post(VOID, json=voids(void(mine), void(theirs)), headers=own)
    assert [each["reason"] for each in answer.json["results"]] == [None, "not_yours"]
    assert kinds(database) == ["scan", "scan", "void"]


def test_without_a_login_of_a_scanner_nothing_is_voided(http, database, bearer, fits):
    sent = scan()
    http.post(HERE, json=batch(sent), headers=bearer("demo", "sam"))
    for headers, status in (
        ({}, 403),
        (SAME_ORIGIN, 401),
        ({"Origin": "https://evil.example"}, 403),
        ({"Authorization": "Bearer ssd_x"}, 401),
        (bearer("other", "bob"), 401),
        (bearer("demo", "ada"), 403),
    ):
        answer = http.post(VOID, json=voids(void(sent)), headers=headers)
        assert answer.status_code == status
        fits(answer, PATH, "post")
    assert kinds(database) == ["scan"]


def test_what_was_undone_before_the_role_was_taken_is_voided_afterwards(http, database, bearer):
    one, two = scan(), scan(badge_id="B-2")
    http.post(HERE, json=batch(one, two), headers=bearer("demo", "sam"))
    undone = void(one)
    with database.session() as db:
        demo = implementations.find(db, "demo")
        grants.remove(db, demo, grants.grants.every(db, demo)[0].id, BY)
    answer = http.post(VOID, json=voids(undone, void(two)), headers=bearer("demo", "sam"))
    assert [each["reason"] for each in answer.json["results"]] == [None, "revoked"]


WHOLE = {
    "51 voids": lambda: json.dumps(voids(*(void(scan()) for _ in range(51)))),
    "no device time": lambda: json.dumps({"voids": []}),
    "a device time without a zone": lambda: json.dumps(voids(device_time="2026-05-04T09:00:00")),
    "scans": lambda: json.dumps(batch(scan())),
    "an unknown member": lambda: json.dumps(voids() | {"more": 1}),
    "NaN": lambda: json.dumps(voids(float("nan"))),
    "a list": lambda: "[]",
    "voids that are an object": lambda: json.dumps(voids() | {"voids": {}}),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_batch_that_is_none_is_refused_whole(http, database, bearer, fits, name):
    answer = http.post(VOID, data=WHOLE[name](), content_type="application/json", headers=bearer("demo", "sam"))
    assert answer.status_code == 400
    assert answer.json["field"] in ("body", "device_time", "voids")
    fits(answer, PATH, "post")
    assert kinds(database) == []


def test_a_wrong_clock_is_corrected(http, database, bearer):
    late = datetime.now(UTC) + timedelta(hours=5)
    sent = scan(scanned_at=stamp(late))
    http.post(HERE, json=batch(sent, device_time=stamp(late)), headers=bearer("demo", "sam"))
    undone = void(sent, voided_at=stamp(late))
    answer = http.post(VOID, json=voids(undone, device_time=stamp(late)), headers=bearer("demo", "sam"))
    assert [each["state"] for each in answer.json["results"]] == ["voided"]
    with database.reading() as db:
        row = db.query(LedgerEntry).filter_by(kind="void").one()
        assert abs(row.corrected_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_whose_scan_was_undone_sees_a_new_message(http, database, bearer, status_service):
    with database.session() as db:
        users.remember(db, implementations.find(db, "demo"), "mei", UserProfile("mei", "attendee", badge_id="B-1"))
    sent = scan()
    http.post(HERE, json=batch(sent), headers=bearer("demo", "sam"))
    for _ in range(2):  # the second time, nothing is new
        http.post(VOID, json=voids(void(sent)), headers=bearer("demo", "sam"))
    assert status_service.outdated == [("demo", "mei", "NOW-1")] * 2


def test_nothing_of_a_void_is_in_the_log(http, bearer, caplog):
    caplog.set_level(logging.DEBUG)
    http.post(
        VOID, json=voids(void(scan(), reason="Zzyzx"), void(scan(), s3cret="Zzyzx")), headers=bearer("demo", "sam")
    )
    assert "Zzyzx" not in caplog.text
    assert "s3cret" not in caplog.text
