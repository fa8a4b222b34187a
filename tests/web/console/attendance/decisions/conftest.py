"""The records of the console with an event in them."""

import pytest

from records.tenants import implementations
from tests.web.console.attendance.decisions.event_records import fill


@pytest.fixture
def event(database):
    """Fill the event into `demo`; returns a function that runs something in a transaction on it."""

    def act(function, *arguments, slug="demo", **more):
        with database.session() as db:
            return function(db, implementations.find(db, slug), *arguments, **more)

    act(fill)
    return act
