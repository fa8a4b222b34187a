"""Who is told of what: those whom it concerns, once, and never the person who did it."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import select

from records import AgendaSession, audit, changes
from records.audit import AuditContext
from records.changes import retirement
from records.changes.attendance import questions
from records.changes.scripts import author_tokens, deployments, submissions
from records.changes.scripts.readiness import Without
from records.notices import notice_making, outbox
from records.notices.notice_groups import GROUP_BY_NAME
from records.notices.notice_kinds import BY_NAME, TABLE
from records.notices.notice_tables import Mail, Notice, NoticeCursor
from records.people import grants, users
from records.roles import Permission
from records.scripts import suspensions
from records.scripts.author_tokens import AuthorTokenDraft
from records.scripts.reviews import CommentDraft, ReviewDecision
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from tests.records.notices.conftest import ANN, BOB, MAX, RITA, script
from tests.support.notices import make_all, make_next

LIVE = ("ann", "max", "nora", "otto")


def everybody(kind, *names):
    return sorted((name, kind) for name in names)


def decision(made, what):
    return ReviewDecision(what, made.version.sha256, public_note="because", untried_reason="because")


def test_a_submission_is_told_to_those_who_review(do, submitted, told):
    assert told() == everybody("script.submitted", "rita", "max")


@pytest.mark.parametrize("what", ["changes_requested", "approved", "rejected"])
def test_a_decision_is_told_to_the_author_and_to_others_who_took_part(do, submitted, told, what):
    do(submissions.comment, 1, CommentDraft("Why 3?"), MAX)
    do(submissions.comment, 1, CommentDraft("I wonder, too"), BOB)
    told()
    do(submissions.decide, 1, decision(submitted, what), RITA)
    assert told() == everybody(f"review.{what}", "ann", "max", "bob")


def test_a_comment_is_told_to_the_author_and_an_answer_to_the_reviewer(do, submitted, told):
    told()
    do(submissions.comment, 1, CommentDraft("Why 3?", line=2), RITA)
    assert told() == everybody("review.commented", "ann")
    do(submissions.comment, 1, CommentDraft("Because"), ANN)
    assert told() == everybody("review.commented", "rita")


def test_a_comment_for_reviewers_only_is_told_to_no_author(do, submitted, told):
    do(submissions.comment, 1, CommentDraft("Hm"), MAX)
    do(submissions.comment, 1, CommentDraft("Hm"), BOB)
    told()
    do(submissions.comment, 1, CommentDraft("Is this a bribe?", private=True), RITA)
    assert told() == everybody("review.commented", "max")


def test_a_withdrawal_is_told_to_those_who_took_part(do, submitted, told):
    do(submissions.comment, 1, CommentDraft("Hm"), RITA)
    told()
    do(submissions.withdraw, 1, ANN)
    assert told() == everybody("script.withdrawn", "rita")


def test_what_users_see_is_told_to_author_organizers_and_reviewers(do, submitted, told):
    do(submissions.decide, 1, decision(submitted, "approved"), RITA)
    second = do(submissions.submit, script("2"), SubmissionDraft("two"), BOB)
    do(submissions.decide, 2, decision(second, "approved"), RITA)
    told()
    do(deployments.activate, 1, RITA, without=Without.NEEDS)
    assert told() == everybody("script.activated", *LIVE)
    do(deployments.stage, 2, 10, RITA, without=Without.NEEDS)
    assert told() == everybody("script.staged", "bob", "max", "nora", "otto")
    do(deployments.widen, 50, RITA, expected=2)
    assert told() == everybody("script.widened", "bob", "max", "nora", "otto")
    do(deployments.revert, RITA, expected=2)
    assert told() == everybody("script.reverted", "bob", "max", "nora", "otto")
    do(deployments.stop, RITA)
    assert told() == everybody("scripts.stopped", *LIVE)
    do(deployments.go_on, RITA)
    assert told() == everybody("scripts.continued", *LIVE)
    do(deployments.suspend, 1, RITA)
    assert told() == everybody("script.suspended", *LIVE)
    do(deployments.reinstate, 1, RITA)
    assert told() == everybody("script.reinstated", *LIVE)


def test_an_alarm_and_the_watch_are_told_to_all_of_them(database, do, submitted, told):
    do(deployments.activate, 1, AuditContext("command line", "first"), without=Without.REVIEW | Without.NEEDS)
    told()
    with database.session() as db:
        owner = implementations.find(db, "demo")
        suspensions.suspend(db, owner, submitted.version.sha256, "security alarm in run r1", runs=["r1"])
        audit.append(
            db, actor="the service", action="script.reverted", target="version 1", implementation="demo", reason="r"
        )
    make_all(database)
    whole = (*LIVE, "rita")
    assert told() == sorted(everybody("script.suspended", *whole) + everybody("script.reverted by the watch", *whole))


def test_what_an_author_token_did_is_not_told_to_its_person(do, submitted, told):
    draft = AuthorTokenDraft("ci", frozenset({Permission.SUBMIT_SCRIPTS}), datetime.now(UTC) + timedelta(days=9))
    do(author_tokens.make, draft, ANN, person="demo/ann")
    do(submissions.comment, 1, CommentDraft("Hm"), RITA)
    told()
    do(submissions.withdraw, 1, AuditContext("author token ci"))
    assert told() == everybody("script.withdrawn", "rita")


def test_people_of_another_implementation_are_told_nothing(do, submitted, told):
    do(deployments.activate, 1, MAX, without=Without.REVIEW | Without.NEEDS)
    assert not {"olga", "eve", "tom"} & {name for name, _ in told()}


def test_a_person_who_lost_the_permission_is_told_nothing(database, do, submitted, told):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        for grant in grants.every(db, demo):
            if grant.value in ("ann", "nora"):
                grants.remove(db, demo, grant.id)
        users.disable(db, users.find(db, demo, "otto"), "left")
    told()
    do(deployments.activate, 1, RITA, without=Without.REVIEW | Without.NEEDS)
    assert told() == everybody("script.activated", "max")


def test_organizers_by_user_type_and_by_attribute_are_told(database, do, submitted, told):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        implementations.update(db, demo, mapped_roles=["scanner", "organizer"])
        grants.add(db, demo, kind="user type", value="Team", role="organizer", by="tests")
        grants.add(db, demo, kind="attribute", name="group", value="board", role="organizer", by="tests")
        for subject, kind, attributes in (("typ", "Team", {}), ("att", "", {"group": ["x", "board"]}), ("non", "", {})):
            profile = users.UserProfile(subject, kind, subject.title(), "", "", attributes)
            users.remember(db, demo, subject, profile)
    told()
    do(deployments.activate, 1, RITA, without=Without.REVIEW | Without.NEEDS)
    assert told() == everybody("script.activated", *LIVE, "att", "typ")


def test_nobody_is_told_of_an_implementation_that_was_archived_meanwhile(database, do, told):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        submissions.submit(db, demo, script("1"), SubmissionDraft("one"), ANN)
        retirement.archive(db, demo, AuditContext("command line", "over"))
    make_all(database)
    assert told() == []


def test_each_entry_is_told_once_and_one_that_cannot_be_told_is_passed_over(database, do, told):
    with database.session() as db:
        for text in ("1", "2"):
            submissions.submit(db, implementations.find(db, "demo"), script(text), SubmissionDraft(text), ANN)
    with database.reading() as db:
        first = notice_making.upcoming(db, skip=True)
    with database.session() as db:
        assert notice_making.record(db, first, mailing=False)
        assert not notice_making.record(db, first, mailing=False)
    make_all(database)
    assert told() == everybody("script.submitted", "rita", "max")
    with database.reading() as db:
        assert notice_making.upcoming(db) is None
        assert db.scalars(select(Notice.values)).first() == {"by": "demo/ann", "submission": 2, "version": 2}
    make_all(database)
    assert told() == []


def test_a_worker_that_dies_while_it_makes_notices_leaves_none_and_loses_none(database, do, told):
    class Death(Exception):
        pass

    with database.session() as db:
        submissions.submit(db, implementations.find(db, "demo"), script("1"), SubmissionDraft("one"), ANN)

    def dying():
        with database.session() as db:
            make_next(db)
            raise Death

    with pytest.raises(Death):
        dying()
    assert told() == []
    make_all(database)
    assert told() == everybody("script.submitted", "rita", "max")


def test_a_person_keeps_a_bounded_number_of_notices(database, do, submitted, told, monkeypatch):
    monkeypatch.setattr(notice_making, "MOST_OF_A_PERSON", 3)
    for number in range(5):
        do(submissions.comment, 1, CommentDraft(f"{number}"), RITA)
    with database.reading() as db:
        ann = users.find(db, implementations.find(db, "demo"), "ann")
        kept = db.scalars(select(Notice.about).where(Notice.user_id == ann.id).order_by(Notice.id)).all()
        head = db.scalar(select(NoticeCursor.entries))
    assert kept == [f"entry {head - 2}", f"entry {head - 1}", f"entry {head}"]


def test_a_flood_of_comments_keeps_no_alarm_from_being_mailed_or_kept(database, do, submitted, monkeypatch):
    monkeypatch.setattr(notice_making, "MOST_OF_A_PERSON", 3)
    monkeypatch.setattr(outbox, "MOST_AT_ONCE", 2)
    for number in range(5):
        do(submissions.comment, 1, CommentDraft(f"{number}"), RITA)
    do(deployments.activate, 1, RITA, without=Without.REVIEW | Without.NEEDS)
    do(deployments.suspend, 1, MAX)
    for number in range(5):
        do(submissions.comment, 1, CommentDraft(f"more {number}"), RITA)
    with database.reading() as db:
        ann = users.find(db, implementations.find(db, "demo"), "ann")
        kept = select(Notice.kind, Mail.daily).join(Mail, Mail.id == Notice.mail_id).where(Notice.user_id == ann.id)
        found = [tuple(row) for row in db.execute(kept.order_by(Notice.id))]
    assert found == [("script.suspended", False), *[("review.commented", True)] * 3]


def test_notices_go_with_their_person_and_their_implementation(database, do, submitted):
    do(deployments.activate, 1, RITA, without=Without.REVIEW | Without.NEEDS)
    with database.session() as db:
        db.delete(users.find(db, implementations.find(db, "demo"), "ann"))
    with database.session() as db:
        assert len(db.scalars(select(Notice.id)).all()) == 5  # rita 1, max 2, nora 1, otto 1
        db.delete(implementations.find(db, "demo"))
    with database.reading() as db:
        assert not db.scalars(select(Notice.id)).all()


#: Actions in a script's life of which nobody is told, with the reason.
def test_a_dispute_is_told_to_the_organizers_without_what_was_said(do, told, database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        times = {"starts_at": datetime(2026, 5, 4, 9, tzinfo=UTC), "ends_at": datetime(2026, 5, 4, 10, tzinfo=UTC)}
        db.add(AgendaSession(implementation_id=demo.id, session_id="s1", title="One", **times))
        tom = users.find(db, demo, "tom")
    said = do(questions.dispute, tom, "s1", AuditContext("demo/tom", "a private matter"))
    assert told() == everybody("attendance.disputed", "nora", "otto")
    with database.reading() as db:
        assert all("private" not in str(each.values) for each in db.scalars(select(Notice)))
    do(questions.answer, said.id, AuditContext("demo/otto", "It is corrected."))
    assert told() == []


SILENT = {
    "script.stored": "no user sees the version",
    "review.comment_resolved": "the comment itself was told",
    "facts.prepared": "the person who ordered it sees what became of it",
    "author_token.made": "by its owner, or by an operator who hands it over",
    "author_token.revoked": "by its owner, or by an operator who has talked to them",
}


def test_every_change_in_a_scripts_life_is_told_or_has_a_reason_not_to_be():
    folder = Path(changes.__path__[0]) / "scripts"
    actions = set()
    for path in folder.glob("*.py"):
        module = import_module(f"records.changes.scripts.{path.stem}")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "note":
                named = node.args[2]
                value = getattr(module, named.id if isinstance(named, ast.Name) else named.value.id)
                actions |= set(value.values()) if isinstance(value, dict) else {value}
    assert len(actions) > 15
    assert actions == (set(SILENT) | set(BY_NAME)) & actions
    assert not set(SILENT) & set(BY_NAME)
    without_action = {"script.reverted by the watch", "token.ends", "certificate.ends", "own certificate.ends"}
    without_action |= {"connection.in_trouble"}
    assert set(BY_NAME) - actions == without_action | {questions.DISPUTED, "webhook.given_up"}


def test_every_kind_has_a_group_and_words_that_can_be_filled():
    values = dict.fromkeys(
        ("by", "submission", "version", "share", "token", "use", "date", "connection", "state", "since"), "x"
    )
    for kind in TABLE:
        assert kind.group in GROUP_BY_NAME
        assert kind.words.format(**values)
        assert kind.todo.endswith(".")
    assert {kind.group for kind in TABLE} == set(GROUP_BY_NAME)
