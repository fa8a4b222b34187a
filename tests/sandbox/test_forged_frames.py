"""What a child may send, and what it sends after a script has taken it over."""

from __future__ import annotations

import struct

import pytest

from sandbox import API_LEVEL, CallFault, CallNotMade, Finding, OutcomeKind, frame_schemas
from sandbox.frames import DEPTH, FrameError, decode, encode, pack
from tests.sandbox.boxes import Vendor

CALL = {
    "t": "call",
    "line": None,
    "method": "GET",
    "connection": "vendor",
    "path": "/x",
    "params": [],
    "json": None,
    "has_json": False,
    "headers": [],
}

NO_FRAMES = {
    "nothing": b"",
    "garbage": b"\xff\xfe\x00garbage",
    "half_an_object": b'{"t": "result"',
    "two_objects": b"{}{}",
    "not_a_number": b'{"t": NaN}',
    "infinity": b'{"t": -Infinity}',
    "a_number_too_large": b'{"t": 1e999}',
    "an_endless_integer": b'{"t": ' + b"9" * 10_000 + b"}",
    "a_list": b"[]",
    "a_text": b'"result"',
    "deep_lists": b"[" * 100_000,
    "deep_lists_that_are_closed": b'{"t": ' + b"[" * 500 + b"]" * 500 + b"}",
    "deep_objects": b'{"t":' * 50_000,
    "half_a_character": b'{"t": "\\ud800"}',
    "utf_16": '{"t": "x"}'.encode("utf-16"),
}


@pytest.mark.parametrize("body", NO_FRAMES.values(), ids=NO_FRAMES.keys())
def test_bytes_that_we_could_not_have_sent_are_no_frame(body):
    with pytest.raises(FrameError):
        decode(body)


@pytest.mark.parametrize("name", NO_FRAMES)
def test_a_child_that_sends_such_bytes_has_crashed(raw, name):
    outcome = raw.run(
        f"frame({NO_FRAMES[name]!r})\nreturn message('x')"
        if len(NO_FRAMES[name]) < 20_000
        else f"frame({NO_FRAMES[name][:6]!r} * {len(NO_FRAMES[name]) // 6})\nreturn message('x')"
    )
    assert (outcome.kind, outcome.error.type, outcome.alarm) == (OutcomeKind.CRASHED, "ForgedFrame", True)


def test_nesting_is_allowed_up_to_its_limit():
    def nested(depth):
        return b'{"t":' * depth + b"1" + b"}" * depth

    assert decode(nested(DEPTH))
    with pytest.raises(FrameError):
        decode(nested(DEPTH + 1))


def test_what_goes_out_comes_back():
    value = {"t": "ä\U0001f600", "n": [1, 1.5, None, True, {"x": "[[[[" * 100}]}
    assert decode(encode(value)) == value
    assert pack(b"abc") == b"\x00\x00\x00\x03abc"


def test_half_characters_do_not_leave_a_process():
    assert decode(encode({"t": "a\ud800b"})) == {"t": "a\ufffdb"}


def test_not_a_number_does_not_leave_a_process():
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"t": float("nan")})


FAILED = {
    "t": "failed",
    "memory": False,
    "fault": None,
    "type": "E",
    "line": 1,
    "chain": [["status", 1]],
    "text": "",
}

FORGED_RESULTS = {
    "no_value": {"t": "result"},
    "one_key_more": {"t": "result", "value": None, "alarm": False},
    "a_text": {"t": "result", "value": "hello"},
    "a_list": {"t": "result", "value": ["a", None, None]},
    "a_message_without_link": {"t": "result", "value": {"text": "a", "color": None}},
    "a_message_with_more": {"t": "result", "value": {"text": "a", "link": None, "color": None, "html": "<b>"}},
    "a_number_as_text": {"t": "result", "value": {"text": 1, "link": None, "color": None}},
    "a_list_as_link": {"t": "result", "value": {"text": "a", "link": ["https://x"], "color": None}},
    "no_text": {"t": "result", "value": {"text": None, "link": None, "color": None}},
    "an_unknown_kind": {"t": "outcome", "kind": "returned"},
    "a_kind_that_cannot_be_compared": {"t": ["result"]},
    "an_error_with_a_text_as_line": {
        "t": "failed",
        "memory": False,
        "fault": None,
        "chain": [["status", 1]],
        "type": "E",
        "line": "1",
        "text": "",
    },
    "an_error_with_true_as_line": {
        "t": "failed",
        "memory": False,
        "fault": None,
        "chain": [["status", 1]],
        "type": "E",
        "line": True,
        "text": "",
    },
    "an_error_in_a_line_without_end": {
        "t": "failed",
        "memory": False,
        "fault": None,
        "chain": [["status", 10**300]],
        "type": "E",
        "line": 10**300,
        "text": "",
    },
    "an_error_with_a_new_fault": {**FAILED, "fault": "x"},
    "an_error_in_a_line_beside_its_chain": {**FAILED, "line": 2},
    "an_error_in_a_line_without_a_chain": {**FAILED, "chain": []},
    "a_chain_of_texts": {**FAILED, "chain": ["status"]},
    "a_chain_with_more": {**FAILED, "chain": [["status", 1, "x"]]},
    "a_chain_of_numbers": {**FAILED, "chain": [[1, 1]]},
    "a_chain_with_a_text_as_line": {**FAILED, "chain": [["status", "1"], ["status", 1]]},
    "a_chain_with_true_as_line": {**FAILED, "chain": [["status", True], ["status", 1]]},
    "a_chain_with_line_0": {**FAILED, "chain": [["status", 0], ["status", 1]]},
    "a_chain_of_a_name_with_a_line_end": {**FAILED, "chain": [["status\n", 1]]},
    "a_chain_of_a_name_that_is_markup": {**FAILED, "chain": [["<img src=x>", 1]]},
    "a_chain_of_a_long_name": {**FAILED, "chain": [["x" * 81, 1]]},
    "a_chain_that_was_not_cut": {**FAILED, "chain": [["status", 1]] * 21},
    "a_review": {
        "t": "checked",
        "findings": [],
        "literals": [],
        "api_level": 1,
        "settings": [],
        "setting_places": [],
        "prepares": False,
        "calls": [],
        "has_code": True,
    },
    "a_log_of_numbers": {"t": "log", "line": None, "text": 5},
    "a_log_with_more": {"t": "log", "line": None, "text": "x", "level": "error"},
    "a_call_with_more": {**CALL, "user": "someone-else"},
    "a_call_with_less": {"t": "call", "method": "GET"},
    "a_call_by_another_method": {**CALL, "method": "DELETE"},
    "a_call_with_an_object_of_params": {**CALL, "params": {"a": "b"}},
    "a_call_with_a_number_as_param": {**CALL, "params": [["a", 1]]},
    "a_call_with_three_in_a_pair": {**CALL, "params": [["a", "b", "c"]]},
    "a_call_with_a_list_as_path": {**CALL, "path": ["/"]},
    "a_call_with_one_for_true": {**CALL, "has_json": 1},
}


@pytest.mark.parametrize("name", FORGED_RESULTS)
def test_a_forged_frame_ends_the_run_as_crashed_and_nothing_is_called(raw, name):
    vendor = Vendor()
    body = encode(FORGED_RESULTS[name])
    outcome = raw.run(f"frame({body!r})\nimport os\nos.read(3, 1)", powers=vendor)
    assert (outcome.kind, outcome.value, vendor.calls) == (OutcomeKind.CRASHED, None, [])
    assert (outcome.error.type, outcome.alarm) == ("ForgedFrame", True)


def test_a_huge_length_is_refused_unread(raw):
    outcome = raw.run(f"raw({struct.pack('>I', 2**32 - 1)!r})\nreturn message('x')")
    assert (outcome.kind, outcome.error.type, outcome.alarm) == (OutcomeKind.CRASHED, "ForgedFrame", True)
    assert "4294967295" in outcome.error.text


@pytest.mark.parametrize("beginning", [b"\x00", b"\x00\x00\x00\x10", b'\x00\x00\x00\x10{"t":'])
def test_half_a_frame_and_then_silence_runs_out_of_time(raw, beginning):
    outcome = raw.run(f"raw({beginning!r})\nimport os\nos.read(3, 1)", wall_s=0.3)
    assert outcome.kind is OutcomeKind.TIMED_OUT


def test_half_a_frame_and_then_the_end_is_a_crash(raw):
    outcome = raw.run("raw(b'\\x00\\x00\\x00\\x10{')\nimport os\nos._exit(0)")
    assert outcome.kind is OutcomeKind.CRASHED


def test_one_byte_at_a_time_runs_out_of_time_as_a_whole(raw):
    outcome = raw.run(
        "import time\nraw(b'\\x00\\x00\\x10\\x00')\nwhile True:\n    end = time.monotonic() + 0.05\n"
        "    while time.monotonic() < end: pass\n    raw(b' ')",
        wall_s=0.4,
    )
    assert outcome.kind is OutcomeKind.TIMED_OUT


def test_calls_after_the_answer_are_not_made_and_are_an_alarm(raw):
    vendor = Vendor()
    outcome = raw.run(
        f'frame(b\'{{"t":"result","value":null}}\')\nframe({encode(CALL)!r})\nreturn message(\'second answer\')',
        powers=vendor,
    )
    assert (outcome.kind, outcome.error.type, outcome.alarm) == (OutcomeKind.CRASHED, "ForgedFrame", True)
    assert vendor.calls == []


def test_an_answer_counts_only_if_the_child_then_ends(raw):
    outcome = raw.run('frame(b\'{"t":"result","value":null}\')\nimport os\nos.read(3, 1)\nos.read(3, 1)', wall_s=0.3)
    assert outcome.kind is OutcomeKind.TIMED_OUT


def test_a_child_that_does_not_read_its_answers_runs_out_of_time(raw):
    vendor = Vendor("x" * 900_000, bytes_read=1)
    outcome = raw.run(f"import os\nframe({encode(CALL)!r})\nwhile True: pass", powers=vendor, wall_s=0.4, cpu_s=3)
    assert outcome.kind is OutcomeKind.TIMED_OUT


def test_flooding_the_log_past_the_honest_child_is_an_alarm(raw):
    outcome = raw.run('while True: frame(b\'{"t":"log","line":null,"text":"x"}\')')
    assert (outcome.kind, outcome.error.type, outcome.alarm) == (OutcomeKind.CRASHED, "ForgedFrame", True)
    assert outcome.log[100:] == ("(further lines were dropped: a run may log 100)",)


def test_a_call_too_long_is_told_to_the_script(raw):
    vendor = Vendor()
    outcome = raw.run("return message(api.get('v', '/' + 'x' * 5000).text)", powers=vendor)
    assert (outcome.kind, outcome.error.type, vendor.calls) == (OutcomeKind.CALL_REFUSED, "ApiError", [])
    assert "4096 characters" in outcome.error.text


def test_the_zero_character_is_no_text_for_a_log(raw):
    assert raw.run("api.log('a\\0b'); return message('x')").log == ("a\ufffdb",)


GOOD_FINDING = {"rule": "r", "line": 1, "column": 1, "what": "w", "why": "y", "instead": "i", "severity": "error"}
REVIEW = FORGED_RESULTS["a_review"]
CALLED = {"line": 1, "column": 1, "method": "GET", "connection": "vendor", "path": None}


@pytest.mark.parametrize(
    "change",
    [
        {"findings": [GOOD_FINDING]},
        {"has_code": False},
        {"findings": [{**GOOD_FINDING, "severity": "fine"}], "has_code": False},
        {"findings": [{**GOOD_FINDING, "line": "1"}], "has_code": False},
        {"findings": [GOOD_FINDING] * 201, "has_code": False},
        {"api_level": API_LEVEL + 1},
        {"literals": [{"line": 1}]},
        {"api_level": True},
        {"settings": ["b", "a"], "setting_places": [[1, 1]] * 2},
        {"settings": ["a", "a"], "setting_places": [[1, 1]] * 2},
        {"settings": [1], "setting_places": [[1, 1]]},
        {"settings": [""], "setting_places": [[1, 1]]},
        {"settings": ["x" * 201], "setting_places": [[1, 1]]},
        {"settings": [f"{n:04}" for n in range(201)], "setting_places": [[1, 1]] * 201},
        {"settings": ["a"], "setting_places": [[1, 1]], "findings": [GOOD_FINDING], "has_code": False},
        {"settings": {"a": 1}},
        {"prepares": 1},
        {"prepares": True, "findings": [GOOD_FINDING], "has_code": False},
        {"settings": ["a"]},
        {"setting_places": [[1, 1]]},
        {"settings": ["a"], "setting_places": [[0, 1]]},
        {"settings": ["a"], "setting_places": [[1, 2**31]]},
        {"settings": ["a"], "setting_places": [[1, True]]},
        {"settings": ["a"], "setting_places": [[1]]},
        {"settings": ["a"], "setting_places": [1]},
        {"calls": [{**CALLED, "method": "DELETE"}]},
        {"calls": [{**CALLED, "connection": ""}]},
        {"calls": [{**CALLED, "connection": "x" * 101}]},
        {"calls": [{**CALLED, "path": "/" + "x" * 4096}]},
        {"calls": [{**CALLED, "path": 1}]},
        {"calls": [{**CALLED, "line": 0}]},
        {"calls": [{**CALLED, "secret": "x"}]},
        {"calls": [CALLED] * 1001},
        {"t": "result"},
    ],
    ids=str,
)
def test_a_forged_review_is_refused(change):
    with pytest.raises(FrameError):
        frame_schemas.check_report_of({**REVIEW, **change})


def test_a_review_with_errors_has_no_code():
    review = frame_schemas.check_report_of({**REVIEW, "findings": [GOOD_FINDING], "has_code": False})
    assert review.findings == (Finding("r", 1, 1, "w", "y", "i"),)


def test_too_many_params_are_told_to_the_script():
    with pytest.raises(CallNotMade) as caught:
        frame_schemas.call_of({**CALL, "params": [["a", "b"]] * 101})
    assert caught.value.fault is CallFault.REFUSED
