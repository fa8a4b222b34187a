"""Little left of a budget is a warning: the next vendor who is slow, or the next long list, ends the run."""

import pytest

from runner.runs.outcome_to_status import budget_warnings
from sandbox import RunLimits, Usage

MIB = 1024 * 1024
LIMITS = RunLimits(wall_s=5, cpu_s=1, memory_bytes=64 * MIB, calls=10, read_bytes=1000, log_lines=100)
NEARLY = {
    "time: 4.0 of 5 s used": Usage(wall_ms=4000),
    "processor time: 0.8 of 1 s used": Usage(cpu_ms=800),
    "memory: 52.0 of 64 MiB used": Usage(memory_bytes=72 * MIB, idle_bytes=20 * MIB),
    "calls: 8 of 10 used": Usage(calls=8),
    "bytes read: 800 of 1000 used": Usage(read_bytes=800),
    "log lines: 80 of 100 used": Usage(log_lines=80),
}


@pytest.mark.parametrize(("warning", "usage"), NEARLY.items())
def test_four_fifths_of_each_budget_are_a_warning_of_its_own(warning, usage):
    assert budget_warnings(usage, LIMITS) == (warning,)


def test_less_is_none_and_what_an_idle_child_has_does_not_count():
    usage = Usage(
        wall_ms=3990, cpu_ms=790, memory_bytes=70 * MIB, idle_bytes=20 * MIB, calls=7, read_bytes=790, log_lines=79
    )
    assert budget_warnings(usage, LIMITS) == ()


def test_a_budget_of_nothing_is_not_nearly_used_up():
    assert budget_warnings(Usage(), RunLimits(calls=0, read_bytes=0, log_lines=0)) == ()
