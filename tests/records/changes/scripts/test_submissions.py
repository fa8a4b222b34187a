"""Changes in a submission's life: each leaves one audit entry and announces nothing, because no message changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from records import RuleViolation, audit
from records.audit import AuditContext
from records.changes.scripts import author_tokens, submissions
from records.changes.scripts.checked_scripts import CheckedScript
from records.columns import utc_now
from records.roles import Permission
from records.scripts import reviews, versions
from records.scripts.author_tokens import AuthorTokenDraft
from records.scripts.reviews import CommentDraft, ReviewDecision
from records.scripts.submissions import SubmissionDraft
from records.tenants.script_needs import ScriptNeeds
from tests.support.script_authors import add_author

ANN, BOB, RITA = AuditContext("demo/ann"), AuditContext("demo/bob"), AuditContext("staff/rita")


def script(text):
    return CheckedScript(
        f"def status(u, s, a):\n    return message('{text}')\n",
        1,
        (),
        ScriptNeeds(settings=("url",)),
        "runtime",
        b"code",
    )


@pytest.fixture
def mine(db, demo):
    return db.merge(demo)


def told(db):
    return [(one.actor, one.action, one.target, one.detail) for one in audit.recent(db)[::-1]]


def test_a_submission_stores_the_version_with_its_code_and_says_what_it_superseded(db, mine):
    first = submissions.submit(db, mine, script("1"), SubmissionDraft("one"), ANN)
    second = submissions.submit(db, mine, script("2"), SubmissionDraft("two"), ANN)
    assert (first.announced, second.announced, second.value.superseded) == (False, False, 1)
    version = second.value.version
    assert (version.created_by, version.settings_read) == ("demo/ann", ["url"])
    assert versions.code_for(db, version, "runtime") == b"code"
    assert told(db)[1] == (
        "demo/ann",
        "script.submitted",
        "submission 2",
        {"version": 2, "sha256": version.sha256, "superseded": "submission 1"},
    )


def test_what_is_handed_in_again_as_it_is_leaves_no_entry(db, mine):
    first = submissions.submit(db, mine, script("1"), SubmissionDraft("one"), ANN)
    again = submissions.submit(db, mine, script("1"), SubmissionDraft("one"), ANN)
    assert (again.made, again.value.submission.number) == (False, first.value.submission.number)
    assert len(told(db)) == 1


def test_the_entry_of_a_submission_by_a_token_names_its_person(db, mine):
    draft = AuthorTokenDraft("ci", frozenset({Permission.SUBMIT_SCRIPTS}), utc_now() + timedelta(days=1))
    token = author_tokens.make(db, mine, draft, ANN, person=add_author(db, ANN.actor)).value.token
    submissions.submit(db, mine, script("1"), SubmissionDraft(), AuditContext(token.actor))
    actor, action, _, detail = told(db)[-1]
    assert (actor, action, detail["author"]) == ("author token ci", "script.submitted", "demo/ann")


def test_each_decision_has_its_entry_with_the_hash_and_an_approval_with_why_it_was_not_tried(db, mine):
    untried = {"approved before its trial had ended": "tests try nothing"}
    for number, decision in enumerate(("changes_requested", "approved", "rejected"), 1):
        made = submissions.submit(db, mine, script(decision), SubmissionDraft(), ANN).value
        verdict = ReviewDecision(decision, made.version.sha256, "Because", untried_reason="tests try nothing")
        assert not submissions.decide(db, mine, number, verdict, RITA).announced
        assert told(db)[-1] == (
            *("staff/rita", f"review.{decision}", f"submission {number}"),
            {"sha256": made.version.sha256, "waived": 0} | (untried if decision == "approved" else {}),
        )


def test_a_decision_after_a_new_submission_is_refused_and_leaves_no_entry(db, mine):
    old = submissions.submit(db, mine, script("1"), SubmissionDraft(), ANN).value
    submissions.submit(db, mine, script("2"), SubmissionDraft(), ANN)
    before = told(db)
    with pytest.raises(RuleViolation, match="superseded"):
        submissions.decide(
            db, mine, 1, ReviewDecision("approved", old.version.sha256, untried_reason="tests try nothing"), RITA
        )
    with pytest.raises(RuleViolation, match="7 does not exist"):
        submissions.decide(
            db, mine, 7, ReviewDecision("approved", old.version.sha256, untried_reason="tests try nothing"), RITA
        )
    assert told(db) == before


def test_an_author_withdraws_their_own_submission_only(db, mine):
    submissions.submit(db, mine, script("1"), SubmissionDraft(), ANN)
    for by in (BOB, RITA):
        with pytest.raises(RuleViolation, match="by its author only"):
            submissions.withdraw(db, mine, 1, by)
    assert submissions.withdraw(db, mine, 1, ANN).value.state == "withdrawn"
    with pytest.raises(RuleViolation, match="is withdrawn"):
        submissions.withdraw(db, mine, 1, ANN)
    assert told(db)[-1][:3] == ("demo/ann", "script.withdrawn", "submission 1")


def test_the_entry_of_a_comment_does_not_repeat_its_text(db, mine):
    submissions.submit(db, mine, script("1"), SubmissionDraft(), ANN)
    added = submissions.comment(db, mine, 1, CommentDraft("They are slow", 2, private=True), RITA).value
    assert submissions.resolve(db, mine, 1, added.id, ANN).made
    assert not submissions.resolve(db, mine, 1, added.id, ANN).made
    with pytest.raises(RuleViolation, match="does not belong to submission 1"):
        submissions.resolve(db, mine, 1, added.id + 1, ANN)
    assert told(db)[1:] == [
        ("staff/rita", "review.commented", "submission 1", {"comment": added.id, "line": 2, "private": True}),
        ("demo/ann", "review.comment_resolved", "submission 1", {"comment": added.id}),
    ]
    assert len(reviews.comments(db, submissions.submissions.find(db, mine, 1), private=True)) == 1


def test_an_approval_gives_a_reason_for_each_warning_and_other_decisions_need_none(db, mine):
    warnings = [
        {"line": n, "what": f"w{n}", "severity": kind} for n, kind in ((1, "warning"), (2, "note"), (3, "warning"))
    ]
    made = submissions.submit(db, mine, replace(script("1"), findings=tuple(warnings)), SubmissionDraft(), ANN).value
    sha256, before = made.version.sha256, told(db)
    for waived in ([], [{"finding": "line 1: w1", "reason": "ok"}], [{"finding": "line 3: w3", "reason": " "}]):
        with pytest.raises(RuleViolation, match=r"must give a reason for each warning: .*line 3: w3"):
            submissions.decide(
                db, mine, 1, ReviewDecision("approved", sha256, waived=waived, untried_reason="tests try nothing"), RITA
            )
    assert told(db) == before
    both = [{"finding": f"line {n}: w{n}", "reason": "ok"} for n in (1, 3)]
    submissions.decide(
        db, mine, 1, ReviewDecision("approved", sha256, waived=both, untried_reason="tests try nothing"), RITA
    )
    other = replace(script("2"), findings=tuple(warnings))
    made = submissions.submit(db, mine, other, SubmissionDraft(), ANN).value
    submissions.decide(db, mine, 2, ReviewDecision("rejected", made.version.sha256, "no"), RITA)
