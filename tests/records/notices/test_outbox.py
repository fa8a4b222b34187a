"""Mails that wait: claimed by one worker at a time, never lost, and bounded."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from records.changes.scripts import submissions
from records.notices import notice_making, outbox
from records.notices.notice_tables import LONGEST_ERROR, Mail, Notice
from records.people import users
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from tests.records.notices.conftest import ANN, script

NOW = datetime.now(UTC)


@pytest.fixture
def mails(database, crowd):
    """Five mails to Rita that are due; their numbers."""
    with database.session() as db:
        rita = users.find(db, implementations.staff(db), "rita")
        made = [
            Mail(user_id=rita.id, implementation_id=rita.implementation_id, message_id=f"{n}", due_at=NOW)
            for n in range(5)
        ]
        for mail in made:
            mail.claimed_until = mail.ended_at = None
        db.add_all(made)
        db.flush()
        return [mail.id for mail in made]


def claim(database, now=NOW, per_hour=100):
    with database.session() as db:
        mail = outbox.claim_next(db, now, per_hour=per_hour)
        return mail.id if mail else None


def at_once(function, times):
    """Call a function in so many threads at the same moment; return what each gave."""
    barrier = threading.Barrier(times)

    def call(_):
        barrier.wait(timeout=20)
        return function()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(call, range(times)))


def test_two_workers_never_have_the_same_mail(database, mails):
    claimed = at_once(lambda: claim(database), 4)
    rest = [claim(database) for _ in range(5)]
    found = [one for one in claimed + rest if one is not None]
    assert sorted(found) == mails


def test_two_workers_make_the_notices_of_an_entry_once(database, crowd):
    with database.session() as db:
        submissions.submit(db, implementations.find(db, "demo"), script("1"), SubmissionDraft("one"), ANN)

    def make():
        with database.reading() as db:
            found = notice_making.upcoming(db)
        with database.session() as db:
            return found is not None and notice_making.record(db, found, mailing=True)

    assert sorted(at_once(make, 4)) == [False, False, False, True]
    with database.reading() as db:
        assert len(db.scalars(select(Notice)).all()) == 2


def test_a_mail_that_is_being_sent_counts_against_the_limit(database, mails):
    assert [claim(database, per_hour=2) for _ in range(3)] == [mails[0], mails[1], None]


def test_a_note_of_a_worker_whose_claim_has_ended_changes_nothing(database, mails):
    assert claim(database) == mails[0]
    later = NOW + outbox.CLAIM + timedelta(seconds=1)
    claim(database, now=later)  # frees the first, and claims the second
    with database.session() as db:
        outbox.note_sent(db, mails[0], later)
        assert db.get(Mail, mails[0]).state == "waiting"


def test_what_a_server_says_is_kept_up_to_a_bound(database, mails):
    claim(database)
    with database.session() as db:
        outbox.note_not_sent(db, mails[0], NOW, "x" * 5000)
        assert db.get(Mail, mails[0]).error == "x" * LONGEST_ERROR


def test_a_mail_goes_with_its_person_also_while_it_is_sent(database, mails):
    claim(database)
    with database.session() as db:
        db.delete(users.find(db, implementations.staff(db), "rita"))
    with database.session() as db:
        outbox.note_sent(db, mails[0], NOW)
        outbox.note_not_sent(db, mails[0], NOW, "x")
        assert not db.scalars(select(Mail)).all()


def test_counts_say_what_waits_and_since_when(database, mails):
    claim(database)
    with database.session() as db:
        outbox.note_sent(db, mails[0], NOW)
    claim(database)
    with database.session() as db:
        outbox.note_not_sent(db, mails[1], NOW, "no", final=True)
        early = outbox.counts(db, NOW)
        late = outbox.counts(db, NOW + timedelta(hours=2))
    assert (early.waiting, early.failed, early.sent, early.overdue_since) == (3, 1, 1, None)
    assert late.overdue_since == NOW


def test_summaries_are_due_once_a_day(database, do, submitted):
    for hour, day in ((0, 23), (5, 23), (6, 24), (23, 24)):
        due = outbox._next_daily(datetime(2026, 11, 23, hour, tzinfo=UTC))
        assert due == datetime(2026, 11, day, outbox.DAILY_HOUR, tzinfo=UTC)
