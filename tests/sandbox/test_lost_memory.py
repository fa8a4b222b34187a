"""Running out of memory is reported as that, even where CPython has lost its own error about it."""

from __future__ import annotations

import pytest

from sandbox import OutcomeKind
from sandbox.memory_errors import is_out_of_memory


def test_a_deque_without_end_is_out_of_memory_for_a_script(product):
    outcome = product.run("from collections import deque\nx = deque([1]) * 1_000_000_000\nreturn hidden()")
    assert (outcome.kind, outcome.error.type, outcome.error.line) == (OutcomeKind.OUT_OF_MEMORY, "MemoryError", 3)
    assert "64 MiB" in outcome.error.text


@pytest.mark.parametrize(
    "text",
    [
        "error return without exception set",
        "<method 'x' of 'y' objects> returned NULL without setting an exception",
        "initialization of x failed without raising an exception",
        "null argument to internal routine",
        "../Objects/tupleobject.c:82: bad argument to internal function",
    ],
)
def test_the_words_of_python_for_a_lost_error(text):
    assert is_out_of_memory(SystemError(text))


def test_a_memory_error_that_was_set_and_then_passed_over_counts():
    error = SystemError("<built-in function x> returned a result with an exception set")
    error.__cause__ = MemoryError()
    outer = SystemError("again")
    outer.__context__ = error
    assert is_out_of_memory(error)
    assert is_out_of_memory(outer)


def test_other_errors_are_what_they_are():
    for error in (SystemError("unknown opcode"), ValueError("error return without exception set"), RecursionError()):
        assert not is_out_of_memory(error)
    looped = SystemError("x")
    looped.__context__ = ValueError()
    looped.__context__.__context__ = looped
    assert not is_out_of_memory(looped)
