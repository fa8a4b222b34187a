"""Handing in: numbered, one undecided for each author, taken back by its author only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import Conflict, Database, Implementation, RuleViolation, Version
from records.columns import utc_now
from records.roles import Permission
from records.scripts import author_tokens, deployments, submissions, versions
from records.scripts.author_tokens import AuthorTokenDraft
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from tests.support.script_authors import add_author

ANN, BOB = "demo/ann", "demo/bob"
SCENARIO = {"name": "before", "input": {"now": "x"}, "answers": [], "expected": {"text": "Claim"}}


def add(db: Session, demo: Implementation, name: str = "1") -> Version:
    return versions.add_version(db, demo, f"def status(user, session, api):\n    return message('{name}')\n", by=ANN)


def submit(db: Session, demo: Implementation, version: Version, by: str = ANN, **draft):
    return submissions.submit(db, demo, version, SubmissionDraft(**draft), by)


def test_a_new_submission_of_the_same_author_supersedes_the_undecided_one_and_no_other(
    db: Session, demo: Implementation
):
    first = submit(db, demo, add(db, demo), note="Try this\r\nplease", scenarios=[SCENARIO])
    others = submit(db, demo, add(db, demo), by=BOB)
    second = submit(db, demo, add(db, demo, "2"))
    assert [one.state for one in (first, others, second)] == ["superseded", "submitted", "submitted"]
    assert [one.number for one in (first, others, second)] == [1, 2, 3]
    assert (first.note, first.scenarios, first.decided_at is not None) == ("Try this\nplease", [SCENARIO], True)
    assert [each.number for each, _ in submissions.every(db, demo)] == [3, 2, 1]
    assert [(owner.slug, each.number) for owner, each, _ in submissions.queue(db)] == [("demo", 2), ("demo", 3)]


def test_an_author_and_their_token_are_one_author(db: Session, demo: Implementation):
    draft = AuthorTokenDraft("ci", frozenset({Permission.SUBMIT_SCRIPTS}), utc_now() + timedelta(days=1))
    token, _ = author_tokens.make(db, demo, draft, person=add_author(db, ANN))
    first = submit(db, demo, add(db, demo))
    second = submit(db, demo, add(db, demo, "2"), by=token.actor)
    assert (first.state, second.submitted_by, second.author) == ("superseded", "author token ci", ANN)
    with pytest.raises(RuleViolation, match="by its author only"):
        submissions.withdraw(db, demo, second, BOB)
    submissions.withdraw(db, demo, second, ANN)
    assert second.state == "withdrawn"


def test_authors_that_submit_at_once_get_different_numbers(database: Database, demo: Implementation):
    with database.session() as db:
        version = add(db, demo).id

    def one(number: int) -> int:
        with database.session() as db:
            return submit(db, db.merge(demo), db.get_one(Version, version), by=f"demo/{number}").number

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(one, range(10))) == list(range(1, 11))


def test_two_undecided_submissions_of_an_author_are_impossible_in_the_database(
    database: Database, demo: Implementation
):
    with database.session() as db:
        submit(db, demo, add(db, demo))
    copy = (
        "INSERT INTO submissions (id, implementation_id, version_id, number, note, scenarios, submitted_by, author,"
        " submitted_at, state) SELECT id + 1, implementation_id, version_id, 2, '', '[]', 'x', author, submitted_at,"
        " state FROM submissions"
    )
    with pytest.raises(Conflict), database.session() as db:
        db.execute(text(copy))


def test_what_is_submitted_cannot_be_changed_and_a_decided_one_moves_no_more(db: Session, demo: Implementation):
    submission = submit(db, demo, add(db, demo))
    with pytest.raises(TypeError, match="never changes"):
        submission.note = "other"
    submissions.withdraw(db, demo, submission, ANN)
    for state in ("submitted", "approved", "withdrawn"):
        with pytest.raises(RuleViolation, match="is withdrawn, and that cannot be changed any more"):
            submission.state = state


def test_versions_that_cannot_be_submitted_say_why(db: Session, demo: Implementation):
    other = implementations.create(db, "other", "Other")
    with pytest.raises(RuleViolation, match="another implementation"):
        submit(db, other, add(db, demo))
    suspended = add(db, demo)
    deployments.suspend(db, suspended, "alarm", "the service")
    with pytest.raises(RuleViolation, match="is suspended: alarm"):
        submit(db, demo, suspended)
    approved = add(db, demo, "2")
    submissions.close(db, submit(db, demo, approved), "approved")
    with pytest.raises(RuleViolation, match="approved already"):
        submit(db, demo, approved)


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        ({"note": "x" * 4001}, "must be at most 4000 characters"),
        ({"note": "a\0b"}, "control character"),
        ({"note": 7}, "must be a text"),
        ({"scenarios": [{"name": "x"}]}, "number 1 is not"),
        ({"scenarios": [SCENARIO, SCENARIO]}, "different names"),
        ({"scenarios": [SCENARIO | {"name": str(n)} for n in range(201)]}, "must be at most 200"),
        ({"scenarios": [SCENARIO | {"input": "x" * 600_000}]}, "bytes as JSON"),
    ],
)
def test_a_note_or_a_scenario_that_cannot_be_kept_is_refused(db: Session, demo: Implementation, draft, said):
    with pytest.raises(RuleViolation, match=said):
        submit(db, demo, add(db, demo), **draft)


def test_results_of_tests_are_kept_beside_a_submission_whatever_they_hold(db: Session, demo: Implementation):
    submission = submit(db, demo, add(db, demo))
    submissions.keep_results(db, submission, {"tests": {"passed": 2, "text": "\0"}})
    assert submission.results == {"tests": {"passed": 2, "text": "\ufffd"}}
    assert submission.results_at is not None
