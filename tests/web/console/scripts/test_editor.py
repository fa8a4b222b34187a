"""Writing a script in the console: drafts, the check, and handing in; nothing that was typed is ever lost."""

import re
from html import unescape

import pytest

from records.audit import AuditContext
from records.changes.scripts import deployments as deploying
from records.changes.scripts import drafts as drafting
from records.people import grants, users
from records.people.users import UserProfile
from records.scripts import drafts, submissions, versions
from records.tenants import implementations
from runner.checks.script_checks import ChecksUnavailable, ScriptChecks
from tests.web.console.scripts.conftest import FIRST, SCRIPTS, actor

DRAFT = f"{SCRIPTS}/draft"
GOOD = 'def status(user, session, api):\n    return message("Welcome")\n'
BAD = "import os\n\ndef status(user, session, api):\n    return hidden()\n"


@pytest.fixture
def author(browser_for):
    return browser_for("author")


@pytest.fixture
def stored(database):
    """Read from the demo: `stored(drafts.find, "demo/author")`."""

    def read(function, *arguments):
        with database.reading() as db:
            return function(db, implementations.find(db, "demo"), *arguments)

    return read


def typed(page):
    """The text in the editor, as a browser shows it."""
    return unescape(re.search(r"<textarea[^>]*id=\"source\"[^>]*>\r?\n?(.*?)</textarea>", page, re.DOTALL)[1]).replace(
        "\r\n", "\n"
    )


def send(browser, source, do="save", revision=0, note=""):
    return browser.send(DRAFT, source=source.replace("\n", "\r\n"), do=do, revision=revision, note=note)


def test_a_new_draft_begins_with_the_active_text_and_untouched_nothing_is_saved(author, past, stored):
    assert typed(author.get(DRAFT).text) == FIRST
    answer = send(author, FIRST)
    assert answer.status_code == 303
    assert "Nothing was changed." in author.get(DRAFT).text
    assert stored(drafts.find, "demo/author") is None


def test_the_template_of_a_first_draft_passes_the_check(author, stored):
    source = typed(author.get(DRAFT).text)
    assert "nothing was found" in send(author, source, "check").text


def test_a_draft_is_saved_with_line_feeds_and_shown_again(author, stored):
    send(author, "\n\n" + GOOD)
    assert stored(drafts.find, "demo/author").source == "\n\n" + GOOD
    assert typed(author.get(DRAFT).text) == "\n\n" + GOOD


def test_a_check_lists_findings_that_link_to_lines_and_saves_the_draft(author, stored):
    page = send(author, BAD, "check").text
    assert '<a href="#L1">Line 1</a>' in page
    assert 'id="L1"' in page
    assert typed(page) == BAD
    assert stored(drafts.find, "demo/author").source == BAD


def test_a_text_with_an_error_is_not_submitted_and_stays_on_the_page(author, stored):
    answer = send(author, BAD, "submit", note="please")
    assert answer.status_code == 422
    assert "The check found errors, so nothing was submitted." in answer.text
    assert typed(answer.text) == BAD
    assert "please" in answer.text
    assert stored(submissions.every) == []


def test_a_good_text_waits_for_a_review_with_its_note_and_the_draft_is_gone(author, stored, database):
    answer = send(author, GOOD, "submit", note="The first\none")
    assert answer.status_code == 303
    ((submission, version),) = stored(submissions.every)
    assert (submission.state, submission.note, submission.author) == ("submitted", "The first\none", "demo/author")
    assert stored(versions.by_number, version.number).source == GOOD
    assert stored(drafts.find, "demo/author") is None
    assert "waits for a review" in author.get(answer.location).text


def test_a_second_submission_replaces_the_first_which_the_page_announces(author, stored):
    send(author, GOOD, "submit")
    assert "Your submission 1 waits for a review; a new one replaces it." in author.get(DRAFT).text
    answer = send(author, GOOD + "\n", "submit")
    assert "It replaces submission 1." in author.get(answer.location).text
    assert [submission.state for submission, _ in stored(submissions.every)] == ["submitted", "superseded"]


def test_two_pages_of_one_author_overwrite_nothing_unseen(author, stored):
    send(author, GOOD)
    mine = GOOD.replace("Welcome", "Mine")
    send(author, GOOD.replace("Welcome", "Other"), revision=1)
    answer = send(author, mine, revision=1)
    assert answer.status_code == 422
    assert "This draft was saved on another page meanwhile." in answer.text
    assert typed(answer.text) == mine
    assert "<del>Other</del>" in answer.text
    assert stored(drafts.find, "demo/author").source.count("Other") == 1
    assert 'name="revision" type="hidden" value="2"' in answer.text
    send(author, mine, revision=2)
    assert stored(drafts.find, "demo/author").source == mine


def test_a_page_that_was_open_while_its_draft_was_submitted_keeps_its_text(author):
    send(author, GOOD)
    send(author, GOOD, "submit", revision=1)
    answer = send(author, BAD, revision=1)
    assert answer.status_code == 422
    assert "This draft was submitted on another page meanwhile." in answer.text
    assert typed(answer.text) == BAD


def test_an_author_is_told_that_another_one_is_writing(author, database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        users.remember(db, demo, "anna", UserProfile("anna@example.org", "", "Anna", "Author"))
        grants.add(db, demo, kind="username", value="anna@example.org", role="author", by="tests")
        drafting.save(db, demo, GOOD, actor("anna"), revision=0)
    page = author.get(DRAFT).text
    assert "Others are writing, too:" in page
    assert "Anna Author" in page
    assert typed(page) != GOOD


def test_one_goes_on_from_a_version_and_is_told_of_the_draft_that_this_replaces(author, past):
    send(author, GOOD)
    page = author.get(f"{DRAFT}?version=2").text
    assert "which is replaced when you save" in page
    assert "Claim your 1.0" in typed(page)
    assert author.get(f"{DRAFT}?version=99").status_code == 404
    assert typed(author.get(f"{DRAFT}?version=x").text) == GOOD


#: Name -> a text of any kind that somebody may paste.
ODD = {
    "nothing": "",
    "only spaces": "   \n",
    "a NUL": "x = 1\0",
    "an escape": "x = '\x1b[31m'",
    "deep": "x = " + "(" * 4000 + ")" * 4000,
    "a long line": "x = '" + "a" * 200_000 + "'",
    "many lines": "x = 1\n" * 30_000,
    "not Python": "<html><body>hello</body></html>",
    "trojan source": "x = 'a\u202e\u2066b'\n" + GOOD,
    "a surrogate": "x = '\\ud800'\n" + GOOD,
    "html": "</textarea><script>alert(1)</script>",
}


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_pasted_gives_findings_or_a_fault_and_never_a_500(author, name):
    answer = send(author, ODD[name], "submit")
    if answer.status_code == 303:
        assert name in ("trojan source", "a surrogate")
        answer = author.get(answer.location)
    else:
        assert answer.status_code == 422
        assert "There is a problem" in answer.text
    assert "<script>alert" not in answer.text


def test_a_text_that_is_too_long_is_refused_and_said_to_be(author):
    answer = send(author, "x" * (256 * 1024 + 1))
    assert answer.status_code == 422
    assert "must be at most 262144 bytes" in answer.text


def test_a_text_with_a_suspended_or_approved_version_is_refused_with_the_reason(author, change):
    send(author, GOOD, "submit")
    change(deploying.suspend, 1, AuditContext("staff/reviewer", "an attack"))
    answer = send(author, GOOD, "submit")
    assert answer.status_code == 422
    assert "is suspended: an attack" in answer.text
    assert typed(answer.text) == GOOD


#: Where a secret is pasted, and what the page says of it.
PASTED = {
    "the text": (GOOD.replace("Welcome", "sk_live_0123456789abcdefABCD"), "", "This looks like a key of Stripe."),
    "the note": (GOOD, "It is sk_live_0123456789abcdefABCD", "must not contain a key of Stripe"),
}


@pytest.mark.parametrize("where", PASTED)
def test_a_pasted_secret_is_found_and_not_handed_in(author, stored, where):
    source, note, said = PASTED[where]
    answer = send(author, source, "submit", note=note)
    assert answer.status_code == 422
    assert said in answer.text
    assert stored(submissions.every) == []


def test_where_no_script_can_be_checked_the_text_is_kept_and_nothing_is_submitted(author, stored, monkeypatch):
    def away(*_, **__):
        raise ChecksUnavailable("The jail is away.")

    monkeypatch.setattr(ScriptChecks, "review", away)
    answer = send(author, GOOD, "submit")
    assert answer.status_code == 422
    assert "The jail is away." in answer.text
    assert stored(drafts.find, "demo/author").source == GOOD
    assert stored(versions.versions) == []


@pytest.mark.parametrize("who", ["reviewer", "organizer"])
def test_who_may_not_submit_has_no_editor(browser_for, who):
    browser = browser_for(who)
    assert browser.get(DRAFT).status_code == 403
    assert send(browser, GOOD, "submit").status_code == 403


def test_a_draft_is_seen_by_its_author_only(author, browser_for):
    send(author, GOOD.replace("Welcome", "Secret plan"))
    other = browser_for("administrator")
    assert "Secret plan" not in other.get(DRAFT).text
