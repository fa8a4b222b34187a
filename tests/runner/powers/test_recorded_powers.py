"""Recorded answers: what authors run their scripts against, and what they are told when an entry is wrong or missing."""

import json
import time

import pytest

from runner.powers import AnswersError, RecordedPowers, parse_answers
from sandbox import Call, CallFault, CallNotMade
from tests.support import ROOT

EXAMPLES = ROOT / "scripts" / "examples"


def call(answers, path="/x", method="GET", params=(), **options):
    powers = RecordedPowers(answers)
    asked = Call(method, "cme", path, params, options.get("json"), "json" in options)
    deadline, room = time.monotonic() + options.get("wall_s", 1.0), options.get("room", 1000)
    try:
        return powers.call(asked, deadline=deadline, read_bytes_left=room)
    finally:
        call.record = powers.calls[-1]


def fault_of(*args, **options):
    with pytest.raises(CallNotMade) as caught:
        call(*args, **options)
    return caught.value.fault, caught.value.text


def entry(**fields):
    return {"connection": "cme", "method": "GET", "path": "/x"} | fields


def test_the_first_entry_that_matches_answers():
    answers = [entry(path="/y", text="y"), entry(query={"a": "1"}, text="1"), entry(text="any"), entry(text="never")]
    assert call(answers, params=(("a", "1"),)).text == "1"
    assert call(answers, params=(("a", "2"),)).text == "any"
    assert call(answers).text == "any"
    assert call(answers, "/y").text == "y"


def test_a_query_matches_in_any_order_and_with_numbers_and_lists():
    answers = [entry(query={"b": 2, "a": ["x", "y"]}, text="matched")]
    assert call(answers, params=(("a", "y"), ("b", "2"), ("a", "x"))).text == "matched"
    assert call(answers, "/x?a=x&b=2", params=(("a", "y"),)).text == "matched"
    assert fault_of(answers, params=(("a", "x"), ("b", "2")))[0] is CallFault.NO_ANSWER_RECORDED


def test_an_empty_query_matches_only_a_call_without_one():
    answers = [entry(query={}, text="none"), entry(text="any")]
    assert call(answers).text == "none"
    assert call(answers, params=(("a", "1"),)).text == "any"


def test_a_query_may_be_written_into_the_path():
    assert call([entry(path="/x?a=1", text="one")], params=(("a", "1"),)).text == "one"
    assert fault_of([entry(path="/x?a=1")])[0] is CallFault.NO_ANSWER_RECORDED


def test_paths_match_however_they_are_escaped():
    assert call([entry(path="/users/zoë x", text="ok")], "/users/zo%c3%ab%20x").text == "ok"


def test_json_text_status_and_headers_are_given():
    answer = call([entry(json={"é": [1, None]}, status=404, headers={"X-Total": "3"})])
    assert (answer.status, json.loads(answer.text)) == (404, {"é": [1, None]})
    assert answer.headers == {"x-total": "3", "content-type": "application/json"}
    assert answer.bytes_read == len(answer.text.encode())
    assert call([entry(text="plain")]).headers == {}
    assert call([entry()]).text == ""
    assert call([entry(json=None)]).text == "null"


def test_a_post_is_matched_by_its_place_not_by_its_body():
    assert call([entry(method="POST", text="done")], method="POST", json={"a": 1}).text == "done"


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ("timeout", CallFault.TIMEOUT),
        ("refused", CallFault.REFUSED),
        ("connection", CallFault.CONNECTION),
        ("breaker open", CallFault.BREAKER_OPEN),
        ("too large", CallFault.TOO_LARGE),
    ],
)
def test_a_recorded_error_is_a_call_not_made(error, fault):
    assert fault_of([entry(error=error)])[0] is fault
    assert call.record.fault == fault.value


def test_a_delay_passes_and_ends_at_the_deadline():
    started = time.monotonic()
    assert call([entry(text="x", delay_ms=100)]).text == "x"
    assert time.monotonic() - started >= 0.1
    assert fault_of([entry(text="x", delay_ms=5000)], wall_s=0.1)[0] is CallFault.TIMEOUT
    assert time.monotonic() - started < 1.0


def test_an_answer_larger_than_what_is_left_is_too_large():
    assert fault_of([entry(text="é" * 6)], room=11)[0] is CallFault.TOO_LARGE
    assert call([entry(text="é" * 6)], room=12).bytes_read == 12


def test_a_call_without_a_recorded_answer_is_named_with_the_nearest_ones():
    answers = [entry(path="/users/ada/credits", query={"year": "2026"}), entry(path="/unrelated", connection="other")]
    fault, text = fault_of(answers, "/users/ada/credit", params=(("year", "2026"),))
    assert fault is CallFault.NO_ANSWER_RECORDED
    assert 'GET cme /users/ada/credit {"year": "2026"}' in text
    assert 'nearest recorded: GET cme /users/ada/credits {"year": "2026"}' in text
    assert "no answer is recorded for anything like it" in fault_of([], "/x")[1]


@pytest.mark.parametrize("path", ["/../x", "//evil.example", "x", "/x#y"])
def test_a_path_that_a_real_vendor_would_not_get_is_refused_here_too(path):
    assert fault_of([entry()], path)[0] is CallFault.REFUSED


def test_calls_are_recorded_like_real_ones():
    call([entry(text="ok")], "/x?token=abc", params=(("a", "1"),))
    record = call.record.as_json()
    assert record.pop("ms") >= 0
    assert record == {
        "connection": "cme", "method": "GET", "path": "/x", "query": "token=[redacted]&a=1", "status": 200,
        "fault": None, "bytes": 2, "from_cache": False, "attempts": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({}, "a list of entries"),
        ("x", "a list of entries"),
        ([entry(), 5], "entry 2: an entry must be an object"),
        ([{"method": "GET", "path": "/"}], "entry 1, field connection: is missing"),
        ([{"connection": "cme"}], "entry 1, field path: is missing"),
        ([entry(connection=5)], "field connection: must be a text"),
        ([entry(method="DELETE")], "field method: must be GET or POST"),
        ([entry(path="x")], "field path: cannot be the path of a call: a path must start with /"),
        ([entry(path="/../x")], "field path: cannot be the path of a call"),
        ([entry(query=[])], "field query: must be an object"),
        ([entry(query={"a": None})], "field query: the value of 'a'"),
        ([entry(query={"a": True})], "field query: the value of 'a'"),
        ([entry(query={"a": {"b": 1}})], "field query: the value of 'a'"),
        ([entry(status="200")], "field status: must be a number from 200 to 599"),
        ([entry(status=True)], "field status"),
        ([entry(status=100)], "field status"),
        ([entry(headers=["x"])], "field headers: must be an object"),
        ([entry(headers={"x": 1})], "field headers"),
        ([entry(text={"a": 1})], "field text: must be a text; for anything else use json"),
        ([entry(text="x", json=1)], "must not be given together with json"),
        ([entry(json=1, error="timeout")], "field error: must not be given together with json"),
        ([entry(error="boom")], "field error: must be one of: timeout, refused, connection"),
        ([entry(error=["timeout"])], "field error: must be one of"),
        ([entry(delay_ms=-1)], "field delay_ms: must be a number"),
        ([entry(delay_ms="5")], "field delay_ms"),
        ([entry(delay_ms=float("nan"))], "field delay_ms"),
        ([entry(stauts=200)], "field stauts: is not known; did you mean status?"),
        (
            [entry(body={})],
            "field body: is not known; an entry has comment, connection, delay_ms, error, headers, json, method, path, query, status, text",
        ),
    ],
)
def test_a_wrong_entry_is_named_with_its_number_and_field(data, place):
    with pytest.raises(AnswersError) as caught:
        parse_answers(data)
    assert place in str(caught.value)


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("answers*.json")), ids=lambda path: path.parent.name)
def test_the_answers_of_the_examples_can_be_read(path):
    parse_answers(json.loads(path.read_text()))
