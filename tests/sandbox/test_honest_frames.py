"""Honest children: whatever a script of the language does, and however its run ends, no frame counts as forged.

A false alarm suspends an honest vendor's script. So the scripts here send everything that a script can send, and die in
every way in which a script can die meanwhile; the broker must not take any of these ends for a forgery.
"""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import Answer, CallFault, CallNotMade, OutcomeKind, RunLimits, Sandbox, child, frame_schemas
from sandbox.frames import FrameError, decode_from_child, encode
from sandbox.outcomes import MIB
from tests.sandbox.boxes import SCRIPT_INPUT, Box, Vendor, indented

COMMON = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize=True,
)

#: Expressions of the language for values that are odd and legal, as they stand in a script.
ODD = st.sampled_from(
    [
        "None", "True", "0", "-1", "1.5", "-0.0", "1e308", "float('nan')", "float('inf')", "1 / 3",
        "int('9' * 639)", "int('9' * 640)", "int('9' * 641)", "-int('9' * 640)", "int('9' * 4300)",
        "Decimal('1.10')", "Decimal('NaN')", "Decimal('Infinity')", "Decimal('1e999999')", "Decimal('9' * 3000)",
        "''", "'\\0'", "'\\x7f'", "'\\ud800'", "'\\udfff\\ud800'", "'\\ud83d\\ude00'", "'\\\\ud800'", "'\\u2028'",
        "'\\ufffe\\uffff'", "'{\"t\":\"result\"}'", "'x' * 4001", "'\\ud800' * 4001", "'x' * 70_000", "'\\0' * 50_000",
        "'x' * 3_000_000", "b'x'", "user", "session", "api", "message", "hidden()", "[]", "{}", "()", "[[]] * 200",
        "nested(49)", "nested(50)", "nested(51)", "nested(60)", "nested(64)", "nested(65)", "nested(990)",
        "nested_dicts(49)", "nested_dicts(50)", "nested_dicts(70)",
        "{'\\ud800': 1, '\\ud801': 2}", "{1: 'a', '1': 'b'}", "{None: 1, True: 2, 1.5: 3}", "{float('nan'): 1}",
        "{'a': ['\\ud800', {'b': '\\udc00'}]}", "{(1, 2): 3}", "{'t': 'result', 'value': None}", "list(range(5000))",
        "datetime(2026, 1, 1)", "timedelta(1)", "{1, 2}", "[1, 1, '\\ud800', None]", "{str(n): n for n in range(120)}",
        "[['a', 'b']] * 101", "[('a', ['x', None, 3])]", "session.starts_at", "ValueError('\\ud800')", "lambda: 1",
    ]
)  # fmt: skip
PATHS = st.sampled_from(
    ["'/x'", "'/'", "'/\\ud800'", "'/' + 'x' * 5000", "'/x?a=//b'", "'/x?u=https://y'", "'/' + 'x' * 300_000"]
)
SAYINGS = st.one_of(
    st.builds("api.log({})".format, ODD),
    st.builds("print({}, {}, sep=str({}))".format, ODD, ODD, ODD),
    st.builds("api.get('v', {}, params=hide({}), headers=hide({}))".format, PATHS, ODD, ODD),
    st.builds("api.post('v', {}, json={}, params=hide({}))".format, PATHS, ODD, ODD),
    st.builds("api.get(str({}), {})".format, ODD, PATHS),
    st.builds("api.post('v', {}, json=[{}, {}])".format, PATHS, ODD, ODD),
)
LAST = st.one_of(
    st.builds("return message(str({}), link=str({}), color=str({}))".format, ODD, ODD, ODD),
    st.builds("return message(hide({}))".format, ODD),
    st.builds("return hide({})".format, ODD),
    st.builds("raise ValueError({})".format, ODD),
    st.builds(
        "raise ApiError(str({}), {})".format, ODD, st.sampled_from(["'refused'", "'not json'", "'x'", "5", "None"])
    ),
    st.just("return hide(sorted([1, 2], key=again))"),
    st.just("return hidden()"),
)
HEAD = """
from datetime import datetime, timedelta
from decimal import Decimal

def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value

def nested_dicts(depth):
    value = {"a": 1}
    for _ in range(depth - 1):
        value = {"a": value}
    return value

def hide(value):
    return [value][0]  # the check follows it no further, so that what it would refuse reaches the frames

def again(value):
    return sorted([1, 2], key=again)
"""


def script(sayings, last):
    body = "\n".join(f"try:\n    {saying}\nexcept Exception as error:\n    pass" for saying in sayings)
    return f"{HEAD}\n{indented(body + chr(10) + last)}"


def ran(product, source, powers=None, **limits):
    checked = product.sandbox.check(source)
    assert not checked.alarm
    assert checked.code is not None, checked.findings
    outcome = product.sandbox.run(checked.code, SCRIPT_INPUT, powers=powers or Vendor(), limits=RunLimits(**limits))
    assert not outcome.alarm, outcome
    assert outcome.error is None or outcome.error.type != "ForgedFrame", outcome
    return outcome


@COMMON
@given(st.lists(SAYINGS, max_size=6), LAST)
def test_odd_values_are_never_a_forged_frame(product, sayings, last):
    ran(product, script(sayings, last), cpu_s=1.0)


def test_values_at_each_end_of_what_may_be_said_are_said(product):
    """That the property above is not true for want of calls: these reach the powers."""
    vendor = Vendor()
    sayings = [
        "api.post('v', '/x', json={'a': int('9' * 640), 'b': nested(49), '\\ud800': 1, '\\udfff': 2})",
        "api.post('v', '/x', json=[float('1e308'), -0.0, Decimal('1.10'), '\\ud83d\\ude00'])",
        "api.post('v', '/x', json=nested(50))",
        "api.get('v', '/x?u=https://y', params={'n': -int('9' * 640)})",
        "print('x' * 5000)",
    ]
    outcome = ran(product, script(sayings, "return hidden()"), powers=vendor)
    assert (outcome.kind, len(vendor.calls), len(outcome.log)) == (OutcomeKind.RETURNED, 4, 1)
    assert vendor.calls[0].json["\ufffd"] == 2


@pytest.mark.parametrize("fault", [None, *CallFault])
def test_an_api_error_that_reaches_the_top_is_no_forgery(product, fault):
    powers = Vendor("no json", fault=None if fault is None else CallNotMade(fault, "why"))
    outcome = ran(product, indented("return message(api.get('v', '/').json()['x'])"), powers=powers)
    assert outcome.kind in {OutcomeKind.CALL_FAILED, OutcomeKind.CALL_REFUSED}


#: Each says much, and goes on until something ends it.
TALKERS = {
    "logs": "kept = []\nwhile True:\n    kept.append('x' * 50_000)\n    api.log('y' * 4000)",
    "calls": "kept = []\nwhile True:\n    kept.append(api.get('v', '/x', params={'a': 'x' * 8000}).text + str(len(kept)))",
    "posts": "kept = []\nwhile True:\n    kept.append({'k': ['x' * 1000 + str(len(kept))]})\n    api.post('v', '/x', json=kept)",
    "posts_more_and_more": "data = ['x' * 100]\nwhile True:\n    data = data + data\n    api.post('v', '/x', json=data)",
    "returns_much": "kept = ['z' * 1_000_000 + str(n) for n in range(8)]\nreturn message(str(kept))",
    "raises_much": "kept = ['z' * 1_000_000 + str(n) for n in range(8)]\nraise ValueError(str(kept))",
    "fills_small_pieces": "kept = None\nwhile True:\n    kept = (kept, [kept])\n    api.log('n')",
    "multiplies_a_deque": "from collections import deque\nkept = deque([1])\nwhile True:\n    api.log('n')\n    kept = kept * 40",
}
EVERY_BUDGET = {"calls": 10_000, "log_lines": 10_000, "read_bytes": 1 << 30, "output_bytes": 1 << 20}


@pytest.mark.parametrize("name", TALKERS)
def test_memory_that_runs_out_anywhere_in_a_frame_is_never_a_forged_frame(product, name):
    code = product.sandbox.check(indented(TALKERS[name])).code
    kinds = set()
    for step in range(6):
        memory = MIB // 4 + step * 742 * 1024
        limits = RunLimits(memory_bytes=memory, cpu_s=0.08, wall_s=3.0, **EVERY_BUDGET)
        outcome = product.sandbox.run(code, SCRIPT_INPUT, powers=Vendor("v" * 3000), limits=limits)
        assert not outcome.alarm, (memory, outcome)
        kinds.add(outcome.kind)
    assert kinds <= {
        OutcomeKind.OUT_OF_MEMORY,
        OutcomeKind.TIMED_OUT,
        OutcomeKind.CRASHED,
        OutcomeKind.RETURNED,
        OutcomeKind.RAISED,
        OutcomeKind.TOO_MUCH_OUTPUT,
    }


@pytest.mark.parametrize("name", ["logs", "calls", "posts"])
def test_time_that_runs_out_anywhere_in_a_frame_is_never_a_forged_frame(product, name):
    code = product.sandbox.check(indented(TALKERS[name])).code
    for step in range(6):
        limits = RunLimits(memory_bytes=512 * MIB, cpu_s=0.002 + step * 0.004, wall_s=2.0, **EVERY_BUDGET)
        outcome = product.sandbox.run(code, SCRIPT_INPUT, powers=Vendor("v" * 3000), limits=limits)
        assert not outcome.alarm, outcome
        limits = RunLimits(memory_bytes=512 * MIB, cpu_s=2.0, wall_s=0.01 + step * 0.017, **EVERY_BUDGET)
        outcome = product.sandbox.run(code, SCRIPT_INPUT, powers=Vendor("v" * 3000), limits=limits)
        assert not outcome.alarm, outcome


class Hasty(Vendor):
    """Powers whose answers are larger than the run has memory for."""

    def call(self, call, *, deadline, read_bytes_left):
        self.calls.append(call)
        return Answer(200, {}, "v" * 8_000_000, 1)


def test_an_answer_that_does_not_fit_into_the_memory_is_never_a_forged_frame(product):
    body = "for n in range(5):\n    try:\n        api.get('v', '/x')\n    except Exception:\n        pass\n    api.log('n')\nreturn hidden()"
    code = product.sandbox.check(indented(body)).code
    for memory in range(1, 26, 4):
        limits = RunLimits(memory_bytes=memory * MIB, **EVERY_BUDGET)
        outcome = product.sandbox.run(code, SCRIPT_INPUT, powers=Hasty(), limits=limits)
        assert not outcome.alarm, outcome


def test_texts_that_earn_every_kind_of_finding_are_never_a_forged_review(product):
    for source in (
        "",
        "\0",
        "def",
        "import os\n" * 2000,
        "x = message('\\ud800', link='\\udfff')\n" * 600,
        "\u202e" * 300 + "x",
        f"{'a' * 20_000}.{'b' * 10_000}",
        "é = 1\n" * 3000,
        "x = 1 if 1 is 1 else 2\n" * 500,
        "'\\d'\n" * 1500,
        "(" * 300,
        "x = " + "-" * 3000 + "1",
    ):
        assert not product.sandbox.check(source).alarm


def test_a_frame_that_breaks_off_is_the_end_of_its_child(monkeypatch):
    """The system may take a part of a frame and refuse the rest: behind that part this process says nothing more."""
    sent, ended = [], []

    def write(_descriptor, data):
        if sent:
            raise OSError(105, "No buffer space available")
        sent.append(bytes(data[:7]))
        return 7

    def end(code):
        ended.append(code)
        raise SystemExit

    monkeypatch.setattr(child.os, "write", write)
    monkeypatch.setattr(child.os, "_exit", end)
    with pytest.raises(SystemExit):
        child.BrokerCalls(1)("log", {"text": "hello"})
    assert (len(sent), ended) == (1, [child.EXIT_MEMORY])


def test_a_frame_that_did_not_begin_is_only_an_error(monkeypatch):
    def write(_descriptor, _data):
        raise OSError(105, "No buffer space available")

    monkeypatch.setattr(child.os, "write", write)
    monkeypatch.setattr(child.os, "_exit", lambda code: pytest.fail(f"ended with {code}"))
    with pytest.raises(OSError, match="buffer"):
        child.BrokerCalls(1)("log", {"text": "hello"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@settings(deadline=None, max_examples=80, derandomize=True)
@given(JSON, st.text(st.characters()), st.sampled_from(["ValueError", "error", "ApiError", "\u00c9" * 80]))
def test_what_we_write_is_always_what_we_take_for_our_writing(value, text, name):
    """Over all values: the two ends are one function, and its text is its own fixed point."""
    for frame in (
        {"t": "log", "line": 1, "text": text[:4000]},
        {"t": "result", "value": {"text": text, "link": name, "color": None}},
        {"t": "failed", "memory": False, "fault": None, "type": name, "line": None, "chain": [], "text": text[:300]},
    ):
        decoded = decode_from_child(encode(frame))
        frame_schemas.line_of(decoded, 500) if frame["t"] == "log" else frame_schemas.run_report_of(decoded)
    decode_from_child(encode({"t": "call", "json": value}))


def test_every_exception_there_is_has_a_name_that_a_child_may_send():
    """Of this process, which has far more of them loaded than a child."""
    kinds, level = set(), {BaseException}
    while level:
        kinds |= level
        level = {inner for kind in level for inner in type.__subclasses__(kind)} - kinds
    assert len(kinds) > 100
    assert [kind for kind in kinds if not kind.__name__[:80].isidentifier()] == []


def test_an_interpreter_with_a_low_limit_of_digits_reads_what_a_child_may_send():
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        number = int("9" * 640)
        assert decode_from_child(encode({"n": -number})) == {"n": -number}
        with pytest.raises(FrameError):
            decode_from_child(b'{"n":' + b"9" * 641 + b"}")
    finally:
        sys.set_int_max_str_digits(before)


def test_a_zygote_of_another_release_is_not_asked(monkeypatch):
    """Files that were replaced under a running worker would make every run look forged."""
    with Sandbox() as sandbox:
        box = Box(sandbox)
        assert box.run("return hidden()").kind is OutcomeKind.RETURNED
        monkeypatch.setattr("sandbox.zygote.pool.source_digest", lambda: "another")
        renewed = sandbox._pool._zygote
        sandbox._pool._renew(renewed)
        assert sandbox._pool._zygote is renewed
        assert box.run("return hidden()").kind is OutcomeKind.RETURNED
