"""The pages on which organizers decide what is open about attendance, and correct scans."""

import re
from urllib.parse import quote

import pytest

from records import UserProfile, audit
from records.attendance.ledger import verification
from records.attendance.ledger.scan_rows import ScanListQuery, listed
from records.attendance.questions import disputes, open_questions
from records.audit import AuditContext
from records.changes.attendance import questions
from records.people import users
from records.tenants import implementations
from tests.records.attendance.ledger_rows import scan_id
from tests.web.console.attendance.decisions.event_records import START, refuse, scan
from web.console.attendance import people
from web.console.attendance.decisions import question

ONE = "/console/implementations/demo/attendance"
QUESTION = f"{ONE}/to-decide/question?kind=conflict&badge=B-1&first=s1&second=s2"


def hidden(page, name):
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page.text)
    assert found, f"no field {name}"
    return found[1]


def shown(page):
    """The text of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def counting(event, badge="B-1"):
    return {each.id for several in event(open_questions.scans_of_badge, badge).values() for each in several}


def test_what_is_open_is_listed_and_a_conflict_says_what_each_answer_does(browser_for, event):
    organizer = browser_for("organizer")
    page = organizer.get(f"{ONE}/to-decide")
    assert "1 question" in page.text
    assert "Mei Chen" in page.text
    assert "&lt;b&gt;today" in page.text
    page = organizer.get(QUESTION)
    for words in (
        "Leave it as it is. Sepsis in 2026: 55 min, attended. Stroke: ",
        "Count only Sepsis in 2026 (voids 1 scan). Sepsis in 2026: 55 min, attended. Stroke: ",
    ):
        assert words in shown(page)


def test_a_conflict_is_decided_once_and_is_in_the_log(browser_for, event, database):
    organizer = browser_for("organizer")
    seen = hidden(organizer.get(QUESTION), "seen")
    answer = {"choice": "first", "reason": "She was in hall 4 <b>", "seen": seen}
    assert organizer.send(QUESTION, **answer).location == f"{ONE}/to-decide"
    assert counting(event) == {scan_id(1)}
    assert "Nothing waits for a decision" in organizer.get(f"{ONE}/to-decide").text
    again = organizer.send(QUESTION, **answer)
    assert again.location == f"{ONE}/to-decide"
    assert "the scans are others now" in organizer.get(again.location).text
    assert counting(event) == {scan_id(1)}
    log = organizer.get(f"{ONE}/corrections").text
    assert "Voided a scan" in log
    assert "She was in hall 4 &lt;b&gt;" in log
    with database.reading() as db:
        assert verification.verify(db, implementations.find(db, "demo")).ok


def test_two_who_decide_at_the_same_time_do_not_take_both_sessions_away(browser_for, event):
    organizer, administrator = browser_for("organizer"), browser_for("administrator")
    seen = hidden(organizer.get(QUESTION), "seen")
    assert hidden(administrator.get(QUESTION), "seen") == seen
    event(scan, 9, session_id="s2", minutes=30)
    for browser in (organizer, administrator):
        page = browser.send(QUESTION, choice="first", reason="seen", seen=seen)
        assert page.status_code == 422
        assert "other scans of this badge count now" in page.text
        assert hidden(page, "seen") != seen
    assert len(counting(event)) == 3


def test_a_flood_of_scans_of_one_badge_makes_no_endless_page(browser_for, event, monkeypatch):
    monkeypatch.setattr(question, "MOST_SCANS", 3)
    monkeypatch.setattr(people, "MOST_SCANS", 3)
    for number in range(20, 30):
        event(scan, number, minutes=number)
    organizer = browser_for("organizer")
    asked = organizer.get(QUESTION).text
    assert (asked.count("Void this scan"), "These are the first 3 of 11." in asked) == (4, True)
    person = organizer.get(f"{ONE}/person?badge=B-1").text
    assert (person.count('data-label="State"') == 3, "These are the first 3." in person) == (True, True)
    assert f"{ONE}/scans?badge=B-1" in person


def test_what_is_left_as_it_is_is_shown_as_decided(browser_for, event):
    organizer = browser_for("organizer")
    seen = hidden(organizer.get(QUESTION), "seen")
    organizer.send(QUESTION, choice="as it is", reason="two rooms, one door", seen=seen)
    page = organizer.get(QUESTION)
    assert "it stays as it is" in page.text
    assert "two rooms, one door" in page.text
    assert "Nothing waits" in organizer.get(f"{ONE}/to-decide").text
    done = organizer.send(QUESTION, choice="as it is", reason="again", seen=seen)
    assert "It was decided before" in organizer.get(done.location).text


@pytest.mark.parametrize(
    ("fields", "words"), [({"choice": "first"}, "Reason is missing"), ({"reason": "x"}, "Decision is missing")]
)
def test_a_form_without_a_choice_or_a_reason_keeps_what_was_given(browser_for, event, fields, words):
    organizer = browser_for("organizer")
    page = organizer.send(QUESTION, seen=hidden(organizer.get(QUESTION), "seen"), **fields)
    assert page.status_code == 422
    assert words in page.text
    assert len(counting(event)) == 2


def test_a_reviewer_looks_and_corrects_nothing(browser_for, event):
    reviewer = browser_for("reviewer")
    page = reviewer.get(QUESTION)
    assert "To decide it, ask an organizer" in page.text
    assert '<form method="post" novalidate' not in page.text
    for path in (QUESTION, f"{ONE}/scans/{scan_id(1)}/void", f"{ONE}/scans/add"):
        assert reviewer.send(path, reason="x").status_code == 403
    assert len(counting(event)) == 2


def test_a_scan_is_voided_with_what_that_does_and_added_again(browser_for, event):
    organizer = browser_for("organizer")
    address = f"{ONE}/scans/{scan_id(1)}/void"
    page = organizer.get(address)
    assert "What counts now 55 min, attended Without this scan 0 min, not attended" in shown(page)
    done = organizer.send(address, reason="wrong badge", seen=hidden(page, "seen"))
    assert done.location == f"{ONE}/scans?badge=B-1"
    assert "voided by" in organizer.get(done.location).text
    page = organizer.get(address)
    assert "This scan was voided" in page.text
    assert "wrong badge" in page.text
    page = organizer.get(f"{ONE}/scans/add?replaces={scan_id(1)}")
    given = {name: hidden(page, name) for name in ("replaces", "scan")} | {
        "session": "s1",
        "badge_id": "B-1",
        "at": re.search(r'name="at"[^>]*value="([^"]+)"', page.text)[1],
    }
    for _ in range(2):  # the form is sent twice
        assert organizer.send(f"{ONE}/scans/add", **given, reason="it was right").status_code == 303
    assert len(counting(event)) == 2
    with_new = event(listed, ScanListQuery(badge="B-1"), limit=9)
    assert (with_new[0].entry.replaces, with_new[0].entry.corrected_at) == (scan_id(1), START.replace(minute=5))


def test_a_scan_is_added_in_the_time_zone_of_the_event(browser_for, event, database):
    with database.session() as db:
        implementations.find(db, "demo").time_zone = "America/New_York"
    organizer = browser_for("organizer")
    page = organizer.get(f"{ONE}/scans/add?session=s1&badge=B-7")
    assert 'value="2026-05-04 05:00:00"' in page.text
    given = {"session": "s1", "badge_id": "B-7", "at": "2026-05-04 05:10", "reason": "x", "last_name": "Wu", "scan": ""}
    assert organizer.send(f"{ONE}/scans/add", **given).location == f"{ONE}/scans?session=s1&badge=B-7"
    (row,) = event(listed, ScanListQuery(badge="B-7"), limit=9)
    assert (row.entry.corrected_at, row.name) == (START.replace(minute=10), "Wu")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at": "soon"}, "When must be a time"),
        ({"at": "2199-01-01 10:00"}, "When must not be in the future"),
        ({"session": "s9"}, "Session is not a session"),
        ({"badge_id": ""}, "Badge ID is missing"),
        ({"reason": ""}, "Reason is missing"),
        ({"replaces": scan_id(1)}, "Voided scan must be the id of a scan that was voided"),
        ({"scan": "x" * 36}, "must be the id of a scan"),
    ],
)
def test_a_scan_that_cannot_be_is_not_added_and_what_was_typed_stays(browser_for, event, change, words):
    given = {"session": "s1", "badge_id": "B-8", "at": "2026-05-04 09:10", "reason": "came late", "scan": ""} | change
    page = browser_for("organizer").send(f"{ONE}/scans/add", **given)
    assert page.status_code == 422
    assert words in shown(page)
    assert counting(event, "B-8") == set()


@pytest.mark.parametrize("scan", ["x", scan_id(77), quote("\0"), "%F0%9F%92%A9"])
def test_a_scan_that_there_is_not_is_not_found(browser_for, event, scan):
    organizer = browser_for("organizer")
    assert organizer.get(f"{ONE}/scans/{scan}/void").status_code == 404
    assert organizer.send(f"{ONE}/scans/{scan}/void", reason="x", seen="").status_code == 404


def test_a_scan_of_another_implementation_is_not_found(browser_for, event):
    event(scan, 50, slug="other", badge_id="B-50")
    organizer = browser_for("administrator")
    assert organizer.get(f"{ONE}/scans/{scan_id(50)}/void").status_code == 404
    assert organizer.send(f"{ONE}/scans/{scan_id(50)}/void", reason="x", seen="").status_code == 404
    assert organizer.get(f"{ONE}/scans?badge=B-50").text.count("No scan matches") == 1
    assert browser_for("organizer").get(ONE.replace("demo", "other") + "/scans").status_code == 404


def test_scans_are_filtered_and_paged(browser_for, event):
    for number in range(10, 70):
        event(scan, number, badge_id=f"C-{number}")
    organizer = browser_for("organizer")
    first = organizer.get(f"{ONE}/scans?session=s1")
    assert "C-69" in first.text
    assert "C-10" not in first.text
    older = re.search(r'href="([^"]+)" rel="next"', first.text)[1].replace("&amp;", "&")
    assert "C-10" in organizer.get(older).text
    assert "No scan matches" in organizer.get(f"{ONE}/scans?badge=Z").text
    assert "B-2" in organizer.get(f"{ONE}/scans?badge=%20B-2%0D").text


def test_refused_scans_are_listed_with_reasons_filtered_and_paged(browser_for, event):
    organizer = browser_for("organizer")
    assert "No scan was refused" in organizer.get(f"{ONE}/refused").text
    for number in range(60):
        event(refuse, number)
    event(refuse, 99, "unknown_session", session="s9")
    first = organizer.get(f"{ONE}/refused")
    assert "&lt;i&gt;Li&lt;/i&gt; Wu" in first.text
    assert "61 refused scans are kept" in first.text
    older = re.search(r'href="([^"]+)" rel="next"', first.text)[1]
    assert "B-0<" in organizer.get(older).text
    found = organizer.get(f"{ONE}/refused?reason=unknown_session").text
    assert ("B-99" in found, "B-50" in found) == (True, False)
    assert "B-3<" in organizer.get(f"{ONE}/refused?badge=B-3&session=s1").text
    for query in ("?reason=nothing&badge=Z", "?before=99999999999999999999"):
        assert organizer.get(f"{ONE}/refused{query}").status_code == 200


@pytest.fixture
def disputed(event):
    def make(db, owner):
        user = users.find(db, owner, "b1")
        by = AuditContext("demo/b1", "I was in <b>hall 4</b> until the end.")
        return questions.dispute(db, owner, user, "s1", by).value.id

    return event(make)


def test_a_dispute_is_answered_once(browser_for, event, disputed, database):
    organizer = browser_for("organizer")
    address = f"{ONE}/disputes/{disputed}"
    assert "&lt;b&gt;hall 4" in organizer.get(f"{ONE}/to-decide").text
    page = organizer.get(address)
    assert "What counts now 55 min, attended" in shown(page)
    assert organizer.send(address, answer="").status_code == 422
    assert organizer.send(address, answer="Corrected.").location == f"{ONE}/to-decide"
    second = browser_for("administrator").send(address, answer="No.")
    assert second.location == address
    with database.reading() as db:
        said = disputes.find(db, implementations.find(db, "demo"), disputed)
        assert (said.answer, said.answered_by) == ("Corrected.", "demo/organizer")
        assert audit.recent(db)[0].action == "attendance.dispute_answered"


def test_a_dispute_names_who_has_scanned(browser_for, event, disputed):
    event(lambda db, owner: users.remember(db, owner, "sam", UserProfile("sam@example.org", "staff", "Sam", "Rivera")))
    assert "Sam Rivera demo Void this scan" in shown(browser_for("organizer").get(f"{ONE}/disputes/{disputed}"))


@pytest.mark.parametrize("number", [999, 2**70])
def test_a_dispute_that_there_is_not_is_not_found(browser_for, event, number):
    assert browser_for("organizer").get(f"{ONE}/disputes/{number}").status_code == 404


def test_a_dispute_of_another_implementation_is_not_found(browser_for, event, disputed):
    administrator = browser_for("administrator")
    address = f"{ONE.replace('demo', 'other')}/disputes/{disputed}"
    assert administrator.get(address).status_code == 404
    assert administrator.send(address, answer="No.").status_code == 404
    assert event(disputes.count_open) == 1
