"""The webhook in the console: set up with a secret that is shown once, tested, replaced, switched off; and who may not."""

import os
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from records.tenants import implementations
from records.webhooks import webhook, webhook_outbox
from records.webhooks.webhook_outbox import FailedAttempt
from tests.support.looks import SIZES, look_at
from tests.web.console.settings.staff_people import DEMO, entries
from tests.web.console.settings.test_badges_page import form_at
from tests.web.console.settings.test_devices_page import words
from tests.web.console.settings.test_settings_in_browser import open_page

__all__ = ["open_page"]
PAGE = "/settings/webhook"
ADDRESS = "https://credits.example.org/hooks"
PICTURES = os.environ.get("DOOR_PICTURES")


def press(person, end, **changes):
    address, fields = form_at(person.get(PAGE).text, end)
    return person.post(address, fields | changes)


def secret_of(answer):
    return unescape(re.search(r"whsec_[^\"<]+", answer.text)[0])


def hook(database):
    with database.reading() as db:
        return webhook.find(db, implementations.find(db, "demo"))


def messages(database):
    with database.reading() as db:
        return webhook_outbox.listed(db, implementations.find(db, "demo"))


def end(database, failure=None):
    """What became of the message that waits."""
    with database.session() as db:
        now = datetime.now(UTC)
        message = webhook_outbox.claim_next(db, now)
        if failure:
            webhook_outbox.note_not_sent(db, message.id, now, failure)
        else:
            webhook_outbox.note_sent(db, message.id, now, 204)


@pytest.fixture
def hooked(administrator):
    press(administrator, "/settings/webhook", address=ADDRESS)
    return administrator


def test_a_webhook_is_set_up_by_its_form_and_its_secret_is_shown_once(administrator, database):
    answer = press(administrator, "/settings/webhook", address=ADDRESS)
    secret = secret_of(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert secret not in administrator.get(PAGE).text
    assert secret not in str([vars(each) for each in entries(database)])
    made = hook(database)
    assert (made.address, made.events, made.with_names) == (
        ADDRESS,
        ["attendance.scanned", "attendance.corrected"],
        False,
    )
    assert "Nothing was changed" in words(
        administrator.get(press(administrator, "/settings/webhook").headers["Location"].partition("/demo")[2])
    )


@pytest.mark.parametrize(
    "address", ["http://credits.example.org/", "https://10.1.2.3/", "https://u:p@x.example/", "", "javascript:1"]
)
def test_an_address_that_may_not_be_called_is_refused_at_its_field(administrator, database, address):
    answer = press(administrator, "/settings/webhook", address=address)
    assert (answer.status_code, 'href="#address"' in answer.text) == (422, True)
    assert hook(database) is None


def test_a_test_is_sent_and_what_became_of_it_is_listed_and_sent_again(hooked, database):
    press(hooked, "/webhook/test")
    assert "A test waiting 0" in words(hooked.get(PAGE))
    end(database, FailedAttempt("It answered <b>500</b>.", 500))
    page = hooked.get(PAGE)
    assert "It answered <b>500</b>." in words(page).replace("&lt;", "<") or "&lt;b&gt;500" in page.text
    assert "Failing" in words(page)
    with database.session() as db:
        owner = implementations.find(db, "demo")
        webhook_outbox.end_waiting(db, owner, "failed", "It answered 500.")
        webhook.find(db, owner).paused_until = None
    number = messages(database)[0].message_id
    press(hooked, f"/{number}/again")
    end(database)
    assert [(each.state, each.message_id) for each in messages(database)] == [("sent", number)]
    assert [each.action for each in entries(database)[:2]] == ["webhook.message_repeated", "webhook.tested"]


def test_the_secret_is_replaced_after_a_question_and_the_webhook_switched_off_and_on(hooked, database):
    assert "for 24 hours, with the present one as well" in words(hooked.get(f"{PAGE}/secret"))
    assert secret_of(hooked.post(f"{PAGE}/secret")).startswith("whsec_")
    assert hook(database).sealed_old is not None
    press(hooked, "/webhook/off")
    assert "off" in words(hooked.get(PAGE))
    assert hook(database).on_since is None
    assert hooked.post(f"{PAGE}/test").status_code == 303
    assert "the webhook is switched off" in words(hooked.get(PAGE))
    press(hooked, "/webhook/on")
    assert hook(database).on_since is not None
    assert hooked.post(f"{PAGE}/shout").status_code == 404


def test_who_may_not_change_trust_sees_the_webhook_and_changes_nothing(organizer, hooked, database):
    page = organizer.get(PAGE)
    assert ADDRESS in page.text
    assert "Send a test" not in page.text
    for path in (PAGE, f"{PAGE}/off", f"{PAGE}/test", f"{PAGE}/secret", f"{PAGE}/messages/msg_1/again"):
        assert organizer.post(path, {"address": "https://evil.example/"}).status_code == 403
    assert (hook(database).address, hook(database).on_since is None) == (ADDRESS, False)


def test_a_message_of_another_implementation_is_not_sent_again(hooked):
    for number in ("msg_" + "0" * 32, "x" * 500):
        hooked.post(f"{PAGE}/messages/{number}/again")
        assert "Nothing was done" in words(hooked.get(PAGE))


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
def test_every_state_of_the_page_is_accessible(open_page, database, size):
    page = open_page(viewport=SIZES[size])

    def looked_at(name):
        look_at(page, PICTURES and Path(PICTURES) / f"webhook-{name}-{size}")

    page.goto(DEMO + PAGE)
    looked_at("1-none")
    page.get_by_role("textbox", name="Address").fill("https://" + "a" * 60 + ".example.org/" + "hooks/" * 20)
    page.get_by_role("button", name="Save and show the secret").click()
    page.get_by_role("heading", name="The secret of the webhook").wait_for()
    looked_at("2-secret")
    page.get_by_role("button", name="Send a test").click()
    page.wait_for_selector("text=A test is on its way")
    looked_at("3-waiting")
    page.get_by_role("button", name="Switch off").click()
    page.wait_for_selector("text=What waited is dropped")
    looked_at("4-off")
