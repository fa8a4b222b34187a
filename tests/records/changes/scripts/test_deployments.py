"""Deploying: who may without a review, what each change writes, and what it announces."""

from __future__ import annotations

import pytest

from records import Conflict, Overtaken, RuleViolation, audit
from records.audit import AuditContext
from records.changes.scripts import deployments, submissions
from records.changes.scripts.checked_scripts import CheckedScript
from records.changes.scripts.readiness import Without
from records.scripts import deployments as rules
from records.scripts.reviews import ReviewDecision
from records.scripts.submissions import SubmissionDraft
from records.support import display_changes
from records.tenants.script_needs import ScriptNeeds

OLGA, ANN = AuditContext("staff/olga", "wrong credits"), AuditContext("demo/ann")
WITHOUT = AuditContext("staff/olga")


def script(text):
    return CheckedScript(
        f"def status(u, s, a):\n    return message('{text}')\n", 1, (), ScriptNeeds(), "runtime", b"code"
    )


def approved(db, demo, text):
    made = submissions.submit(db, demo, script(text), SubmissionDraft(), ANN).value
    decision = ReviewDecision("approved", made.version.sha256, untried_reason="tests try nothing")
    submissions.decide(db, demo, made.submission.number, decision, WITHOUT)
    return made.version.number


def told(db):
    deployed = [one for one in audit.recent(db)[::-1] if not one.action.startswith(("script.submitted", "review"))]
    return [(one.action, one.target, one.reason, one.detail) for one in deployed]


@pytest.fixture
def mine(db, demo):
    return db.merge(demo)


def test_a_version_that_was_not_approved_is_neither_activated_nor_staged(db, mine):
    one = submissions.submit(db, mine, script("1"), SubmissionDraft(), ANN).value.version.number
    for change in (deployments.activate, lambda *given: deployments.stage(*given[:3], 10, given[3])):
        with pytest.raises(RuleViolation, match="is not approved"):
            change(db, mine, one, OLGA)
    after = deployments.activate(db, mine, one, OLGA, without=Without.REVIEW)
    assert (after.made, after.announced, after.slug) == (True, True, "demo")
    assert told(db)[-1] == ("script.activated", "version 1", "wrong credits", {"review": "none"})


def test_a_text_is_stored_once_and_is_not_in_service(db, mine):
    first = deployments.store_text(db, mine, script("1"), WITHOUT, author="kim")
    assert (first.made, first.announced, first.value.created_by) == (True, False, "kim")
    assert not deployments.store_text(db, mine, script("1"), WITHOUT, author="kim").made
    assert rules.active_version(db, mine) is None
    assert told(db) == [("script.stored", "version 1", "", {"sha256": first.value.sha256})]


def test_a_version_that_was_rejected_or_superseded_is_not_approved(db, mine):
    made = submissions.submit(db, mine, script("1"), SubmissionDraft(), ANN).value
    submissions.decide(db, mine, 1, ReviewDecision("rejected", made.version.sha256, "No"), WITHOUT)
    submissions.submit(db, mine, script("2"), SubmissionDraft(), ANN)
    submissions.submit(db, mine, script("3"), SubmissionDraft(), ANN)
    for number in (1, 2, 3):
        with pytest.raises(RuleViolation, match="is not approved"):
            deployments.activate(db, mine, number, OLGA)


def test_an_approved_version_goes_from_stage_to_all_and_back_in_one_step(db, mine):
    one, two = approved(db, mine, "1"), approved(db, mine, "2")
    assert deployments.activate(db, mine, one, WITHOUT).announced
    assert not deployments.activate(db, mine, one, WITHOUT).made
    assert deployments.stage(db, mine, two, 10, WITHOUT).announced
    assert deployments.widen(db, mine, 50, WITHOUT, expected=two).announced
    assert deployments.activate(db, mine, two, WITHOUT).announced
    back = deployments.roll_back(db, mine, OLGA, expected=two)
    assert (back.value.number, back.announced) == (one, True)
    assert rules.active_version(db, mine).number == one
    assert [(each.state, version.number) for each, version in rules.history(db, mine)] == [
        ("active", one),
        ("reverted", two),
        ("superseded", one),
    ]
    assert told(db) == [
        ("script.activated", "version 1", "", {"review": "approved"}),
        ("script.staged", "version 2", "", {"share": 10, "review": "approved"}),
        ("script.widened", "version 2", "", {"share": [10, 50]}),
        ("script.activated", "version 2", "", {"review": "approved", "ended": ["version 1, active"]}),
        ("script.rolled_back", "version 1", "wrong credits", {"from": 2, "ended": ["version 2, active"]}),
    ]
    for _ in range(3):  # an approved version may be deployed any number of times
        deployments.activate(db, mine, two, WITHOUT)
        deployments.roll_back(db, mine, OLGA, expected=two)


def test_a_roll_back_takes_a_staged_version_back_too(db, mine):
    one, two, three = (approved(db, mine, text) for text in "123")
    deployments.activate(db, mine, one, WITHOUT)
    deployments.activate(db, mine, two, WITHOUT)
    deployments.stage(db, mine, three, 10, WITHOUT)
    deployments.roll_back(db, mine, OLGA, expected=two)
    assert told(db)[-1][3] == {"from": two, "ended": ["version 2, active", "version 3, staged for 10 %"]}
    found = rules.live(db, mine)
    assert (found.active[1].number, found.staged) == (one, None)
    with pytest.raises(RuleViolation, match="3 was never active"):
        deployments.roll_back(db, mine, OLGA, expected=one, number=three)
    with pytest.raises(RuleViolation, match="1 is the active version"):
        deployments.roll_back(db, mine, OLGA, expected=one, number=one)
    with pytest.raises(RuleViolation, match="9 does not exist"):
        deployments.roll_back(db, mine, OLGA, expected=one, number=9)


def test_there_is_nothing_to_roll_back_to_without_another_version_that_was_active(db, mine):
    one = approved(db, mine, "1")
    deployments.activate(db, mine, one, WITHOUT)
    with pytest.raises(RuleViolation, match="no other version was active"):
        deployments.roll_back(db, mine, OLGA, expected=one)


def test_a_suspended_version_is_not_deployed_until_it_is_reinstated(db, mine):
    one, two = approved(db, mine, "1"), approved(db, mine, "2")
    deployments.activate(db, mine, one, WITHOUT)
    deployments.activate(db, mine, two, WITHOUT)
    assert deployments.suspend(db, mine, two, OLGA).announced
    assert not deployments.suspend(db, mine, two, OLGA).made
    assert rules.active_version(db, mine) is None
    assert deployments.roll_back(db, mine, OLGA, expected=None).value.number == one
    for change in (
        lambda: deployments.activate(db, mine, two, WITHOUT),
        lambda: deployments.activate(db, mine, two, WITHOUT, without=Without.REVIEW),
        lambda: deployments.roll_back(db, mine, OLGA, expected=one, number=two),
    ):
        with pytest.raises(RuleViolation, match="suspended: wrong credits"):
            change()
    deployments.reinstate(db, mine, two, AuditContext("staff/olga", "looked into"))
    assert rules.active_version(db, mine).number == one
    deployments.activate(db, mine, two, WITHOUT)
    assert [(action, reason) for action, _, reason, _ in told(db)[-4:]] == [
        ("script.suspended", "wrong credits"),
        ("script.rolled_back", "wrong credits"),
        ("script.reinstated", "looked into"),
        ("script.activated", ""),
    ]


def test_scripts_are_stopped_and_go_on_once(db, mine):
    assert deployments.stop(db, mine, OLGA).announced
    assert (mine.stopped_by, mine.stopped_reason) == ("staff/olga", "wrong credits")
    assert not deployments.stop(db, mine, AuditContext("demo/kim", "other")).made
    assert mine.stopped_reason == "wrong credits"
    assert deployments.go_on(db, mine, WITHOUT).announced
    assert not deployments.go_on(db, mine, WITHOUT).made
    assert (mine.stopped_at, mine.stopped_by, mine.stopped_reason) == (None, "", "")
    assert [action for action, *_ in told(db)] == ["scripts.stopped", "scripts.continued"]
    assert told(db)[1][3]["stopped for"] == "wrong credits"


def test_what_takes_something_from_users_needs_a_reason(db, mine):
    one, two = approved(db, mine, "1"), approved(db, mine, "2")
    deployments.activate(db, mine, one, WITHOUT)
    deployments.stage(db, mine, two, 10, WITHOUT)
    before = told(db)
    for reason in ("", "  ", "x" * 2001, "two\nlines", "a bell\a"):
        by = AuditContext("staff/olga", reason)
        for change in (
            lambda by=by: deployments.roll_back(db, mine, by, expected=one),
            lambda by=by: deployments.revert(db, mine, by, expected=two),
            lambda by=by: deployments.suspend(db, mine, one, by),
            lambda by=by: deployments.reinstate(db, mine, one, by),
            lambda by=by: deployments.stop(db, mine, by),
        ):
            with pytest.raises(RuleViolation, match="reason"):
                change()
    assert told(db) == before


def test_only_a_staged_version_is_widened_or_reverted(db, mine):
    one, two = approved(db, mine, "1"), approved(db, mine, "2")
    deployments.activate(db, mine, one, WITHOUT)
    for change in (
        lambda: deployments.widen(db, mine, 50, WITHOUT, expected=two),
        lambda: deployments.revert(db, mine, OLGA, expected=two),
    ):
        with pytest.raises(RuleViolation, match="no version of demo is staged"):
            change()
    deployments.stage(db, mine, two, 10, WITHOUT)
    assert deployments.revert(db, mine, OLGA, expected=two).value.number == two
    assert told(db)[-1] == ("script.reverted", "version 2", "wrong credits", {"share": 10})


def test_a_change_of_another_version_than_the_person_looked_at_is_refused(db, mine):
    one, two, three = (approved(db, mine, text) for text in "123")
    for number in (one, two):
        deployments.activate(db, mine, number, WITHOUT)
    deployments.stage(db, mine, three, 10, WITHOUT)
    before = told(db)
    for change, said in (
        (lambda: deployments.widen(db, mine, 50, WITHOUT, expected=two), "3 is staged by now, and not 2"),
        (lambda: deployments.revert(db, mine, OLGA, expected=one), "3 is staged by now, and not 1"),
        (lambda: deployments.roll_back(db, mine, OLGA, expected=three), "2 is active by now, and not 3"),
        (lambda: deployments.roll_back(db, mine, OLGA, expected=one, number=one), "2 is active by now, and not 1"),
        (lambda: deployments.roll_back(db, mine, OLGA, expected=None), "2 is active by now$"),
    ):
        with pytest.raises(Overtaken, match=said):
            change()
    deployments.suspend(db, mine, two, OLGA)
    with pytest.raises(Conflict, match="none is active by now, and not 2"):
        deployments.roll_back(db, mine, OLGA, expected=two)
    assert told(db)[:-1] == before


def test_a_roll_back_never_returns_to_a_version_that_was_reverted_suspended_or_is_staged(db, mine):
    one, two, three, four = (approved(db, mine, text) for text in "1234")
    for number in (one, two, three):
        deployments.activate(db, mine, number, WITHOUT)
    deployments.suspend(db, mine, three, OLGA)
    deployments.reinstate(db, mine, three, OLGA)
    assert deployments.roll_back(db, mine, OLGA, expected=None).value.number == two  # and not the bad one
    with pytest.raises(RuleViolation, match="3 was suspended: wrong credits"):
        deployments.roll_back(db, mine, OLGA, expected=two, number=three)
    deployments.activate(db, mine, four, WITHOUT)
    deployments.stage(db, mine, two, 10, WITHOUT)
    with pytest.raises(RuleViolation, match="2 is the staged version"):
        deployments.roll_back(db, mine, OLGA, expected=four, number=two)
    assert deployments.roll_back(db, mine, OLGA, expected=four).value.number == one
    with pytest.raises(RuleViolation, match="4 was reverted: wrong credits"):
        deployments.roll_back(db, mine, OLGA, expected=one, number=four)
    with pytest.raises(RuleViolation, match="no other version was active"):
        deployments.roll_back(db, mine, OLGA, expected=one)


def test_the_entries_of_a_stage_and_a_suspension_name_what_they_ended(db, mine):
    one, two, three = (approved(db, mine, text) for text in "123")
    deployments.activate(db, mine, one, WITHOUT)
    deployments.stage(db, mine, two, 10, WITHOUT)
    deployments.stage(db, mine, three, 20, WITHOUT)
    assert told(db)[-1][3]["ended"] == ["version 2, staged for 10 %"]
    deployments.suspend(db, mine, three, OLGA)
    assert told(db)[-1][3]["ended"] == ["version 3, staged for 20 %"]
    deployments.suspend(db, mine, two, OLGA)
    assert "ended" not in told(db)[-1][3]


def test_who_activated_a_staged_version_and_why_is_kept_beside_who_staged_it(db, mine):
    one, two = approved(db, mine, "1"), approved(db, mine, "2")
    deployments.activate(db, mine, one, AuditContext("staff/olga", "first"))
    deployments.stage(db, mine, two, 10, AuditContext("staff/olga", "try it"))
    deployments.activate(db, mine, two, AuditContext("staff/kim", "it holds"))
    (second, _), (first, _) = rules.history(db, mine)
    assert (second.started_by, second.reason) == ("staff/olga", "try it")
    assert (second.activated_by, second.activation_reason) == ("staff/kim", "it holds")
    assert second.active_since > second.started_at
    assert (first.activated_by, first.activation_reason) == ("staff/olga", "first")


def test_every_change_of_what_is_shown_is_among_what_support_is_told(db, mine):
    actions = {name: value for name, value in vars(deployments).items() if isinstance(value, str) and "." in value}
    changes = {value for name, value in actions.items() if name.isupper()}
    assert len(changes) == 10
    assert changes - {deployments.STORED} <= display_changes.FOR_EVERYBODY
