"""Refresh tokens: each good once, a lost answer given again, a stolen one the end of the login."""

import threading

import pytest

from runner.logins import TokenRefused
from runner.logins.app_tokens import ACCESS_S, GRACE_S, LOGIN_S, REFRESH_S
from tests.support.people import visitor
from tests.support.valkey import written


@pytest.fixture
def ada(clock):
    return visitor(since=clock.now)


@pytest.fixture
def first(tokens, ada):
    return tokens.issue(ada)


def refresh(tokens, token, implementation="demo"):
    return tokens.refresh(implementation, token)[1]


def test_each_refresh_gives_a_new_pair_and_the_old_access_token_runs_out_by_itself(tokens, first, clock, ada):
    second = refresh(tokens, first.refresh)
    assert len({first.access, first.refresh, second.access, second.refresh}) == 4
    assert tokens._holder_now(second.access) == tokens._holder_now(first.access) == ada
    clock.now += ACCESS_S
    assert tokens._holder_now(first.access) is tokens._holder_now(second.access) is None
    assert refresh(tokens, second.refresh).expires_in == ACCESS_S


def test_a_lost_answer_is_given_again_for_a_while(tokens, first, clock):
    answer = refresh(tokens, first.refresh)
    clock.now += GRACE_S
    again = refresh(tokens, first.refresh)
    assert (again.access, again.refresh) == (answer.access, answer.refresh)
    assert again.expires_in == ACCESS_S - GRACE_S
    assert refresh(tokens, again.refresh)


def test_a_refresh_token_used_again_after_the_grace_ends_the_login_for_both(tokens, first, clock, ended, ada):
    answer = refresh(tokens, first.refresh)
    clock.now += GRACE_S + 1
    with pytest.raises(TokenRefused, match="used again") as refused:
        refresh(tokens, first.refresh)
    assert refused.value.login == ada.login
    assert ended.is_ended("demo", "ada", ada.login, ada.since)
    for token in (answer.refresh, first.refresh):
        with pytest.raises(TokenRefused, match="unknown login"):
            refresh(tokens, token)


def test_a_token_from_before_the_one_before_ends_the_login_even_at_once(tokens, first, ended, ada):
    refresh(tokens, refresh(tokens, first.refresh).refresh)
    with pytest.raises(TokenRefused, match="used again"):
        refresh(tokens, first.refresh)
    assert ended.is_ended("demo", "ada", ada.login, ada.since)


def test_many_who_refresh_at_once_get_the_same_answer(tokens, first):
    given, together = [], threading.Barrier(12)

    def ask():
        together.wait()
        given.append(refresh(tokens, first.refresh))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 12
    assert len({(pair.access, pair.refresh) for pair in given}) == 1
    assert tokens._holder_now(given[0].access)


def test_a_token_of_another_implementation_is_refused_and_stays_good_at_home(tokens, first):
    with pytest.raises(TokenRefused, match="another implementation"):
        refresh(tokens, first.refresh, "other")
    assert refresh(tokens, first.refresh)


def test_two_logins_cannot_be_mixed(tokens, first):
    other = tokens.issue(visitor(subject="bob"))
    login, mark, secret = first.refresh.split(".")
    other_login, other_mark, other_secret = other.refresh.split(".")
    for mixed in ((login, other_mark, secret), (other_login, mark, secret), (other_login, mark, other_secret)):
        with pytest.raises(TokenRefused, match="unknown login"):
            refresh(tokens, ".".join(mixed))
    assert refresh(tokens, first.refresh)
    assert refresh(tokens, other.refresh)


def test_who_knows_only_the_login_cannot_end_it(tokens, first, ended, ada):
    with pytest.raises(TokenRefused, match="unknown login"):
        refresh(tokens, f"crt_{ada.login}.{'m' * 22}.{'s' * 43}")
    assert tokens.revoke("demo", f"crt_{ada.login}.{'m' * 22}.{'s' * 43}") is None
    assert not ended.is_ended("demo", "ada", ada.login, ada.since)


def test_who_knows_the_family_but_not_the_secret_has_stolen_something(tokens, first, ended, ada):
    with pytest.raises(TokenRefused, match="used again"):
        refresh(tokens, first.refresh.rpartition(".")[0] + "." + "s" * 43)
    assert ended.is_ended("demo", "ada", ada.login, ada.since)


@pytest.mark.parametrize(
    "spelled", ["{}=", "{} ", " {}", "{}\n", "{}.x", "", "crt_", "..", "crt_..", "\ud800", "x" * 9999]
)
def test_another_spelling_of_a_refresh_token_is_none_and_ends_nothing(tokens, first, spelled):
    with pytest.raises(TokenRefused, match="no refresh token"):
        refresh(tokens, spelled.format(first.refresh))
    assert refresh(tokens, first.refresh)


def test_an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing(tokens, first):
    with pytest.raises(TokenRefused, match="no refresh token"):
        refresh(tokens, first.access)
    assert tokens._holder_now(first.refresh) is None


def test_a_login_which_is_not_used_for_a_month_ends(tokens, first, clock):
    clock.now += REFRESH_S - 1
    second = refresh(tokens, first.refresh)
    clock.now += REFRESH_S
    with pytest.raises(TokenRefused, match="unknown login"):
        refresh(tokens, second.refresh)


def test_however_it_is_used_a_login_ends_after_three_months(tokens, first, clock, redis):
    pair, begun = first, clock.now
    while clock.now + REFRESH_S - 1 < begun + LOGIN_S:
        clock.now += REFRESH_S - 1
        pair = refresh(tokens, pair.refresh)
    clock.now = begun + LOGIN_S
    with pytest.raises(TokenRefused):
        refresh(tokens, pair.refresh)


@pytest.mark.parametrize("end", ["one", "all", "revoke access", "revoke refresh", "revoke a used refresh"])
def test_whoever_ends_the_login_ends_its_tokens(tokens, first, ended, ada, end):
    second = refresh(tokens, first.refresh)
    match end:
        case "one":
            ended.end(ada.login)
        case "all":
            ended.end_all("demo", "ada")
        case "revoke access":
            assert tokens.revoke("demo", second.access) == ada.login
        case "revoke refresh":
            assert tokens.revoke("demo", second.refresh) == ada.login
        case "revoke a used refresh":
            assert tokens.revoke("demo", first.refresh) == ada.login
    assert ended.is_ended("demo", "ada", ada.login, ada.since)
    for token in (first.refresh, second.refresh):
        with pytest.raises(TokenRefused):
            refresh(tokens, token)


def test_the_end_of_all_does_not_touch_later_logins_or_others(tokens, ended, clock):
    bob = visitor(subject="bob", since=clock.now)
    elsewhere = visitor("other", since=clock.now)
    ended.end_all("demo", "ada")
    clock.now += 1
    later = visitor(since=clock.now)
    for other in (bob, elsewhere, later):
        assert tokens.refresh(other.implementation, tokens.issue(other).refresh)
        assert not ended.is_ended(other.implementation, other.subject, other.login, other.since)


def test_an_app_of_another_implementation_cannot_revoke(tokens, first, ended, ada):
    assert tokens.revoke("other", first.access) is None
    assert tokens.revoke("other", first.refresh) is None
    assert not ended.is_ended("demo", "ada", ada.login, ada.since)
    assert refresh(tokens, first.refresh)


@pytest.mark.parametrize("token", ["", "x", "cat_", "cat_" + "x" * 43, "crt_" + "x" * 16, "\ud800", "x" * 9999])
def test_revoking_what_nobody_knows_does_nothing(tokens, first, token):
    assert tokens.revoke("demo", token) is None
    assert refresh(tokens, first.refresh)


def test_nothing_is_kept_for_ever(tokens, first, redis):
    refresh(tokens, first.refresh)
    tokens.code(visitor(), redirect_uri="https://app.example.org/", challenge="c" * 43)
    tokens.revoke("demo", first.refresh)
    tokens.issue(visitor())
    assert all(redis.ttl(key) > 0 for key in written(redis))


def test_a_login_in_use_takes_the_same_room_however_often_it_is_refreshed(tokens, first, redis, clock):
    pair, families = first, set()
    for _ in range(5):
        clock.now += ACCESS_S
        pair = refresh(tokens, pair.refresh)
        families.add((len(redis.keys("*family*")), redis.hlen(redis.keys("*family*")[0])))
    assert len(families) == 1
