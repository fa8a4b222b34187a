"""Signatures by the Standard Webhooks specification: what we sign and others sign is accepted, and nothing else is."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.background.webhook_signature import ID, SIGNATURE, TIMESTAMP, BadSignature, signed_headers, verify

NOW = datetime.fromtimestamp(1_780_000_000, UTC)
KEY, OLD_KEY = b"01234567890123456789012345678901", b"another key, of those before it"
BODY = '{"session":"CE-1","at":"2026-05-28T20:26:40Z","facts":{"zoë":{"claimed":true}}}'.encode()
#: What `standardwebhooks` 1.1.1 for JavaScript made of this body with KEY.
VECTOR = {
    ID: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
    TIMESTAMP: "1780000000",
    SIGNATURE: "v1,LA4yieg5CwxHBeZF1wikaJ4yOQGoLThWIvLmZkidW2E=",
}


def test_the_signature_of_the_reference_library_is_ours():
    assert signed_headers(VECTOR[ID], BODY, [KEY], NOW) == VECTOR
    assert verify(VECTOR, BODY, [OLD_KEY, KEY], NOW) == VECTOR[ID]


@pytest.mark.parametrize(("seconds", "accepted"), [(-300, True), (300, True), (-301, False), (301, False)])
def test_a_timestamp_may_be_five_minutes_away_in_both_directions(seconds, accepted):
    now = NOW + timedelta(seconds=seconds)
    if accepted:
        assert verify(VECTOR, BODY, [KEY], now)
        return
    with pytest.raises(BadSignature, match="5 minutes"):
        verify(VECTOR, BODY, [KEY], now)


def test_signatures_of_other_versions_stand_beside_ours_and_count_for_nothing():
    beside = VECTOR | {SIGNATURE: f"v1a,{VECTOR[SIGNATURE][3:]} v2,x {VECTOR[SIGNATURE]}"}
    assert verify(beside, BODY, [KEY], NOW)
    with pytest.raises(BadSignature):
        verify(VECTOR | {SIGNATURE: "v2" + VECTOR[SIGNATURE][2:]}, BODY, [KEY], NOW)


@given(place=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_no_bit_of_the_body_can_be_changed(place, bit):
    changed = bytearray(BODY)
    changed[place] ^= 1 << bit
    with pytest.raises(BadSignature):
        verify(VECTOR, bytes(changed), [KEY], NOW)


@given(st.binary(max_size=40), st.text(max_size=300), st.integers(0, 10**13), st.text(max_size=300))
def test_whatever_is_sent_without_the_key_is_refused_and_breaks_nothing(body, message_id, seconds, signature):
    sent = {ID: message_id, TIMESTAMP: str(seconds), SIGNATURE: signature}
    for headers in (sent, VECTOR | {SIGNATURE: signature}, sent | {SIGNATURE: VECTOR[SIGNATURE]}, {}):
        with pytest.raises(BadSignature):
            verify(headers, body, [KEY], NOW)
    with pytest.raises(BadSignature):
        verify(VECTOR, BODY, [], NOW)


def test_a_shortened_signature_is_none():
    for length in range(32):
        part = base64.b64encode(base64.b64decode(VECTOR[SIGNATURE][3:])[:length]).decode()
        with pytest.raises(BadSignature):
            verify(VECTOR | {SIGNATURE: f"v1,{part}"}, BODY, [KEY], NOW)
