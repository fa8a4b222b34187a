"""Storing facts: the newest word counts, what is no fact is told, and nothing reaches a user or an implementation that it is not about."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import AgendaSession, RuleViolation, UserProfile
from records.facts import fact_lists, fact_reading, fact_storage
from records.facts.fact_content import MOST_BYTES
from records.facts.fact_storage import MOST_AHEAD, FactAnswer, FactBatch, FactSource
from records.facts.fact_tables import WHOLE_EVENT
from records.people import users
from records.people.users import User
from records.tenants import implementations

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TAKEN, UNCHANGED, OLDER, UNKNOWN = FactAnswer.TAKEN, FactAnswer.UNCHANGED, FactAnswer.OLDER, FactAnswer.UNKNOWN_USER


@pytest.fixture
def owner(db, demo):
    owner = implementations.find(db, demo.slug)
    fill(db, owner, "ann", "bob")
    return owner


def fill(db, owner, *subjects):
    for session in ("s1", "s2"):
        db.add(
            AgendaSession(
                implementation_id=owner.id, session_id=session, title=session,
                starts_at=NOW, ends_at=NOW + timedelta(hours=1),
            )
        )  # fmt: skip
    for subject in subjects:
        users.remember(db, owner, subject, UserProfile())
    db.flush()


def store(db, owner, facts, session="s1", **when):
    """Store facts that are `minutes` younger than NOW; they arrive a second later."""
    at = NOW + timedelta(minutes=when.get("minutes", 0))
    source = when.get("source", FactSource.PUSHED)
    return fact_storage.store(db, owner, FactBatch(session, at, source, facts), now=at + timedelta(seconds=1))


def facts_of(db, owner, subject="ann", session="s1", returned_at=None):
    wanted = {"owner": owner.id, "subject": subject, "event": WHOLE_EVENT, "session": session}
    return fact_reading.known_user(db.execute(fact_reading.OF_USER.select, wanted).all(), returned_at).facts


def test_a_fact_reaches_its_user_at_its_session_only(db, owner):
    stored = store(db, owner, {"ann": {"claimed": True}})
    assert (stored.answers, stored.changed) == ({"ann": TAKEN}, ("ann",))
    assert facts_of(db, owner).facts == {"claimed": True}
    assert facts_of(db, owner).at == NOW
    assert facts_of(db, owner, "bob") == facts_of(db, owner, session="s2") == fact_reading.KnownFacts()


def test_facts_of_the_session_lie_over_those_of_the_event_and_are_as_old_as_the_older_ones(db, owner):
    store(db, owner, {"ann": {"member": True, "claimed": False}}, session=WHOLE_EVENT, minutes=-30)
    store(db, owner, {"ann": {"claimed": True}})
    known = facts_of(db, owner)
    assert (known.facts, known.at) == ({"member": True, "claimed": True}, NOW - timedelta(minutes=30))
    assert facts_of(db, owner, session="s2").facts == {"member": True, "claimed": False}


def test_reordered_facts_never_replace_newer_ones(db, owner):
    store(db, owner, {"ann": {"n": 2}}, minutes=2)
    stored = store(db, owner, {"ann": {"n": 1}}, minutes=1)
    assert (stored.answers, stored.changed) == ({"ann": OLDER}, ())
    assert facts_of(db, owner).facts == {"n": 2}


def test_an_entry_without_content_takes_a_fact_away_and_older_ones_stay_away(db, owner):
    store(db, owner, {"ann": {"n": 1}})
    assert store(db, owner, {"ann": None}, minutes=2).changed == ("ann",)
    assert store(db, owner, {"ann": {"n": 1}}, minutes=1).answers == {"ann": OLDER}
    assert facts_of(db, owner) == fact_reading.KnownFacts()
    assert store(db, owner, {"bob": None}).changed == ()


def test_a_word_that_is_repeated_for_the_same_moment_is_due_again(db, owner):
    """Its first arrival may have ended before the messages were due."""
    entries = {"ann": {"a": 1}, "bob": None}
    assert store(db, owner, entries).changed == ("ann",)
    again = store(db, owner, entries)
    assert again.answers == {"ann": UNCHANGED, "bob": UNCHANGED}
    assert sorted(again.changed) == ["ann", "bob"]


def test_an_unchanged_fact_changes_nothing_but_how_old_it_is(db, owner):
    store(db, owner, {"ann": {"a": 1, "b": [1, 2]}})
    again = store(db, owner, {"ann": {"b": [1, 2], "a": 1}}, minutes=5)
    assert (again.answers, again.changed) == ({"ann": UNCHANGED}, ())
    assert facts_of(db, owner).at == NOW + timedelta(minutes=5)
    assert store(db, owner, {"ann": {"a": True, "b": [1, 2]}}, minutes=5).changed == ("ann",)  # 1 is not true


def test_of_two_words_for_the_same_moment_the_later_one_counts(db, owner):
    store(db, owner, {"ann": {"n": 1}})
    assert store(db, owner, {"ann": {"n": 2}}).answers == {"ann": TAKEN}
    assert facts_of(db, owner).facts == {"n": 2}


def test_facts_of_unknown_users_are_told_and_not_stored(db, owner):
    stored = store(db, owner, {"ann": {}, "nina": {"n": 1}, "": {}, "x" * 10_000_000: {}, "a\0nn": {}, "\ud800": {}})
    assert list(stored.answers.values()) == [TAKEN, *[UNKNOWN] * 5]
    assert [each.users for each in fact_lists.counts(db, owner)] == [1]


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ({"t": "x" * (MOST_BYTES - 8)}, TAKEN),
        ({"t": "x" * (MOST_BYTES - 7)}, FactAnswer.TOO_LARGE),
        ({"t": "é" * (MOST_BYTES // 2)}, FactAnswer.TOO_LARGE),
        ([], FactAnswer.NOT_AN_OBJECT),
        ("text", FactAnswer.NOT_AN_OBJECT),
        (0, FactAnswer.NOT_AN_OBJECT),
        (False, FactAnswer.NOT_AN_OBJECT),
        ({"n": float("nan")}, FactAnswer.NOT_AN_OBJECT),
        ({"n": float("inf")}, FactAnswer.NOT_AN_OBJECT),
        ({"t": "a\0b"}, FactAnswer.NOT_AN_OBJECT),
        ({"t": "\ud800"}, FactAnswer.NOT_AN_OBJECT),
        ({"a\0b": 1}, FactAnswer.NOT_AN_OBJECT),
        ({"n": 10**400}, FactAnswer.NOT_AN_OBJECT),
        ({"__proto__": {"a": 1}, "t": "\\u0000"}, TAKEN),
    ],
)
def test_what_is_no_fact_is_told(db, owner, value, answer):
    assert store(db, owner, {"ann": value}).answers == {"ann": answer}
    assert facts_of(db, owner).facts == (value if answer is TAKEN else {})


def test_a_depth_bomb_is_no_fact(db, owner):
    bomb = {}
    for _ in range(900):
        bomb = {"a": bomb}
    assert store(db, owner, {"ann": bomb}).answers == {"ann": FactAnswer.NOT_AN_OBJECT}


@pytest.mark.parametrize(
    ("session", "at", "field"),
    [
        ("s9", NOW, "session"),
        ("S1", NOW, "session"),
        ("s1\0", NOW, "session"),
        ("s1", NOW + MOST_AHEAD + timedelta(seconds=1), "at"),
    ],
)
def test_facts_of_an_unknown_session_or_of_the_future_are_refused(db, owner, session, at, field):
    with pytest.raises(RuleViolation) as refused:
        fact_storage.store(db, owner, FactBatch(session, at, FactSource.PUSHED, {"ann": {}}), now=NOW)
    assert refused.value.field == field


#: Ids that a careless comparison takes for each other.
ODD = ("ann", "Ann", "a nn", "an", "annn", "__proto__", "constructor", "%", "_nn", "*", "Zoë", unicodedata.normalize("NFD", "Zoë"), "ﬁ", "fi", "1", "01", "1.0", "ann\u200b")  # fmt: skip


def test_no_user_sees_the_facts_of_another_with_a_like_id(db, demo):
    owner = implementations.find(db, demo.slug)
    fill(db, owner, *ODD)
    assert set(store(db, owner, {odd: {"of": odd} for odd in ODD}).answers.values()) == {TAKEN}
    for odd in ODD:
        assert facts_of(db, owner, odd).facts == {"of": odd}
    for missing in ("ANN", "zoë", "a_n", "an%", "ann ", "ann\n", ""):
        assert facts_of(db, owner, missing) == fact_reading.KnownFacts()


def test_no_user_sees_the_facts_of_the_same_id_in_another_implementation(db, owner):
    other = implementations.create(db, "other", "Other Congress")
    fill(db, other, "ann")
    store(db, owner, {"ann": {"of": "demo"}})
    store(db, owner, {"ann": {"of": "demo"}}, session=WHOLE_EVENT)
    assert facts_of(db, other) == fact_reading.KnownFacts()
    store(db, other, {"ann": {"of": "other"}}, minutes=-5)
    assert (facts_of(db, owner).facts, facts_of(db, other).facts) == ({"of": "demo"}, {"of": "other"})


@pytest.mark.parametrize(
    ("at", "arrives", "counts"), [(-5, -4, False), (-5, 2, False), (3, -1, False), (1, 2, True), (3, 1, True)]
)
def test_after_a_return_only_what_was_true_and_told_since_then_counts(db, owner, at, arrives, counts):
    """`at` and `arrives` are minutes after the return: a source may be late, or its clock may be ahead."""
    at, arrives = NOW + timedelta(minutes=at), NOW + timedelta(minutes=arrives)
    fact_storage.store(db, owner, FactBatch("s1", at, FactSource.PUSHED, {"ann": {"n": 1}}), now=arrives)
    assert bool(facts_of(db, owner, returned_at=NOW).facts) is counts
    assert facts_of(db, owner).facts == {"n": 1}


def test_facts_end_with_retention_with_their_user_and_with_erasure(db, owner):
    store(db, owner, {"ann": {"n": 1}, "bob": {"n": 2}}, session=WHOLE_EVENT)
    store(db, owner, {"ann": {"n": 1}, "bob": {"n": 2}}, session="s2", minutes=24 * 60)
    assert fact_storage.purge(db, NOW + timedelta(days=owner.keep_runs_days, minutes=1)) == 2
    assert [each.session for each in fact_lists.counts(db, owner)] == ["s2"]
    assert fact_storage.forget(db, owner, "ann") == 1
    assert (fact_lists.of_user(db, owner, "ann"), len(fact_lists.of_user(db, owner, "bob"))) == ([], 1)
    db.delete(db.query(User).filter_by(subject="bob").one())
    db.flush()
    assert fact_lists.counts(db, owner) == []


def test_pages_are_told_how_many_facts_there_are_and_how_old(db, owner):
    store(db, owner, {"ann": {"n": 1}, "bob": None}, source=FactSource.PULLED)
    store(db, owner, {"bob": {"n": 1}}, session=WHOLE_EVENT, minutes=3)
    event, session = fact_lists.counts(db, owner)
    assert (event.session, event.source, event.users, event.newest_at) == ("", "pushed", 1, NOW + timedelta(minutes=3))
    assert (session.session, session.source, session.users) == ("s1", "pulled", 1)
    assert session.arrived_at == NOW + timedelta(seconds=1)
    (fact,) = fact_lists.of_user(db, owner, "ann")
    assert (fact.content, fact.source) == ({"n": 1}, "pulled")


_WORDS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([None, {}, {"n": 1}, {"n": 2}]), st.sampled_from(["s1", ""])),
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=_WORDS)
def test_in_whatever_order_facts_arrive_the_newest_counts(db, owner, words):
    fact_storage.forget(db, owner, "ann")
    newest = {}
    for minutes, value, session in words:
        answer = store(db, owner, {"ann": value}, session=session, minutes=minutes).answers["ann"]
        known = newest.get(session)
        assert (answer is OLDER) == (known is not None and minutes < known[0])
        if answer is not OLDER:
            newest[session] = (minutes, value)
    whole = {**((newest.get("") or (0, None))[1] or {}), **((newest.get("s1") or (0, None))[1] or {})}
    assert facts_of(db, owner).facts == whole
