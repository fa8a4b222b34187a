"""A rehearsal: everybody at every session before, during and after it, in the jail, without vendors."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from records import AgendaSession, User
from runner.trials.rehearsal.rehearsal import RehearsalTerms, rehearse
from runner.trials.rehearsal.situations import MOMENTS, Event
from sandbox import RunLimits

START = datetime(2026, 5, 4, 13, tzinfo=UTC)
LIMITS = RunLimits(wall_s=1)
SCRIPT = """def status(user, session, api):
    if api.now() < session.ends_at:
        return hidden()
    credit = api.get("ethos", "/credits", params={"user": user.id})
    if user.id == "2":
        return message("x" * 60)
    if user.id == "0" and session.id == "broken":
        return message(str(1 / 0))
    if user.id == "3":
        return message("Claim", link="https://elsewhere.example.org/")
    return message("Claim " + credit.json()["credits"], link="https://cme.example.org/claim")
"""
ANSWER = {"connection": "ethos", "method": "GET", "path": "/credits", "json": {"credits": "1.0"}}


def an_event(people=4, sessions=2):
    return Event(
        settings={},
        zone=ZoneInfo("America/Chicago"),
        people=[User(subject=str(n), attributes={}, username="", user_type="", first_name="", last_name="", badge_id="") for n in range(people)],
        sessions=[
            AgendaSession(session_id=f"s{n}", title="T", starts_at=START, ends_at=START + timedelta(hours=1), location="", parent_id=None, credits=None, attributes={})
            for n in range(sessions)
        ],
    )  # fmt: skip


@pytest.fixture
def rehearsed(bench):
    def go(event=None, source=SCRIPT, moments=tuple(MOMENTS), most=1000, **terms):
        code = bench.review(source).checked.code
        usual = {"link_hosts": ("cme.example.org",), "limits": LIMITS, "rates": {"ethos": 2.0}, "answers": [ANSWER]}
        event = event or an_event()
        done = rehearse(bench, (source, code), event.situations(moments, most=most), RehearsalTerms(**(usual | terms)))
        return done.as_json({"ethos": 2.0})

    return go


def test_every_person_session_and_moment_is_one_situation_and_a_part_is_spread_over_all():
    event = an_event(people=10, sessions=6)
    every = [(one.user, one.session, one.when) for one in event.situations(tuple(MOMENTS), most=10_000)]
    assert len(every) == len(set(every)) == 180
    some = list(event.situations(tuple(MOMENTS), most=20))
    assert (len(some), event.count(tuple(MOMENTS))) == (20, 180)
    assert {one.session for one in some} == {f"s{n}" for n in range(6)}
    assert some == list(event.situations(tuple(MOMENTS), most=20))


def test_the_clock_stands_before_in_and_after_the_session_in_the_zone_of_the_event():
    moments = {one.when: one.given.now for one in an_event(1, 1).situations(tuple(MOMENTS), most=9)}
    assert moments == {
        "before": "2026-05-04T07:50:00-05:00",
        "during": "2026-05-04T08:30:00-05:00",
        "after": "2026-05-04T09:10:00-05:00",
    }


def test_it_counts_messages_failures_long_texts_and_calls(rehearsed):
    told = rehearsed()
    assert (told["runs"], told["hidden"], told["not_answered"]) == (24, 16, 0)
    assert [(one["text"], one["count"]) for one in told["messages"]] == [
        ("Claim 1.0", 4),
        ("x" * 60, 2),
        ("Claim", 2),
    ]
    assert told["messages"][0]["example"] == {"user": "0", "session": "s0", "now": "2026-05-04T09:10:00-05:00"}
    assert told["too_long"] == ["x" * 60]
    assert told["failed"] == []
    assert [one["count"] for one in told["warnings"] if "elsewhere.example.org" in one["text"]] == [2]
    assert told["calls"] == [
        {"connection": "ethos", "calls": 8, "at_once": 4, "rate_per_s": 2.0, "seconds_at_rate": 2.0}
    ]
    assert 0 < told["ms"]["median"] <= told["ms"]["p95"] <= told["ms"]["most"]


def test_answers_kept_with_runs_come_before_those_that_were_given(rehearsed):
    kept = {("0", "s0"): [ANSWER | {"json": {"credits": "9"}}]}
    texts = Counter({one["text"]: one["count"] for one in rehearsed(kept=kept)["messages"]})
    assert (texts["Claim 9"], texts["Claim 1.0"]) == (1, 3)


def test_a_call_without_an_answer_is_told_apart_from_other_failures(rehearsed):
    told = rehearsed(answers=[], moments=("after",))
    assert told["not_answered"] == 8
    assert sum(one["count"] for one in told["failed"]) == 8


def test_an_event_without_calls_has_no_load(rehearsed):
    told = rehearsed(source="def status(user, session, api):\n    return hidden()\n")
    assert (told["calls"], told["messages"], told["hidden"]) == ([], [], 24)


def test_every_way_to_fail_is_counted_with_an_example(rehearsed):
    source = SCRIPT.replace('"broken"', '"s1"')
    (failed,) = rehearsed(source=source, moments=("after",))["failed"]
    assert (failed["type"], failed["line"], failed["count"], failed["example"]["session"]) == (
        "ZeroDivisionError",
        8,
        1,
        "s1",
    )


def test_a_message_with_values_of_the_person_is_one_message(rehearsed):
    event = an_event(people=4, sessions=1)
    for number, user in enumerate(event.people):
        user.first_name, user.attributes = f"Name{number}", {"member": {"no": [f"M-77{number}"]}}
    source = (
        "def status(user, session, api):\n"
        '    return message(user.first_name + ", " + user.attributes["member"]["no"][0])\n'
    )
    (told,) = rehearsed(event, source=source, moments=("during",))["messages"]
    assert (told["text"], told["count"]) == ("{first_name}, {member.no}".replace("{member", "{attributes.member"), 4)


def test_the_clock_can_stand_further_from_the_session(rehearsed):
    moments = {
        one.when: one.given.now for one in replace(an_event(1, 1), minutes=90).situations(("before", "after"), most=9)
    }
    assert moments == {"before": "2026-05-04T06:30:00-05:00", "after": "2026-05-04T10:30:00-05:00"}


def test_who_is_told_of_each_run_can_end_the_rehearsal(bench):
    source = "def status(user, session, api):\n    return hidden()\n"
    code = bench.review(source).checked.code
    terms = RehearsalTerms((), LIMITS, {})
    situations = an_event().situations(tuple(MOMENTS), most=1000)
    assert rehearse(bench, (source, code), situations, terms, lambda done: done.runs < 5).runs == 5
