"""The pages about attendance: what they count and show, that they refresh only when something changed, and hostile badges."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from records.attendance import corrected_time, intake
from records.attendance.intake import BatchArrival, ScanSender
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.attendance.report import made_reports
from records.tenants import implementations
from tests.records.attendance.ledger_rows import draft, scan_id
from tests.web.console.attendance.conftest import ATTENDANCE, LONG, PEOPLE

EDITION = re.compile(r'data-edition="([^"]+)"')


def rows(text):
    """The texts of the rows of a page's tables, without marks."""
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in re.findall(r"<tr.*?</tr>", text, re.DOTALL)]


def add_scan(database, **changes):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        chain.append(db, chain.lock(db, demo), [(draft(9000, **changes), BadgeNames("New", "Here"))])


def test_every_session_is_listed_with_its_people_and_scans_also_one_without(browser_for, scanned):
    page = browser_for("organizer").get(ATTENDANCE).text
    listed = rows(page)[1:]
    assert [row.split()[0] for row in listed] == ["Moved", "Opening:", "Sepsis", "Workshop"]
    assert "retired" in listed[0]
    assert "85 of 150 places" in listed[1]
    assert " now " in listed[2]
    assert "of 80 registered" in listed[2]
    assert "0 of 20 places" in listed[3]
    assert "none yet" in listed[3]
    assert page.count('class="chart ') == 3 + 3  # arrivals, and shares of the sessions with a number to compare with
    assert 'style="' not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=hall+1", ["Opening:"]),
        ("q=ce-", ["Sepsis"]),
        ("show=now", ["Sepsis"]),
        ("show=scanned&sort=-people", ["Opening:", "Sepsis", "Moved"]),
        ("show=unscanned", []),
        ("show=nonsense&sort=nonsense&page=x", ["Moved", "Opening:", "Sepsis", "Workshop"]),
        ("page=2", []),
        ("q=%3Cscript%3E", []),
    ],
)
def test_sessions_are_filtered_and_sorted_by_the_address(browser_for, scanned, query, found):
    page = browser_for("reviewer").get(f"{ATTENDANCE}?{query}").text
    assert [row.split()[0] for row in rows(page)[1:]] == found
    assert found or "No session matches" in page
    assert "<script>" not in page


@pytest.mark.parametrize("path", ["", "/sessions/CE-1"])
def test_a_page_is_sent_again_only_if_something_has_changed(browser_for, scanned, path):
    browser = browser_for("organizer")
    edition = EDITION.search(browser.get(ATTENDANCE + path).text)[1]
    again = browser.get(ATTENDANCE + path, headers={"If-None-Match": edition})
    if again.status_code != 304:  # a minute has begun in between
        edition = EDITION.search(again.text)[1]
        again = browser.get(ATTENDANCE + path, headers={"If-None-Match": edition})
    assert (again.status_code, again.data) == (304, b"")
    add_scan(scanned, session_id="CE-1", badge_id="B-new", corrected_at=datetime.now(UTC))
    changed = browser.get(ATTENDANCE + path, headers={"If-None-Match": edition})
    assert changed.status_code == 200
    assert "65" in changed.text
    assert EDITION.search(changed.text)[1] != edition


def test_a_session_shows_people_minutes_and_both_charts_with_their_numbers(browser_for, scanned):
    page = browser_for("organizer").get(f"{ATTENDANCE}/sessions/over?sort=-minutes").text
    assert "Opening: what &lt;i&gt;changed&lt;/i&gt;" in page
    assert page.count('class="curve wide"') == page.count('class="curve narrow"') == 2
    assert re.search(r'aria-label="People in the room, at most \d+ at once"', page)
    assert "places 150" in page
    assert "In the room now" not in page
    numbers = re.findall(r'data-label="Arrived"><span>(\d+)<', page)
    assert sum(map(int, numbers)) == 85
    minutes = [int(each) for each in re.findall(r'data-label="Minutes"><span>(\d+)<', page)]
    assert minutes == sorted(minutes, reverse=True)
    assert 'rel="next"' in page


def test_a_session_that_is_held_says_who_is_there_and_who_is_not_decided(browser_for, scanned):
    page = browser_for("organizer").get(f"{ATTENDANCE}/sessions/CE-1?q=mei").text
    assert "In the room now" in page
    assert "not decided" in page
    assert len(rows(page.partition("<h2>People</h2>")[2])) == 2
    assert f'badge={quote("10482")}"' in page
    assert "No one of this session has" in browser_for("organizer").get(f"{ATTENDANCE}/sessions/CE-1?q=zzz").text


def test_what_is_not_there_is_said(browser_for, scanned):
    browser = browser_for("organizer")
    assert browser.get(f"{ATTENDANCE}/sessions/none").status_code == 404
    assert browser.get(f"{ATTENDANCE}/sessions/x%00y").status_code == 404
    assert "No badge was scanned at this session yet." in browser.get(f"{ATTENDANCE}/sessions/later").text
    assert browser.get(f"{ATTENDANCE}/person?badge=B%00x").status_code == 400
    assert "No scan has the badge ID" in browser.get(f"{ATTENDANCE}/person?badge=none").text
    assert "Choose a person" in browser.get(f"{ATTENDANCE}/person").text


def test_people_are_found_by_name_and_badge_whatever_letters_they_have(browser_for, scanned):
    browser = browser_for("organizer")
    for text, found in (("mei chen", "10482"), ("الهاشمي", "نور-1"), (LONG.upper(), "00012"), ("=1+1", "=1+1")):
        listed = rows(browser.get(f"{ATTENDANCE}/people?q={quote(text)}").text)[1:]
        assert len(listed) == 1
        assert found in listed[0]
    assert "No one who was scanned has" in browser.get(f"{ATTENDANCE}/people?q=zzz").text
    assert len(rows(browser.get(f"{ATTENDANCE}/people?page=2").text)) == 1 + 86 - 50


@pytest.mark.parametrize("badge", PEOPLE)
def test_a_person_with_any_badge_and_name_has_a_page_with_sessions_and_every_scan(browser_for, scanned, badge):
    page = browser_for("organizer").get(f"{ATTENDANCE}/person?badge={quote(badge)}").text
    assert "<script>alert" not in page
    assert "<b>7</b>" not in page
    assert "49" not in rows(page)[0]
    assert page.count("Sepsis in 2026") >= 2
    assert re.search(r"<dd>\d of \d sessions?; \d+ minutes in all</dd>", page)


def test_a_voided_scan_is_shown_with_who_and_why_and_does_not_count(browser_for, scanned):
    page = browser_for("organizer").get(f"{ATTENDANCE}/person?badge={quote('<b>7</b>/?&')}").text
    (voided,) = [row for row in rows(page) if "voided" in row]
    assert "by Organizer" in voided
    assert "wrong badge" in voided
    sessions = page.partition("<h2>Sessions</h2>")[2].partition("<h2>Scans</h2>")[0]
    assert "Opening" not in sessions


def test_without_scans_every_page_says_what_to_do(browser_for, database):
    browser = browser_for("organizer")
    assert "Import the agenda" in browser.get(ATTENDANCE).text
    assert "Before the first one" in browser.get(f"{ATTENDANCE}/people").text
    assert "No report was made yet" in browser.get(f"{ATTENDANCE}/reports").text


def test_another_implementation_shows_nothing_of_this_one(browser_for, scanned):
    with scanned.session() as db:
        assert made_reports.every(db, implementations.find(db, "other")) == []
    reviewer = browser_for("reviewer")
    there = ATTENDANCE.replace("/demo/", "/other/")
    assert "Chen" not in reviewer.get(f"{there}/people").text
    assert "No scan has the badge ID" in reviewer.get(f"{there}/person?badge=10482").text
    assert reviewer.get(f"{there}/sessions/CE-1").status_code == 404


def test_counts_of_a_scan_whose_time_is_far_away_still_draw_a_chart(browser_for, scanned):
    add_scan(scanned, session_id="CE-1", badge_id="B-old", corrected_at=datetime.now(UTC) - timedelta(days=50))
    page = browser_for("organizer").get(f"{ATTENDANCE}/sessions/CE-1").text
    assert len(re.findall(r'data-label="Arrived"', page)) <= 36


@pytest.mark.parametrize(
    ("zone", "year"), [("America/Chicago", 1), ("Asia/Tokyo", 9999)], ids=["the first day", "the last day"]
)
def test_a_device_that_claims_the_end_of_the_calendar_does_not_take_a_persons_page_away(
    browser_for, scanned, zone, year
):
    now = datetime.now(UTC)
    claimed = now.replace(year=year, month=1, day=1) if year == 1 else datetime.max.replace(tzinfo=UTC)
    sent = {"id": scan_id(9001), "session": "CE-1", "badge_id": "10482", "last_name": "", "first_name": ""}
    sent |= {"scanned_at": claimed.isoformat(), "direction": None, "entry": "camera"}
    with scanned.session() as db:
        demo = implementations.find(db, "demo")
        implementations.update(db, demo, time_zone=zone)
        arrival = BatchArrival(ScanSender(actor="demo/olga", device="door 9"), now, corrected_time.skew(now, claimed))
        assert intake.take_in(db, demo, [sent], arrival).results[0].state in ("stored", "repeat")
    answer = browser_for("organizer").get(f"{ATTENDANCE}/person?badge=10482")
    assert (answer.status_code, "the clock of the device was wrong" in answer.text) == (200, True)
