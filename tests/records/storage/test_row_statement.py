"""Statements that go straight to the driver: the same rows and the same errors as by SQLAlchemy, and no connection is lost."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, column, func, select, table

from records import Database, DatabaseUnavailable, UserProfile
from records.people import users
from records.people.users import User
from records.storage.row_statement import RowStatement
from records.tenants import implementations

AT = datetime(2026, 5, 4, 12, 30, 15, 250_000, tzinfo=UTC)
BY_SUBJECT = RowStatement(
    select(User.id, User.first_name, User.attributes, User.last_seen_at, User.disabled_at)
    .where(User.subject == bindparam("subject"), User.implementation_id == bindparam("owner"))
    .order_by(User.id)
)


@pytest.fixture
def owner(database, demo):
    with database.session() as db:
        owner = implementations.find(db, demo.slug)
        users.remember(db, owner, "ann", UserProfile(first_name="Anné", attributes={"b": [1, None], "a": "é"}), at=AT)
        users.remember(db, owner, "'; DROP TABLE users; --", UserProfile(first_name="Bobby"), at=AT)
    return owner.id


def test_rows_are_those_that_sqlalchemy_returns(database: Database, owner):
    wanted = {"subject": "ann", "owner": owner}
    with database.reading() as db:
        expected = [tuple(row) for row in db.execute(BY_SUBJECT.select, wanted)]
    found = database.rows(BY_SUBJECT, wanted)
    assert found == expected
    assert found[0][1:] == ("Anné", {"b": [1, None], "a": "é"}, AT, None)
    assert list(found[0][2]) == ["b", "a"]


@pytest.mark.parametrize("subject", ["'; DROP TABLE users; --", "%(owner)s", "?", ":owner", "no such user"])
def test_a_value_is_never_part_of_the_statement(database: Database, owner, subject):
    found = database.rows(BY_SUBJECT, {"subject": subject, "owner": owner})
    assert [row[1] for row in found] == (["Bobby"] if "DROP" in subject else [])


def test_what_was_committed_is_seen_at_once_and_no_transaction_stays_open(database: Database, owner):
    wanted = {"subject": "ann", "owner": owner}
    for name in ("Ann", "Anna", "Anne"):
        with database.session() as db:
            users.remember(db, db.get(implementations.Implementation, owner), "ann", UserProfile(first_name=name))
        assert database.rows(BY_SUBJECT, wanted)[0][1] == name


def test_more_statements_than_the_pool_has_connections(database: Database, owner):
    for _ in range(40):
        assert database.rows(BY_SUBJECT, {"subject": "ann", "owner": owner})


def test_a_bug_in_a_statement_is_not_called_an_outage_and_shows_no_value(database: Database, owner, caplog):
    broken = RowStatement(select(table("nowhere", column("id")).c.id).where(column("id") == bindparam("secret")))
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception, match="nowhere") as caught:
        database.rows(broken, {"secret": "top secret"})
    assert not isinstance(caught.value, DatabaseUnavailable)
    assert "top secret" not in f"{caught.value!r} {caught.value} {caplog.text}"
    assert database.rows(BY_SUBJECT, {"subject": "ann", "owner": owner})


def test_a_database_that_is_away_is_unavailable(tmp_path: Path):
    for url in (f"sqlite:///{tmp_path}/none.db", "postgresql://user:secret@127.0.0.1:1/none"):
        with pytest.raises(DatabaseUnavailable) as caught:
            Database(url, wait_s=0.2).rows(BY_SUBJECT, {"subject": "ann", "owner": 1})
        assert "secret" not in str(caught.value)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.postgres
def test_a_connection_that_ends_under_the_statement_is_an_outage_and_is_not_used_again(postgres_url, caplog):
    caplog.set_level(logging.INFO)
    database = Database(postgres_url)
    own_end = RowStatement(select(func.pg_terminate_backend(func.pg_backend_pid())))
    with pytest.raises(DatabaseUnavailable):
        database.rows(own_end, {})
    assert database.rows(RowStatement(select(func.length(bindparam("word")))), {"word": "ann"}) == [(3,)]
    assert [record for record in caplog.records if record.exc_info] == []
    database.dispose()
