"""The answers of a run as they are kept: readable as ANSWERS again, without other people, and bounded."""

import json

import pytest

from records import fields
from runner.powers import parse_answers
from runner.powers.answers.answer_recording import MOST_OF_RUN, MOST_TEXT, RecordedCalls
from runner.powers.answers.answer_redaction import AnswerRedaction
from sandbox import Answer, Call, CallFault, CallNotMade

CALL = Call("GET", "ethos", "/credits", (("user", "165"), ("token", "s3cret")))


class Vendors:
    """Powers that answer or fail as they are told."""

    calls = ()

    def __init__(self, ends):
        self._ends = list(ends)

    def call(self, _call, **_):
        end = self._ends.pop(0)
        if isinstance(end, Answer):
            return end
        raise end


def kept(*ends, calls=(), own=("165", "Mei")):
    powers = RecordedCalls(Vendors(ends))
    for call in calls or [CALL] * len(ends):
        try:
            powers.call(call, deadline=0, read_bytes_left=0)
        except CallNotMade:
            continue
    return powers.entries_of_run(AnswerRedaction(secrets=(), kept=own))


def an_answer(value, headers=()):
    text = value if isinstance(value, str) else json.dumps(value)
    return Answer(200, {"content-type": "application/json"} | dict(headers), text, len(text))


def test_other_people_and_tokens_are_replaced_and_the_users_own_data_stays():
    answer = an_answer({"first_name": "Mei", "staff": {"name": "Olga", "email": "olga@cme.org"}, "access_token": "abc"})
    (entry,) = kept(answer)
    assert entry["json"] == {
        "first_name": "Mei",
        "staff": {"name": "Name 1", "email": "person-1@example.org"},
        "access_token": "redacted-1",
    }
    assert entry["query"] == {"user": ["165"], "token": ["[redacted]"]}
    assert parse_answers([entry])


def test_every_call_has_its_entry_in_order_also_the_same_one_made_twice():
    entries = kept(an_answer({"n": 1}), an_answer({"n": 2}))
    assert [entry["json"]["n"] for entry in entries] == [1, 2]


def test_a_token_of_an_answer_that_leads_to_the_next_page_still_leads_there():
    calls = (Call("GET", "v", "/a", ()), Call("GET", "v", "/a", (("page", "olga-page-two"),)))
    first, second = kept(an_answer({"nextToken": "olga-page-two"}), an_answer([]), calls=calls)
    assert second["query"] == {"page": [first["json"]["nextToken"]]}
    assert "olga" not in json.dumps([first, second])


@pytest.mark.parametrize("path", ["/people/olga@cme.org", "/people/165"])
def test_a_call_that_names_another_person_is_not_kept(path):
    entries = kept(an_answer({}), calls=[Call("GET", "v", path, ())])
    assert len(entries) == (0 if "olga" in path else 1)


def test_every_fault_that_the_rules_do_not_make_again_can_be_replayed():
    faults = [CallFault.REFUSED, CallFault.TIMEOUT, CallFault.CONNECTION, CallFault.BREAKER_OPEN, CallFault.TOO_LARGE]
    entries = kept(*(CallNotMade(fault, "why") for fault in faults))
    assert [one.fault for one in parse_answers(entries)] == faults


def test_a_large_answer_is_left_out_and_a_run_keeps_a_limited_amount():
    assert kept(an_answer("x" * (MOST_TEXT + 1))) == []
    entries = kept(*[an_answer("y z " * (MOST_TEXT // 8))] * 20)
    assert 0 < len(json.dumps(entries)) <= MOST_OF_RUN + 100
    assert len(entries) < 20


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "\ud800", '{"a": ' * 90 + "1" + "}" * 90, ""])
def test_any_text_of_a_vendor_ends_well(text):
    assert len(kept(an_answer(text))) == (0 if len(text) > MOST_TEXT else 1)


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a":', "}")])
def test_an_answer_that_is_too_deep_to_be_stored_is_left_out_so_that_its_run_is_stored(before, after):
    deep = [an_answer(before * levels + "1" + after * levels) for levels in (50, 101, 400, 480, 492, 900, 9000)]
    entries = kept(*deep)
    assert len(entries) == 1
    assert fields.storable(entries) == entries
