"""A database says what it was made for, and no process of the other environment reads or writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from records import Database, RuleViolation, WrongEnvironment
from records.maintenance import database_inspection
from records.storage import environment_mark, schema
from records.tenants import implementations

Opener = Callable[[str], Database]


def address(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def opened(empty_database: Database) -> Iterator[Callable[[str], Database]]:
    """Open the database as a process of an environment does."""
    made: list[Database] = []

    def make(environment: str) -> Database:
        made.append(Database(address(empty_database), environment=environment))
        return made[-1]

    yield make
    for each in made:
        each.dispose()


@pytest.mark.parametrize(("made_for", "other"), [("development", "production"), ("production", "development")])
def test_a_database_refuses_a_process_of_the_other_environment_before_it_reads_or_writes(
    opened: Opener, made_for: str, other: str
):
    opened(made_for).upgrade()
    stranger = opened(other)
    for use in (stranger.reading, stranger.session):
        with pytest.raises(WrongEnvironment, match=f"made for {made_for}, and this process runs in {other}"), use():
            pytest.fail("it was let in")
    with pytest.raises(WrongEnvironment):
        stranger.upgrade()
    with opened(made_for).session() as db:
        implementations.create(db, "demo", "Demo")


def test_two_environments_that_make_the_tables_at_the_same_moment_do_not_both_get_them(
    empty_database: Database, opened: Opener
):
    found = {}

    def make(environment: str) -> None:
        database = opened(environment)
        try:
            database.upgrade()
            found[environment] = "made"
        except WrongEnvironment as error:
            found[environment] = f"refused: {error.found}"

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make, environment_mark.ENVIRONMENTS))
    [winner] = [name for name, outcome in found.items() if outcome == "made"]
    [loser] = [outcome for outcome in found.values() if outcome != "made"]
    assert loser == f"refused: {winner}"
    assert database_inspection.look(address(empty_database)).mark == winner


@pytest.mark.parametrize("own", [False, True])
def test_an_unmarked_database_with_a_tenant_counts_as_production_also_in_a_data_folder(
    empty_database: Database,
    opened: Opener,
    own: bool,  # noqa: FBT001 - a case
):
    earlier(empty_database, "aha26")
    with pytest.raises(WrongEnvironment, match="made for production"):
        opened("development").upgrade(own=own)
    assert empty_database.version() == "0002"
    opened("production").upgrade()
    assert database_inspection.look(address(empty_database)).mark == "production"


def test_an_unmarked_database_that_is_empty_counts_as_production_unless_it_is_a_data_folders_own(
    empty_database: Database, opened: Opener
):
    earlier(empty_database)
    with pytest.raises(WrongEnvironment):
        opened("development").upgrade()
    opened("development").upgrade(own=True)
    assert database_inspection.look(address(empty_database)).mark == "development"


def test_a_database_whose_mark_was_deleted_is_refused_to_everybody(empty_database: Database, opened: Opener):
    empty_database.upgrade()
    with empty_database.session() as db:
        db.execute(text("DELETE FROM environment_mark"))
    for environment in environment_mark.ENVIRONMENTS:
        with pytest.raises(WrongEnvironment, match="does not say"), opened(environment).reading():
            pytest.fail("it was let in")


@pytest.mark.parametrize("environment", environment_mark.ENVIRONMENTS)
def test_a_mark_that_was_deleted_by_hand_comes_back_as_production_and_can_be_changed(
    empty_database: Database, opened: Opener, environment: str
):
    empty_database.upgrade()
    with empty_database.session() as db:
        db.execute(text("DELETE FROM environment_mark"))
    with pytest.raises(WrongEnvironment):
        opened("development").upgrade()
    opened("production").upgrade()
    with opened("production").session() as db:
        assert environment_mark.change(db, environment) == "production"
    with opened(environment).reading():
        assert database_inspection.look(address(empty_database)).mark == environment


def test_there_is_one_mark_and_it_is_one_of_the_two(database: Database):
    for row in ("(2, 'production', '2026-01-01 00:00:00+00:00')", "(1, 'staging', '2026-01-01 00:00:00+00:00')"):
        with pytest.raises(IntegrityError), database.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO environment_mark VALUES {row}"))
    with pytest.raises(RuleViolation, match="development or production"), database.session() as db:
        environment_mark.change(db, "staging")


def test_a_look_leaves_no_trace_in_a_database_and_makes_none(empty_database: Database, tmp_path):
    assert database_inspection.look(address(empty_database)).version is None
    assert inspect(empty_database.engine).get_table_names() == []
    nowhere = tmp_path / "none.db"
    assert not database_inspection.look(f"sqlite:///{nowhere}").exists
    assert not nowhere.exists()


def earlier(database: Database, *slugs: str) -> None:
    """Make the tables of the release before marks, with some implementations."""
    database.upgrade()
    with database.session() as db:
        for slug in slugs:
            implementations.create(db, slug, slug.title())
    with database.engine.begin() as connection:
        schema.downgrade(connection, "0002")
