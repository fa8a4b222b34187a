"""An interpreter that dies of its own fault: the outcome names the signal and the last known line."""

from __future__ import annotations

import pytest

from sandbox import OutcomeKind

DIES_BY = {
    "SIGSEGV": "ctypes.string_at(8)",
    "SIGABRT": "ctypes.CDLL(None).abort()",
    "SIGBUS": "ctypes.CDLL(None).__getattr__('raise')(7)",
}
CALLS = "api.log('here')\nx = 1\nfor n in range(2):\n    api.get('v', '/x')\nimport ctypes\n"


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT"])
def test_the_signal_and_the_line_of_the_last_call_are_told(raw, name):
    outcome = raw.run(f"{CALLS}{DIES_BY[name]}")
    assert (outcome.kind, outcome.fatal_signal, outcome.alarm) == (OutcomeKind.CRASHED, outcome.error.type, False)
    assert outcome.fatal_signal in {name, "SIGSEGV"}  # abort() may not signal itself here, and goes on to a trap
    assert outcome.error.line == 5
    assert "after a call or log in line 5, as its process reported" in outcome.error.text


def test_a_log_line_is_a_place_as_well(raw):
    outcome = raw.run("api.log('here')\nimport ctypes\nctypes.string_at(8)")
    assert (outcome.error.line, outcome.fatal_signal) == (2, "SIGSEGV")


def test_without_a_call_no_line_is_claimed(raw):
    outcome = raw.run("import ctypes\nctypes.string_at(8)")
    assert (outcome.error.line, outcome.fatal_signal) == (None, "SIGSEGV")
    assert "before its first call or log" in outcome.error.text


def test_an_instruction_that_is_none_is_told(raw):
    """A jump into the middle of what the interpreter is made of; where it lands is no instruction or no memory."""
    outcome = raw.run("import ctypes\nctypes.CFUNCTYPE(None)(1)()")
    assert outcome.fatal_signal in {"SIGSEGV", "SIGILL", "SIGBUS"}


def test_the_lines_of_a_nested_function_are_those_of_the_caller(product):
    outcome = product.run("def inner():\n    api.log('a')\n    return api.get('v', '/x').text\nreturn message(inner())")
    assert outcome.kind is OutcomeKind.RETURNED


def test_a_script_that_calls_its_error_a_signal_is_no_death(raw):
    outcome = raw.run("class SIGSEGV(Exception): pass\nraise SIGSEGV('x')")
    assert (outcome.kind, outcome.fatal_signal) == (OutcomeKind.RAISED, None)
