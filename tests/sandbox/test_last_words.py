"""The end of a child whose answer was given already: what it does after its last word is seen, and never waited for."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from sandbox import OutcomeKind, RunLimits, Sandbox
from sandbox.channel import ChildExit
from sandbox.exit_status import overrules_nothing
from sandbox.run_ends import RunEnds
from tests.sandbox.boxes import RAW, SCRIPT_INPUT, Vendor, descendants, indented

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")

ANSWER = 'frame(b\'{"t":"result","value":{"text":"fine","link":null,"color":null}}\')\n'

#: After the answer -> kind and alarm of the final outcome.
AFTERWARDS = {
    "a_forbidden_call": ("import socket; socket.socket()", OutcomeKind.CRASHED, True),
    "a_second_answer": (ANSWER + "import os; os._exit(0)", OutcomeKind.CRASHED, True),
    "a_single_byte": ("raw(b'x'); import os; os._exit(0)", OutcomeKind.CRASHED, True),
    "a_byte_and_no_end": ("raw(b'x')\nwhile True: pass", OutcomeKind.CRASHED, True),
    "a_broken_pointer": ("import ctypes; ctypes.string_at(8)", OutcomeKind.CRASHED, False),
    "another_exit_status": ("import os; os._exit(3)", OutcomeKind.CRASHED, False),
    "an_endless_loop": ("while True: pass", OutcomeKind.RETURNED, False),
    "endless_waiting": ("import os; os.read(3, 1)", OutcomeKind.RETURNED, False),
    "a_clean_end": ("import os; os._exit(0)", OutcomeKind.RETURNED, False),
}


def run_early(sandbox, body, powers=None, **limits):
    """The outcome at the last word, and the final one."""
    code, ended = sandbox.check(indented(body)).code, []
    outcome = sandbox.run(
        code, SCRIPT_INPUT, powers=powers or Vendor(), limits=RunLimits(**limits), on_end=ended.append
    )
    assert sandbox.wait_for_ends(20)
    (final,) = ended
    return outcome, final


@pytest.mark.parametrize("name", AFTERWARDS)
def test_what_a_child_does_after_its_last_word_is_in_the_final_outcome(raw, name):
    body, kind, alarm = AFTERWARDS[name]
    outcome, final = run_early(raw.sandbox, ANSWER + body)
    assert (outcome.kind, outcome.value["text"], outcome.alarm) == (OutcomeKind.RETURNED, "fine", False)
    assert (final.kind, final.alarm) == (kind, alarm)
    assert final.usage.cpu_ms < 1000  # not the second that it was given


def test_a_child_that_does_not_end_is_killed_soon_and_not_at_its_wall_time(raw):
    began = time.monotonic()
    _, final = run_early(raw.sandbox, ANSWER + "while True: pass", wall_s=60.0, cpu_s=60.0)
    assert time.monotonic() - began < 20
    assert final.kind is OutcomeKind.RETURNED
    assert final.usage.wall_ms < 20_000


def test_a_limit_that_ends_a_child_after_its_last_word_takes_no_answer_back(raw, monkeypatch):
    """The broker would have ended it as well, but on a busy machine the limit may come first."""
    monkeypatch.setattr("sandbox.broker.END_S", 5.0)
    _, final = run_early(raw.sandbox, ANSWER + "while True: pass", cpu_s=0.1)
    assert (final.kind, final.alarm) == (OutcomeKind.RETURNED, False)


@pytest.mark.parametrize(
    ("number", "overrules"),
    [(signal.SIGALRM, False), (signal.SIGPROF, False), (signal.SIGXCPU, False)]
    + [(number, True) for number in (signal.SIGSYS, signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL)],
)
def test_a_signal_after_the_last_word_overrules_the_answer_unless_it_is_that_of_a_limit(number, overrules):
    assert overrules_nothing(ChildExit(status=number)) is not overrules


def test_a_zygote_that_dies_after_the_last_word_takes_no_answer_back():
    with Sandbox(launch=RAW) as sandbox:
        code = sandbox.check(indented(ANSWER + "import os; os.read(3, 1)")).code
        (zygote,) = descendants(sandbox.zygote_pid)[:1]
        ended = []
        outcome = sandbox.run(code, SCRIPT_INPUT, powers=Vendor(), on_end=ended.append)
        os.kill(zygote, signal.SIGKILL)
        assert sandbox.wait_for_ends(20)
    assert [outcome.kind, *(final.kind for final in ended)] == [OutcomeKind.RETURNED] * 2


def test_the_final_outcome_has_the_same_answer_and_what_the_child_used(raw):
    outcome, final = run_early(raw.sandbox, "api.log('one')\nreturn message('x')")
    assert (final.kind, final.value, final.log) == (outcome.kind, outcome.value, outcome.log)
    assert final.usage.wall_ms == outcome.usage.wall_ms
    assert (outcome.usage.cpu_ms, outcome.usage.memory_bytes) == (0, 0)
    assert final.usage.cpu_ms > 0
    assert final.usage.memory_bytes > 0


def test_a_run_that_raised_ends_in_the_same_way(raw):
    outcome, final = run_early(raw.sandbox, "raise ValueError('x')")
    assert (outcome.kind, outcome.error) == (final.kind, final.error)
    assert final.kind is OutcomeKind.RAISED


def test_a_run_that_was_stopped_is_final_at_once(raw):
    ended = []
    code = raw.sandbox.check(indented("while True: pass")).code
    limits = RunLimits(cpu_s=0.05)
    outcome = raw.sandbox.run(code, SCRIPT_INPUT, powers=Vendor(), limits=limits, on_end=ended.append)
    assert ended == [outcome]
    assert outcome.kind is OutcomeKind.TIMED_OUT


def test_a_run_that_ends_with_a_bug_of_ours_has_no_end(raw):
    class Broken(Vendor):
        def call(self, call, *, deadline, read_bytes_left):
            raise RuntimeError("a bug of ours")

    ended = []
    code = raw.sandbox.check(indented("api.get('v', '/x')")).code
    with pytest.raises(RuntimeError):
        raw.sandbox.run(code, SCRIPT_INPUT, powers=Broken(), on_end=ended.append)
    assert raw.sandbox.wait_for_ends(10)
    assert ended == []


def test_children_that_never_end_do_not_add_up_for_those_who_wait_behind_them(raw):
    lingering = raw.sandbox.check(indented(ANSWER + "import os; os.read(3, 1)")).code
    ended = []
    for _ in range(8):
        raw.sandbox.run(lingering, SCRIPT_INPUT, powers=Vendor(), on_end=ended.append)
    _, final = run_early(raw.sandbox, "return message('x')")
    assert final.kind is OutcomeKind.RETURNED
    assert [outcome.kind for outcome in ended] == [OutcomeKind.RETURNED] * 8


def test_a_bug_at_the_end_of_one_run_is_logged_and_the_next_run_ends(raw, caplog):
    def broken(_):
        raise RuntimeError("a bug of ours")

    code = raw.sandbox.check(indented("return message('x')")).code
    raw.sandbox.run(code, SCRIPT_INPUT, powers=Vendor(), on_end=broken)
    _, final = run_early(raw.sandbox, "return message('x')")
    assert final.kind is OutcomeKind.RETURNED
    assert "a bug of ours" in caplog.text


def test_closing_the_sandbox_finishes_the_runs_whose_answers_were_given():
    ended = []
    with Sandbox(launch=RAW) as sandbox:
        code = sandbox.check(indented("return message('x')")).code
        for _ in range(4):
            sandbox.run(code, SCRIPT_INPUT, powers=Vendor(), on_end=ended.append)
    assert [outcome.kind for outcome in ended] == [OutcomeKind.RETURNED] * 4


def test_the_ends_are_seen_in_one_thread_and_in_order():
    ends, seen = RunEnds(), []
    ends.open()
    ends.open()
    for number in range(20):
        ends.add(lambda number=number: seen.append((number, threading.current_thread().name)))
    assert ends.wait(10)
    ends.close()
    ends.close()
    assert seen == [(number, "sandbox-ends") for number in range(20)]


def test_an_end_that_comes_after_the_close_is_still_seen():
    ends, seen = RunEnds(), []
    ends.open()
    ends.close()
    ends.add(lambda: seen.append(threading.current_thread()))
    assert seen == [threading.current_thread()]
    ends.open()
    assert ends.wait(10)
    ends.close()
