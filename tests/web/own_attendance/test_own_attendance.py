"""People look at their own attendance, and at nobody else's; they say that something is wrong, and read the answer."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from records import UserProfile, audit
from records.agenda import sessions
from records.attendance.questions import disputes
from records.audit import AuditContext
from records.changes.attendance import questions, scans
from records.people import users
from records.tenants import implementations
from tests.records.attendance.ledger_rows import scan_id
from tests.support.stub_status_service import SAME_ORIGIN
from tests.web.own_attendance.conftest import OWN

BY = AuditContext("demo/olga", "secret reason of the staff")


@pytest.fixture
def act(database):
    """Do something in a transaction on `demo`."""

    def make(function, *arguments, **more):
        with database.session() as db:
            return function(db, implementations.find(db, "demo"), *arguments, **more)

    return make


def shown(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def open_ones(act):
    return [(each.session_id, user.subject) for each, user in act(disputes.every_open)]


def test_a_person_sees_their_sessions_scans_minutes_and_by_which_rule_they_count(person, act):
    page = person("b1").get()
    assert page.status_code == 200
    for words in (
        "at least 30 minutes",
        "Sepsis in 2026 Mon 04 May 2026, 11:00 to 12:00",
        "55 min, attended Scanned at 11:05:00",
        "At the same time, you were scanned at Stroke",
        "Times in Europe/Berlin.",
    ):
        assert words in shown(page)
    assert "&lt;b&gt;today" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "demo/sam" not in page.text


def test_corrections_are_shown_without_the_names_and_reasons_of_the_staff(person, act):
    act(scans.void_scan, scan_id(1), BY)
    page = person("b1").get()
    assert "does not count: the organizer took it away" in page.text
    assert "secret reason" not in page.text
    assert "olga" not in page.text


def test_a_session_that_is_held_now_has_minutes_so_far(person, act, database):
    def move(db, owner):
        session = sessions.find(db, owner, "s1")
        session.starts_at = datetime.now(UTC) - timedelta(minutes=30)
        session.ends_at = datetime.now(UTC) + timedelta(minutes=30)

    act(move)
    assert "30 min so far" in shown(person("b1").get())


@pytest.mark.parametrize("name", ["b1", "wu", "kim", "ada", "unknown"])
def test_another_persons_scans_are_never_on_the_page(person, name):
    page = person(name).get()
    for theirs in ("نور", "Donaudampfschifffahrtsgesellschaftskapitän&#34", "B-2", "B-3", "Secret of others"):
        assert theirs not in page.text
    assert ("B-1" in page.text) is (name == "b1")


def test_no_address_names_another_person(person):
    wu = person("wu")
    for query in ("?badge=B-1", "?user=b1", "?subject=b1", "?badge_id=B-1", "?session=s1&badge=B-1"):
        assert "Sepsis" not in wu.get(OWN + query).text


def test_a_person_without_a_badge_id_sees_no_scans_not_even_those_without_a_badge_id(person):
    assert "Your badge is not known here" in person("wu").get().text


def test_two_people_with_one_badge_id_see_none_of_its_scans(person, act):
    for name in ("kim", "lee"):
        page = person(name).get()
        assert "Another person has the same badge ID" in page.text
        assert "Sepsis" not in page.text
    act(lambda db, owner: users.remember(db, owner, "lee", UserProfile("lee@example.org", badge_id="B-6")))
    assert "57 min, attended" in shown(person("kim").get())


def test_a_badge_id_taken_over_at_the_registration_shows_neither_persons_scans(person, act):
    act(lambda db, owner: users.remember(db, owner, "wu", UserProfile("wu@example.org", badge_id=" B-1\r")))
    for name in ("wu", "b1"):
        assert "55 min" not in person(name).get().text


def test_a_login_of_another_implementation_leads_to_the_login_page(person):
    page = person("x1", "other").get()
    assert (page.status_code, page.location) == (303, f"/login/demo?next={OWN}")
    own = person("x1", "other").get("/me/other/attendance")
    assert "Secret of others" in own.text
    assert "Sepsis" not in own.text


def test_without_a_login_or_with_an_ended_one_the_login_page_leads_back(http, person, store):
    assert http.get(OWN).location == f"/login/demo?next={OWN}"
    mei = person("b1")
    store.ended_logins.end(mei.visitor.login)
    assert mei.get().location == f"/login/demo?next={OWN}"
    assert mei.get(f"{OWN}/wrong").status_code == 303


def test_where_the_organizer_does_not_show_it_there_is_no_page(person, act, http):
    mei = person("b1")
    token = re.search(r'name="csrf_token" value="([^"]+)"', mei.get(f"{OWN}/wrong").text)[1]
    act(lambda _, owner: setattr(owner, "own_attendance", False))
    for browser in (mei.http, http):
        assert browser.get(OWN).status_code == 404
        assert browser.get(f"{OWN}/wrong?session=s1").status_code == 404
    said = {"csrf_token": token, "session": "s1", "reason": "x"}
    assert mei.http.post(f"{OWN}/wrong", data=said, headers=SAME_ORIGIN).status_code == 404
    assert open_ones(act) == []


@pytest.mark.parametrize("path", ["/me/nothing/attendance", "/me/staff/attendance", "/me/DEMO!/attendance"])
def test_an_implementation_that_there_is_not_has_no_page(person, path):
    assert person("b1").get(path).status_code in (400, 404)


def test_what_a_person_says_is_shown_with_the_answer_of_the_organizer(person, act):
    mei = person("b1")
    page = mei.get(mei.say(reason="I left at <b>ten</b>.").location)
    assert "The organizer will read it" in page.text
    assert "I left at &lt;b&gt;ten" in page.text
    assert "Not answered yet" in page.text
    mei.say(reason="Hello?")
    assert "You have written about this session already" in mei.get().text
    assert open_ones(act) == [("s1", "b1")]
    act(questions.answer, 1, AuditContext("demo/olga", "You have <i>60</i> minutes now."))
    page = mei.get()
    assert "You have &lt;i&gt;60" in page.text
    assert "This is wrong" in page.text
    assert "olga" not in page.text


def test_a_person_without_a_badge_id_can_say_that_a_session_is_missing(person, act):
    assert person("wu").say(reason="My badge was not read.").status_code == 303
    assert open_ones(act) == [("s1", "wu")]
    assert "My badge was not read." in person("wu").get().text
    assert "My badge was not read." not in person("b1").get().text


def test_a_dispute_in_the_name_of_another_person_is_that_of_the_login(person, act):
    person("wu").say(user="b1", user_id="1", badge_id="B-1", implementation="other")
    assert open_ones(act) == [("s1", "wu")]


def test_a_form_from_another_site_or_without_its_token_says_nothing(person, act):
    mei = person("b1")
    fields = {"session": "s1", "reason": "x"}
    assert mei.http.post(f"{OWN}/wrong", data=fields, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert mei.http.post(f"{OWN}/wrong", data=fields, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 403
    assert open_ones(act) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"reason": ""}, "What happened is missing"),
        ({"reason": "x" * 501}, "What happened must have at most 500 characters"),
        ({"session": ""}, "Session is not a session"),
        ({"session": "S-OF-OTHERS"}, "Session is not a session"),
    ],
)
def test_what_cannot_be_said_is_refused_and_stays_in_the_form(person, act, said, words):
    page = person("b1").say(**said)
    assert page.status_code == 422
    assert words in shown(page)
    assert open_ones(act) == []


def test_a_flood_of_disputes_is_stopped(person, act):
    mei = person("b1")
    answers = [mei.say(reason="").status_code for _ in range(12)]
    assert answers == [422] * 10 + [429] * 2
    assert person("kim").say().status_code == 303


def test_a_login_whose_user_was_removed_says_nothing(person, act):
    assert person("unknown").say().status_code == 404
    assert open_ones(act) == []


def test_no_entry_of_the_audit_contains_what_was_said(person, database):
    person("b1").say(reason="I sat behind the pillar")
    with database.reading() as db:
        assert all("pillar" not in f"{each.reason}{each.detail}{each.target}" for each in audit.recent(db))


def test_the_way_back_leads_to_the_session_in_the_app_and_to_no_other_site(person):
    mei = person("b1")
    assert 'href="/app/demo/sessions/CE-1"' in mei.get(f"{OWN}?session=CE-1").text
    assert 'href="/app/demo/sessions/s1"' in mei.get(mei.say().location).text
    for hostile in ("https://evil.example", "../../evil", "javascript:alert(1)", "%2F%2Fevil.example"):
        assert "Back to the session" not in mei.get(f"{OWN}?session={hostile}").text
