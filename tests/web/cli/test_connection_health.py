"""`connection list` says how vendors are, and `connection retry` lets one be called again."""

import json

import pytest

from runner.powers.vendor_limits import keys_of_name
from tests.support.vendor_health import BAD, GOOD, count_calls, open_breaker


@pytest.fixture
def event(cli, records, redis, valkey_url):
    """An implementation `aha26` with a connection, and a store."""
    env = {**records, "REDIS_URL": valkey_url}
    assert cli("implementation", "add", "aha26", "--name", "AHA", env=env).exit_code == 0
    assert cli("connection", "add", "aha26", "ce", "--base-url", "https://cme.example.org", env=env).exit_code == 0
    return env


def test_the_list_says_how_the_vendor_is(cli, event, redis):
    assert "no calls lately" in cli("connection", "list", "aha26", env=event).stdout
    count_calls(redis, "aha26", "ce", *[GOOD] * 9, BAD)
    said = cli("connection", "list", "AHA26", env=event).stdout
    assert "well since" in said
    assert "10 calls in 5 minutes, 1 failed, 95 of 100 within 0.1 s; last error HTTP status 503 at" in said
    (health,) = [one["health"] for one in json.loads(cli("connection", "list", "aha26", "--json", env=event).stdout)]
    assert (health["state"], health["calls"], health["failed"], health["p95_ms"]) == ("well", 10, 1, 100)


def test_a_vendor_that_is_not_called_is_called_again_with_an_audit_entry(cli, event, redis):
    open_breaker(redis, "aha26", "ce")
    assert "not called since" in cli("connection", "list", "aha26", env=event).stdout
    result = cli("connection", "retry", "Aha26", "ce", env=event)
    assert (result.exit_code, result.stdout) == (0, "ce is called again from now on.\n")
    assert not redis.exists(keys_of_name("aha26", "ce")[0])
    assert "connection.breaker_closed" in cli("audit", "list", env=event).stdout


def test_a_connection_that_is_not_there_is_told_with_those_that_are(cli, event):
    result = cli("connection", "retry", "aha26", "nope", env=event)
    assert result.exit_code != 0
    assert "It has: ce" in result.stderr


def test_without_a_store_nothing_is_known_and_no_one_can_be_told(cli, event):
    away = {**event, "REDIS_URL": "redis://127.0.0.1:1/0"}
    assert "not known: no store" in cli("connection", "list", "aha26", env=away).stdout
    result = cli("connection", "retry", "aha26", "ce", env=away)
    assert result.exit_code != 0
    assert "The store does not answer" in result.stderr
    assert "connection.breaker_closed" not in cli("audit", "list", env=event).stdout
