"""Every script of the red team against the whole sandbox: it ends as it must, in time, and harms nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sandbox import Launch, Sandbox, Severity
from tests.attacks.hostile_scripts.corpus import ending, written
from tests.attacks.hostile_scripts.driving import CANARY_SAYS, LIMITS, check_seconds, drive
from tests.attacks.hostile_scripts.generated import attacks

ALL = [*written(), *attacks()]
NAMES = [attack.name for attack in ALL]


@pytest.fixture(scope="module")
def box():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def courses(box):
    return {course.attack.name: course for course in drive(box, ALL)}


def _below(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(inner for child in children for inner in _below(child))]


def test_every_attack_has_a_name_of_its_own():
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_ends_as_it_must_and_the_next_run_is_as_ever(courses, name):
    course = courses[name]
    found = course.checked.findings
    errors = {finding.rule for finding in found if finding.severity is Severity.ERROR}
    if course.outcome is None:
        assert course.attack.rules, found
        assert any(set(wanted) <= errors for wanted in (course.attack.rules, course.attack.or_rules) if wanted), found
    else:
        text = course.outcome.value["text"] if course.outcome.value else None
        error = course.outcome.error.type if course.outcome.error else None
        ways = ending(course.outcome.kind, text, error)
        assert set(ways) & set(course.attack.ends), (ways, course.outcome.error)
        assert not course.outcome.alarm
    assert course.canary.value is not None, course.canary
    assert course.canary.value["text"] == CANARY_SAYS


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_ends_in_time_and_its_findings_stand_in_its_text(box, courses, name):
    course = courses[name]
    # Two were checked at a time, perhaps beside other tests: one that took long is checked again, alone.
    assert course.check_s < 2 or min(check_seconds(box, course.attack) for _ in range(3)) < 2
    assert course.run_s < LIMITS.wall_s + 1
    lines = course.attack.source.split("\n")
    for finding in course.checked.findings:
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1


def test_after_all_attacks_the_zygote_lives_and_no_process_is_left(box, courses):
    assert len(courses) == len(ALL)
    for _ in range(100):
        left = _below(box.zygote_pid)
        if len(left) <= 1 + Launch().spares:  # the zygote, where it is a child of its own first process, and its spares
            return
        time.sleep(0.02)
    pytest.fail(f"processes are left: {left}")
