"""Changing what users see in the console: each page says whom it touches, and no press hits what its reader has not seen."""

import re

import pytest

from records import audit
from records.audit import AuditContext
from records.changes.scripts import deployments as changes
from records.scripts import deployments, versions
from records.tenants import implementations
from tests.support.application import make_app
from tests.support.stub_status_service import StubStatusService
from tests.web.console.scripts.conftest import SCRIPTS
from web.console.scripts.deploying.deployment_acts import OF_A_VERSION, OF_WHAT_IS_LIVE

REVIEWER = AuditContext("staff/reviewer", "tests")


class NotingService(StubStatusService):
    """Notes of which implementations it was told that they have changed."""

    def __init__(self):
        super().__init__()
        self.told = []

    def changed(self, slug):
        self.told.append(slug)
        return True


@pytest.fixture
def told():
    return NotingService()


@pytest.fixture
def app(database, store, checking_worker, told):
    return make_app(database, store, status_service=told)


@pytest.fixture
def reviewer(browser_for):
    return browser_for("reviewer")


@pytest.fixture
def live(database):
    """The numbers of the active and the staged version."""

    def read():
        with database.reading() as db:
            found = deployments.live(db, implementations.find(db, "demo"))
        return tuple(each[1].number if each else None for each in (found.active, found.staged))

    return read


def hidden(page):
    """The versions that a page was made for, as its form carries them."""
    return {name: re.search(rf'name="{name}" type="hidden" value="(\d*)"', page)[1] for name in ("active", "staged")}


def press(browser, path, **fields):
    """Open the page of an act and send its form; returns the page and the answer."""
    page = browser.get(f"{SCRIPTS}/{path}").text
    return page, browser.send(f"{SCRIPTS}/{path}", **(hidden(page) | fields))


#: Path, what is typed, what the page says of whom it touches, what is live then, and the action of the entry.
ACTS = [
    ("versions/2/activate", {}, "all users (9 users known) see version 2, instead of version 1", (2, None), "script.activated"),
    ("live/widen", {"share": "40"}, "10 % of the users see it now, about 1 of 9 known", (1, 2), "script.widened"),
    ("live/revert", {"reason": "too long"}, "(about 1 of 9 known) see version 1 again", (1, None), "script.reverted"),
    ("versions/1/suspend", {"reason": "leak"}, "until another version is activated, nobody sees a message", (None, 2), "script.suspended"),
    ("versions/2/suspend", {"reason": "leak"}, "its users see the active version", (1, None), "script.suspended"),
    ("live/stop", {"reason": "wrong"}, "No script runs for all users (9 users known)", (1, 2), "scripts.stopped"),
]  # fmt: skip


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize("act", ACTS, ids=[one[0] for one in ACTS])
def test_each_act_says_whom_it_touches_is_announced_and_has_its_entry(reviewer, live, told, database, act):
    path, typed, said, after, action = act
    page, answer = press(reviewer, path, **typed)
    assert said in page
    assert answer.status_code == 303
    assert live() == after
    assert told.told == ["demo"]
    with database.reading() as db:
        entry = audit.recent(db, implementation="demo", limit=1)[0]
    assert (entry.action, entry.actor) == (action, "staff/reviewer")
    assert entry.reason == typed.get("reason", "")


def test_a_roll_back_is_one_link_from_the_list_and_keeps_the_bad_version_out(reviewer, past, change, live):
    change(changes.activate, 2, REVIEWER)
    assert "Roll back to version 1" in reviewer.get(SCRIPTS).text
    page, answer = press(reviewer, "versions/1/roll-back", reason="wrong credits")
    assert "Version 2 counts as reverted" in page
    assert answer.status_code == 303
    assert live() == (1, None)
    assert "Roll back to version 2" not in reviewer.get(SCRIPTS).text
    _, answer = press(reviewer, "versions/2/roll-back", reason="again")
    assert answer.status_code == 422
    assert "was reverted: wrong credits" in answer.text


def test_a_stopped_script_goes_on_and_a_suspended_version_is_reinstated(reviewer, past, change, database):
    change(changes.stop, REVIEWER)
    change(changes.suspend, 2, REVIEWER)
    page, answer = press(reviewer, "live/go-on")
    assert "all users (9 users known) see what the script says" in page
    page, answer = press(reviewer, "versions/2/reinstate", reason="looked into")
    assert answer.status_code == 303
    with database.reading() as db:
        demo = implementations.find(db, "demo")
        assert demo.stopped_at is None
        assert versions.by_number(db, demo, 2).suspended_at is None
        assert deployments.live(db, demo).staged is None


def test_an_approved_version_is_staged_for_the_typed_share(reviewer, past, change, live, database):
    change(changes.revert, REVIEWER, expected=2)
    page, answer = press(reviewer, "versions/2/stage", share="25")
    assert "10 % are about 1" in page
    assert answer.status_code == 303
    assert live() == (1, 2)
    with database.reading() as db:
        assert deployments.live(db, implementations.find(db, "demo")).staged[0].share == 25


@pytest.mark.parametrize("path", ["versions/3/stage", "versions/3/activate"])
def test_a_version_that_is_not_approved_is_not_shown_to_anyone(reviewer, past, live, path, told):
    _, answer = press(reviewer, path, share="10")
    assert answer.status_code == 422
    assert "is not approved: it must be submitted and reviewed first" in answer.text
    assert live() == (1, 2)
    assert told.told == []
    assert "Activate version 3" not in reviewer.get(f"{SCRIPTS}/versions/3").text


PRESSED = [
    ("live/widen", {"share": "50"}),
    ("live/revert", {"reason": "x"}),
    ("versions/1/roll-back", {"reason": "x"}),
    ("versions/2/activate", {}),
]


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize("pressed", PRESSED, ids=[path for path, _ in PRESSED])
def test_a_press_on_a_page_that_is_overtaken_changes_nothing_and_shows_what_is_live_now(
    reviewer, change, live, pressed
):
    path, typed = pressed
    seen = hidden(reviewer.get(f"{SCRIPTS}/{path}").text)
    change(changes.revert, REVIEWER, expected=2)
    change(changes.stage, 2, 5, REVIEWER)
    change(changes.activate, 2, REVIEWER)
    before = live()
    answer = reviewer.send(f"{SCRIPTS}/{path}", **(seen | typed))
    assert answer.status_code in (404, 422)
    if answer.status_code == 422:
        assert "was overtaken by another change: version 2 is active by now" in answer.text
        assert hidden(answer.text) == {"active": "2", "staged": "0"}
    assert live() == before


@pytest.mark.parametrize("share", ["", "0", "91", "9", "ten", "1e1", "-5", "10.5"])
def test_a_share_that_is_none_is_refused_and_stays_typed(reviewer, past, live, share):
    _, answer = press(reviewer, "live/widen", share=share)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert f'value="{share}"' in answer.text


@pytest.mark.parametrize("path", ["live/revert", "live/stop", "versions/1/suspend"])
@pytest.mark.parametrize(
    "reason", ["", "  ", "x" * 2001, "two\nlines", "\x00"], ids=["none", "blank", "long", "lines", "NUL"]
)
def test_what_needs_a_reason_is_refused_without_a_proper_one(reviewer, past, live, path, reason):
    _, answer = press(reviewer, path, reason=reason)
    assert answer.status_code == 422
    assert live() == (1, 2)


@pytest.mark.parametrize(
    "path", ["live/none", "versions/1/none", "versions/99/stage", "versions/1/widen", "live/stage"]
)
def test_what_does_not_exist_is_not_done(reviewer, past, path):
    assert reviewer.get(f"{SCRIPTS}/{path}").status_code == 404
    assert reviewer.send(f"{SCRIPTS}/{path}", reason="x").status_code == 404


def test_without_a_staged_version_its_pages_say_so(reviewer):
    for act in ("widen", "revert"):
        assert "No version is staged." in reviewer.get(f"{SCRIPTS}/live/{act}").text


@pytest.mark.parametrize("who", ["author", "organizer"])
def test_who_may_not_deploy_sees_no_button_and_is_refused(browser_for, past, live, who):
    browser = browser_for(who)
    paths = [f"versions/1/{act}" for act in OF_A_VERSION] + [f"live/{act}" for act in OF_WHAT_IS_LIVE]
    for path in paths:
        assert browser.get(f"{SCRIPTS}/{path}").status_code == 403
        assert browser.send(f"{SCRIPTS}/{path}", reason="x", share="20", active="1", staged="2").status_code == 403
    assert live() == (1, 2)
    if who == "author":
        assert "/live/" not in browser.get(SCRIPTS).text


def test_each_act_asks_for_a_login_that_is_minutes_old_and_keeps_what_was_typed(browser_for, past, live):
    browser = browser_for("reviewer", age_s=15 * 60)
    answer = browser.send(f"{SCRIPTS}/live/stop", reason="wrong credits")
    assert answer.status_code == 403
    assert "Confirm that it is you" in answer.text
    assert "wrong credits" in answer.text
