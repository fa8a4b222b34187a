"""A review in Chromium: from the queue over a comment on a line to the decision, and what its author then sees."""

import pytest

from tests.web.console.scripts.conftest import LONG, SCRIPTS, looked_at

pytestmark = pytest.mark.browser


def test_a_submission_is_found_in_the_queue_commented_and_decided(page_as, served, past):
    page = page_as("reviewer")
    page.goto(f"{served.config['address']}/console/")
    page.get_by_role("link", name="Reviews").click()
    page.get_by_role("heading", name="Reviews", level=1).wait_for()
    looked_at(page, "queue")
    page.get_by_role("link", name="Demo Congress, version 3").click()
    looked_at(page, "review")
    page.get_by_role("link", name="Comment on line 10").click()
    assert page.locator("#line").input_value() == "10"
    page.get_by_label("Comment", exact=True).fill(f"Which host? {LONG}")
    page.get_by_label("Only reviewers see it").check()
    page.get_by_role("button", name="Add comment").click()
    page.wait_for_selector("text=Which host?")
    page.get_by_role("button", name="Approve version 3").click()
    page.wait_for_selector("text=There is a problem")
    looked_at(page, "review-refused")
    for field in page.get_by_label("Reason to accept the warning").all():
        field.fill("The client named this host.")
    page.get_by_label("Reason to approve it before its trial has ended").fill("The congress opens today.")
    page.get_by_label("Note for the author").fill("Thank you.")
    page.get_by_role("button", name="Approve version 3").click()
    page.wait_for_selector("text=It can be staged or activated.")
    looked_at(page, "review-approved")


def test_an_author_sees_what_is_said_and_withdraws(page_as, served, past):
    page = page_as("author")
    page.goto(f"{served.config['address']}{SCRIPTS}/submissions/3")
    looked_at(page, "submission-author")
    page.get_by_role("button", name="Withdraw this submission").click()
    page.wait_for_selector("text=The submission is withdrawn.")


def test_an_empty_queue_says_what_would_be_there(page_as, served):
    page = page_as("reviewer")
    page.goto(f"{served.config['address']}/console/reviews")
    looked_at(page, "queue-empty")
