"""Deciding: by another person than the author, about the text that was seen, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import Conflict, Database, Implementation, RuleViolation, Version
from records.columns import utc_now
from records.roles import Permission
from records.scripts import author_tokens, deployments, reviews, submissions, versions
from records.scripts.author_tokens import AuthorTokenDraft
from records.scripts.reviews import CommentDraft, ReviewDecision
from records.scripts.submissions import Submission, SubmissionDraft
from records.tenants import implementations
from tests.support.script_authors import add_author

ANN, BOB, RITA = "demo/ann", "demo/bob", "staff/rita"


def add(db: Session, demo: Implementation, name: str = "1", by: str = ANN) -> Version:
    return versions.add_version(db, demo, f"def status(user, session, api):\n    return message('{name}')\n", by=by)


def submit(db: Session, demo: Implementation, version: Version, by: str = ANN) -> Submission:
    return submissions.submit(db, demo, version, SubmissionDraft(), by)


def approve(db: Session, demo: Implementation, submission: Submission, sha256: str, by: str = RITA):
    return reviews.decide(
        db, demo, submission, ReviewDecision("approved", sha256, untried_reason="tests try nothing"), by=by
    )


def make_token(db: Session, demo: Implementation, by: str):
    draft = AuthorTokenDraft("ci", frozenset({Permission.SUBMIT_SCRIPTS}), utc_now() + timedelta(days=1))
    return author_tokens.make(db, demo, draft, person=add_author(db, by))[0]


def test_an_approval_carries_the_hash_of_the_version_and_ends_the_submission(db: Session, demo: Implementation):
    version = add(db, demo)
    submission = submit(db, demo, version)
    review = reviews.decide(
        db,
        demo,
        submission,
        ReviewDecision(
            "approved", version.sha256, "Good", "cheap", [{"finding": "too long", "reason": "a name"}], "soon"
        ),
        by=RITA,
    )
    assert (review.reviewer, review.sha256, review.public_note) == (RITA, version.sha256, "Good")
    assert review.waived == [{"finding": "too long", "reason": "a name"}]
    assert (submission.state, reviews.of_submission(db, submission)) == ("approved", review)
    assert submissions.is_approved(db, version)


def test_nobody_approves_their_own_submission(db: Session, demo: Implementation):
    version = add(db, demo)
    submission = submit(db, demo, version)
    with pytest.raises(RuleViolation, match="must be another person than the author"):
        approve(db, demo, submission, version.sha256, by=ANN)
    assert submission.state == "submitted"


def test_nobody_approves_what_they_submitted_as_author_in_their_second_role_of_reviewer(
    db: Session, demo: Implementation
):
    """Staff have one key in all implementations, whichever of their roles lets them in."""
    version = add(db, demo, by=RITA)
    with pytest.raises(RuleViolation, match="another person"):
        approve(db, demo, submit(db, demo, version, by=RITA), version.sha256, by=RITA)


def test_nobody_approves_what_a_token_of_theirs_submitted(db: Session, demo: Implementation):
    token = make_token(db, demo, RITA)
    version = add(db, demo, by=token.actor)
    submission = submit(db, demo, version, by=token.actor)
    author_tokens.revoke(db, token, RITA)  # a revoked one has a maker still
    with pytest.raises(RuleViolation, match="another person"):
        approve(db, demo, submission, version.sha256, by=RITA)
    approve(db, demo, submission, version.sha256, by="staff/sam")


def test_nobody_approves_a_text_of_theirs_that_another_person_handed_in(db: Session, demo: Implementation):
    version = add(db, demo, by="other/person")
    submissions.withdraw(db, demo, submit(db, demo, version, by=RITA), RITA)
    submission = submit(db, demo, version, by=BOB)
    with pytest.raises(RuleViolation, match="another person"):
        approve(db, demo, submission, version.sha256, by=RITA)
    stored_by_her = add(db, demo, "2", by=RITA)
    with pytest.raises(RuleViolation, match="another person"):
        approve(db, demo, submit(db, demo, stored_by_her, by=BOB), stored_by_her.sha256, by=RITA)


@pytest.mark.parametrize("spelled", [f" {ANN}", f"{ANN} ", f"{ANN}\n"])
def test_nobody_approves_their_own_submission_under_another_spelling_of_their_key(
    db: Session, demo: Implementation, spelled
):
    version = add(db, demo)
    with pytest.raises(RuleViolation, match=r"another person|control"):
        approve(db, demo, submit(db, demo, version), version.sha256, by=spelled)


def test_an_author_token_decides_about_nothing(db: Session, demo: Implementation):
    version, token = add(db, demo), make_token(db, demo, RITA)
    with pytest.raises(RuleViolation, match="another person"):
        approve(db, demo, submit(db, demo, version), version.sha256, by=token.actor)


def test_a_decision_about_another_text_is_refused(db: Session, demo: Implementation):
    seen, sent = add(db, demo), add(db, demo, "2")
    submission = submit(db, demo, sent)
    for sha256 in (seen.sha256, "", "0" * 64, "x"):
        with pytest.raises(RuleViolation, match="sha256"):
            approve(db, demo, submission, sha256)
    assert submission.state == "submitted"


def test_a_decision_about_a_submission_that_was_superseded_meanwhile_is_refused(db: Session, demo: Implementation):
    version = add(db, demo)
    old = submit(db, demo, version)
    submit(db, demo, add(db, demo, "2"))
    with pytest.raises(RuleViolation, match="is superseded since your page was made"):
        approve(db, demo, old, version.sha256)


def test_of_two_reviewers_at_once_one_decides(database: Database, demo: Implementation):
    with database.session() as db:
        version = add(db, demo)
        sha256, number = version.sha256, submit(db, demo, version).number

    def decide(reviewer: str) -> str:
        decision = ReviewDecision(
            "approved" if reviewer == RITA else "rejected", sha256, "Because", untried_reason="tests try nothing"
        )
        with database.session() as db:
            owner = db.merge(demo)
            implementations.lock(db, owner)
            try:
                return reviews.decide(db, owner, submissions.find(db, owner, number), decision, by=reviewer).decision
            except RuleViolation as refused:
                return refused.reason

    with ThreadPoolExecutor(2) as pool:
        first, second = sorted(pool.map(decide, (RITA, "staff/sam")), key=len)
    assert first in {"approved", "rejected"}
    assert second == f"is {first} since your page was made: nothing was decided"


def test_a_second_review_of_a_submission_is_impossible_in_the_database(database: Database, demo: Implementation):
    with database.session() as db:
        version = add(db, demo)
        approve(db, demo, submit(db, demo, version), version.sha256)
    copy = (
        "INSERT INTO reviews (id, implementation_id, submission_id, reviewer, decision, sha256, public_note,"
        " private_note, waived, at) SELECT id + 1, implementation_id, submission_id, 'x', decision, sha256, '', '',"
        " '[]', at FROM reviews"
    )
    with pytest.raises(Conflict), database.session() as db:
        db.execute(text(copy))


def test_the_database_refuses_to_change_a_review(database: Database, demo: Implementation):
    with database.session() as db:
        version = add(db, demo)
        approve(db, demo, submit(db, demo, version), version.sha256)
    with pytest.raises(Conflict, match="never changed"), database.session() as db:
        db.execute(text("UPDATE reviews SET decision = 'rejected'"))


def test_the_database_refuses_to_delete_a_review_but_with_its_implementation(database: Database, demo: Implementation):
    with database.session() as db:
        version = add(db, demo)
        approve(db, demo, submit(db, demo, version), version.sha256)
    attempts = ["DELETE FROM reviews", "DELETE FROM submissions", "DELETE FROM versions", "DELETE FROM scripts"]
    copy = "INTO reviews SELECT id, implementation_id, submission_id, 'x', 'rejected', sha256, '', '', '[]', at, '' FROM reviews"
    attempts += [f"INSERT OR REPLACE {copy}"] if database.engine.dialect.name == "sqlite" else ["TRUNCATE reviews"]
    for attempt in attempts:
        with pytest.raises(Conflict, match="never deleted"), database.session() as db:
            db.execute(text(attempt))
    with database.session() as db:
        assert db.scalar(text("SELECT decision FROM reviews")) == "approved"
        db.delete(db.merge(demo))
    with database.reading() as db:
        assert db.scalar(text("SELECT count(*) FROM reviews")) == 0


def test_who_does_not_approve_says_why_and_a_suspended_version_is_not_approved(db: Session, demo: Implementation):
    version = add(db, demo)
    submission = submit(db, demo, version)
    for decision in ("rejected", "changes_requested"):
        with pytest.raises(RuleViolation, match="public_note"):
            reviews.decide(db, demo, submission, ReviewDecision(decision, version.sha256), by=RITA)
    for waived in ([{"finding": "x", "reason": ""}], [{"finding": "x"}], ["x"]):
        with pytest.raises(RuleViolation, match="waived"):
            reviews.decide(db, demo, submission, ReviewDecision("approved", version.sha256, waived=waived), by=RITA)
    with pytest.raises(RuleViolation, match="decision"):
        reviews.decide(db, demo, submission, ReviewDecision("withdrawn", version.sha256, "x"), by=RITA)
    deployments.suspend(db, version, "alarm", "the service")
    with pytest.raises(RuleViolation, match="is suspended"):
        approve(db, demo, submission, version.sha256)
    assert (
        reviews.decide(db, demo, submission, ReviewDecision("rejected", version.sha256, "It attacks"), by=RITA).decision
        == "rejected"
    )


def test_comments_stand_on_lines_and_private_ones_are_for_reviewers(db: Session, demo: Implementation):
    submission = submit(db, demo, add(db, demo))
    reviews.comment(db, submission, CommentDraft("Why?", line=2), RITA)
    hidden = reviews.comment(db, submission, CommentDraft("Seen before", private=True), RITA)
    assert [one.text for one in reviews.comments(db, submission, private=False)] == ["Why?"]
    assert [one.text for one in reviews.comments(db, submission, private=True)] == ["Why?", "Seen before"]
    assert reviews.resolve(db, hidden, ANN)
    assert not reviews.resolve(db, hidden, BOB)
    assert hidden.resolved_by == ANN
    other = submit(db, demo, add(db, demo, "2"))
    assert reviews.find_comment(db, other, hidden.id) is None
    for draft in (CommentDraft(""), CommentDraft("x", line=0), CommentDraft("x" * 4001)):
        with pytest.raises(RuleViolation):
            reviews.comment(db, submission, draft, RITA)
