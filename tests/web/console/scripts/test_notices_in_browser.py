"""Notices in Chromium: read, chosen, ended by the link of a mail; the mails of everyone; and a mail as it is read."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from records.audit import AuditContext
from records.changes.scripts import deployments, submissions
from records.notices import mail_content
from records.notices.notice_tables import Mail
from records.people import users
from records.scripts.reviews import CommentDraft
from records.tenants import implementations
from runner.mail.mail_message import MailLinks, mail_of
from runner.mail.mail_server import MailServer
from runner.mail.unsubscribe_tokens import UnsubscribeTokens
from tests.support.application import KEY, make_settings
from tests.support.notices import make_all
from tests.web.console.scripts.conftest import LONG, actor, looked_at

pytestmark = pytest.mark.browser

LINKS = MailLinks("https://status.example.org", UnsubscribeTokens([KEY]))


@pytest.fixture
def told(database, past, change):
    """Notices of every look: read and unread, of people with long names and names from right to left; one mail failed."""
    with database.session() as db:
        staff = implementations.staff(db)
        users.find(db, staff, "reviewer").last_name = f"نور {LONG}"
    change(submissions.comment, past.submission.number, CommentDraft("Again?"), actor("reviewer", "staff"))
    change(submissions.comment, past.submission.number, CommentDraft("No."), actor("author"))
    change(deployments.stop, AuditContext("command line", "an alarm"))
    make_all(database)
    with database.session() as db:
        failed = db.scalars(select(Mail).order_by(Mail.id)).first()
        failed.state, failed.ended_at, failed.attempts = "failed", datetime.now(UTC), 8
        failed.error = f"recipient: 550 {LONG} is not known here"
    return past


def test_notices_are_read_and_chosen(page_as, served, told):
    page = page_as("author")
    page.goto(f"{served.config['address']}/console/implementations/demo/")
    page.get_by_role("link", name="Notices").click()
    looked_at(page, "notices")
    page.get_by_role("link", name="An operator stopped all scripts").click()
    page.wait_for_selector("h1:has-text('Scripts')")
    page.get_by_role("link", name="Notices").click()
    page.get_by_role("button", name="Mark all as read").click()
    page.wait_for_selector("text=All notices are read.")
    assert page.locator(".count").count() == 0
    page.get_by_role("link", name="What I get by mail").click()
    looked_at(page, "notices-settings")
    page.get_by_role("group", name="What users see").get_by_label("In a daily summary").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("text=Saved.")
    assert page.get_by_role("group", name="What users see").get_by_label("In a daily summary").is_checked()


def test_a_person_without_notices_sees_what_would_be_here(page_as, served):
    page = page_as("organizer")
    page.goto(f"{served.config['address']}/console/notices")
    looked_at(page, "notices-none")


def test_the_mails_of_everyone_and_one_that_failed(page_as, served, told):
    page = page_as("administrator")
    page.goto(f"{served.config['address']}/console/mails")
    looked_at(page, "mails")
    page.get_by_role("button", name="Send now mail 1", exact=True).click()
    page.wait_for_selector("text=The mail is sent at the next opportunity.")


def test_a_mail_is_read_and_its_link_ends_mails(page_as, served, told, database):
    server = MailServer.from_settings(make_settings(mail_host="mail.example.org", mail_sender="s@example.org"))
    with database.reading() as db:
        mail = db.scalars(select(Mail).where(Mail.state == "waiting").order_by(Mail.id)).first()
        content = mail_content.content_of(db, mail)
    message = mail_of(content, server, LINKS, datetime.now(UTC))
    page = page_as(None)
    page.goto("about:blank")
    page.set_content(message.get_body(("html",)).get_content())
    looked_at(page, "mail")
    page.goto(LINKS.unsubscribe(content).replace(LINKS.public_url, served.config["address"]))
    looked_at(page, "unsubscribe")
    page.get_by_role("button", name="End these mails").click()
    page.wait_for_selector("text=You do not get these mails any more.")
    looked_at(page, "unsubscribed")
