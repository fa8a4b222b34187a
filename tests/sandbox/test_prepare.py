"""`prepare`: what it returns, what ends it, and what a hostile child may not send in its place."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sandbox import PREPARE_LIMITS, OutcomeKind
from tests.sandbox.boxes import SCRIPT_INPUT, Vendor

STATUS = "def status(user, session, api):\n    return hidden()\n\n"


def prepared(box, body, powers=None, **limits):
    """The outcome of a `prepare` with this body."""
    source = STATUS + "def prepare(session, api):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    checked = box.sandbox.check(source)
    assert checked.ok, checked.findings
    return box.sandbox.prepare(
        checked.code, SCRIPT_INPUT, powers=powers or Vendor(), limits=replace(PREPARE_LIMITS, **limits)
    )


def test_a_check_says_whether_a_script_prepares(product):
    with_it = STATUS + "def prepare(session, api):\n    return {}\n"
    own = "def prepare(value):\n    return value\n\ndef status(user, session, api):\n    return message(prepare('a'))\n"
    assert [product.sandbox.check(source).prepares for source in (with_it, STATUS, own)] == [True, False, False]
    assert [one.rule for one in product.sandbox.check(own).findings] == ["prepare-arguments"]


def test_prepare_returns_facts_by_user_id_of_a_vendors_list(product):
    vendor = Vendor(json.dumps({"rows": [{"id": "u1", "credits": 1.5}, {"id": "u2", "credits": 0}]}))
    outcome = prepared(
        product,
        "rows = api.get('v', '/list', params={'session': session.id}).json()['rows']\n"
        "api.log('rows', len(rows), api.now() > session.starts_at, api.settings.get('x'))\n"
        "return {row['id']: {'credits': row['credits']} for row in rows}",
        vendor,
    )
    assert outcome.kind is OutcomeKind.RETURNED
    assert outcome.value == {"u1": {"credits": 1.5}, "u2": {"credits": 0}}
    assert outcome.log == ("rows 2 True None",)
    assert (outcome.usage.calls, vendor.calls[0].params) == (1, (("session", "s1"),))


def test_fifty_thousand_entries_and_a_megabyte_of_facts_pass(product):
    outcome = prepared(product, "return {str(n): {'n': n, 'pad': 'x' * 20} for n in range(50_000)}")
    assert (outcome.kind, len(outcome.value)) == (OutcomeKind.RETURNED, 50_000)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return {str(n): {} for n in range(50_001)}", "facts of 50000 users; it returned 50001"),
        ("return {7: {}}", "must be a user's id as text, not a value of type int"),
        ("return {None: {}}", "must be a user's id as text, not a value of type NoneType"),
        ("return {('u1', 's2'): {}}", "must be a user's id as text, not a value of type tuple"),
        ("return {'u': 1}", "must be a dict, not a value of type int"),
        ("return {'u': None}", "must be a dict, not a value of type NoneType"),
        ("return hide(message('a'))", "returned a value of type"),
        ("return hide(None)", "ended without return"),
        ("return hide([('u', {})])", "returned a value of type list"),
        ("return {'u': {'m': message('a')}}", "is not JSON"),
        ("return {'u': {'f': float('nan')}}", "not JSON compliant"),
        ("return {'u': {'deep': nested(60)}}", "nested more than 50"),
    ],
)
def test_a_wrong_shape_is_an_error_that_says_what_is_wrong(product, body, said):
    source = (
        STATUS + "def hide(value):\n    return [value][0]\n\n"
        "def nested(depth):\n    value = []\n    for _ in range(depth):\n        value = [value]\n    return value\n\n"
        f"def prepare(session, api):\n    {body}\n"
    )
    checked = product.sandbox.check(source)
    assert checked.ok, checked.findings
    outcome = product.sandbox.prepare(checked.code, SCRIPT_INPUT, powers=Vendor())
    assert (outcome.kind, outcome.alarm) == (OutcomeKind.RAISED, False)
    assert said in outcome.error.text


def test_ten_megabytes_are_too_much_output_and_no_alarm(product):
    outcome = prepared(product, "return {str(n): {'x': 'y' * 1000} for n in range(10_000)}")
    assert (outcome.kind, outcome.alarm) == (OutcomeKind.TOO_MUCH_OUTPUT, False)


def test_prepare_that_never_ends_is_ended(product):
    outcome = prepared(product, "while True:\n    pass\nreturn {}", cpu_s=0.3)
    assert outcome.kind is OutcomeKind.TIMED_OUT
    outcome = prepared(product, "while True:\n    api.get('v', '/next')\nreturn {}", calls=20)
    assert (outcome.kind, outcome.usage.calls) == (OutcomeKind.CALL_REFUSED, 20)


def test_odd_keys_stay_the_texts_that_they_are(product):
    """Whose facts they are is decided outside; here two keys must not become one in silence, nor one user another."""
    keys = ["u1", "U1", " u1", "u1\0", "\u00e9", "e\u0301", "", "__proto__", "s2/u1", "other:u1", "x" * 300]
    outcome = prepared(product, f"return {{key: {{'k': key}} for key in {keys!r}}}")
    assert outcome.value == {key: {"k": key} for key in keys}


def test_halves_of_characters_as_keys_are_no_forgery(product):
    outcome = prepared(product, "return {'\\ud800': {'n': 1}, '\\ud801': {'n': 2}}")
    assert (outcome.kind, outcome.alarm, outcome.value) == (OutcomeKind.RETURNED, False, {"\ufffd": {"n": 2}})


def test_a_status_cannot_return_facts(product):
    outcome = product.run("facts = {'u1': {}}\nreturn [facts][0]")
    assert (outcome.kind, outcome.error.type) == (OutcomeKind.RAISED, "NotAMessage")


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "facts",
        {"u1": 5},
        {"u1": []},
        {"u1": None},
        {"text": "a", "link": None, "color": None},
        {str(n): {} for n in range(50_001)},
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_taken_over_child_that_sends_other_than_facts_is_a_forger(raw, value):
    body = f"frame(__import__('json').dumps({{'t': 'result', 'value': {value!r}}}, separators=(',', ':')).encode())"
    checked = raw.sandbox.check(f"def prepare(session, api):\n    {body}\n    return {{}}\n")
    outcome = raw.sandbox.prepare(checked.code, SCRIPT_INPUT, powers=Vendor())
    assert (outcome.kind, outcome.error.type, outcome.alarm) == (OutcomeKind.CRASHED, "ForgedFrame", True)


def test_facts_in_place_of_a_message_are_a_forgery(raw):
    outcome = raw.run('frame(b\'{"t":"result","value":{"u1":{}}}\'); return message(\'x\')')
    assert (outcome.kind, outcome.alarm) == (OutcomeKind.CRASHED, True)
