"""The fuzzer itself: it says every offered name, notices everything that no script may cause, and makes it small."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from sandbox import Outcome, OutcomeKind, ScriptError, Usage
from sandbox.zygote.process import Launch
from tests.attacks.fuzz import batch
from tests.attacks.fuzz.author import DEPTH, Author
from tests.attacks.fuzz.campaign import Campaign
from tests.attacks.fuzz.names import Target, targets
from tests.attacks.fuzz.running import LIMITS, MEMORY, Build, Finding, builds, sweep, texts, verdict
from tests.attacks.fuzz.scenarios import program
from tests.attacks.fuzz.shrink import is_deep_only, shrink
from tests.attacks.fuzz.values import MAKERS, ODD
from tests.support import ROOT

HERE = str(Path(__file__).resolve().parent)
FINE = "def program(user, session, api):\n    return 1\n"
WRONG = {
    "crash": "import ctypes\n    ctypes.string_at(1)",
    "alarm": "import os\n    os.fork()",
    "forged frame": 'frame(b\'{"t": "x"}\')',
    "our fault": "import os\n    os._exit(97)",
    "address": "return object()",
}


def bare(executable):
    return Build(Launch(executable=executable, entry="tests.attacks.fuzz.bare_language", path=(str(ROOT),)))


@pytest.fixture(scope="module")
def plain():
    """Plain Python on this interpreter."""
    with bare(Launch().executable) as running:
        yield running


def written(statements):
    return f"def program(user, session, api):\n    {statements}\n"


def test_every_offered_name_is_said():
    author, wanted = Author(Random(0), targets()), set(targets())
    for _ in range(60):
        for _ in range(1000):
            author.call(DEPTH)
        if author.used >= wanted:
            break
    assert wanted - author.used == set()


def test_a_name_that_is_new_in_the_tables_is_said_without_a_hint():
    new = Target("module", "itertools", "brand_new")
    author = Author(Random(0), (*targets(), new))
    calls = [author.call(DEPTH, new) for _ in range(50)]
    assert any("brand_new(f0" in call for call in calls)
    programs = [program(f"0:{number}", (*targets(), new), "calls")[1] for number in range(1000)]
    assert any(new in said for said in programs)


def test_the_same_seed_gives_the_same_programs():
    first, again = ([program(f"3:{number}", targets())[0] for number in range(50)] for _ in range(2))
    assert first == again
    assert len(set(first)) == 50


def test_every_value_can_be_made(release):
    made = [expression for expressions in MAKERS.values() for expression in expressions] + list(ODD)
    steps = [
        "keep, box, fuel = [], {}, []",
        "def f0(*args):",
        "    return 0",
        "K = functools.cmp_to_key(f0)",
        "made = []",
    ]
    steps += [f"made.append({expression})" for expression in made]
    checked = release.check(batch.script("\n".join([*steps, "return message(str(len(made)))"])))
    outcome = release.run(checked.code, 0, 0)
    assert outcome.value == {"text": str(len(made)), "link": None, "color": None}, outcome


def test_nearly_every_program_is_accepted_by_the_check(release):
    texts_ = [program(f"0:{number}", targets())[0] for number in range(60)]
    assert len(sweep(release, texts_).refused) <= 1


@pytest.mark.parametrize("kind", WRONG)
def test_what_no_script_may_cause_is_noticed_and_the_rest_goes_on(plain, kind):
    programs = [FINE, FINE, written(WRONG[kind]), FINE, written("return [object() for n in range(9)]")]
    wrong = sweep(plain, programs).wrong
    assert [(place, finding.kind) for place, finding in wrong if place != 4] == [(2, kind)]
    assert (4, "address") in [(place, finding.kind) for place, finding in wrong]  # the last one was reached


def test_a_system_error_is_noticed():
    ended = Outcome(OutcomeKind.RAISED, error=ScriptError("SystemError", 1, "bad argument to internal function"))
    assert verdict(ended) == Finding("system error", "bad argument to internal function")
    assert verdict(Outcome(OutcomeKind.OUT_OF_MEMORY, error=ended.error)) is None


@pytest.mark.parametrize("endless", ["while True:\n        pass", "return [0] * 10**12", "raise KeyError"])
def test_a_limit_and_an_exception_are_no_findings(plain, endless):
    assert sweep(plain, [FINE, written(endless), FINE]).wrong == ()


def test_a_number_that_the_program_made_is_no_address(plain):
    assert sweep(plain, [written("return hex(2**46 + 3**20), 2**46 + 3**20")]).wrong == ()


def test_a_build_is_the_interpreter_that_its_launch_names(plain, debug):
    asked = written("import sys\n    return hasattr(sys, 'gettotalrefcount')")
    with bare(debug.executable) as other:
        for running, answer in ((plain, "False"), (other, "True")):
            outcome = running.run(running.check(batch.alone(asked)).code, 0, 0)
            assert outcome.value["text"] == answer


def test_a_program_is_made_small(plain):
    steps = [
        "import ctypes",
        "keep = [1, 2]",
        "for n in keep:",
        "    if n == 2:",
        "        keep.append(ctypes.string_at(n))",
    ]
    small = shrink(plain, written("\n    ".join([*steps, "return len(keep)"])), "crash")
    assert small.splitlines()[1:] == [
        "    import ctypes",
        "    keep = [1, 2]",
        "    for n in keep:",
        "        ctypes.string_at(n)",
    ]


def test_what_fails_for_its_depth_alone_is_told_from_the_rest(plain):
    deep = written("nest = []\n    for n in range(DEEP):\n        nest = map(len, filter(None, nest))\n    next(nest)")
    fine, crashing = written("return 1"), written("n = DEEP\n    import ctypes\n    ctypes.string_at(1)")
    assert is_deep_only(plain, [deep], "crash")
    assert is_deep_only(plain, [fine, deep], "crash")
    assert not is_deep_only(plain, [crashing], "crash")
    assert not is_deep_only(plain, [deep, crashing], "crash")
    assert not is_deep_only(plain, [fine, fine], "crash")


@pytest.mark.parametrize(("used", "kind"), [(LIMITS.memory_bytes, MEMORY), (LIMITS.memory_bytes - 1, "crash")])
def test_a_death_counts_as_the_end_of_the_memory_only_when_all_of_it_was_used(used, kind):
    error = ScriptError("SIGSEGV", None, "the interpreter died")
    usage = Usage(memory_bytes=used + 1000, idle_bytes=1000)
    assert verdict(Outcome(OutcomeKind.CRASHED, usage=usage, error=error)).kind == kind


def test_a_kept_program_is_a_script_of_its_own(plain):
    text = batch.alone(written("return some(half(iter([1, 2, 3])))"))
    checked = plain.check(text)
    outcome = plain.run(checked.code, 0, 0)
    assert (outcome.kind, texts(outcome)) == (OutcomeKind.RETURNED, ["[2, 3]", "None", "None"])


def test_iterators_that_are_asked_while_they_run_crash_where_nothing_stops_them(debug):
    with bare(debug.executable) as running:
        for number in range(20):
            seeds = [f"1:{number * batch.PROGRAMS + index}" for index in range(batch.PROGRAMS)]
            programs = [program(seed, targets(), "reentry")[0] for seed in seeds]
            if any(finding.kind == "crash" for _, finding in sweep(running, programs).wrong):
                return
    pytest.fail("no use of freed memory was found")


@pytest.mark.parametrize(
    ("launch", "programs"), list(zip(builds(), (216, 108), strict=False)), ids=("release", "debug")[: len(builds())]
)
def test_a_short_run_finds_nothing(launch, programs):
    told = []
    with Build(launch) as running:
        tally = Campaign(1, [running], told.append).run(programs=programs)
    assert tally.programs >= programs
    assert tally.unknown == []
