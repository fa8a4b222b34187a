"""Tests of the database itself look at its connections, so each has a `Database` of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from records import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.dispose()
