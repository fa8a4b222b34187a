"""The answers of a run as they are kept: readable as ANSWERS again, and bounded."""

import json

from runner.powers import AnswerLog, parse_answers
from runner.powers.answer_log import MOST_OF_RUN, MOST_TEXT
from runner.powers.call_record import CallProgress
from sandbox import Answer, Call, CallFault, CallNotMade

CALL = Call("GET", "ethos", "/credits?part=1", (("user", "16&5"), ("token", "s3cret")))


def log_of(*ends, call=CALL):
    log = AnswerLog({"id": "165"})
    for end in ends:
        answer, failure = (end, None) if isinstance(end, Answer) else (None, end)
        log.add(call, CallProgress().record(call, answer, failure), answer, failure)
    return log.entries


def an_answer(text="{}", headers=()):
    return Answer(200, dict(headers), text, len(text))


def test_an_answer_is_kept_in_the_form_in_which_recorded_answers_are_read():
    headers = {"content-type": "application/json", "set-cookie": "id=1", "link": "<https://x.example.org>; rel=next"}
    entries = log_of(an_answer('{"a":1}', headers))
    assert entries == [
        {
            "connection": "ethos", "method": "GET", "path": "/credits", "status": 200, "text": '{"a":1}',
            "query": {"part": ["1"], "user": ["16&5"], "token": ["[redacted]"]},
            "headers": {"content-type": "application/json", "link": "<https://x.example.org>; rel=next"},
        }
    ]  # fmt: skip
    assert parse_answers(entries)[0].text == '{"a":1}'


def test_every_fault_of_a_call_can_be_replayed_and_a_missing_record_is_no_answer():
    faults = [
        fault for fault in CallFault if fault is not CallFault.NO_ANSWER_RECORDED and fault is not CallFault.NOT_JSON
    ]
    entries = log_of(*(CallNotMade(fault, "why") for fault in CallFault))
    assert [parse_answers([entry])[0].fault for entry in entries] == faults


def test_a_path_that_is_none_is_not_kept():
    assert log_of(CallNotMade(CallFault.REFUSED, "no"), call=Call("GET", "ethos", "//evil/../x")) == []


def test_a_large_answer_is_left_out_and_a_run_keeps_a_bounded_amount():
    assert log_of(an_answer("x" * (MOST_TEXT + 1))) == []
    entries = log_of(*[an_answer("é" * (MOST_TEXT // 4))] * 20)
    assert 0 < len(json.dumps(entries, ensure_ascii=False).encode()) <= MOST_OF_RUN + 200
    assert len(entries) < 20
