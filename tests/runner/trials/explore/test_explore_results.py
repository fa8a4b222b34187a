"""What an exploration lists: entries that their examples give again, the same each time, also for hostile scripts."""

import json
import time
from dataclasses import replace

import pytest

from runner.powers import RecordedPowers
from runner.trials.explore import scene_runs
from runner.trials.explore.explorer import ExplorePlan, ScriptNotExploredError, explore
from runner.trials.explore.starting_scenes import starting_scenes
from runner.trials.trial_input import parse_input
from runner.trials.trial_terms import TrialTerms
from tests.support import ROOT

EXAMPLES = ROOT / "scripts" / "examples"


def script(*lines):
    return "def status(user, session, api):\n" + "".join(f"    {line}\n" for line in lines)


def explored(bench, source, runs=200, seed=0, **more):
    plan = ExplorePlan(starting_scenes(()), runs=runs, seconds=600, seed=seed)
    return explore(bench, source, plan, **more).as_json("script.py")


def again(bench, source, example):
    """What `script run` does with an example."""
    given = json.loads(json.dumps(example))
    return bench.run(source, TrialTerms.alone(parse_input(given["input"])), RecordedPowers(given["answers"]))


@pytest.mark.parametrize("name", ["annual_meeting", "attendance_credit", "members_only"])
def test_every_example_gives_its_entry_again(bench, name):
    source = (EXAMPLES / name / "script.py").read_text()
    found = explored(bench, source, runs=700)
    assert found["messages"]
    assert found["raised"]
    for entry in found["messages"]:
        shown = again(bench, source, entry["example"]).message
        assert (shown is None) == entry["hidden"]
        if shown is not None:
            assert vars(shown) == {name: entry[name] for name in ("text", "link", "color")}
    for entry in found["raised"]:
        trial = again(bench, source, entry["example"])
        assert entry["type"] in (trial.outcome.value, trial.error.type)
        assert (trial.error.text, trial.error.line or entry["line"]) == (entry["text"], entry["line"])


def test_the_same_seed_and_runs_give_the_same_result(bench):
    source = (EXAMPLES / "workshop_registration" / "script.py").read_text()
    one, two = (explored(bench, source, runs=400, seed=3) for _ in range(2))
    assert {**one, "seconds": 0} == {**two, "seconds": 0}


def test_time_only_stops_it(bench):
    source = script("return message('a' if session.attributes.get('b') else 'c')")
    found = explore(bench, source, ExplorePlan(starting_scenes(()), runs=100_000, seconds=0.5))
    assert found.stopped
    assert 0 < found.runs < 100_000


def test_time_stops_a_script_that_takes_all_of_it(bench, monkeypatch):
    """Each run takes as long as all of them may: together they would take two minutes."""
    source = script("return message(str(sum(range(1000000000))))")
    monkeypatch.setattr(scene_runs, "EXPLORE_LIMITS", replace(scene_runs.EXPLORE_LIMITS, cpu_s=0.25))
    started = time.monotonic()
    found = explore(bench, source, ExplorePlan(starting_scenes(()), runs=1000, seconds=0.25))
    assert found.stopped
    assert time.monotonic() - started < 60


def test_examples_are_small(bench):
    source = script(
        "rows = api.get('reg', '/rows').json()['rows']",
        "if any(row['state'] == 'ok' for row in rows):",
        "    return message('Found')",
        "return hidden()",
    )
    (entry,) = [one for one in explored(bench, source, runs=300)["messages"] if not one["hidden"]]
    (answer,) = entry["example"]["answers"]
    assert answer["json"] == {"rows": [{"state": "ok"}]}
    assert "settings" not in entry["example"]["input"]
    assert "location" not in entry["example"]["input"]["session"]


def test_what_varies_is_a_hole_and_the_shortest_text_is_shown(bench):
    source = script('return message(f\'Hello {session.attributes.get("name", "you")}\')')
    found = {one["template"]: one["text"] for one in explored(bench, source)["messages"]}
    assert "Hello {…}" in found
    assert len(found["Hello {…}"]) <= len("Hello name-1234")


def test_texts_that_a_script_chooses_are_listed_apart(bench):
    source = script(
        "text = 'Open' if session.attributes.get('open') else 'Closed'",
        "return message(text + ' today')",
    )
    assert {one["template"] for one in explored(bench, source)["messages"]} == {"Open today", "Closed today"}


def test_lines_that_no_run_reaches_are_listed(bench):
    source = script("if 1 > 2:", "    return hidden()", "return message('a')")
    assert explored(bench, source, runs=40)["lines_unreached"] == [3]


def test_a_refused_script_is_not_explored(bench):
    with pytest.raises(ScriptNotExploredError) as refused:
        explored(bench, "import os\n" + script("return hidden()"))
    assert refused.value.findings


# scripts that misbehave

ON = "if session.attributes.get('on'):"


def raised(found):
    return {(one["type"], one["line"]) for one in found["raised"]}


def test_a_script_that_never_ends_is_listed_with_its_line(bench):
    found = explored(bench, script(ON, "    while True:", "        x = 1", "return message('a')"), runs=60)
    ((kind, line),) = raised(found)
    assert kind == "timed out"
    assert line in (3, 4)
    assert found["messages"][0]["text"] == "a"


def test_a_script_that_eats_memory_is_listed_with_its_line(bench):
    source = script(ON, "    rows = []", "    while True:", "        rows.append('a' * 1000000)", "return message('a')")
    assert raised(explored(bench, source, runs=60)) == {("out of memory", 5)}


def test_a_script_that_calls_without_end_is_listed_with_its_line(bench):
    source = script("n = 0", "while True:", "    n += 1", "    api.get('v', '/x', params={'n': n})")
    found = explored(bench, source, runs=60)
    assert ("call refused", 5) in raised(found)
    assert any("budget of 10 calls" in one["text"] for one in found["raised"])


def test_a_script_that_recurses_without_end_is_listed(bench):
    source = "def deep(n):\n    return deep(n + 1)\n" + script(ON, "    return deep(0)", "return hidden()")
    assert ("RecursionError", 2) in raised(explored(bench, source, runs=60))


def test_a_text_that_the_contract_refuses_is_listed_with_its_line(bench):
    source = script(ON, "    return message(", "        'a' * 121", "    )", "return hidden()")
    assert raised(explored(bench, source, runs=60)) == {("MessageRefused", 3)}


def test_a_call_that_failed_and_was_not_caught_is_listed_with_its_line(bench):
    found = explored(bench, script("answer = api.get('v', '/x')", "return hidden()"), runs=80)
    assert raised(found) == {("call failed", 2), ("call refused", 2)}


def test_a_result_that_is_too_large_is_listed_with_its_line(bench):
    found = explored(bench, script(ON, "    return message('a' * 20000)", "return hidden()"), runs=60)
    assert raised(found) == {("too much output", 3)}


def test_a_slow_step_that_a_live_run_may_take_is_no_failure(bench):
    source = script(
        ON, "    n = 0", "    for i in range(40000):", "        n += i", "    return message('Slow')", "return hidden()"
    )
    found = explored(bench, source, runs=40)
    assert {one["text"] for one in found["messages"]} == {"Slow", None}
    assert found["raised"] == []


def test_answers_that_no_vendor_can_send_are_never_made(bench):
    source = script(
        "answer = api.get('v', '/x')",
        "if answer.status > 700 or answer.header('x-left') == 5:",
        "    return message('Never')",
        "return message('A' if answer.header('x-left') == '5' else 'B')",
    )
    found = explored(bench, source, runs=300)
    assert {one["text"] for one in found["messages"]} == {"A", "B"}
    assert found["lines_unreached"] == [4]
