"""A reference that somebody reads out leads to the run, on every database and whatever was typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import Database, Implementation, RunFilter, support_references
from records.scripts import runs
from records.storage import schema
from records.tenants import implementations
from tests.records.scripts.test_runs import NOON, RUN

ID = "019af1d2c3b4-5e6f3f9ca71e"


def ids(db: Session, demo: Implementation, **wanted) -> list[str]:
    return [run.id for run in runs.recent(db, demo, RunFilter(**wanted))]


@pytest.mark.parametrize("typed", ["3f9ca71e", "3F9CA71E", " 3f9c a71e ", "3f9c-A71E"])
def test_what_was_read_out_finds_the_run_of_any_implementation(database: Database, demo: Implementation, typed: str):
    with database.session() as db:
        implementations.create(db, "other", "Other")
        runs.record_many(db, [replace(RUN, id=ID, implementation="other"), RUN])
        found = runs.by_reference(db, support_references.read(typed))
        assert [(owner.slug, run.id, run.reference) for owner, run in found] == [("other", ID, "3f9ca71e")]


@pytest.mark.parametrize("typed", ["", "3f9ca71", "3f9ca71ex", "3f9c--a71e", "zzzzzzzz", "3f9ca71e'; --", "٣f9ca71e"])
def test_what_cannot_be_a_reference_is_none(typed: str):
    assert support_references.read(typed) is None


def test_new_references_can_be_read_back_and_differ():
    made = {support_references.new() for _ in range(50)}
    assert len(made) == 50
    assert {support_references.read(one) for one in made} == made


def test_a_lasting_reference_stays_for_minutes_and_is_one_persons():
    first = support_references.lasting("demo", "ann", "s1", now=6000.0)
    assert support_references.lasting("demo", "ann", "s1", now=6599.0) == first == support_references.read(first)
    assert (
        len(
            {
                first,
                support_references.lasting("demo", "ann", "s1", now=6601),
                support_references.lasting("demo", "a", "nns1"),
            }
        )
        == 3
    )


def test_failed_runs_and_those_before_a_run_are_listed(database: Database, demo: Implementation):
    outcomes = ["returned", "raised", "timed out", "returned"]
    told = [
        replace(RUN, id=f"{n}", outcome=how, started_at=NOON + timedelta(minutes=n // 2))
        for n, how in enumerate(outcomes)
    ]
    with database.session() as db:
        runs.record_many(db, told)
        assert ids(db, demo, failed=True) == ["2", "1"]
        assert ids(db, demo, failed=False) == ["3", "0"]
        assert ids(db, demo, before="2") == ["1", "0"]  # the same moment: by the id
        assert ids(db, demo, before="1", failed=True) == []
        assert ids(db, demo, before="gone") == ["3", "2", "1", "0"]


def test_runs_of_before_have_their_references_after_an_upgrade(empty_database: Database):
    empty_database.upgrade()
    with empty_database.session() as db:
        implementations.create(db, "demo", "Demo")
        runs.record_many(db, [replace(RUN, id=ID)])
    with empty_database.engine.begin() as connection:
        schema.downgrade(connection, "0004")
        columns = {row[0] for row in connection.execute(text("SELECT id FROM runs"))}
    assert columns == {ID}
    empty_database.upgrade()
    with empty_database.reading() as db:
        assert [run.id for _, run in runs.by_reference(db, "3f9ca71e")] == [ID]
