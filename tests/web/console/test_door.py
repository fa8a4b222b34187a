"""Logins of staff: what makes them count, what ends them, and what they must prove again."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from records import audit
from records.people import administrators, grants, users
from records.tenants import implementations
from tests.support.stub_status_service import SAME_ORIGIN
from tests.web.console.conftest import person

PEOPLE = "/console/implementations/demo/people"
ROLES = "/console/implementations/demo/roles"


def without_reference(answer):
    return re.sub(r"<code>[0-9a-f]{8}</code>", "", answer.text)


def test_an_implementation_which_may_not_be_seen_looks_like_one_which_does_not_exist(browser_for):
    browser = browser_for("organizer")
    unseen = browser.get("/console/implementations/other/")
    missing = browser.get("/console/implementations/nowhere/")
    assert unseen.status_code == missing.status_code == 404
    assert without_reference(unseen) == without_reference(missing)


def test_the_log_names_the_refusal_but_not_who_asked(browser_for, caplog):
    caplog.set_level("INFO")
    browser_for("organizer").get("/console/implementations/other/people?q=secret-question")
    assert "refused code=implementation not visible endpoint=console_people.people" in caplog.text
    assert "organizer" not in caplog.text
    assert "secret-question" not in caplog.text


def test_an_implementation_which_does_not_exist_is_not_there_for_an_administrator_either(browser_for):
    answer = browser_for("administrator").get("/console/implementations/nowhere/people")
    assert answer.status_code == 404
    assert "There is no such implementation" in answer.text


def test_nobody_is_led_to_the_sign_in_and_back(browser_for):
    answer = browser_for().get(PEOPLE + "?q=ada")
    assert answer.headers["Location"] == "/console/in?next=%2Fconsole%2Fimplementations%2Fdemo%2Fpeople%3Fq%3Dada"
    page = browser_for().get(answer.headers["Location"]).text
    assert 'href="/login/staff?next=%2Fconsole%2Fimplementations%2Fdemo%2Fpeople%3Fq%3Dada"' in page


def test_who_is_there_but_not_let_in_gets_a_login_that_asks_anew(browser_for):
    page = browser_for("administrator", age_s=3600).get("/console/in").text  # idle
    assert 'href="/login/staff?next=%2Fconsole%2F&amp;switch=1"' in page
    page = browser_for("attendee").get("/console/in?implementation=demo").text
    assert 'href="/login/demo?next=%2Fconsole%2F&amp;switch=1"' in page


@pytest.mark.parametrize(
    "next_path", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_sign_in_never_leads_to_another_site(browser_for, next_path):
    for name in (None, "administrator"):
        page = browser_for(name).get("/console/in", query_string={"next": next_path, "implementation": "demo"}).text
        assert "evil.example" not in page
        assert "javascript:" not in page


def test_a_form_without_a_token_is_refused(browser_for, database):
    browser = browser_for("administrator")
    answer = browser.post("/console/add", data={"slug": "new", "called": "New"}, headers=SAME_ORIGIN)
    assert answer.status_code == 403
    with database.reading() as db:
        assert implementations.find(db, "new") is None


def test_a_form_with_the_token_of_another_browser_is_refused(browser_for):
    mine, theirs = browser_for("administrator"), browser_for("organizer")
    page = theirs.get("/console/in").text
    stolen = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    mine.get("/console/add")
    answer = mine.post("/console/add", data={"csrf_token": stolen, "slug": "new"}, headers=SAME_ORIGIN)
    assert answer.status_code == 403


def test_a_form_from_another_site_is_refused_even_with_its_token(browser_for):
    browser = browser_for("administrator")
    answer = browser.post(
        "/console/add", data={"csrf_token": browser.token(), "slug": "new"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


def test_a_token_in_the_address_or_a_bearer_in_the_header_does_not_stand_in_for_a_form_token(browser_for):
    browser = browser_for("administrator")
    by_address = browser.post(f"/console/add?csrf_token={browser.token()}", data={"slug": "x"}, headers=SAME_ORIGIN)
    by_header = browser.post("/console/add", data={"slug": "x"}, headers={"Authorization": "Bearer cat_nothing"})
    assert by_address.status_code == 403
    assert by_header.status_code == 403  # the bearer is the credential then, and it is nobody's
    assert "Sign in first" in by_header.text


def test_cookies_are_for_this_host_over_https_only_and_out_of_scripts_reach(browser_for):
    answer = browser_for("administrator").get("/console/add")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-csrf=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_pages_of_the_console_are_kept_by_nobody_and_held_by_no_other_window(browser_for):
    for browser in (browser_for("administrator"), browser_for()):
        for path in ("/console/", PEOPLE, "/console/in", "/console/first/x", "/console/implementations/nowhere/"):
            headers = browser.get(path).headers
            assert headers["Cache-Control"] == "no-store"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["Strict-Transport-Security"] == "max-age=31536000"
            assert headers["Permissions-Policy"].startswith("camera=()")
            assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/saml/demo/login", "/saml/demo/complete?o=x", "/m/demo/start"])
def test_addresses_with_one_time_handles_are_told_to_nobody(browser_for, path):
    assert browser_for().get(path).headers["Referrer-Policy"] == "no-referrer"


def test_after_half_an_hour_of_nothing_staff_sign_in_again(browser_for, store, redis):
    browser = browser_for("administrator")
    assert browser.get("/console/").status_code == 200
    login = person("administrator").login
    [key] = list(redis.keys("*idle*"))
    assert 1790 <= redis.ttl(key) <= 1800
    redis.delete(key)  # what Redis does after half an hour
    late = browser_for("administrator", age_s=1900, login=login)
    assert late.get("/console/").headers["Location"].startswith("/console/in")


def test_use_keeps_a_login_going_for_longer_than_half_an_hour(browser_for, store):
    visitor = person("administrator", age_s=3 * 3600)
    store.idle_timeouts.begin(visitor.login)
    assert browser_for("administrator", age_s=3 * 3600).get("/console/").status_code == 200


def test_a_login_from_before_the_implementation_opens_no_console_of_another_with_the_same_slug(browser_for, database):
    browser = browser_for("organizer")
    assert browser.get(PEOPLE).status_code == 200
    with database.session() as db:
        implementations.find(db, "demo").created_at = datetime.now(UTC) + timedelta(minutes=1)
    assert browser.get(PEOPLE).headers["Location"].startswith("/console/in")


def test_a_person_who_is_locked_out_is_out_with_the_next_click(browser_for, number_of, store):
    victim, boss, since = browser_for("organizer"), browser_for("administrator"), int(time.time())
    assert victim.get(PEOPLE).status_code == 200
    answer = boss.send(f"{PEOPLE}/{number_of('organizer')}/disable", reason="left the committee")
    assert answer.status_code == 303
    assert victim.get(PEOPLE).headers["Location"].startswith("/console/in")
    assert store.ended_logins.is_ended("demo", "organizer", "any", since)


def test_a_role_which_is_taken_away_is_gone_with_the_next_click(browser_for, database, store):
    victim, boss, since = browser_for("organizer"), browser_for("administrator"), int(time.time())
    with database.reading() as db:
        [grant] = [
            each for each in grants.every(db, implementations.find(db, "demo")) if each.value.startswith("organ")
        ]
    assert victim.get(PEOPLE).status_code == 200
    assert boss.send(f"{ROLES}/all/{grant.id}/remove").status_code == 303
    assert victim.get(PEOPLE).headers["Location"].startswith("/console/in")  # their logins have ended, too
    assert store.ended_logins.is_ended("demo", "organizer", "any", since)


def test_a_role_which_is_given_counts_with_the_next_click(browser_for):
    guest, boss = browser_for("attendee"), browser_for("administrator")
    assert guest.get(PEOPLE).status_code == 404
    answer = boss.send(f"{ROLES}/all", role="organizer", kind="username", values="attendee@example.org")
    assert answer.status_code == 303
    assert guest.get(PEOPLE).status_code == 200


def test_a_role_in_one_implementation_is_none_in_another_with_the_same_subject(browser_for, database):
    with database.session() as db:
        other = implementations.find(db, "other")
        grants.add(db, other, kind="username", value="organizer@example.org", role="organizer", by="tests")
    assert browser_for("organizer").get("/console/implementations/other/").status_code == 404


def test_what_was_typed_is_kept_when_a_fresh_login_is_needed_but_no_secret(browser_for, number_of, store):
    visitor = person("administrator", age_s=700)
    store.idle_timeouts.begin(visitor.login)
    browser = browser_for("administrator", age_s=700)
    path = f"{PEOPLE}/{number_of('organizer')}/disable"
    answer = browser.send(path, reason="<b>lost</b> badge", client_secret="hunter2")
    assert answer.status_code == 403
    assert "Confirm that it is you" in answer.text
    assert "&lt;b&gt;lost&lt;/b&gt; badge" in answer.text
    assert "hunter2" not in answer.text
    assert "Secrets and files are not kept" in answer.text
    assert 'href="/saml/staff/login?fresh=1&amp;next=%2Fconsole%2Fin%2Fdone"' in answer.text
    fresh = browser_for("administrator")
    assert fresh.send(path, reason="lost badge").status_code == 303


def test_what_was_typed_is_kept_when_the_login_has_ended(browser_for, store):
    browser = browser_for("organizer")
    store.ended_logins.end_all("demo", "organizer")
    answer = browser.send(f"{ROLES}/scanners", role="scanner", kind="username", values="a@example.org\nb@example.org")
    assert answer.status_code == 403
    assert "Sign in first" in answer.text
    assert "a@example.org\nb@example.org" in answer.text


def test_a_provider_which_lets_somebody_in_without_asking_proves_nothing_anew(browser_for, number_of):
    then = int(time.time()) - 3600
    browser = browser_for("administrator", proved=then)
    answer = browser.send(f"{PEOPLE}/{number_of('organizer')}/disable", reason="x")
    assert "Confirm that it is you" in answer.text


def first_link(database):
    with database.session() as db:
        return administrators.new_link(db)


def test_the_first_link_works_once_and_looking_at_it_uses_nothing_up(browser_for, database):
    path = f"/console/first/{first_link(database)}"
    for _ in range(3):
        assert "Sign in as first administrator" in browser_for().get(path).text
    browser = browser_for()
    answer = browser.send(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")
    home = browser.get("/console/").text
    assert "Next steps for the first administrator" in home
    assert "Demo Congress" in home
    again = browser_for().send(path)
    assert again.status_code == 410
    assert "no longer works" in again.text
    with database.reading() as db:
        assert "administrator.link.used" in [entry.action for entry in audit.recent(db)]


def steps_on(browser):
    home = browser.get("/console/").text.partition("Next steps for the first administrator")[2].partition("</ol>")[0]
    return re.findall(r"<li>(?:<a [^>]*>)?([^<]*).*?<span class=\"mark[^>]*>(\w+)<", home, re.DOTALL)


def test_the_first_steps_are_those_of_the_guide_and_ticked_from_the_records(browser_for, database):
    with database.session() as db:
        for home in implementations.every(db):
            if home.slug != "staff":
                db.delete(home)
        for grant in grants.every(db, implementations.staff(db)):
            db.delete(grant)
    browser = browser_for()
    browser.send(f"/console/first/{first_link(database)}")
    steps = steps_on(browser)
    assert [done for _, done in steps] == ["Open"] * 4
    assert [words.split(" ")[0] for words, _ in steps] == ["Connect", "Name", "Sign", "Add"]
    with database.session() as db:
        staff = implementations.staff(db)
        grants.add(db, staff, kind="username", value="root", role="administrator", by="tests")
        detail = {"source": "saml", "roles": ["administrator", "attendee"]}
        audit.append(db, actor="staff/administrator", action="login", implementation="staff", detail=detail)
        implementations.create(db, "new27", "New Congress")
    assert [done for _, done in steps_on(browser)] == ["Open", "Done", "Done", "Done"]


def test_a_forged_first_link_lets_nobody_in(browser_for):
    answer = browser_for().send("/console/first/" + "x" * 43)
    assert answer.status_code == 410
    assert not [each for each in answer.headers.getlist("Set-Cookie") if "login" in each]


def test_a_newer_link_ends_the_older_one(browser_for, database):
    old, new = first_link(database), first_link(database)
    assert browser_for().send(f"/console/first/{old}").status_code == 410
    assert browser_for().send(f"/console/first/{new}").status_code == 303


def test_many_tries_of_first_links_from_one_place_are_slowed_down(browser_for):
    browser = browser_for()
    codes = {browser.get(f"/console/first/{number}").status_code for number in range(25)}
    assert codes == {410, 429}


def test_the_first_administrators_login_is_a_new_one_whatever_was_planted(browser_for, database):
    browser = browser_for("attendee")  # somebody else's login, planted in this browser
    planted = person("attendee")
    answer = browser.send(f"/console/first/{first_link(database)}")
    logins = browser.application.extensions["auth services"].logins
    value = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith(logins.cookie))
    made = logins.read(value.split("=", 1)[1].split(";")[0])
    assert made.login not in ("", planted.login)
    assert made.subject == "first administrator"
    assert not logins.is_active(planted)


def test_the_first_administrator_proves_again_by_a_new_link_after_an_hour(browser_for, number_of, store):
    visitor = person("first administrator", age_s=3700)
    store.idle_timeouts.begin(visitor.login)
    answer = browser_for("first administrator", age_s=3700).send(
        f"{PEOPLE}/{number_of('organizer')}/disable", reason="x < y"
    )
    assert answer.status_code == 403
    assert "session-status administrator link" in answer.text
    assert "x &lt; y" in answer.text


def test_a_login_which_says_first_administrator_elsewhere_is_nobodys(browser_for, database):
    with database.session() as db:
        users.remember(
            db, implementations.find(db, "demo"), "first administrator", users.UserProfile("first administrator")
        )
    visitor = replace(person("first administrator"), implementation="demo")
    browser = browser_for()
    browser.sign_in(visitor)
    assert browser.get("/console/").status_code == 403
    assert browser.get("/console/implementations/demo/").status_code == 404
