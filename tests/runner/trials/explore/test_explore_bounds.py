"""What an exploration may use: memory for moves, time for running examples again, and moments that the calendar has."""

from runner.trials.explore import explorer, read_values
from runner.trials.explore.explorer import ExplorePlan, explore
from runner.trials.explore.scene import Edit
from runner.trials.explore.starting_scenes import starting_scenes
from tests.runner.trials.explore.test_explore_results import explored, script

TEXTS = script("kind = session.attributes.get('kind')", "return message(str(kind or 'none')[:30])")


def test_a_short_part_of_a_long_text_makes_no_text_of_many_megabytes():
    assert read_values.with_text("a,b,c", ",", "-") == "a-b,c"
    assert len(read_values.with_text("a" * 60_000, "a", "b" * 120)) == 120


def test_scans_after_the_last_day_of_the_calendar_are_not_tried(bench):
    last = "9999-12-31T23:58:00+00:00"
    starts = [
        scene.edited([Edit(("input", "session", name), last) for name in ("starts_at", "ends_at")])
        for scene in starting_scenes(())
    ]
    source = script("return message(str(api.scans().minutes))")
    assert explore(bench, source, ExplorePlan(starts, runs=150, seconds=600)).entries


def test_more_entries_than_are_run_again_alone_are_listed_and_counted(bench, monkeypatch):
    monkeypatch.setattr(explorer, "_MOST_CONFIRMED", 1)
    source = script("if session.attributes.get('a'):", "    return message('A')", "return hidden()")
    found = explored(bench, source, runs=60)
    assert found["unconfirmed"] == 1
    assert {one["text"] for one in found["messages"]} == {"A", None}


def test_examples_are_not_run_again_when_the_time_for_it_is_up(bench, monkeypatch):
    monkeypatch.setattr(explorer, "_MOST_AFTER_S", 0.0)
    found = explore(bench, TEXTS, ExplorePlan(starting_scenes(()), runs=10_000, seconds=0.3))
    assert found.entries
    assert found.unconfirmed == len(found.entries)


def test_an_exploration_whose_examples_were_all_run_again_says_nothing_of_it(bench):
    assert "unconfirmed" not in explored(bench, TEXTS, runs=40)


def test_a_run_that_lacks_memory_because_of_earlier_ones_is_tried_alone(bench):
    source = "def held(text):\n    def inner():\n        return inner, text\n    return inner\n" + script(
        "text = held('a' * 20_000_000)()", "return message('A' if session.attributes.get('a') else 'B')"
    )
    found = explored(bench, source, runs=60)
    assert found["raised"] == []
