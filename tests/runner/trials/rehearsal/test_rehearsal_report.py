"""The report of a rehearsal, which leaves the house: what is in it about everybody, and what is never in it about one person."""

import json
from dataclasses import dataclass, field

import pytest

from runner.powers import CallRecord
from runner.runs.message_contract import Message
from runner.trials.rehearsal.event_clock import MOST_ROWS, EventClock
from runner.trials.rehearsal.rehearsal import Rehearsal
from runner.trials.rehearsal.rehearsal_report import ReportFacts, report_of
from runner.trials.rehearsal.situations import Situation
from runner.trials.trial import Trial
from sandbox import OutcomeKind, ScriptError, ScriptInput


def a_situation(user="u1", session="s1", when="after", now="2026-05-04T14:10:00+00:00", **fields):
    given = ScriptInput(user={"id": user, **fields}, session={"id": session}, settings={}, now=now)
    return Situation(user, session, when, given)


def shown(text, link=None, **more):
    return Trial(OutcomeKind.RETURNED, Message(text, link), **more)


def failed(text="'Ada Lovelace'"):
    return Trial(OutcomeKind.RAISED, error=ScriptError("KeyError", 7, text))


@dataclass
class Counting:
    done: Rehearsal = field(default_factory=Rehearsal)

    def add(self, trial, **situation):
        self.done.add(a_situation(**situation), trial)
        return self

    def report(self, *literals, situations=0, rates=None):
        return report_of(self.done, ReportFacts(situations or self.done.runs, literals, rates or {}))


def test_a_text_that_three_people_see_is_told_and_one_that_fewer_see_only_counted():
    counting = Counting()
    for user in ("u1", "u2", "u3"):
        counting.add(shown("Claim 1.0"), user=user)
    counting.add(shown("Your certificate 839201"), user="u1").add(shown("Your certificate 839201"), user="u2")
    report, examples = counting.report()
    assert [(one["text"], one["count"], one["people"]) for one in report["messages"]] == [("Claim 1.0", 3, 3)]
    assert report["rare"] == {"texts": 1, "count": 2, "fewer_people_than": 3}
    assert "839201" not in json.dumps(report)
    assert [one.text for one in examples if one.row == "rare 0"] == ["Your certificate 839201"]


def test_a_text_that_stands_in_the_script_is_told_however_few_see_it():
    report, _ = Counting().add(shown("Ask the desk")).report("Ask the desk")
    assert [one["text"] for one in report["messages"]] == ["Ask the desk"]


@pytest.mark.parametrize("value", ["Lovelace", "ada@example.org", "BADGE-77"])
def test_a_value_of_the_person_is_in_no_part_of_the_report(value):
    counting = Counting()
    for user in ("u1", "u2", "u3"):
        counting.add(shown(f"Hello {value}", f"https://cme.example.org/{value}"), user=user, last_name=value)
    counting.add(failed(value), last_name=value)
    counting.add(shown("x", warnings=(f"the link was dropped: its host {value.lower()} is not on the list",)))
    report, _ = counting.report()
    assert report["messages"][0]["text"] == "Hello {last_name}"
    assert value.lower() not in json.dumps(report).lower()
    assert report["failed"] == [{"type": "KeyError", "line": 7, "count": 1, "people": 1}]
    assert report["warnings"] == [{"text": "the link was dropped", "count": 1}]


def test_no_key_of_a_person_and_no_session_of_an_example_is_in_the_report():
    report, examples = (
        Counting().add(shown("x"), user="user-4711", session="s-9").add(failed(), user="user-4711").report("x")
    )
    assert "user-4711" not in json.dumps(report)
    assert {(one.row, one.user, one.session) for one in examples} == {
        ("messages 0", "user-4711", "s-9"),
        ("failed 0", "user-4711", "s1"),
    }


def test_calls_at_once_are_estimated_for_all_situations_if_only_a_part_was_run():
    call = CallRecord("ethos", "GET", "/c", "", 200, None, 1.0, 2, from_cache=False, attempts=1)
    counting = Counting()
    for user in ("u1", "u2", "u3"):
        counting.add(shown("x", calls=(call,)), user=user)
    report, _ = counting.report("x", situations=30, rates={"ethos": 10.0})
    assert report["calls"] == [
        {"connection": "ethos", "calls": 3, "at_once": 30, "rate_per_s": 10.0, "seconds_at_rate": 3.0}
    ]
    assert [(row["calls"], row["at_once"]) for row in report["clock"]] == [({"ethos": 3}, {"ethos": 30})]


def test_the_clock_has_few_rows_however_long_the_event_is_and_counts_each_run_once():
    for days in (0, 1, 5, 400):
        clock = EventClock()
        for day in (0, days):
            for minute in (0, 20, 59):
                when = f"{2026 + day // 365}-05-{1 + day % 28:02}T10:{minute:02}:00+00:00"
                clock.add(a_situation(session=f"{day} {minute}", now=when), "shown", ["ethos"])
        rows = clock.rows()
        assert 1 <= len(rows) <= MOST_ROWS
        assert (sum(row["runs"] for row in rows), sum(row["calls"]["ethos"] for row in rows)) == (6, 6)
        assert [one["until"] for one in rows[:-1]] == [one["from"] for one in rows[1:]]


def test_nothing_run_is_a_report_too():
    report, examples = Counting().report()
    assert (report["runs"], report["messages"], report["clock"], examples) == (0, [], [], [])
