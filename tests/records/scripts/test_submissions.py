"""Handing in: numbered, one undecided for each author, taken back by its author only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from records import Conflict, Database, Implementation, RuleViolation, Version
from records.columns import utc_now
from records.roles import Permission
from records.scripts import author_tokens, deployments, submissions, versions
from records.scripts.author_tokens import AuthorTokenDraft
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from records.tenants.script_bounds import MOST_ENDED
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


def test_what_was_handed_in_already_as_it_is_is_not_handed_in_again(db: Session, demo: Implementation):
    first = submit(db, demo, add(db, demo), note="Try this", scenarios=[SCENARIO])
    assert submit(db, demo, add(db, demo), note="Try this\r\n", scenarios=[SCENARIO]) is first
    assert submit(db, demo, add(db, demo), note="Try that", scenarios=[SCENARIO]).number == 2
    assert first.state == "superseded"


def test_of_what_an_author_superseded_or_withdrew_the_newest_are_kept_and_no_number_is_given_twice(
    database: Database, demo: Implementation
):
    with database.session() as db:
        demo = db.merge(demo)
        submit(db, demo, add(db, demo, "of Bob"), by=BOB)
        submit(db, demo, add(db, demo, "of Bob, too"), by=BOB)
        deployed, suspended, stored = add(db, demo, "deployed"), add(db, demo, "suspended"), add(db, demo, "stored")
        for version in (deployed, suspended):
            submit(db, demo, version)
        deployments.activate(db, demo, deployed, "olga")
        deployments.suspend(db, suspended, "alarm", "the service")
        stored_by_olga = versions.add_version(db, demo, "# of Olga\n", by="olga")
        submit(db, demo, stored_by_olga, scenarios=[SCENARIO])
        for number in range(MOST_ENDED + 5):
            submission = submit(db, demo, add(db, demo, f"text {number}"))
            if number % 2:
                submissions.withdraw(db, demo, submission, ANN)
    with database.reading() as db:
        mine = [one for one, _ in submissions.every(db, demo) if one.author == ANN]
        assert len([one for one in mine if one.state != "submitted"]) <= MOST_ENDED + 4
        assert [one.scenarios for one in mine if one.version_id == stored_by_olga.id] == [[]]
        assert ANN in submissions.authors_of(db, demo, stored_by_olga)  # so that she does not decide about it
        assert [one.number for one in mine] == sorted((one.number for one in mine), reverse=True)
        kept = versions.versions(db, demo)
        texts = [version.source for version in kept]
        assert len(texts) == len(mine) + 3  # two of Bob, and one that was only stored
        for version in (deployed, suspended, stored, stored_by_olga):
            assert version.number in {each.number for each in kept}
        assert not any("text 0'" in each for each in texts)
    with database.session() as db:
        last = kept[0].number
        assert add(db, db.merge(demo), "one more").number == last + 1


def test_a_later_rejection_undoes_the_approval_of_the_same_text(db: Session, demo: Implementation):
    version = add(db, demo)
    first, second = submit(db, demo, version), submit(db, demo, version, by=BOB)
    submissions.close(db, first, "approved")
    assert submissions.is_approved(db, version)
    submissions.close(db, second, "rejected")
    assert not submissions.is_approved(db, version)
    submissions.close(db, submit(db, demo, version), "approved")
    assert submissions.is_approved(db, version)


def test_a_list_reads_no_text_and_no_scenario(db: Session, demo: Implementation):
    first = submit(db, demo, add(db, demo), scenarios=[SCENARIO])
    deployments.activate(db, demo, add(db, demo), "olga")
    db.flush()
    db.expunge_all()
    statements: list[str] = []
    event.listen(db.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
    [(submission, version)] = submissions.every(db, demo)
    submissions.queue(db)
    versions.versions(db, demo)
    versions.suspended(db)
    deployments.history(db, demo)
    assert not any(
        column in each for each in statements for column in (".source", ".findings", ".scenarios", ".results,")
    )
    assert (submission.scenarios, version.source[:3], submission.number) == ([SCENARIO], "def", first.number)


def test_a_submission_that_was_decided_while_its_author_waited_for_the_lock_is_not_withdrawn(
    database: Database, demo: Implementation
):
    with database.session() as db:
        number = submit(db, demo, add(db, demo)).number
    with database.reading() as seen:
        stale = submissions.find(seen, demo, number)
        seen.expunge(stale)
    with database.session() as db:
        submissions.close(db, submissions.find(db, demo, number), "approved")
    with database.session() as db:
        db.add(stale)  # as a page has it that was made before the decision
        mine = db.merge(demo)
        with pytest.raises(RuleViolation, match="is approved"):
            submissions.withdraw(db, mine, stale, ANN)


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
