"""Crashes of CPython that others have published, each in the language of scripts, on each build: none gets through."""

from __future__ import annotations

from collections import Counter

import pytest

from sandbox import OutcomeKind
from tests.attacks.fuzz import batch
from tests.attacks.fuzz.published.comparisons import COMPARISONS
from tests.attacks.fuzz.published.containers import CONTAINERS
from tests.attacks.fuzz.published.crasher import CHECK, DEEP, HARMLESS, RUN
from tests.attacks.fuzz.published.inside import INSIDE
from tests.attacks.fuzz.published.iterators import ITERATORS
from tests.attacks.fuzz.published.numbers import NUMBERS
from tests.attacks.fuzz.published.reentry import REENTRY
from tests.attacks.fuzz.published.texts import TEXTS
from tests.attacks.fuzz.running import MEMORY, refused, verdict

CRASHERS = (*REENTRY, *ITERATORS, *COMPARISONS, *CONTAINERS, *TEXTS, *NUMBERS, *INSIDE)
RUNS = 2  #: a use of freed memory does not show each time


def name(crasher):
    return f"{crasher.issue}: {crasher.touches}"


@pytest.mark.parametrize("crasher", [one for one in CRASHERS if one.how == (CHECK,)], ids=name)
def test_a_published_crash_is_refused_by_the_check(release, crasher):
    checked = release.check(batch.script(crasher.body))
    assert refused(checked) is None
    assert checked.code is None


@pytest.mark.parametrize("crasher", [one for one in CRASHERS if one.how != (CHECK,)], ids=name)
def test_a_published_crash_does_not_get_through(build, crasher):
    checked = build.check(batch.script(crasher.body))
    assert refused(checked) is None
    if checked.code is None:
        assert CHECK in crasher.how, checked.findings
        return
    for _ in range(1 if crasher.how == (RUN,) or DEEP in crasher.how else RUNS):
        outcome = build.run(checked.code, 0, 0)
        if DEEP in crasher.how and outcome.kind is OutcomeKind.CRASHED:
            return
        bad = verdict(outcome)
        assert bad is None or bad.kind == MEMORY, outcome
        assert (HARMLESS if outcome.kind is OutcomeKind.RETURNED else RUN) in crasher.how, outcome


def test_no_crash_stands_in_the_table_twice():
    assert [known for known, count in Counter(map(name, CRASHERS)).items() if count > 1] == []


def test_what_ends_its_own_child_does_so_by_its_depth_alone(build):
    for crasher in CRASHERS:
        if DEEP in crasher.how and "100000" in crasher.body:
            checked = build.check(batch.script(crasher.body.replace("100000", "50")))
            outcome = build.run(checked.code, 0, 0) if checked.code else None
            assert outcome is None or verdict(outcome) is None, (name(crasher), outcome)
