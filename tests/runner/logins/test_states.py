"""What Redis remembers beside tokens: one-time states, replays, ended logins, idle time, sessions of providers."""

import threading

import pytest

from runner.logins import LoginStore, StoreAway, saml_sessions
from runner.logins.saml_sessions import SamlSessions
from runner.store.clients import connect
from tests.support.people import visitor
from tests.support.valkey import written


def at_once(act, people=10):
    """Let many do the same at the same moment; return what each got."""
    got, together = [], threading.Barrier(people)

    def one():
        together.wait()
        got.append(act())

    threads = [threading.Thread(target=one) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test_a_one_time_state_is_taken_once_and_looked_at_often(store):
    handle = store.one_time_states.put("kind", {"a": 1, "é": [None]}, 60)
    assert (
        store.one_time_states.look("kind", handle)
        == store.one_time_states.look("kind", handle)
        == {"a": 1, "é": [None]}
    )
    assert store.one_time_states.take("kind", handle) == {"a": 1, "é": [None]}
    assert store.one_time_states.take("kind", handle) is store.one_time_states.look("kind", handle) is None


def test_of_many_who_take_a_state_at_once_one_gets_it(store):
    handle = store.one_time_states.put("kind", {}, 60)
    assert at_once(lambda: store.one_time_states.take("kind", handle)).count({}) == 1


@pytest.mark.parametrize("handle", ["", "x", "{}", "\ud800", "x" * 100_000, "*", "a\0b"])
def test_a_handle_that_nobody_made_gives_nothing(store, handle):
    store.one_time_states.put("kind", {}, 60)
    assert store.one_time_states.take("kind", handle) is None


def test_a_state_of_one_kind_is_none_of_another_and_its_key_does_not_show_the_handle(store, redis):
    handle = store.one_time_states.put("kind", {}, 60)
    assert store.one_time_states.take("other", handle) is None
    (key,) = written(redis)
    assert handle not in key.decode()
    assert 0 < redis.ttl(key) <= 60


def test_handles_are_long_and_never_the_same(store):
    handles = {store.one_time_states.put("kind", {}, 60) for _ in range(50)}
    assert len(handles) == 50
    assert all(len(handle) == 43 for handle in handles)


def test_something_is_new_once_for_each_kind_and_each_part(store):
    assert store.replays.first_time("jwt", "demo", "iss", "jti", life_s=60)
    assert not store.replays.first_time("jwt", "demo", "iss", "jti", life_s=60)
    for other in (("saml", "demo", "iss", "jti"), ("jwt", "other", "iss", "jti"), ("jwt", "demo", "issj", "ti")):
        assert store.replays.first_time(*other, life_s=60)


def test_of_many_replays_at_once_one_is_the_first(store):
    assert at_once(lambda: store.replays.first_time("jwt", "x", life_s=60)).count(True) == 1


def test_what_would_be_forgotten_at_once_is_remembered_for_a_second(store):
    assert store.replays.first_time("jwt", "x", life_s=-5)
    assert not store.replays.first_time("jwt", "x", life_s=-5)


def test_a_login_ends_alone(store):
    ada, again, bob = visitor(), visitor(), visitor(subject="bob")
    store.ended_logins.end(ada.login)
    ended = [store.ended_logins.is_ended(v.implementation, v.subject, v.login, v.since) for v in (ada, again, bob)]
    assert ended == [True, False, False]


def test_the_end_of_all_counts_until_its_second(ended, clock):
    earlier, same, later = (visitor(since=clock.now + seconds) for seconds in (-1, 0, 1))
    elsewhere, bob = visitor("other", since=clock.now), visitor(subject="bob", since=clock.now)
    ended.end_all("demo", "ada")
    found = [
        ended.is_ended(v.implementation, v.subject, v.login, v.since) for v in (earlier, same, later, elsewhere, bob)
    ]
    assert found == [True, True, False, False, False]


def test_names_that_run_together_are_told_apart(store):
    store.ended_logins.end_all("demo", "x ada")
    assert not store.ended_logins.is_ended("demo x", "ada", "l", 1)
    assert store.ended_logins.is_ended("demo", "x ada", "l", 1)


def test_a_login_of_staff_runs_out_without_use_and_stays_so(store, redis):
    assert not store.idle_timeouts.touch("login")
    store.idle_timeouts.begin("login", 100)
    assert store.idle_timeouts.touch("login", 50)
    assert 0 < redis.ttl(redis.keys("*idle*")[0]) <= 50
    redis.delete(*redis.keys("*idle*"))
    assert not store.idle_timeouts.touch("login")


@pytest.fixture
def sessions(redis, store, clock):
    return SamlSessions(redis, store.ended_logins, clock=clock)


def test_a_providers_logout_finds_the_logins_of_its_sessions(sessions):
    for index, login in (("i1", "l1"), ("i2", "l2")):
        sessions.remember("demo", "idp", "ada@x", index, login, "ada", 600)
    assert sessions.find("demo", "idp", "ada@x", ["i1"]) == {("l1", "ada")}
    assert sessions.find("demo", "idp", "ada@x", ["i2", "none"]) == {("l2", "ada")}
    assert sessions.find("demo", "idp", "ada@x", []) == {("l1", "ada"), ("l2", "ada")}
    assert sessions.find("demo", "idp", "ada@x", ["none"]) == set()
    for other in (("other", "idp", "ada@x"), ("demo", "idp2", "ada@x"), ("demo", "idp", "bob@x")):
        assert sessions.find(*other, []) == set()


def test_logging_in_in_a_loop_ends_the_logins_which_end_first_and_grows_no_more(sessions, store, monkeypatch):
    """Each login reads those of the same NameID: a million of them would stop the store for everybody."""
    monkeypatch.setattr(saml_sessions, "MOST", 3)
    for number in range(5):
        sessions.remember("demo", "idp", "ada@x", "i", f"l{number}", "ada", 600 + number)
    assert sessions.find("demo", "idp", "ada@x", []) == {("l2", "ada"), ("l3", "ada"), ("l4", "ada")}
    assert [store.ended_logins.is_ended("demo", "ada", f"l{number}", 1) for number in range(5)] == [True, True] + [
        False
    ] * 3


def test_a_long_login_is_not_forgotten_because_of_a_short_one_and_a_past_one_is(sessions, clock, redis):
    sessions.remember("demo", "idp", "n", "i1", "long", "ada", 600)
    sessions.remember("demo", "idp", "n", "i2", "short", "ada", 60)
    assert redis.ttl(redis.keys("*saml*")[0]) > 500
    clock.now += 61
    assert sessions.find("demo", "idp", "n", []) == {("long", "ada")}
    sessions.remember("demo", "idp", "n", "i3", "new", "ada", 600)
    assert redis.hlen(redis.keys("*saml*")[0]) == 2


def test_without_redis_every_part_says_so_and_nothing_is_let_in():
    store = LoginStore(connect("redis://127.0.0.1:1"))
    ada = visitor()
    for act in (
        lambda: store.one_time_states.put("k", {}, 1),
        lambda: store.one_time_states.take("k", "h"),
        lambda: store.one_time_states.look("k", "h"),
        lambda: store.replays.first_time("k", "x", life_s=1),
        lambda: store.ended_logins.end("l"),
        lambda: store.ended_logins.end_all("demo", "ada"),
        lambda: store.ended_logins.is_ended("demo", "ada", "l", 1),
        lambda: store.idle_timeouts.begin("l"),
        lambda: store.idle_timeouts.touch("l"),
        lambda: store.saml_sessions.remember("d", "i", "n", "x", "l", "s", 1),
        lambda: store.saml_sessions.find("d", "i", "n", []),
        lambda: store.tokens.code(ada, redirect_uri="x", challenge="c"),
        lambda: store.tokens.redeem("demo", "cac_" + "x" * 43, redirect_uri="x", verifier="v"),
        lambda: store.tokens.issue(ada),
        lambda: store.tokens.refresh("demo", f"crt_{ada.login}.{'m' * 22}.{'s' * 43}"),
        lambda: store.tokens.holder("0" * 64),
        lambda: store.tokens.revoke("demo", "cat_" + "x" * 43),
    ):
        with pytest.raises(StoreAway):
            act()
    store.close()
