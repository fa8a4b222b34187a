"""Calls through the broker: what it passes on, what it counts, and what ends a run."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from sandbox import Answer, Call, CallFault, CallNotMade, OutcomeKind
from tests.sandbox.boxes import SCRIPT_INPUT, Vendor


def test_a_call_reaches_the_powers_as_a_value_and_its_answer_the_script(raw):
    vendor = Vendor("hello")
    outcome = raw.run(
        "r = api.get('v', '/x', params={'a': 'b'}, headers=[['h', '1']])\nreturn message(f'{r.status} {r.text}')",
        powers=vendor,
    )
    assert outcome.value == {"text": "200 hello", "link": None, "color": None}
    assert vendor.calls == [Call("GET", "v", "/x", (("a", "b"),), None, has_json=False, headers=(("h", "1"),))]
    assert (outcome.usage.calls, outcome.usage.read_bytes) == (1, 5)


def test_one_call_too_many_ends_the_run_although_the_script_swallows_all(raw):
    vendor = Vendor()
    outcome = raw.run(
        "while True:\n    try:\n        api.get('v', '/x')\n    except BaseException: pass", powers=vendor, calls=3
    )
    assert (outcome.kind, len(vendor.calls), outcome.usage.calls) == (OutcomeKind.CALL_REFUSED, 3, 3)
    assert "budget of 3 calls" in outcome.error.text


def test_bytes_over_the_budget_end_the_run(raw):
    vendor = Vendor("x" * 600)
    outcome = raw.run("while True: api.get('v', '/x')", powers=vendor, read_bytes=1000)
    assert (outcome.kind, len(vendor.calls), outcome.usage.read_bytes) == (OutcomeKind.CALL_REFUSED, 2, 1200)
    assert "1000 bytes read" in outcome.error.text


def test_a_call_with_nothing_left_to_read_is_not_made(raw):
    vendor = Vendor("x" * 500)
    outcome = raw.run("while True: api.get('v', '/x')", powers=vendor, read_bytes=1000)
    assert (outcome.kind, len(vendor.calls)) == (OutcomeKind.CALL_REFUSED, 2)


def test_bodies_read_in_vain_count(raw):
    vendor = Vendor(fault=CallNotMade(CallFault.TOO_LARGE, "too large", bytes_read=700))
    outcome = raw.run(
        "while True:\n    try:\n        api.get('v', '/x')\n    except ApiError: pass", powers=vendor, read_bytes=1000
    )
    assert (outcome.kind, len(vendor.calls)) == (OutcomeKind.CALL_REFUSED, 2)


@pytest.mark.parametrize("fault", CallFault)
def test_an_uncaught_fault_of_a_call_is_the_outcome(raw, fault):
    outcome = raw.run("api.get('v', '/x')", powers=Vendor(fault=CallNotMade(fault, "why")))
    expected = OutcomeKind.CALL_REFUSED if fault is CallFault.REFUSED else OutcomeKind.CALL_FAILED
    assert (outcome.kind, outcome.error.type, outcome.error.line, outcome.error.text) == (
        expected,
        "ApiError",
        2,
        "why",
    )


def test_a_fault_of_a_call_can_be_caught(raw):
    outcome = raw.run(
        "try:\n    api.get('v', '/x')\nexcept ApiError as e:\n    return message(e.kind)",
        powers=Vendor(fault=CallNotMade(CallFault.TIMEOUT, "slow")),
    )
    assert outcome.value["text"] == "timeout"


def test_an_exception_with_the_name_of_a_fault_and_a_forged_kind_is_only_raised(raw):
    body = "class ApiError(Exception):\n    kind = ['refused']\nraise ApiError('x')"
    assert raw.run(body).kind is OutcomeKind.RAISED


class Slow(Vendor):
    def call(self, call, *, deadline, read_bytes_left):
        self.deadline = deadline
        time.sleep(0.5)
        return Answer(200, {}, "", 0)


def test_the_wall_time_holds_during_a_call_and_the_powers_know_the_deadline(raw):
    slow = Slow()
    began = time.monotonic()
    outcome = raw.run("api.get('v', '/x')\nreturn message('x')", powers=slow, wall_s=0.2)
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert 0.1 < slow.deadline - began < 0.4


class Broken(Vendor):
    def call(self, call, *, deadline, read_bytes_left):
        raise TimeoutError("a bug of ours")


def test_a_bug_in_the_powers_is_our_exception_and_no_outcome(raw):
    with pytest.raises(TimeoutError, match="a bug of ours"):
        raw.run("api.get('v', '/x')", powers=Broken())
    assert raw.run("return message('x')").kind is OutcomeKind.RETURNED


def test_usage_is_measured_outside_the_child(raw):
    outcome = raw.run("x = bytearray(30 * 1024 * 1024)\nfor i in range(1_000_000): pass\nreturn message('x')")
    assert outcome.usage.memory_bytes > 30 * 1024 * 1024
    assert outcome.usage.wall_ms >= outcome.usage.cpu_ms * 0.5 > 0


def test_a_megabyte_of_answer_fits_into_the_memory(raw):
    outcome = raw.run("return message(str(len(api.get('v', '/x').text)))", powers=Vendor("ä" * 500_000))
    assert outcome.value["text"] == "500000"


def test_settings_may_nest_as_deep_as_they_are_stored(product):
    settings = {"a": json.loads("[" * 99 + "]" * 99)}
    outcome = product.run(
        "return message(str(len(api.settings['a'])))", script_input=replace(SCRIPT_INPUT, settings=settings)
    )
    assert outcome.value["text"] == "1"
