"""Two people change the same script at the same moment: one change comes after the other, and both see it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from records import Overtaken, RecordsError, RuleViolation, audit
from records.audit import AuditContext
from records.changes.scripts import author_tokens, deployments, drafts, submissions
from records.changes.scripts.checked_scripts import CheckedScript
from records.changes.scripts.readiness import Without
from records.columns import utc_now
from records.roles import Permission
from records.scripts import deployments as live_rules
from records.scripts import drafts as draft_rules
from records.scripts import reviews, versions
from records.scripts import submissions as submission_rules
from records.scripts.author_tokens import AuthorTokenDraft
from records.scripts.reviews import CommentDraft, ReviewDecision
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations, script_bounds
from records.tenants.script_needs import ScriptNeeds
from tests.support.script_authors import add_author

ANN, RITA, OLGA = AuditContext("demo/ann", "x"), AuditContext("staff/rita", "x"), AuditContext("staff/olga", "x")
#: How often each race is run: who is first is different each time.
ROUNDS = 4


def script(text):
    return CheckedScript(f"def status(u, s, a):\n    return message('{text}')\n", 1, (), ScriptNeeds(), "r", b"c")


class Races:
    """Makes changes in transactions of their own: one after the other, or several at once."""

    def __init__(self, database):
        self.database = database

    def __call__(self, change, *given, **named):
        with self.database.session() as db:
            return change(db, implementations.find(db, "demo"), *given, **named).value

    def at_once(self, *changes):
        """What each change returned, or raised."""
        start = Barrier(len(changes))

        def run(change, given, named):
            start.wait(10)
            try:
                return self(change, *given, **named)
            except RecordsError as error:
                return error

        with ThreadPoolExecutor(len(changes)) as pool:
            return [each.result(30) for each in [pool.submit(run, *change) for change in changes]]

    def read(self, rule, *given):
        with self.database.reading() as db:
            return rule(db, implementations.find(db, "demo"), *given)

    def submitted(self, text):
        return self(submissions.submit, script(text), SubmissionDraft(), ANN)

    def stored(self, *texts):
        """Store versions, and activate each in turn; returns their numbers."""
        numbers = [self(deployments.store_text, script(text), OLGA, author="tests").number for text in texts]
        for number in numbers:
            self(deployments.activate, number, OLGA, without=Without.REVIEW)
        return numbers

    def actions(self):
        with self.database.reading() as db:
            return [entry.action for entry in audit.recent(db, implementation="demo", limit=500)]


def change(function, *given, **named):
    return function, given, named


def failed(outcomes):
    return [one for one in outcomes if isinstance(one, RecordsError)]


@pytest.fixture
def races(database, demo):
    with database.session() as db:
        add_author(db, "demo/ann")
    return Races(database)


def test_of_two_reviewers_who_decide_at_once_one_decides(races):
    for number in range(1, ROUNDS + 1):
        sha256 = races.submitted(f"text {number}").version.sha256
        outcomes = races.at_once(
            change(submissions.decide, number, ReviewDecision("approved", sha256, untried_reason="urgent"), RITA),
            change(submissions.decide, number, ReviewDecision("rejected", sha256, "No"), OLGA),
        )
        (refused,) = failed(outcomes)
        assert "since your page was made: nothing was decided" in str(refused)
        (decided,) = [one for one in outcomes if one is not refused]
        with races.database.reading() as db:
            submission = submission_rules.find(db, implementations.find(db, "demo"), number)
            assert submission.state == reviews.of_submission(db, submission).decision == decided.decision
    assert sum(action in ("review.approved", "review.rejected") for action in races.actions()) == ROUNDS


def test_a_decision_and_a_new_submission_at_once_leave_no_decision_about_a_superseded_text(races):
    for number in range(ROUNDS):
        made = races.submitted(f"text {number}")
        decided, handed_in = races.at_once(
            change(
                submissions.decide,
                made.submission.number,
                ReviewDecision("approved", made.version.sha256, untried_reason="urgent"),
                RITA,
            ),
            change(submissions.submit, script(f"newer {number}"), SubmissionDraft(), ANN),
        )
        with races.database.reading() as db:
            owner = implementations.find(db, "demo")
            before = submission_rules.find(db, owner, made.submission.number)
            review = reviews.of_submission(db, before)
        if isinstance(decided, RuleViolation):
            assert (before.state, review, handed_in.superseded) == ("superseded", None, made.submission.number)
        else:
            assert (before.state, review.decision, handed_in.superseded) == ("approved", "approved", None)
        assert handed_in.submission.state == "submitted"


def test_a_version_that_is_activated_and_suspended_at_once_is_not_active(races):
    first, second = races.stored("one", "two")
    for _ in range(ROUNDS):
        races(deployments.activate, first, OLGA, without=Without.REVIEW)
        activated, suspended = races.at_once(
            change(deployments.activate, second, RITA, without=Without.REVIEW),
            change(deployments.suspend, second, OLGA),
        )
        assert not isinstance(suspended, RecordsError)
        found = races.read(live_rules.live)
        if isinstance(activated, RuleViolation):
            assert "is suspended" in str(activated)
            assert found.active[1].number == first
        else:
            assert found.active is None
        races(deployments.reinstate, second, OLGA)


def test_of_two_roll_backs_at_once_one_is_made_and_the_other_hears_of_it(races):
    for number in range(ROUNDS):
        *_, second, third = races.stored(*(f"{number} {text}" for text in ("one", "two", "three")))
        outcomes = races.at_once(
            change(deployments.roll_back, RITA, expected=third), change(deployments.roll_back, OLGA, expected=third)
        )
        (refused,) = failed(outcomes)
        assert isinstance(refused, Overtaken)
        assert f"{second} is active by now, and not {third}" in str(refused)
        assert races.read(live_rules.live).active[1].number == second
    assert races.actions().count("script.rolled_back") == ROUNDS


def test_of_two_activations_at_once_the_later_one_is_active_and_supersedes_the_other(races):
    first, *others = races.stored("one", "two", "three")
    for _ in range(ROUNDS):
        races(deployments.activate, first, OLGA, without=Without.REVIEW)
        assert not failed(
            races.at_once(*(change(deployments.activate, each, RITA, without=Without.REVIEW) for each in others))
        )
        history = races.read(live_rules.history)
        assert [deployment.state for deployment, _ in history].count("active") == 1
        assert {version.number for _, version in history[:2]} == set(others)
        assert [deployment.state for deployment, _ in history[1:3]] == ["superseded", "superseded"]


def test_a_stage_that_is_widened_and_reverted_at_once_ends_and_nothing_is_widened_after_it(races):
    first, second = races.stored("one", "two")
    for _ in range(ROUNDS):
        races(deployments.activate, first, OLGA, without=Without.REVIEW)
        races(deployments.stage, second, 10, OLGA, without=Without.REVIEW)
        widened, reverted = races.at_once(
            change(deployments.widen, 50, RITA, expected=second), change(deployments.revert, OLGA, expected=second)
        )
        assert reverted.number == second
        assert races.read(live_rules.live).staged is None
        (ended, _), *_ = races.read(live_rules.history)
        assert (ended.state, ended.share) == ("reverted", 10 if isinstance(widened, RuleViolation) else 50)


def test_two_tokens_of_one_name_at_once_are_one_token(races):
    for number in range(ROUNDS):
        ends = utc_now() + timedelta(days=1)
        draft = AuthorTokenDraft(f"ci-{number}", frozenset({Permission.SUBMIT_SCRIPTS}), ends)
        outcomes = races.at_once(*[change(author_tokens.make, draft, ANN, person="demo/ann")] * 2)
        (refused,) = failed(outcomes)
        assert "was given to another token" in str(refused)


def test_a_bound_holds_for_those_who_come_at_once(races, monkeypatch):
    monkeypatch.setattr(script_bounds, "MOST_COMMENTS", 3)
    races.submitted("one")
    outcomes = races.at_once(*(change(submissions.comment, 1, CommentDraft(f"{n}"), RITA) for n in range(6)))
    assert len(failed(outcomes)) == 3


def test_two_windows_that_save_one_draft_at_once_lose_no_text(races):
    for revision in range(ROUNDS):
        texts = [f"# {window} {revision}\n" for window in "ab"]
        outcomes = races.at_once(*(change(drafts.save, text, ANN, revision=revision) for text in texts))
        (refused,) = failed(outcomes)
        assert f"the draft was saved elsewhere as revision {revision + 1}" in str(refused)
        kept = races.read(draft_rules.find, "demo/ann")
        assert (kept.source, kept.revision) == (texts[outcomes[0] is refused], revision + 1)


def test_two_authors_who_hand_in_one_text_at_once_share_its_version(races):
    with races.database.session() as db:
        add_author(db, "demo/bob")
    for number in range(ROUNDS):
        text = script(f"shared {number}")
        made = races.at_once(
            *(
                change(submissions.submit, text, SubmissionDraft(), AuditContext(f"demo/{name}"))
                for name in ("ann", "bob")
            )
        )
        assert len({one.version.number for one in made}) == 1
        assert len({one.submission.number for one in made}) == 2
    assert len(races.read(versions.versions)) == ROUNDS
