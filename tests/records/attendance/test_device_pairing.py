"""Pairing a phone: a code works once, for ten minutes, for one device, and is stored as a hash only."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from records import RuleViolation, audit
from records.attendance import device_pairing, devices
from records.attendance.device_pairing import LENGTH, LETTERS, PairingRefused, PairingState
from records.attendance.devices import DeviceDraft
from records.audit import AuditContext
from records.changes.attendance import scan_devices as changes
from records.columns import utc_now
from records.tenants import implementations

BY = AuditContext("demo/olga")


@pytest.fixture
def owner(db, demo):
    return implementations.find(db, demo.slug)


@pytest.fixture
def made(db, owner):
    return changes.make_for_phone(db, owner, draft("door-3"), BY).value


def draft(name, hours=1):
    return DeviceDraft(name, utc_now() - timedelta(minutes=5), utc_now() + timedelta(hours=hours), ("CE-1",))


def test_a_code_gives_the_token_to_one_phone_and_is_used_then(db, owner, made):
    assert device_pairing.state_of(made.device) == PairingState.WAITING
    typed = device_pairing.shown(made.code).lower().replace("-", " ")
    paired = changes.pair(db, typed).value
    assert devices.find_by_token(db, owner, paired.text).name == "door-3"
    assert device_pairing.state_of(paired.device) == PairingState.PAIRED
    with pytest.raises(PairingRefused, match="was used already"):
        changes.pair(db, made.code)
    assert devices.find_by_token(db, owner, paired.text) is not None
    actions = [(each.action, each.actor) for each in audit.recent(db)[::-1] if each.action.startswith("scan_device")]
    assert actions == [("scan_device.made", "demo/olga"), ("scan_device.paired", "demo/olga")]


def test_neither_a_code_nor_a_token_is_stored_or_told(db, owner, made):
    paired = changes.pair(db, made.code).value
    stored = str(db.execute(text("SELECT * FROM scan_devices")).all())
    stored += str([vars(each) for each in audit.recent(db)])
    for secret in (made.code, device_pairing.shown(made.code), paired.text):
        assert secret not in stored + repr(made) + repr(paired)


def test_a_code_ends_after_ten_minutes_and_a_new_one_replaces_it(db, owner, made):
    made.device.code_ends_at = utc_now()
    with pytest.raises(PairingRefused, match="older than ten minutes"):
        changes.pair(db, made.code)
    assert device_pairing.state_of(made.device) == PairingState.NONE
    again = changes.renew_code(db, owner, "door-3", BY).value
    with pytest.raises(PairingRefused, match="is not known"):
        changes.pair(db, made.code)
    assert changes.pair(db, again.code).value.device.name == "door-3"
    with pytest.raises(RuleViolation, match="Make another device for another phone"):
        changes.renew_code(db, owner, "door-3", BY)


def test_a_device_that_was_revoked_or_has_ended_is_paired_with_nothing(db, owner, made):
    ended = changes.make_for_phone(db, owner, draft("door-4"), BY).value
    ended.device.ends_at = utc_now()
    changes.revoke(db, owner, "door-3", BY)
    for code in (made.code, ended.code):
        with pytest.raises(PairingRefused, match="may not scan any more"):
            changes.pair(db, code)
    for name in ("door-3", "door-4"):
        with pytest.raises(RuleViolation, match="may still scan"):
            changes.renew_code(db, owner, name, BY)


def test_a_device_whose_token_was_printed_takes_no_code(db, owner):
    changes.make(db, owner, draft("wedge"), BY)
    with pytest.raises(RuleViolation, match="without a phone"):
        changes.renew_code(db, owner, "wedge", BY)


def test_the_code_of_an_archived_implementation_pairs_nothing(db, owner, made):
    owner.archived_at = utc_now()
    db.flush()
    with pytest.raises(PairingRefused, match="is not known"):
        changes.pair(db, made.code)


@pytest.mark.parametrize("typed", ["", "-", "AAAA-AAAA-AAAA", "x" * 10_000, "\0", "\ud800", "\ua4eeBCD"])
def test_what_is_no_code_is_not_known(db, made, typed):
    with pytest.raises(PairingRefused, match="is not known"):
        changes.pair(db, typed)


@given(st.text(LETTERS, min_size=LENGTH, max_size=LENGTH))
def test_a_code_is_the_same_however_it_is_typed(code):
    for typed in (
        device_pairing.shown(code),
        code.lower(),
        f" {code} ",
        device_pairing.shown(code).replace("-", "\u2013"),
    ):
        assert device_pairing._hash(typed) == device_pairing._hash(code)
