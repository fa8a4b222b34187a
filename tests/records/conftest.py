"""Every test of the records room runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from records import Database, Implementation, SecretBox
from records.tenants import implementations
from tests.support.records import new_records

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]
KEY = "a key of the tests, long enough to be one"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a file that holds the newest schema and nothing else."""
    path = tmp_path_factory.mktemp("template") / "records.db"
    database = new_records(f"sqlite:///{path}")
    database.dispose()
    return path


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a database with the newest schema, of each kind."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "records.db")
    return f"sqlite:///{tmp_path}/records.db"


@pytest.fixture(params=BOTH)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database without any table, of each kind."""
    postgres = request.param == "postgres"
    url = request.getfixturevalue("empty_postgres_url") if postgres else f"sqlite:///{tmp_path}/empty.db"
    database = Database(url)
    yield database
    database.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str) -> Iterator[Database]:
    if database_url.startswith("postgresql"):
        yield request.getfixturevalue("empty_postgres_database").shared
        return
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    with database.session() as session:
        yield session


@pytest.fixture
def demo(database: Database) -> Implementation:
    """Give an implementation that is stored."""
    with database.session() as session:
        return implementations.create(session, "demo", "Demo Congress", "America/New_York")


@pytest.fixture
def box() -> SecretBox:
    return SecretBox([KEY])
