"""A connection to PostgreSQL that ends under a transaction: an outage for who uses it, and no traceback in any log."""

import logging

import pytest
from sqlalchemy import text

from records import Database, DatabaseUnavailable

pytestmark = pytest.mark.postgres

END_THE_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def fails_at_the_next_statement(db):
    db.execute(text("SELECT 1"))


def fails_by_itself(_):
    raise LookupError("a fault in the code that uses the transaction")


def succeeds_without_another_statement(_):
    """Only the commit meets the end."""


@pytest.mark.parametrize(
    ("goes_on", "met"),
    [
        (fails_at_the_next_statement, DatabaseUnavailable),
        (fails_by_itself, (LookupError, DatabaseUnavailable)),
        (succeeds_without_another_statement, DatabaseUnavailable),
    ],
)
@pytest.mark.parametrize("kind", ["reading", "session"])
def test_connection_that_ends_under_a_transaction_leaves_no_traceback(postgres_url, caplog, kind, goes_on, met):
    caplog.set_level(logging.INFO)
    database, other = Database(postgres_url), Database(postgres_url)

    def transact():
        with getattr(database, kind)() as db:
            db.execute(text("SELECT 1"))
            with other.session() as by:
                by.execute(END_THE_OTHERS)
            goes_on(db)

    with pytest.raises(met):
        transact()
    assert [record for record in caplog.records if record.exc_info] == []
    with getattr(database, kind)() as db:
        assert db.scalar(text("SELECT 1")) == 1, "the pool has let go of it"
    database.dispose()
    other.dispose()
