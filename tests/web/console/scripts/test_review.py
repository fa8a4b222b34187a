"""Reviewing in the console: what a reviewer sees, who may decide, and what happens when somebody else was quicker."""

from threading import Barrier, Thread

import pytest

from records import audit
from records.changes.scripts import submissions as handing_in
from records.people import grants, users
from records.people.users import UserProfile
from records.scripts import reviews, submissions
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from tests.web.console.scripts.conftest import FIRST, SCRIPTS, SECOND, actor, checked, warning

THIRD = f"{SCRIPTS}/submissions/3"
REASONS = {"waive_0": "the host is the client's", "waive_1": "it is quick", "untried_reason": "it is urgent"}


@pytest.fixture
def reviewer(browser_for):
    return browser_for("reviewer")


@pytest.fixture
def author(browser_for):
    return browser_for("author")


@pytest.fixture
def state_of(database):
    def read(number=3):
        with database.reading() as db:
            return submissions.find(db, implementations.find(db, "demo"), number).state

    return read


def decide(browser, decision, sha256, page=THIRD, **fields):
    return browser.send(f"{page}/decision", decision=decision, sha256=sha256, **fields)


def test_a_reviewer_sees_what_is_missing_what_it_touches_and_what_changed(reviewer, past):
    page = reviewer.get(THIRD).text
    for said in (
        "2 warnings below",
        "1 comment open",
        "claim_url",
        "3 places",
        "not set up here",
        "not allowed here",
        "GET <bdi>/credits</bdi>",
        "From version 1 to version 3",
        "Why here?",
        "Earlier decisions",
        "Approve version 3",
    ):
        assert said in page, said


def test_an_approval_needs_a_reason_for_each_warning_and_keeps_what_was_typed(reviewer, past, state_of):
    sha256 = past.version.sha256
    answer = decide(reviewer, "approved", sha256, waive_0="the host is fine", private_note="<b>hm</b>")
    assert answer.status_code == 422
    assert "Reason to accept the warning in line 5 is missing" in answer.text
    assert 'value="the host is fine"' in answer.text
    assert "&lt;b&gt;hm&lt;/b&gt;" in answer.text
    assert state_of() == "submitted"
    answer = decide(reviewer, "approved", sha256, **REASONS)
    assert answer.status_code == 303
    assert state_of() == "approved"
    assert "It can be staged or activated." in reviewer.get(THIRD).text


@pytest.mark.parametrize("decision", ["changes_requested", "rejected"])
def test_who_does_not_approve_says_why(reviewer, author, past, state_of, decision):
    answer = decide(reviewer, decision, past.version.sha256)
    assert answer.status_code == 422
    assert "must say what to change, or why the script is rejected" in answer.text
    decide(reviewer, decision, past.version.sha256, public_note="Use the other host.", private_note="third time")
    assert state_of() == decision
    page = author.get(THIRD).text
    assert "Use the other host." in page
    assert "third time" not in page


@pytest.mark.parametrize("decision", ["", "maybe", "submitted", "approved\0"])
def test_any_other_decision_is_refused(reviewer, past, state_of, decision):
    assert decide(reviewer, decision, past.version.sha256).status_code == 422
    assert state_of() == "submitted"


@pytest.mark.parametrize("sha256", ["", "0" * 64, "x"])
def test_a_decision_about_another_text_is_refused(reviewer, past, state_of, sha256):
    assert decide(reviewer, "approved", sha256, **REASONS).status_code == 422
    assert state_of() == "submitted"


def test_nobody_decides_about_their_own_text(browser_for, database, past, state_of, change):
    mine = change(
        handing_in.submit, checked(SECOND + "\n"), SubmissionDraft(), actor("administrator", "staff")
    ).submission.number
    administrator = browser_for("administrator")
    page = administrator.get(f"{SCRIPTS}/submissions/{mine}").text
    assert "another person must decide about it" in page
    assert "Approve version" not in page

    with database.reading() as db:
        sha256 = submissions.every(db, implementations.find(db, "demo"))[0][1].sha256
    answer = decide(administrator, "approved", sha256, f"{SCRIPTS}/submissions/{mine}")
    assert answer.status_code == 422
    assert "must be another person than the author" in answer.text
    assert state_of(mine) == "submitted"


def test_of_two_reviewers_at_once_one_decides_and_the_other_keeps_their_words(browser_for, past, database, state_of):
    with database.session() as db:
        staff = implementations.staff(db)
        users.remember(db, staff, "second", UserProfile("second@example.org", "", "Second", "Reviewer"))
        grants.add(db, staff, kind="username", value="second@example.org", role="reviewer", by="tests")
    browsers = [browser_for("reviewer"), browser_for("administrator")]
    answers, together = {}, Barrier(2)

    def press(browser, decision, words):
        together.wait()
        answers[decision] = decide(browser, decision, past.version.sha256, public_note=words, **REASONS)

    pairs = zip(browsers, (("approved", "I say yes"), ("rejected", "I say no")), strict=True)
    threads = [Thread(target=press, args=(browser, *what)) for browser, what in pairs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.status_code for one in answers.values()) == [303, 422]
    late = next(one for one in answers.values() if one.status_code == 422)
    assert "nothing was decided" in late.text
    assert "It was not stored, because your decision came too late." in late.text
    assert ("I say no" if state_of() == "approved" else "I say yes") in late.text


def test_a_new_submission_while_the_old_one_is_decided_is_pointed_to(reviewer, past, change, state_of):
    change(handing_in.submit, checked(SECOND + "# new\n"), SubmissionDraft(), actor("author"))
    answer = decide(reviewer, "approved", past.version.sha256, public_note="fine", **REASONS)
    assert answer.status_code == 422
    assert "is superseded since your page was made" in answer.text
    assert "submission 4</a> of the same author waits for a review" in answer.text
    assert "<bdi>fine</bdi>" in answer.text


def test_a_reviewer_is_told_who_else_has_the_page_open(browser_for, past):
    assert "Others are looking, too" not in browser_for("reviewer").get(THIRD).text
    page = browser_for("administrator").get(THIRD).text
    assert "Others are looking, too" in page
    assert "Reviewer" in page
    assert "Others are looking, too" not in browser_for("author").get(THIRD).text
    assert "Administrator" in browser_for("reviewer").get("/console/reviews").text


def test_comments_stand_below_their_lines_and_are_answered_and_resolved(reviewer, author, past):
    answer = author.send(f"{THIRD}/comments", text="Because of the\nvendor.", line="8")
    assert answer.location.endswith("#comment-2")
    page = reviewer.get(THIRD).text
    assert page.index("Why here?") < page.index("Because of the") < page.index('id="L9"')
    assert "is resolved." in reviewer.get(reviewer.send(f"{THIRD}/comments/1/resolve").location).text
    assert "Nothing was changed." in reviewer.get(reviewer.send(f"{THIRD}/comments/1/resolve").location).text


def test_nothing_is_approved_before_its_trial_has_ended_unless_the_reviewer_says_why(
    reviewer, past, state_of, database
):
    reasons = {name: text for name, text in REASONS.items() if name != "untried_reason"}
    assert "an approval needs a reason to do without it" in reviewer.get(THIRD).text
    answer = decide(reviewer, "approved", past.version.sha256, **reasons)
    assert answer.status_code == 422
    assert "the trial of this submission has not ended" in answer.text
    assert 'value="it is quick"' in answer.text
    assert state_of() == "submitted"
    assert decide(reviewer, "approved", past.version.sha256, **REASONS).status_code == 303
    assert "it is urgent" in reviewer.get(THIRD).text
    with database.reading() as db:
        (entry,) = audit.recent(db, implementation="demo", limit=1)
    assert entry.detail["approved before its trial had ended"] == "it is urgent"


def test_after_its_trial_a_submission_is_approved_without_such_a_reason(reviewer, past, state_of, database):
    with database.session() as db:
        submissions.keep_results(db, submissions.find(db, implementations.find(db, "demo"), 3), {"x": 1})
    assert "approve it before its trial has ended" not in reviewer.get(THIRD).text
    reasons = {name: text for name, text in REASONS.items() if name != "untried_reason"}
    assert decide(reviewer, "approved", past.version.sha256, **reasons).status_code == 303
    assert state_of() == "approved"


def test_a_rejection_needs_no_trial(reviewer, past, state_of):
    assert decide(reviewer, "rejected", past.version.sha256, public_note="No.").status_code == 303
    assert state_of() == "rejected"


def test_a_reviewer_who_is_the_author_sees_no_private_note_on_their_own_submission(browser_for, change, reviewer):
    """Not in comments, not beside the decision, not by resolving; and they cannot write one themselves."""
    mine = change(handing_in.submit, checked(SECOND + "\n"), SubmissionDraft(), actor("administrator", "staff"))
    page, administrator = f"{SCRIPTS}/submissions/{mine.submission.number}", browser_for("administrator")
    reviewer.send(f"{page}/comments", text="Do they know the client?", private="y")
    administrator.send(f"{page}/comments", text="Of my own", private="y")
    decide(reviewer, "rejected", mine.version.sha256, page, public_note="Shorter.", private_note="third time")
    seen = administrator.get(page).text
    for hidden in ("Do they know the client?", "third time", "Only reviewers see it"):
        assert hidden not in seen, hidden
    assert "Shorter." in seen
    assert administrator.send(f"{page}/comments/1/resolve").status_code == 404
    assert "Of my own" in reviewer.get(page).text
    assert "only reviewers" not in reviewer.get(page).text.split("Of my own")[0].rpartition("<article")[2]


def test_the_scenarios_of_a_submission_are_shown_with_the_message_that_each_expects(reviewer, change):
    def scenario(name, expected):
        return {"name": name, "input": {"user": {"id": "<b>"}}, "answers": [], "expected": expected}

    message = {"text": "Claim <i>", "link": "https://cme.example.org/c", "color": "#006109"}
    cases = (
        scenario("button", {"message": message}),
        scenario("none", {"message": None}),
        scenario("fails", {"outcome": "raised"}),
        scenario("odd", {"message": {"text": 5, "link": ["x"], "color": {}}}),
        scenario("odder", ["what"]),
    )
    made = change(handing_in.submit, checked(FIRST), SubmissionDraft("", cases), actor("author"))
    page = reviewer.get(f"{SCRIPTS}/submissions/{made.submission.number}").text
    assert 'class="drawn tint-006109"><span class="shape" dir="auto">Claim &lt;i&gt;</span>' in page
    assert "to <bdi>cme.example.org</bdi>" in page
    assert "nothing is shown" in page
    assert "&lt;b&gt;" in page
    colours = reviewer.get(f"{SCRIPTS}/message-colours/005d8a-006109.css")
    assert ".tint-006109,.light .tint-006109{--message:#006109}" in colours.text
    for odd in ("x", "00610", "006109;}", "-".join(["006109"] * 65)):
        assert reviewer.get(f"{SCRIPTS}/message-colours/{odd}.css").status_code == 404


def test_a_private_comment_is_for_reviewers_and_an_author_cannot_make_one(reviewer, author, past):
    reviewer.send(f"{THIRD}/comments", text="Ask the client first.", private="y")
    assert "Ask the client first." in reviewer.get(THIRD).text
    assert "Ask the client first." not in author.get(THIRD).text
    author.send(f"{THIRD}/comments", text="Mine", private="y")
    assert "Mine" in author.get(THIRD).text


def test_an_author_cannot_resolve_what_they_do_not_see(reviewer, author, past, database):
    reviewer.send(f"{THIRD}/comments", text="Ask the client first.", private="y")
    assert author.send(f"{THIRD}/comments/2/resolve").status_code == 404
    assert author.send(f"{THIRD}/comments/99/resolve").status_code == 404
    other = THIRD.replace("submissions/3", "submissions/2")
    assert reviewer.send(f"{other}/comments/2/resolve").status_code == 404
    with database.reading() as db:
        submission = submissions.find(db, implementations.find(db, "demo"), 3)
        assert [one.resolved_at for one in reviews.comments(db, submission, private=True)] == [None, None]


@pytest.mark.parametrize(
    "fields",
    [{"text": ""}, {"text": "x" * 4001}, {"text": "x\0"}, {"text": "x", "line": "0"}, {"text": "x", "line": "eight"}],
    ids=str,
)
def test_a_comment_that_is_refused_stays_on_the_page(author, past, fields):
    answer = author.send(f"{THIRD}/comments", **fields)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def test_an_author_withdraws_their_own_undecided_submission_only(author, browser_for, past, state_of):
    assert "Withdraw this submission" in author.get(THIRD).text
    assert "Withdraw this submission" not in browser_for("administrator").get(THIRD).text
    browser_for("administrator").send(f"{THIRD}/withdraw")
    assert state_of() == "submitted"
    author.send(f"{THIRD}/withdraw")
    assert state_of() == "withdrawn"
    assert "Nothing was withdrawn" in author.get(author.send(f"{THIRD}/withdraw").location).text


@pytest.mark.parametrize("who", ["author", "organizer"])
def test_who_is_no_reviewer_decides_nothing_and_has_no_queue(browser_for, past, state_of, who):
    assert decide(browser_for(who), "approved", past.version.sha256, **REASONS).status_code == 403
    assert browser_for(who).get("/console/reviews").status_code == 403
    assert state_of() == "submitted"


def test_what_follows_is_one_link_away_for_the_reviewer_and_for_the_author(reviewer, author, past):
    assert "Another person than the author decides" not in author.get(THIRD).text
    decide(reviewer, "changes_requested", past.version.sha256, public_note="Use the other host.")
    assert f'href="{SCRIPTS}/draft?version=3"' in author.get(THIRD).text
    assert f'href="{SCRIPTS}/draft' not in reviewer.get(THIRD).text
    assert "Stage or activate version 2" in reviewer.get(THIRD.replace("3", "2")).text


@pytest.mark.parametrize("query", ["", "?with=2", "?with=99", "?with=x", "?line=4", "?line=-1", "?line=" + "9" * 50])
def test_any_address_of_a_submission_opens(reviewer, past, query):
    assert reviewer.get(THIRD + query).status_code == 200


@pytest.mark.parametrize("number", ["99", "9" * 30])
def test_a_submission_that_does_not_exist_is_said_to_be_missing(reviewer, past, number):
    assert reviewer.get(f"{SCRIPTS}/submissions/{number}").status_code == 404
    assert decide(reviewer, "approved", "0" * 64, f"{SCRIPTS}/submissions/{number}").status_code == 404


def test_the_queue_is_oldest_first_over_all_implementations_with_reasons_to_look(reviewer, past, database):
    with database.session() as db:
        other = implementations.find(db, "other")
        handing_in.submit(
            db,
            other,
            checked(FIRST.replace("api.get", "api.post"), warning(3)),
            SubmissionDraft(),
            actor("bob", "other"),
        )
    page = reviewer.get("/console/reviews").text
    assert page.index("Demo Congress, version 3") < page.index("Other Congress, version 1")
    for mark in ("deceives readers", "2 warnings", "1 setting missing", "first version", "sends data"):
        assert mark in page, mark


def test_the_decision_of_the_page_is_the_change_of_the_records(reviewer, past, database):
    decide(reviewer, "approved", past.version.sha256, public_note="ok", **REASONS)
    with database.reading() as db:
        submission = submissions.find(db, implementations.find(db, "demo"), 3)
        review = reviews.of_submission(db, submission)
        entry = audit.recent(db, implementation="demo", limit=1)[0]
    assert (review.reviewer, review.sha256, review.public_note) == ("staff/reviewer", past.version.sha256, "ok")
    assert [one["reason"] for one in review.waived] == ["the host is the client's", "it is quick"]
    assert (entry.action, entry.target, entry.actor) == ("review.approved", "submission 3", "staff/reviewer")
