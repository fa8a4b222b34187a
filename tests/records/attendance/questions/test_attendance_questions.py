"""What scans ask of a person, and what each answer does: pure functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from records.attendance.minutes import AttendanceRules, BadgeScan, SessionRules, attendance
from records.attendance.questions import attendance_questions
from records.attendance.questions.attendance_questions import (
    ANSWERS,
    AS_IT_IS,
    FIRST_ONLY,
    SECOND_ONLY,
    WITHOUT_OUT,
    BadgeEvent,
    QuestionKind,
    choices_of,
    digest_of,
    questions_of,
    raises_nothing,
)

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = AttendanceRules(minutes_needed=30)


def at(minutes, name, direction=""):
    return BadgeScan(name, START + timedelta(minutes=minutes), direction)


def event(scans, *, in_and_out=False, parents=None, rules=RULES):
    held = {name: SessionRules(START, START + HOUR, in_and_out) for name in ("a", "b", "c")}
    return BadgeEvent("B-1", scans, held, parents or {}, rules)


def test_a_conflict_names_both_sessions_and_what_each_answer_does_to_the_minutes():
    (question,) = questions_of(event({"b": [at(10, "2")], "a": [at(5, "1")]}))
    assert (question.kind, question.names, question.seconds) == (QuestionKind.CONFLICT, ("a", "b"), 50 * 60)
    minutes = {each.name: [(one.minutes, one.attended) for one in each.after] for each in choices_of(question, RULES)}
    assert minutes == {
        AS_IT_IS: [(55, True), (50, True)],
        FIRST_ONLY: [(55, True), (0, False)],
        SECOND_ONLY: [(0, False), (50, True)],
    }


def test_a_session_and_its_part_raise_no_question():
    assert questions_of(event({"b": [at(10, "2")], "a": [at(5, "1")]}, parents={"b": "a"})) == []


def test_an_out_after_the_last_presence_is_asked_about_with_its_repeats():
    scans = [at(5, "1", "in"), at(20, "2", "out"), at(40, "3", "out"), at(41, "4", "out")]
    (question,) = questions_of(event({"a": scans}, in_and_out=True))
    assert (question.kind, question.names) == (QuestionKind.ORDER, ("a", ""))
    left, without = choices_of(question, RULES)
    assert (left.voided, without.name, without.voided) == (frozenset(), WITHOUT_OUT, {"3", "4"})
    assert without.after[0].minutes == left.after[0].minutes == 15


def test_a_session_that_the_agenda_never_had_raises_no_question():
    assert questions_of(event({"z": [at(1, "1", "out")]})) == []


SCANS = st.dictionaries(
    st.sampled_from("abc"),
    st.lists(
        st.builds(at, st.integers(-30, 90), st.integers(0, 99).map(str), st.sampled_from(["", "in", "out"])),
        max_size=6,
        unique_by=lambda each: each.id,
    ),
)


@given(SCANS, st.booleans(), st.randoms())
def test_the_order_of_arrival_does_not_matter(scans, in_and_out, random):
    shuffled = {name: random.sample(scans[name], len(scans[name])) for name in random.sample(sorted(scans), len(scans))}
    assert questions_of(event(scans, in_and_out=in_and_out)) == questions_of(event(shuffled, in_and_out=in_and_out))
    assert digest_of(scans) == digest_of(shuffled)


@given(SCANS, st.booleans())
def test_every_answer_but_the_first_settles_its_question(scans, in_and_out):
    for question in questions_of(event(scans, in_and_out=in_and_out)):
        choices = choices_of(question, RULES)
        assert tuple(each.name for each in choices) == ANSWERS[question.kind]
        assert choices[0].after == tuple(each.attendance for each in question.sessions)
        for choice in choices[1:]:
            left = {name: [one for one in several if one.id not in choice.voided] for name, several in scans.items()}
            again = [(each.kind, each.names) for each in questions_of(event(left, in_and_out=in_and_out))]
            assert (question.kind, question.names) not in again


OUTS = st.lists(
    st.builds(at, st.integers(-9, 9), st.integers(0, 99).map(str), st.sampled_from(["in", "out", "out", "out"])),
    max_size=12,
    unique_by=lambda each: each.id,
)


@given(OUTS)
def test_no_more_scans_are_voided_than_one_after_the_other_turns_out_to_be_impossible(scans):
    held, voided = SessionRules(START, START + HOUR, in_and_out=True), set()
    while more := attendance([each for each in scans if each.id not in voided], held, RULES).impossible:
        voided.update(more)
    asked = [each for each in questions_of(event({"a": scans}, in_and_out=True)) if each.kind is QuestionKind.ORDER]
    assert {name for each in asked for name in choices_of(each, RULES)[1].voided} == voided


def test_a_flood_of_outs_of_one_badge_does_not_hold_up_the_page_that_asks_about_it(monkeypatch):
    rounds = []

    def counted(*given):
        rounds.append(given)
        return attendance(*given)

    flood = [
        BadgeScan(f"{number:05}", START - HOUR + number * timedelta(milliseconds=5), "out") for number in range(9000)
    ]
    (question,) = questions_of(event({"a": flood}, in_and_out=True))
    monkeypatch.setattr(attendance_questions, "attendance", counted)
    assert len(choices_of(question, RULES)[1].voided) == len(flood)
    assert len(rounds) < 10


@given(SCANS, st.data())
def test_any_other_scan_gives_another_digest(scans, data):
    scans = {name: several for name, several in scans.items() if several}
    if scans:
        name = data.draw(st.sampled_from(sorted(scans)))
        assert digest_of(scans) != digest_of(scans | {name: scans[name][1:]})
        moved = [BadgeScan(each.id, each.at + timedelta(microseconds=1), each.direction) for each in scans[name]]
        assert digest_of(scans) != digest_of(scans | {name: moved})


HOURS = st.integers(0, 3)


@given(SCANS, st.booleans(), st.tuples(HOURS, HOURS, HOURS), st.integers(0, 90))
def test_a_badge_that_is_passed_over_raises_no_question(scans, in_and_out, begins, margin):
    rules = AttendanceRules(early_minutes=margin, late_minutes=margin)
    one = event(scans, in_and_out=in_and_out, rules=rules)
    held = {
        name: SessionRules(START + hour * HOUR, START + (hour + 1) * HOUR, in_and_out)
        for name, hour in zip("abc", begins, strict=True)
    }
    one = BadgeEvent(one.badge_id, one.scans, held, {}, rules)
    assert not raises_nothing(one) or questions_of(one) == []
