"""A store says what it was made for: each new connection asks, and one of the other environment gets nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import AuthenticationError

from runner.store.clients import connect, connect_brief, connect_queue
from runner.store.embedded import EmbeddedStore
from runner.store.environment_mark import KEY, StoreEnvironmentMismatch
from runner.store.mark_administration import adopt_own, mark_of, replace_mark

OPENERS = (connect, connect_queue, connect_brief)


@pytest.fixture
def unmarked(redis):
    redis.flushall()
    return redis


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize(("made_for", "other"), [("development", "production"), ("production", "development")])
def test_a_store_refuses_every_client_of_the_other_environment(redis, valkey_url, opener, made_for, other):
    replace_mark(valkey_url, made_for)
    client = opener(valkey_url, environment=other)
    with pytest.raises(StoreEnvironmentMismatch, match=f"made for {made_for} and this process runs in {other}"):
        client.set("login", "x")
    with pytest.raises(StoreEnvironmentMismatch):
        client.pubsub().subscribe("st:changed")
    assert redis.keys() == [KEY.encode()]
    opener(valkey_url, environment=made_for).set("login", "x")


@pytest.mark.parametrize("opener", OPENERS)
def test_a_store_whose_password_the_address_lacks_is_one_that_refuses_and_nothing_else(opener):
    with EmbeddedStore() as own:
        connect(own.url).config_set("requirepass", "hunter22")
        with pytest.raises(AuthenticationError):
            opener(own.url, environment="production").ping()


def test_an_empty_store_is_that_of_exactly_one_of_those_who_come_first(unmarked, valkey_url):
    def ask(number):
        client = connect(valkey_url, environment=("development", "production")[number % 2])
        try:
            return client.ping()
        except StoreEnvironmentMismatch:
            return False
        finally:
            client.close()

    with ThreadPoolExecutor(8) as pool:
        let_in = list(pool.map(ask, range(40)))
    mine = ("development", "production").index(mark_of(valkey_url).environment)
    assert let_in == [number % 2 == mine for number in range(40)]


def test_a_store_with_data_and_without_a_mark_counts_as_production(unmarked, valkey_url):
    unmarked.set("login", "somebody's")
    with pytest.raises(StoreEnvironmentMismatch, match="carries no mark, so it counts as production"):
        connect(valkey_url, environment="development").ping()
    assert mark_of(valkey_url).environment == ""
    connect(valkey_url, environment="production").ping()
    assert mark_of(valkey_url).environment == "production"


def test_a_store_that_is_flushed_and_taken_by_development_is_refused_to_production_from_then_on(unmarked, valkey_url):
    production = connect(valkey_url, environment="production")
    production.ping()
    unmarked.flushall()
    connect(valkey_url, environment="development").ping()
    production.connection_pool.disconnect()
    with pytest.raises(StoreEnvironmentMismatch):
        production.ping()


def test_the_store_of_a_data_folder_is_adopted_with_what_is_in_it_and_never_against_its_mark(unmarked, valkey_url):
    unmarked.set("st:workers", "of an earlier release")
    assert adopt_own(valkey_url, "development") == "development"
    replace_mark(valkey_url, "production")
    assert adopt_own(valkey_url, "development") == "production"


def test_a_look_marks_nothing(unmarked, valkey_url):
    assert mark_of(valkey_url).empty
    assert unmarked.keys() == []
