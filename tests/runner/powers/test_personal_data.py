"""What is removed from answers before they are kept, and what a script still finds in them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.powers.personal_data import PersonalDataFilter

OWN = {"id": "165", "first_name": "Mei", "email": "mei.chen@example.org", "attributes": {"phone": "+49 30 901820"}}
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxNjUifQ.c2lnbmF0dXJl"
KEY = "sk_live_51H8xYzAbCdEfGhIjKlMnOpQrStUv"


def filtered(value):
    return json.loads(PersonalDataFilter(OWN).filtered(json.dumps(value)))


@pytest.mark.parametrize(
    "text",
    [
        "sam.rivera@example.org",
        "Write to sam.rivera@example.org, please.",
        f"Bearer {JWT}",
        KEY,
        "call +1 (555) 010-9999 now",
    ],
)
def test_what_has_the_form_of_personal_data_or_of_a_token_is_removed_wherever_it_stands(text):
    secret = max(("sam.rivera", JWT, KEY, "010-9999"), key=lambda one: (one in text, len(one)))
    for value in (text, [text], {"a": {"b": [text]}}, {text: 1}):
        assert secret in json.dumps(value)
        assert secret not in json.dumps(filtered(value))
    assert secret not in PersonalDataFilter(OWN).filtered(f"<p>{text}</p>")


@pytest.mark.parametrize(
    "name",
    [
        *("first_name", "lastName", "full-name", "DisplayName", "surname", "phone", "mobile_phone", "street"),
        *("birth_date", "email", "e-mail", "access_token", "password", "api_key", "client_secret"),
    ],
)
def test_what_a_member_is_called_is_enough(name):
    assert "Rivera" not in json.dumps(filtered({name: "Rivera", "x": [{name: ["Rivera"]}]}))


def test_the_runs_own_user_stays_because_scripts_compare_with_it():
    own = {
        "first_name": "Mei",
        "email": "MEI.CHEN@example.org",
        "phone": "+49 30 901820",
        "text": "for mei.chen@example.org",
    }
    assert filtered(own) == own


def test_the_same_value_gets_the_same_placeholder_so_that_equal_things_stay_equal():
    first, second, third = filtered(
        [{"email": "a@example.org"}, {"email": "A@example.org"}, {"email": "b@example.org"}]
    )
    assert first == second != third
    assert first["email"].endswith("@redacted.invalid")


@pytest.mark.parametrize(
    "value",
    [
        {"status": "completed", "credits": "1.0", "count": 2, "ok": True, "none": None, "at": "2026-05-04T14:00:00Z"},
        {"name": "Cardiology 101", "course": "CE-101", "uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"[:30]},
        ["https://cme.example.org/claim?course=101", "attended 52 min", 12345678901234567890],
    ],
)
def test_what_a_script_decides_by_is_kept_as_it_is(value):
    assert filtered(value) == value


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}@[a-z]{1,8}\.org", fullmatch=True))
def test_no_address_passes_whatever_is_around_it_and_the_shape_stays(value, address):
    kept = filtered({"whole": value, "list": [value, address], address: {"deep": [f"({address})"]}})
    assert address not in json.dumps(kept, ensure_ascii=False)
    assert type(kept["whole"]) is type(value)
    assert len(kept) == 3


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{", '{"a": ' * 500 + "1" + "}" * 500, "\ud800 a@b.org", "a@" * 50_000]
)
def test_any_bytes_of_a_vendor_end_well(text):
    assert "a@b.org" not in PersonalDataFilter(OWN).filtered(text)
