"""Scripts that use too much time, memory or output: none of their exception handlers can keep them running."""

from __future__ import annotations

import time

import pytest

from sandbox import OutcomeKind

HUNGRY_FOR_TIME = {
    "an_endless_loop": "while True: pass",
    "an_endless_loop_in_c": "sum(iter(int, 1))",
    "an_endless_loop_that_swallows_all": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "a_regular_expression_that_backtracks": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
    "a_huge_number": "x = 3\nwhile True: x = x * x",
    "a_power_in_c": "9 ** 9 ** 9",
}

HUNGRY_FOR_MEMORY = {
    "a_big_block": "x = bytearray(200 * 1024 * 1024)",
    "a_growing_list": "x = []\nwhile True: x.append('a' * 100000)",
    "a_doubling_text": "x = 'a'\nwhile True: x = x + x",
    "a_sparse_list": "x = [0] * 100_000_000",
    "a_deep_structure": "x = None\nwhile True: x = (x, x)",
    "a_deque_whose_error_python_loses": "from collections import deque; deque([1]) * 1_000_000_000",
    "a_deque_multiplied_in_place": "from collections import deque; x = deque([1] * 100); x *= 1_000_000_000",
}


@pytest.mark.parametrize("body", HUNGRY_FOR_TIME.values(), ids=HUNGRY_FOR_TIME.keys())
def test_used_up_cpu_time_ends_the_run(raw, body):
    outcome = raw.run(body, cpu_s=0.15, wall_s=10.0, memory_bytes=256 * 1024 * 1024)
    assert (outcome.kind, outcome.alarm) == (OutcomeKind.TIMED_OUT, False)
    assert "CPU" in outcome.error.text
    assert outcome.usage.cpu_ms < 1000


@pytest.mark.parametrize("body", HUNGRY_FOR_MEMORY.values(), ids=HUNGRY_FOR_MEMORY.keys())
def test_used_up_memory_ends_the_run(raw, body):
    outcome = raw.run(body, memory_bytes=32 * 1024 * 1024)
    assert (outcome.kind, outcome.alarm) == (OutcomeKind.OUT_OF_MEMORY, False)
    assert outcome.usage.memory_bytes < 100 * 1024 * 1024
    assert "32 MiB" in outcome.error.text


def test_the_line_that_ran_out_of_memory_is_told(raw):
    assert raw.run("x = 1\ny = bytearray(200 * 1024 * 1024)").error.line == 3


def test_memory_errors_that_are_swallowed_still_end_the_run(raw):
    outcome = raw.run(
        "x = []\nwhile True:\n    try:\n        x.append(bytearray(1 << 20))\n    except MemoryError: pass", cpu_s=0.2
    )
    assert outcome.kind is OutcomeKind.TIMED_OUT


def test_a_script_that_only_waits_runs_out_of_wall_time(raw):
    began = time.monotonic()
    outcome = raw.run(
        "import threading; threading.Lock().acquire() ; l = threading.Lock(); l.acquire(); l.acquire()", wall_s=0.3
    )
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert "0.3 s" in outcome.error.text
    assert time.monotonic() - began < 3


def test_endless_recursion_is_an_exception_with_its_line(raw):
    outcome = raw.run("def again(): return again()\nreturn again()")
    assert (outcome.kind, outcome.error.type) == (OutcomeKind.RAISED, "RecursionError")
    assert outcome.error.line == 2


def test_an_answer_over_the_limit_is_refused(raw):
    outcome = raw.run("return message('x' * 20_000)")
    assert outcome.kind is OutcomeKind.TOO_MUCH_OUTPUT
    assert "16384" in outcome.error.text


def test_an_answer_within_the_limit_is_taken(raw):
    assert raw.run("return message('x' * 15_000)").kind is OutcomeKind.RETURNED


def test_a_frame_over_the_cap_is_not_read(raw):
    outcome = raw.run("return message('x' * 5_000_000)")
    assert outcome.kind is OutcomeKind.TOO_MUCH_OUTPUT


def test_log_lines_without_end_are_dropped_after_the_budget_and_the_cpu_time_ends_the_run(raw):
    outcome = raw.run("n = 0\nwhile True:\n    api.log(str(n)); n += 1", log_lines=5, cpu_s=0.2)
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert outcome.log == ("0", "1", "2", "3", "4", "(further lines were dropped: a run may log 5)")


def test_a_long_log_line_is_cut(raw):
    outcome = raw.run("api.log('x' * 1_000_000); return message('x')", log_chars=10)
    assert outcome.log == ("x" * 10,)
    assert outcome.kind is OutcomeKind.RETURNED


def test_the_text_of_an_exception_is_cut(raw):
    outcome = raw.run("raise ValueError('x' * 100_000)")
    assert outcome.error.text == "x" * 300


def test_an_exception_whose_text_is_an_attack_is_still_an_outcome(raw):
    body = "class Liar(Exception):\n    def __str__(self): raise SystemExit\nraise Liar('x')"
    assert raw.run(body).kind is OutcomeKind.CRASHED
    body = "class Liar(Exception):\n    def __str__(self): raise ValueError\nraise Liar('x')"
    assert raw.run(body).error.type == "Liar"


@pytest.mark.parametrize("error", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"])
def test_an_exception_that_would_end_a_program_is_only_raised(raw, error):
    assert raw.run(f"raise {error}('x')").kind is OutcomeKind.RAISED
