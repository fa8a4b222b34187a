"""The pages about versions: what they list, what they compare, and what they do with odd addresses."""

import pytest

from records.audit import AuditContext
from records.changes.scripts import deployments as deploying
from records.changes.scripts import submissions as handing_in
from records.scripts import deployments
from records.scripts import versions as stored
from records.scripts.reviews import ReviewDecision
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from tests.web.console.scripts.conftest import DECEPTIVE, FIRST, SCRIPTS, SECOND, actor, checked
from web.console.scripts import versions
from web.console.scripts.version_states import states_of


@pytest.fixture
def author(browser_for):
    return browser_for("author")


def test_the_list_says_whom_each_live_version_touches(author, past):
    page = author.get(f"{SCRIPTS}").text
    assert "Version 1</a> for all users (9 users known), except those of version 2" in page
    assert "Version 2</a> for 10 % of the users (about 1 of 9 known)" in page
    assert page.index("Version 3</a>") < page.index("Version 1</a></th>")


def test_stopped_scripts_are_told_first_with_who_and_why(author, past, change):
    change(deploying.stop, actor("reviewer", "staff").__class__("staff/reviewer", "wrong credits"))
    page = author.get(f"{SCRIPTS}").text
    assert "All scripts are stopped" in page
    assert "wrong credits" in page
    assert "Reviewer" in page


def test_more_versions_than_a_page_holds_are_reached_by_links(author, past, monkeypatch):
    monkeypatch.setattr(versions, "ROWS", 2)
    page = author.get(f"{SCRIPTS}").text
    assert "?before=2" in page
    older = author.get(f"{SCRIPTS}?before=2").text
    assert '<th scope="row" data-label="Version"><a href="/console/implementations/demo/scripts/versions/1">' in older


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 40, "٣", "1e3"])
def test_an_odd_start_of_the_list_is_no_error(author, past, before):
    assert author.get(f"{SCRIPTS}?before={before}").status_code == 200


def test_the_state_of_a_version_is_what_its_reviews_came_to(author, past, change, database):
    by, reviewer = actor("author"), actor("reviewer", "staff")
    ends = {4: "changes_requested", 5: "rejected", 6: "withdrawn", 7: "approved"}
    for number, end in ends.items():
        made = change(handing_in.submit, checked(SECOND + f"# {number}\n"), SubmissionDraft(), by)
        assert made.version.number == number
        if end == "withdrawn":
            change(handing_in.withdraw, made.submission.number, by)
        else:
            decision = ReviewDecision(end, made.version.sha256, public_note="See the lines.", untried_reason="urgent")
            change(handing_in.decide, made.submission.number, decision, reviewer)
    change(handing_in.submit, checked(SECOND + "# 5\n"), SubmissionDraft(), by)  # handed in again
    change(deploying.store_text, checked(SECOND + "# 8\n"), by, author="tests")
    with database.reading() as db:
        demo = implementations.find(db, "demo")
        found = states_of(db, deployments.live(db, demo), stored.versions(db, demo))
        by_number = {version.number: found[version.id].words for version in stored.versions(db, demo)}
    assert by_number == {
        1: "active",
        2: "staged, 10 %",
        3: "superseded",
        4: "changes requested",
        5: "submitted",
        6: "withdrawn",
        7: "approved",
        8: "never submitted",
    }


def test_without_a_staged_version_all_users_see_the_active_one(author, past, change):
    change(deploying.revert, AuditContext("staff/reviewer", "too long"), expected=2)
    assert "Version 1</a> for all users (9 users known)<br>" in author.get(SCRIPTS).text


@pytest.mark.parametrize("path", ["versions/99", f"versions/{'9' * 30}", "versions/0"])
def test_a_version_that_does_not_exist_is_said_to_be_missing(author, past, path):
    answer = author.get(f"{SCRIPTS}/{path}")
    assert answer.status_code == 404
    assert "There is no such version." in answer.text


@pytest.mark.parametrize("query", ["", "?old=99&new=x", "?old=1&new=1", "?new=2", "?old=3"])
def test_any_choice_of_versions_is_compared_or_explained(author, past, query):
    assert author.get(f"{SCRIPTS}/compare{query}").status_code == 200


def test_without_a_choice_the_newest_is_compared_with_the_active_one(author, past):
    assert "From version 1 to version 3" in author.get(f"{SCRIPTS}/compare").text


def test_what_deceives_readers_is_marked_where_it_stands(author, past):
    page = author.get(f"{SCRIPTS}/versions/3").text
    assert "U+202E RIGHT-TO-LEFT OVERRIDE" in page
    assert "\u202e" not in page
    assert "a word with letters of several alphabets: r\\u043ew" in page
    assert "This text deceives readers" not in author.get(f"{SCRIPTS}/versions/1").text


def test_a_script_cannot_write_into_the_page_that_shows_it(author, change):
    hostile = FIRST + "# </code></ol><script>alert(1)</script> {{ 7*7 }}\n"
    change(handing_in.submit, checked(hostile), SubmissionDraft("<img src=x onerror=alert(1)>"), actor("author"))
    page = author.get(f"{SCRIPTS}/versions/1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in page


def test_a_text_of_more_lines_than_a_person_reads_does_not_fill_the_page(author, change):
    change(handing_in.submit, checked(FIRST + "\n" * 200_000), SubmissionDraft(), actor("author"))
    page = author.get(f"{SCRIPTS}/versions/1").text
    assert page.count("<li id=") == 10_000
    assert "190011 more lines are not shown here." in page
    assert "too long to be compared" in author.get(f"{SCRIPTS}/submissions/1").text


def test_an_author_of_another_implementation_sees_nothing(browser_for, past):
    stranger = browser_for("author")
    assert stranger.get(SCRIPTS.replace("demo", "other")).status_code == 404
    assert DECEPTIVE[:20] not in stranger.get(SCRIPTS.replace("demo", "other") + "/versions/3").text
