"""The store, the powers, and vendors which end with their test."""

import pytest
from vendor_stage import Vendor, make_vendors

from runner.store import EmbeddedStore, connect


@pytest.fixture(scope="session")
def store():
    with EmbeddedStore() as running:
        yield running


@pytest.fixture(scope="session")
def store_client(store):
    client = connect(store.url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def vendors(store_client):
    made = make_vendors(store_client)
    yield made
    made.close()


@pytest.fixture
def vendor():
    started = []

    def start(part, **more):
        started.append(Vendor(part, **more))
        return started[-1]

    yield start
    for each in started:
        each.stop()
