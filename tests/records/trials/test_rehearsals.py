"""Kept rehearsals: numbered, bounded, and erased with the people they name, with their version and with age."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from records import User, UserProfile, Version
from records.people import users
from records.scripts import versions
from records.tenants import implementations
from records.trials import rehearsals
from records.trials.rehearsals import MOST_KEPT, ExampleDraft, KeptRehearsal

AT = datetime(2026, 5, 4, 13, tzinfo=UTC)


@pytest.fixture
def version(db, demo):
    for name in ("ada", "bob"):
        users.remember(db, demo, name, UserProfile(f"{name}@example.org", first_name=name.title()))
    return versions.add_version(db, demo, "def status(user, session, api):\n    return hidden()\n", by="demo/ann")


def keep(db, version, *people):
    drafts = [ExampleDraft(f"messages {place}", name, "s1", AT, f"Hello {name}") for place, name in enumerate(people)]
    return rehearsals.keep(db, version, {"runs": 3, "text": "a\0b"}, drafts, by="demo/ann")


def test_a_rehearsal_is_found_by_its_number_with_its_examples_and_their_people(db, demo, version):
    assert [keep(db, version, "ada", "nobody", "bob").number for _ in range(2)] == [1, 2]
    kept, of = rehearsals.find(db, demo, 2)
    assert (of.id, kept.report["runs"]) == (version.id, 3)
    found = rehearsals.examples(db, kept)
    assert {row: (user.first_name, one.text) for row, (one, user) in found.items()} == {
        "messages 0": ("Ada", "Hello ada"),
        "messages 2": ("Bob", "Hello bob"),
    }
    assert [one.number for one in rehearsals.of_version(db, version)] == [2, 1]
    assert rehearsals.count_of_version(db, version) == 2


def test_another_implementation_does_not_find_it(db, version):
    keep(db, version)
    other = implementations.create(db, "other", "Other")
    assert rehearsals.find(db, other, 1) is None


def test_a_person_who_is_erased_takes_their_examples_along_and_the_report_stays(db, demo, version):
    kept = keep(db, version, "ada", "bob")
    db.execute(delete(User).where(User.subject == "ada"))
    db.expire_all()
    assert [user.subject for _, user in rehearsals.examples(db, kept).values()] == ["bob"]
    assert rehearsals.find(db, demo, 1) is not None


def test_a_version_that_is_removed_takes_its_rehearsals_along(db, demo, version):
    keep(db, version, "ada")
    db.execute(delete(Version).where(Version.id == version.id))
    db.expire_all()
    assert rehearsals.find(db, demo, 1) is None


def test_an_implementation_keeps_its_newest_and_none_longer_than_its_runs(db, demo, version):
    for _ in range(MOST_KEPT + 2):
        keep(db, version, "ada")
    numbers = [one.number for one in rehearsals.of_version(db, version)]
    assert (len(numbers), numbers[-1]) == (MOST_KEPT, 3)
    old = db.get(KeptRehearsal, rehearsals.find(db, demo, 10)[0].id)
    old.ended_at = datetime.now(UTC) - timedelta(days=demo.keep_runs_days + 1)
    db.flush()
    assert rehearsals.purge(db, datetime.now(UTC)) == 1
    assert rehearsals.find(db, demo, 10) is None
