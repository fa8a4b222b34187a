"""Facts in everything that tries a script: INPUT, replay and rehearsal see what a live run would see, and tell nobody's."""

from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from records import Run
from records.facts.fact_reading import FactRow
from records.facts.fact_tables import WHOLE_EVENT
from runner.trials.rehearsal.rehearsal import RehearsalTerms, rehearse
from runner.trials.replay.replay import EarlierRun, ReplayTerms, replay
from runner.trials.trial_input import MOST_FACT_BYTES, InputError, parse_input
from sandbox import RunLimits
from tests.runner.trials.rehearsal.test_rehearsal import an_event

NOW = "2026-05-04T14:10:00-05:00"
INPUT = {"user": {"id": "165"}, "session": {"id": "393"}, "now": NOW}
SCRIPT = """
def status(user, session, api):
    return message(f"Seat {api.facts['seat']}" if api.facts_at else "No facts")
"""


@pytest.mark.parametrize(
    ("given", "facts", "at"),
    [
        ({}, {}, None),
        ({"facts": {}, "facts_at": None}, {}, None),
        ({"facts": {"seat": "12A"}}, {"seat": "12A"}, NOW),
        ({"facts": {"seat": 1}, "facts_at": "2026-05-04T14:00:00Z"}, {"seat": 1}, "2026-05-04T14:00:00+00:00"),
        ({"facts": {}, "facts_at": "2026-05-04T14:00:00Z"}, {}, "2026-05-04T14:00:00+00:00"),
    ],
)
def test_input_has_facts_and_their_moment_is_that_of_the_run_unless_it_says_otherwise(given, facts, at):
    parsed = parse_input(INPUT | given)
    assert (parsed.script_input().facts, parsed.script_input().facts_at) == (facts, at)
    assert parsed.unknown == ()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"facts": []}, None),
        ({"facts": ["seat"]}, "facts"),
        ({"facts": "seat"}, "facts"),
        ({"facts": {"t": "x" * MOST_FACT_BYTES}}, "facts"),
        ({"facts": {"t": "\0"}}, "facts"),
        ({"facts": {"t": 1}, "facts_at": "2026-05-04T14:00:00"}, "facts_at"),
    ],
)
def test_input_with_facts_that_no_source_can_push_names_the_field(given, field):
    if field is None:
        assert parse_input(INPUT | given).facts == {}  # as an empty list of scans
        return
    with pytest.raises(InputError) as refused:
        parse_input(INPUT | given)
    assert refused.value.field == field


def test_a_replay_uses_the_facts_of_the_earlier_run(bench):
    given = parse_input(INPUT | {"facts": {"seat": "12A"}}).script_input()
    earlier = Run(
        id="r1", user="165", session="393", outcome="returned", shown_as="fresh", calls=[], error=None, because="",
        message={"text": "Seat 12A", "color": "#005d8a", "action": None}, given=asdict(replace(given, return_url="")),
    )  # fmt: skip
    terms = ReplayTerms((), RunLimits(), "#005d8a", "https://status.example.org")
    done = replay(bench, (SCRIPT, bench.review(SCRIPT).checked.code), [EarlierRun(earlier, None)], terms)
    assert (done.same, done.runs) == (1, 1)


def test_a_rehearsal_uses_everybodys_own_facts_and_its_report_tells_none_of_them(bench):
    event, at = an_event(people=3, sessions=1), datetime(2026, 5, 4, 12, tzinfo=UTC)
    for number, user in enumerate(event.people):
        user.id = number + 1
    facts = {
        (1, "s0"): FactRow("s0", '{"seat": "Row 12 A"}', at, at),
        (2, WHOLE_EVENT): FactRow(WHOLE_EVENT, '{"seat": "Row 13 B"}', at, at),
        (3, "s9"): FactRow("s9", '{"seat": "Row 14 C"}', at, at),
    }
    event = replace(event, facts=facts)
    situations = event.situations(("after",), most=10)
    terms = RehearsalTerms(link_hosts=(), limits=RunLimits(), rates={}, answers=[])
    done = rehearse(bench, (SCRIPT, bench.review(SCRIPT).checked.code), situations, terms).as_json({})
    assert {(one["text"], one["count"]) for one in done["messages"]} == {("Seat {facts.seat}", 2), ("No facts", 1)}
