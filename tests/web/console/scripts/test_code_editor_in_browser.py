"""The editor in Chromium: findings while one types, completion, drafts that are kept, and the keyboard. Nothing may break the policy."""

import pytest
from playwright.sync_api import expect

from records.changes.scripts import drafts as drafting
from records.scripts import drafts
from records.tenants import implementations
from tests.support.eventually import eventually
from tests.web.console.scripts.conftest import SCRIPTS, actor, looked_at, write
from tests.web.console.scripts.test_editor import BAD, GOOD

pytestmark = pytest.mark.browser


@pytest.fixture
def stored(database):
    """The author's draft."""

    def read():
        with database.reading() as db:
            return drafts.find(db, implementations.find(db, "demo"), "demo/author")

    return read


@pytest.fixture
def editor(page_as, served):
    """The page with the editor, and the place where one types."""

    def opened(name="author"):
        page = page_as(name)
        page.goto(f"{served.config['address']}{SCRIPTS}/draft")
        return page, page.get_by_role("textbox", name="Text of the script")

    return opened


def test_findings_come_while_one_types_and_the_draft_is_kept(editor, past, stored):
    page, text = editor()
    write(page, BAD)
    page.wait_for_selector("text=Checked: 1 error.")
    assert page.locator(".cm-lintRange-error").count() == 1
    page.wait_for_selector("text=Your draft was saved")
    assert stored().source == BAD
    text.press("F8")
    expect(page.get_by_text("The module os is not offered.").first).to_be_visible()
    looked_at(page, "code-editor")
    write(page, GOOD)
    page.wait_for_selector("text=Checked: nothing was found.")
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_selector("text=It replaces submission 3.")


def test_names_are_completed_from_the_script_api(editor):
    page, text = editor()
    write(page, "def status(user, session, api):\n    return user.")
    text.press("End")
    text.press_sequentially("usern")
    page.locator(".cm-tooltip-autocomplete li[aria-selected]", has_text="username").wait_for()
    looked_at(page, "code-completion")
    text.press("Enter")
    assert "user.username" in page.locator("#source").input_value()


def test_tab_indents_and_escape_then_tab_leaves(open_page, served):
    page = open_page("author")
    page.goto(f"{served.config['address']}{SCRIPTS}/draft")
    text = page.get_by_role("textbox", name="Text of the script")
    write(page, "x")
    text.press("Home")
    text.press("Tab")
    assert page.locator("#source").input_value() == "    x"
    text.press("Escape")
    text.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Save draft"
    page.locator("label[for=source]").click()
    assert page.evaluate("document.activeElement.className") == "editor"


def test_a_page_that_is_older_than_the_draft_says_so_and_keeps_the_text(open_page, served, change, stored):
    page = open_page("author")
    page.goto(f"{served.config['address']}{SCRIPTS}/draft")
    change(drafting.save, BAD, actor("author"), revision=0)
    write(page, GOOD + "# mine\n")
    page.wait_for_selector("text=saved or submitted on another page meanwhile")
    assert stored().source == BAD
    assert page.locator("#source").input_value() == GOOD + "# mine\n"


def test_a_text_that_cannot_be_saved_is_still_there_and_the_page_says_so(open_page, served):
    page = open_page("author")
    page.goto(f"{served.config['address']}{SCRIPTS}/draft")
    page.route("**/draft/*", lambda route: route.abort())
    write(page, GOOD)
    page.wait_for_selector("text=Not saved: the service does not answer")
    expect(page.get_by_text("Not checked: the service does not answer")).to_be_visible()
    assert page.locator("#source").input_value() == GOOD
    open_page.complaints[:] = [said for said in open_page.complaints if "net::ERR_FAILED" not in said]


def test_leaving_the_page_saves_what_was_typed_last(open_page, served, stored):
    page = open_page("author")
    page.goto(f"{served.config['address']}{SCRIPTS}/draft")
    write(page, GOOD)
    page.goto(f"{served.config['address']}{SCRIPTS}")
    assert eventually(lambda: stored() is not None and stored().source == GOOD, seconds=10)


def test_without_script_the_text_area_does_it_all(open_page, served):
    page = open_page("author", java_script_enabled=False)
    page.goto(f"{served.config['address']}{SCRIPTS}/draft")
    page.get_by_label("Text of the script").fill(BAD)
    page.get_by_role("button", name="Check").click()
    page.wait_for_selector("text=The module os is not offered.")
    page.get_by_label("Text of the script").fill(GOOD)
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_selector("text=waits for a review")


def test_a_form_that_is_sent_while_a_save_is_under_way_waits_for_it(open_page, served, stored):
    """Otherwise its text would count as older than the draft of the same page."""
    page = open_page("author")
    page.goto(f"{served.config['address']}{SCRIPTS}/draft")
    held = []

    def hold(route):
        held.append(route)

    page.route("**/draft/keep", hold)
    write(page, GOOD + "# one\n")
    assert eventually(lambda: page.evaluate("1") and held, seconds=10)
    write(page, GOOD + "# two\n")
    page.get_by_role("button", name="Save draft").click()
    held.pop().continue_()
    page.wait_for_selector("text=The draft is saved.")
    assert stored().source == GOOD + "# two\n"
    assert stored().revision == 2
