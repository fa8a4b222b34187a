"""The notes of vendors' calls are read as what anybody with access to the store may have written."""

import json
import logging

import pytest

from runner.health.hook_calls import HookCall, HookCalls

NAME = "hook:calls:{demo}:taken"
GOOD = {"hook": "facts", "taken": True, "said": "1 taken.", "at": "2026-05-04T09:00:00+00:00"}
ODD = [
    b"",
    b"no json",
    b"\xff\xfe",
    b"[" * 100_000,
    b"7" * 10_000,
    b"null",
    b"[]",
    b'"facts"',
    b"{}",
    json.dumps({**GOOD, "more": 1}).encode(),
    *(json.dumps({**GOOD, name: value}).encode() for name in GOOD for value in (None, 7, [], {})),
    *(json.dumps({**GOOD, "at": at}).encode() for at in ("", "yesterday", "2026-05-04T09:00:00", "9" * 99)),
]


@pytest.fixture
def calls(redis):
    return HookCalls(redis)


@pytest.mark.parametrize("entry", ODD, ids=lambda entry: entry[:40].decode("latin-1"))
def test_a_note_that_was_not_written_here_is_left_out(redis, calls, entry):
    calls.note("demo", HookCall("facts", taken=True, said="1 taken."))
    redis.lpush(NAME, entry)
    assert [call.said for call in calls.recent("demo", taken=True)] == ["1 taken."]


def test_notes_of_another_type_stop_neither_the_page_nor_the_next_call(redis, calls, caplog):
    for act in (lambda: calls.recent("demo", taken=True), lambda: calls.note("demo", HookCall("facts", True, "x"))):
        redis.set(NAME, "no list")
        with caplog.at_level(logging.ERROR):
            act()
        assert "unreadable calls of hooks deleted" in caplog.text
        caplog.clear()
    calls.note("demo", HookCall("facts", taken=True, said="1 taken."))
    assert [call.said for call in calls.recent("demo", taken=True)] == ["1 taken."]
