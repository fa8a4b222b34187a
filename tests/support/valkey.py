"""Fixtures: a real Valkey server for the tests, one for the whole run, empty for each test.

`TEST_REDIS_URL` names another server instead; its database is flushed, so give it one of its own.
"""

import os

import pytest

from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.environment_mark import KEY, adopt


@pytest.fixture(scope="session")
def valkey_url():
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield given
        return
    with EmbeddedStore() as store:
        yield store.url


@pytest.fixture
def redis(valkey_url):
    client = connect(valkey_url)
    client.flushall()
    adopt(client, "development")  # as a store is after its first use
    yield client
    client.close()


def written(client):
    """All keys of the store but its mark, which says what it was made for."""
    return [key for key in client.keys("*") if key != KEY.encode()]
