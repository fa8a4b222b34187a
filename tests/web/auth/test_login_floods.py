"""Floods: of begun logins, and of posted messages. They are slowed down, and honest people log in meanwhile."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_network

import pytest

from runner.logins import pending_logins
from tests.support import ROOT
from tests.support.saml_browser import IDP, Browser, is_refused, sp_of
from web.auth import saml_work_limit
from web.auth.login_steps import rate_limits
from web.auth.saml import login_flow

VENUE = "198.51.100.7"
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture
def venue(app):
    """The venue's network, as the operator has named it."""
    before = app.extensions["auth services"]
    config = replace(before.config, venue_networks=(ip_network("198.51.100.0/24"),))
    app.extensions["auth services"] = replace(before, config=config)
    yield {"REMOTE_ADDR": VENUE}
    app.extensions["auth services"] = before


def states_in(redis):
    """The one-time states in the store."""
    return [key for key in redis.scan_iter(count=5000) if b":once:" in key]


WAYS = {
    "saml": "/saml/demo/login?next=/app/" + "x" * 900,
    "saml of another implementation": "/saml/other/login",
}


@pytest.mark.parametrize("way", WAYS)
def test_strangers_who_begin_logins_do_not_fill_the_store(browser, redis, monkeypatch, way):
    monkeypatch.setattr(pending_logins, "MOST_FROM_ADDRESS", 20)
    for _ in range(30):
        assert browser.elsewhere.get(WAYS[way]).status_code == 303
    assert len(states_in(redis)) == 20


def test_strangers_with_many_addresses_do_not_fill_the_store(browser, redis, monkeypatch):
    monkeypatch.setattr(pending_logins, "MOST_IN_TOTAL", 10)
    for number in range(30):
        where = {"REMOTE_ADDR": f"203.0.113.{number % 20}"}
        assert browser.elsewhere.get("/saml/demo/login", environ_base=where).status_code == 303
    assert len(states_in(redis)) == 10


def test_a_stranger_with_a_whole_network_of_ipv6_pushes_out_nobody_else(browser, redis, monkeypatch):
    """A /48 has 65,000 networks: each started one login, and none more than a genuine user."""
    monkeypatch.setattr(pending_logins, "MOST_IN_TOTAL", 30)
    honest = []
    for number in range(12):
        where = {"REMOTE_ADDR": f"2001:db8:{number + 1:x}::1"}
        honest += [browser.elsewhere.get("/saml/demo/login", environ_base=where) for _ in range(2)]
    before = set(states_in(redis))
    assert len(before) == len(honest)
    for number in range(60):
        where = {"REMOTE_ADDR": f"2001:db8:bad:{number:x}::1"}
        assert browser.elsewhere.get("/saml/demo/login", environ_base=where).status_code == 303
    assert before <= set(states_in(redis))
    assert len(states_in(redis)) == 30


def test_a_login_that_was_begun_before_a_flood_is_finished_after_it(browser, monkeypatch):
    monkeypatch.setattr(pending_logins, "MOST_IN_TOTAL", 10)
    started = browser.begin()
    for number in range(30):
        browser.elsewhere.get("/saml/demo/login", environ_base={"REMOTE_ADDR": f"203.0.113.{number % 4}"})
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id)
    assert browser.answer(message, started.relay_state).status_code == 303


def test_finished_logins_leave_room(browser, redis):
    for _ in range(3):
        assert browser.log_in().status_code == 303
    assert states_in(redis) == []


def test_a_venue_has_no_limit_for_its_address_and_a_sum_of_its_own(browser, redis, monkeypatch, venue):
    monkeypatch.setattr(pending_logins, "MOST_FROM_ADDRESS", 5)
    monkeypatch.setattr(pending_logins, "MOST_IN_TOTAL", 12)
    for _ in range(12):
        browser.elsewhere.get("/saml/demo/login", environ_base=venue)
    for number in range(25):
        browser.elsewhere.get("/saml/demo/login", environ_base={"REMOTE_ADDR": f"203.0.113.{number}"})
    assert len(states_in(redis)) == 24


def test_a_begun_login_is_tried_a_few_times_only(browser, monkeypatch):
    monkeypatch.setattr(login_flow, "MOST_TRIES", 3)
    started = browser.begin()
    for _ in range(4):
        assert is_refused(browser.answer("AAAA", started.relay_state))
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id)
    assert is_refused(browser.answer(message, started.relay_state)), "it is burned"
    assert browser.log_in().status_code == 303, "and the next one is good"


def test_after_a_few_failures_the_honest_answer_still_counts(browser):
    started = browser.begin()
    for _ in range(5):
        assert is_refused(browser.answer("AAAA", started.relay_state))
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id)
    assert browser.answer(message, started.relay_state).status_code == 303


def test_an_address_whose_messages_are_refused_all_the_time_is_not_read_any_more(browser, monkeypatch):
    monkeypatch.setattr(rate_limits, "REFUSED_FROM_ADDRESS", 3)
    for _ in range(3):
        assert is_refused(browser.answer("AAAA", ""))
    monkeypatch.setattr(login_flow, "verify_response", lambda *given, **more: pytest.fail("it was read"))
    started = browser.begin()
    slowed = browser.answer("AAAA", started.relay_state)
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["Retry-After"]) <= 60


def test_other_addresses_and_a_venue_are_not_slowed_down_by_it(browser, monkeypatch, venue):
    monkeypatch.setattr(rate_limits, "REFUSED_FROM_ADDRESS", 3)
    for where in (ELSEWHERE, venue):
        for _ in range(5):
            browser.answer("AAAA", "", environ_base=where)
    assert browser.answer("AAAA", "", environ_base=ELSEWHERE).status_code == 429
    assert is_refused(browser.answer("AAAA", "", environ_base=venue))
    assert browser.log_in().status_code == 303


def test_believed_messages_are_not_counted_as_refused(browser, monkeypatch):
    monkeypatch.setattr(rate_limits, "REFUSED_FROM_ADDRESS", 1)
    for _ in range(4):
        assert browser.log_in().status_code == 303


def test_while_the_process_judges_as_much_as_it_may_it_says_so_at_once_and_a_reload_logs_in(browser, monkeypatch):
    monkeypatch.setattr(saml_work_limit, "LONGEST_WAIT_S", 0.01)
    started = browser.begin()
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id)
    with browser.app.extensions["auth services"].saml_work.checking() as work:
        busy = browser.answer(message, started.relay_state)
        work.accepted = True
    assert busy.status_code == 503
    assert int(busy.headers["Retry-After"]) > 0
    assert "reload" in busy.text
    assert browser.answer(message, started.relay_state).status_code == 303


def test_who_reloads_during_a_flood_does_not_use_up_the_begun_login(browser, monkeypatch):
    """A message that was not judged was no try: or a flood of a quarter of a minute burned every login that waited."""
    monkeypatch.setattr(saml_work_limit, "LONGEST_WAIT_S", 0)
    monkeypatch.setattr(login_flow, "MOST_TRIES", 3)
    started = browser.begin()
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id)
    with browser.app.extensions["auth services"].saml_work.checking() as work:
        for _ in range(6):
            assert browser.answer(message, started.relay_state).status_code == 503
        work.accepted = True
    assert browser.answer(message, started.relay_state).status_code == 303


def test_of_many_posts_at_once_one_is_judged_at_a_time(app, monkeypatch):
    """Also while C code computes: other requests of the process do not wait for a message."""
    inside, most, lock = 0, 0, threading.Lock()
    real = login_flow.verify_response

    def counted(*given, **more):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        try:
            return real(*given, **more)
        finally:
            with lock:
                inside -= 1

    monkeypatch.setattr(login_flow, "verify_response", counted)
    browser = Browser(app)
    relay_states = [browser.begin().relay_state for _ in range(16)]
    with ThreadPoolExecutor(16) as people:
        codes = list(people.map(lambda state: browser.answer("AAAA", state).status_code, relay_states))
    assert set(codes) <= {400, 503}
    assert most == 1


def test_what_strangers_make_is_kept_where_it_is_bounded():
    """States that are stored elsewhere require a proof first: an accepted message, a login, or the console."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "web").rglob("*.py")
        if re.search(r"one_time_states\.put\(", path.read_text())
    }
    assert found == {"web/auth/login_steps/login_states.py", "web/auth/login_steps/login_test.py"}
    states = (ROOT / "web/auth/login_steps/login_states.py").read_text()
    assert sorted(re.findall(r"one_time_states\.put\((\w+),", states)) == ["_LOGOUT", "_PROVED"]
