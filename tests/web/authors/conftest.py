"""What the tests of the authors' endpoints share: a real jail for checks, and an implementation with an author for each test."""

import pytest

from tests.support.application import make_app
from tests.support.author_house import author_house


@pytest.fixture
def app(settings, status_service, database, store, checking_worker):
    return make_app(database, store, settings, status_service=status_service)


@pytest.fixture
def house(database):
    return author_house(database)


@pytest.fixture
def other_house(database):
    return author_house(database)


@pytest.fixture
def hand_in(http, house):
    """Hand a text in with a token that may do everything."""
    headers = house.headers()

    def act(source, **more):
        return http.post(f"{house.path}/scripts/submissions", json={"source": source} | more, headers=headers)

    return act
