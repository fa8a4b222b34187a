"""Whatever people do in whatever order: the promises of the life cycle hold after each step."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from records import RuleViolation, audit
from records.audit import AuditContext
from records.changes.scripts import author_tokens as token_changes
from records.changes.scripts import deployments as deploy
from records.changes.scripts import submissions as submit
from records.changes.scripts.checked_scripts import CheckedScript
from records.columns import utc_now
from records.roles import Permission
from records.scripts import author_tokens, deployments, submissions, versions
from records.scripts.author_tokens import AuthorTokenDraft
from records.scripts.deployments import Deployment
from records.scripts.reviews import Review, ReviewDecision
from records.scripts.states import DEPLOYMENT, SUBMISSION
from records.scripts.submissions import Submission, SubmissionDraft
from records.tenants import implementations
from records.tenants.script_needs import ScriptNeeds
from tests.support.script_authors import add_author

PEOPLE = ("demo/ann", "demo/bob", "staff/rita", "author token of-ann", "author token of-rita")
BEHIND = {"author token of-ann": "demo/ann", "author token of-rita": "staff/rita"}

numbers = st.integers(1, 5)
people = st.sampled_from(PEOPLE)
shares = st.integers(1, 90)
STEPS = st.one_of(
    st.tuples(st.just("submit"), st.integers(1, 3), people),
    st.tuples(st.just("withdraw"), numbers, people),
    st.tuples(st.just("decide"), numbers, people, st.sampled_from(("approved", "rejected", "changes_requested"))),
    st.tuples(st.just("activate"), numbers, people),
    st.tuples(st.just("stage"), numbers, people, shares),
    st.tuples(st.just("widen"), shares, people),
    st.tuples(st.just("revert"), st.none(), people),
    st.tuples(st.just("roll back"), st.one_of(st.none(), numbers), people),
    st.tuples(st.just("suspend"), numbers, people),
    st.tuples(st.just("reinstate"), numbers, people),
)


def hand_in(db, owner, text, by):
    script = CheckedScript(f"def status(u, s, a):\n    return {text}\n", 1, (), ScriptNeeds(), "runtime", b"code")
    submit.submit(db, owner, script, SubmissionDraft(), by)


def decide(db, owner, number, by, decision):
    found = {each.number: version.sha256 for each, version in submissions.every(db, owner)}
    submit.decide(
        db,
        owner,
        number,
        ReviewDecision(decision, found.get(number, "x"), "note", untried_reason="tests try nothing"),
        by,
    )


def live(db, owner, state):
    """The number of the active or the staged version, as a person sees it who looks at this moment."""
    found = getattr(deployments.live(db, owner), state)
    return found[1].number if found else None


CHANGES = {
    "submit": hand_in,
    "withdraw": submit.withdraw,
    "decide": decide,
    "activate": deploy.activate,
    "stage": lambda db, owner, number, by, share: deploy.stage(db, owner, number, share, by),
    "widen": lambda db, owner, share, by: deploy.widen(db, owner, share, by, expected=live(db, owner, "staged")),
    "revert": lambda db, owner, _, by: deploy.revert(db, owner, by, expected=live(db, owner, "staged")),
    "roll back": lambda db, owner, number, by: deploy.roll_back(
        db, owner, by, expected=live(db, owner, "active"), number=number
    ),
    "suspend": deploy.suspend,
    "reinstate": deploy.reinstate,
}


def take(db, owner, step):
    what, first, who, *rest = step
    CHANGES[what](db, owner, first, AuditContext(who, "because"), *rest)


def states(db, owner, table):
    rows = db.execute(select(table.id, table.state).where(table.implementation_id == owner.id))
    return {row.id: row.state for row in rows}


def seen(db, owner):
    entries = db.scalar(select(func.count()).select_from(audit.AuditEntry))
    return states(db, owner, Submission), states(db, owner, Deployment), entries


def check_moves(machine, before, after):
    assert before.keys() <= after.keys()
    for key, state in after.items():
        was = before.get(key)
        assert state == was or state in (machine.moves[was] if was else machine.first)


def check_promises(db, owner):
    reviews = list(db.scalars(select(Review).where(Review.implementation_id == owner.id)))
    approved = {review.sha256 for review in reviews if review.decision == "approved"}
    rows = [deployment for deployment, _ in deployments.history(db, owner, limit=1000)]
    for state in ("active", "staged"):
        assert sum(each.state == state for each in rows) <= 1
    for deployment, version in deployments.history(db, owner, limit=1000):
        assert version.suspended_at is None or deployment.state not in ("active", "staged")
        assert version.sha256 in approved  # only approved versions are deployed
    undecided = [each.author for each, _ in submissions.every(db, owner) if each.state == "submitted"]
    assert len(undecided) == len(set(undecided))
    for review in reviews:
        submission = db.get_one(Submission, review.submission_id)
        version = db.get_one(versions.Version, submission.version_id)
        assert (review.sha256, review.decision) == (version.sha256, submission.state)
        assert review.reviewer not in PEOPLE[3:]
        assert review.reviewer not in {submission.author, submission.submitted_by, version.created_by}
        assert review.reviewer != BEHIND.get(version.created_by)


def live_through(db, steps):
    owner = implementations.create(db, "demo", "Demo")
    until = utc_now() + timedelta(days=1)
    for name, maker in (("of-ann", "demo/ann"), ("of-rita", "staff/rita")):
        draft = AuthorTokenDraft(name, frozenset({Permission.SUBMIT_SCRIPTS}), until)
        token_changes.make(db, owner, draft, AuditContext(maker), person=add_author(db, maker))
    for step in steps:
        before, refused = seen(db, owner), False
        try:
            with db.begin_nested():
                take(db, owner, step)
        except RuleViolation:
            refused = True
        db.expire_all()
        after = seen(db, owner)
        assert after == before or (not refused and after[2] == before[2] + 1)  # each change has one entry
        check_moves(SUBMISSION, before[0], after[0])
        check_moves(DEPLOYMENT, before[1], after[1])
        check_promises(db, owner)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=5, max_size=40))
def test_the_life_cycle_keeps_its_promises_whatever_people_do(database, steps):
    with database.session() as db:
        live_through(db, steps)
        db.rollback()  # the next example begins with nothing


def test_no_state_can_be_left_that_is_final_and_every_other_state_can():
    for machine in (SUBMISSION, DEPLOYMENT):
        for before in machine.moves:
            for after in machine.moves:
                try:
                    assert machine.check(before, after) in machine.moves[before]
                except RuleViolation:
                    assert after not in machine.moves[before]
    assert SUBMISSION.final == {"changes_requested", "approved", "rejected", "withdrawn", "superseded"}
    assert DEPLOYMENT.final == {"superseded", "reverted", "suspended"}


def test_the_longest_life_ends_where_it_should(database):
    """One whole life, so that the random ones above are known to get that far."""
    with database.session() as db:
        owner = implementations.create(db, "demo", "Demo")
        for step in (
            ("submit", 1, "demo/ann"),
            ("decide", 1, "staff/rita", "approved"),
            ("activate", 1, "staff/rita"),
            ("submit", 2, "demo/ann"),
            ("decide", 2, "staff/rita", "approved"),
            ("stage", 2, "staff/rita", 10),
            ("widen", 50, "staff/rita"),
            ("activate", 2, "staff/rita"),
            ("roll back", None, "staff/rita"),
            ("suspend", 2, "staff/rita"),
        ):
            take(db, owner, step)
        check_promises(db, owner)
        assert deployments.active_version(db, owner).number == 1
        assert db.scalar(select(func.count()).select_from(Deployment)) == 3
        assert not author_tokens.every(db, owner)
