"""Every list in the life of a script has an end, and says so in a sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records import RuleViolation
from records.audit import AuditContext
from records.changes.scripts import author_tokens as token_changes
from records.changes.scripts import drafts as draft_changes
from records.changes.scripts import submissions as changes
from records.changes.scripts.checked_scripts import CheckedScript
from records.columns import utc_now
from records.roles import Permission
from records.scripts import author_tokens, drafts, submissions
from records.scripts.author_tokens import AuthorTokenDraft
from records.scripts.reviews import CommentDraft, ReviewDecision, comments
from records.scripts.submissions import SubmissionDraft
from records.tenants import script_bounds
from records.tenants.script_needs import ScriptNeeds
from tests.support.script_authors import add_author

ANN, RITA = AuditContext("demo/ann"), AuditContext("staff/rita")


@pytest.fixture
def mine(db, demo):
    add_author(db, "demo/ann")
    return db.merge(demo)


def script(text):
    return CheckedScript(f"def status(u, s, a):\n    return message('{text}')\n", 1, (), ScriptNeeds(), "r", b"c")


def handed_in(db, mine, text="1", **draft):
    return changes.submit(db, mine, script(text), SubmissionDraft(**draft), ANN).value


def test_a_submission_has_so_many_comments_and_no_more_whoever_writes_them(db, mine, monkeypatch):
    monkeypatch.setattr(script_bounds, "MOST_COMMENTS", 3)
    submission = handed_in(db, mine).submission
    for by in (ANN, RITA, ANN):
        changes.comment(db, mine, 1, CommentDraft("x", private=by is RITA), by)
    changes.resolve(db, mine, 1, comments(db, submission, private=False)[0].id, RITA)
    for by in (ANN, RITA):
        with pytest.raises(RuleViolation, match="submission 1 has 3 comments, the most"):
            changes.comment(db, mine, 1, CommentDraft("one more"), by)
    handed_in(db, mine, "2")
    assert changes.comment(db, mine, 2, CommentDraft("of another submission"), RITA).made


def token(name):
    return AuthorTokenDraft(name, frozenset({Permission.SUBMIT_SCRIPTS}), utc_now() + timedelta(days=1))


def test_a_person_has_so_many_tokens_that_count_until_one_is_revoked(db, mine, monkeypatch):
    monkeypatch.setattr(script_bounds, "MOST_TOKENS", 2)
    for name in ("a", "b"):
        token_changes.make(db, mine, token(name), ANN, person="demo/ann")
    with pytest.raises(RuleViolation, match="has 2 tokens that count, the most: revoke one"):
        token_changes.make(db, mine, token("c"), ANN, person="demo/ann")
    add_author(db, "demo/bob")
    token_changes.make(db, mine, token("of-bob"), AuditContext("demo/bob"), person="demo/bob")
    token_changes.revoke(db, mine, "a", ANN)
    token_changes.make(db, mine, token("c"), ANN, person="demo/ann")


def test_tokens_that_are_made_and_revoked_for_ever_come_to_an_end(db, mine, monkeypatch):
    monkeypatch.setattr(script_bounds, "MOST_TOKENS_EVER", 3)
    for name in ("a", "b", "c"):
        token_changes.make(db, mine, token(name), ANN, person="demo/ann")
        token_changes.revoke(db, mine, name, ANN)
    with pytest.raises(RuleViolation, match="has had 3 tokens, the most"):
        token_changes.make(db, mine, token("d"), ANN, person="demo/ann")
    assert len(author_tokens.every(db, mine)) == 3


def test_a_decision_has_so_many_reasons(db, mine, monkeypatch):
    monkeypatch.setattr(script_bounds, "MOST_WAIVED", 2)
    made = handed_in(db, mine)
    waived = [{"finding": f"line {n}", "reason": "known"} for n in range(3)]
    with pytest.raises(RuleViolation, match="must be at most 2 findings"):
        changes.decide(db, mine, 1, ReviewDecision("rejected", made.version.sha256, "No", waived=waived), RITA)


def test_a_submission_has_so_many_scenarios_of_so_many_bytes(db, mine, monkeypatch):
    monkeypatch.setattr(script_bounds, "MOST_SCENARIOS", 2)
    cases = [{"name": f"{n}", "input": {}, "answers": [], "expected": {}} for n in range(3)]
    with pytest.raises(RuleViolation, match="must be at most 2"):
        handed_in(db, mine, scenarios=cases)
    monkeypatch.setattr(script_bounds, "SCENARIO_BYTES", 100)
    with pytest.raises(RuleViolation, match="100"):
        handed_in(db, mine, scenarios=[cases[0] | {"input": {"x": "y" * 100}}])


def test_an_author_has_one_undecided_submission_and_one_draft_and_few_ended_ones(db, mine, monkeypatch):
    monkeypatch.setattr(script_bounds, "MOST_ENDED", 2)
    for number in range(6):
        handed_in(db, mine, str(number))
        draft_changes.save(db, mine, f"# {number}", ANN, revision=number)
    states = [submission.state for submission, _ in submissions.every(db, mine)]
    assert states.count("submitted") == script_bounds.MOST_UNDECIDED
    assert states.count("superseded") == 2
    assert drafts.find(db, mine, "demo/ann").revision == 6
    assert drafts.of_others(db, mine, "demo/olga") == [drafts.find(db, mine, "demo/ann")] * script_bounds.MOST_DRAFTS
