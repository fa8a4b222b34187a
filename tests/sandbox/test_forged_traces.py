"""Attacks by a child that no longer runs the sandbox's own code, through what it reports of traced runs."""

import json
import signal

import pytest

from sandbox import RunLimits, TraceSite
from sandbox.frames import FrameError
from sandbox.outcomes import OutcomeKind
from sandbox.tracing import trace_schemas
from tests.sandbox.boxes import SCRIPT_INPUT, Vendor, traced

FORGERIES = [
    "lines=[0]",
    "lines=['1']",
    "lines=list(range(1, 30000))",
    "lines=[True]",
    "tests=[[0, 2]]",
    "tests=[[0]]",
    "steps=-1",
    "used_up='everything'",
    "used_up=1",
    "comparisons=[[0, 'Eq', '=', ['text', 'x' * 500], ['none', '']]]",
    "comparisons=[[0, 'Call', '=', ['text', 'x'], ['none', '']]]",
    "comparisons=[[0, 'Eq', 'maybe', ['text', 'x'], ['none', '']]]",
    "comparisons=[[0, 'Eq', '=', ['members', [['members', []]]], ['none', '']]]",
    "comparisons=[[0, 'Eq', '=', ['none', ''], ['none', '']]] * 151",
    "reads=[[[], 'a', 'text']]",
    "reads=[[['vendor'], 'a', 'text']]",
    "reads=[[['answer', 99999], 'a', 'text']]",
    "reads=[[['user'], None, 'text']]",
    "misuses=[['stolen', ['text', 'a'], '']]",
    "message_line=0",
    "more=1",
]


@pytest.mark.parametrize("parts", FORGERIES)
def test_a_forged_trace_is_an_alarm(raw, parts):
    source = f"def status(user, session, api):\n    forge({parts})\n    return message('x')\n"
    end = traced(raw, source)
    if parts == "message_line=0":  # which the child overwrites
        assert end.outcome.kind is OutcomeKind.RETURNED
        return
    assert end.outcome.kind is OutcomeKind.CRASHED
    assert end.outcome.alarm


def test_the_plain_raw_language_is_no_alarm(raw):
    end = traced(raw, "def status(user, session, api):\n    return message('x')\n")
    assert end.outcome.kind is OutcomeKind.RETURNED
    assert not end.outcome.alarm


@pytest.mark.parametrize("kind", ["result", "checked", "instrumented"])
def test_another_final_frame_than_that_of_a_traced_run_is_an_alarm(raw, kind):
    body = json.dumps({"t": kind, "value": None}, separators=(",", ":"))
    end = traced(raw, f"def status(user, session, api):\n    frame({body.encode()!r})\n    return message('x')\n")
    assert end.outcome.alarm


def test_more_than_the_report_is_an_alarm_at_the_end(raw):
    source = "def status(user, session, api):\n    raw(b'x' * 3)\n    return message('x')\n"
    made = raw.sandbox.instrument(source).script
    with raw.sandbox.traced_runs(made, limits=RunLimits(), child_wall_s=10.0) as child:
        end = child.run(SCRIPT_INPUT, Vendor())
    assert end.outcome.alarm or end.outcome.kind is OutcomeKind.CRASHED


@pytest.mark.parametrize("after", ["raw(b'more')", "import socket; socket.socket()"], ids=["data", "forbidden call"])
def test_what_a_child_does_after_it_reported_a_lack_of_memory_is_an_alarm(raw, after):
    source = f"""
import os, json, struct
def status(user, session, api):
    end = {{"t": "failed", "memory": True, "fault": None, "type": "MemoryError", "line": None, "chain": [], "text": ""}}
    trace = {{"steps": 0, "used_up": "", "lines": [], "tests": [], "comparisons": [], "reads": [], "misuses": []}}
    told = {{"t": "traced", "end": end, "trace": {{**trace, "message_line": None}}}}
    frame(json.dumps(told, separators=(",", ":")).encode())
    {after}
    os._exit(0)
"""
    end = traced(raw, source)
    assert end.outcome.kind is OutcomeKind.OUT_OF_MEMORY
    assert end.outcome.alarm


def test_a_lack_of_memory_alone_is_no_alarm(raw):
    end = traced(raw, "def status(user, session, api):\n    raise MemoryError\n")
    assert (end.outcome.kind, end.outcome.alarm) == (OutcomeKind.OUT_OF_MEMORY, False)


def test_a_forbidden_call_in_a_traced_run_is_an_alarm(raw):
    source = "import socket\ndef status(user, session, api):\n    socket.socket()\n    return message('x')\n"
    end = traced(raw, source)
    assert end.outcome.kind is OutcomeKind.CRASHED
    assert end.outcome.alarm


def test_a_child_that_dies_is_a_crash_and_the_object_is_closed(raw):
    source = f"import os\ndef status(user, session, api):\n    os.kill(os.getpid(), {int(signal.SIGSEGV)})\n"
    made = raw.sandbox.instrument(source).script
    with raw.sandbox.traced_runs(made, limits=RunLimits(), child_wall_s=10.0) as child:
        end = child.run(SCRIPT_INPUT, Vendor())
        assert not child.is_open
    assert end.outcome.kind is OutcomeKind.CRASHED
    assert end.trace is None


def test_a_compiler_that_is_taken_over_cannot_send_a_forged_script(raw):
    attack = (
        "#ATTACK\nimport os, json, struct\n"
        "body = json.dumps({'t': 'instrumented', 'lines': ['a'], 'sites': [], 'texts': [], 'numbers': [], 'templates': [],"
        " 'has_code': True}, separators=(',', ':')).encode()\n"
        "os.write(3, struct.pack('>I', len(body)) + body)\n"
    )
    made = raw.sandbox.instrument(attack)
    assert made.script is None
    assert made.finding.rule == "check-alarm"


@pytest.mark.parametrize(
    "parts",
    [
        {"lines": [1, 0]},
        {"sites": [[1, None]]},
        {"sites": [[1, 2.5, None]]},
        {"texts": ["x" * 201]},
        {"texts": [1]},
        {"numbers": ["1"] * 301},
        {"templates": [[1, [["a", 1]]]]},
        {"templates": [[1, [["a"] * 21]]]},
        {"has_code": 1},
        {"has_code": False},
        {"more": 1},
    ],
    ids=str,
)
def test_a_forged_instrumented_script_is_refused(parts):
    frame = {"t": "instrumented", "lines": [1], "sites": [[1, 2, -1]], "texts": ["a"], "numbers": ["1"]}
    good = {**frame, "templates": [[1, [["a", None]]]], "has_code": True}
    assert trace_schemas.instrumented_of(good).sites == (TraceSite(1, 2, -1),)
    with pytest.raises(FrameError):
        trace_schemas.instrumented_of({**good, **parts})
