"""The scanner page as a person at the door meets it: forms as they are rendered, hand scanners, repeats, and who may not."""

import re
from html import unescape

import pytest

from records.attendance.badge_formats.proposals import propose
from records.attendance.badge_formats.stored_format import as_json
from records.attendance.badge_setup import BadgeSetup
from records.attendance.ledger.tables import LedgerEntry, ScanNames
from records.tenants import implementations
from tests.support.stub_status_service import SAME_ORIGIN
from tests.web.console.settings.staff_people import typed
from tests.web.scanner.test_scans_endpoint import database

__all__ = ["database"]
PAGE = "/scan/demo/sessions/NOW-1"


@pytest.fixture
def scanner(http, log_in):
    """A scanner in a browser: opens the page, and sends its form as it is but for the badge."""
    log_in("demo", "sam")

    def scan(badge=None, form=None, **changes):
        page = http.get(PAGE)
        if badge is None:
            return page
        fields = {name: values[0] for name, values in typed(form or page.text).items()}
        return http.post(PAGE, data=fields | {"badge": badge} | changes, headers=SAME_ORIGIN)

    return scan


@pytest.fixture
def bars(database):
    """The badge format `ID|last|first` is in use."""
    with database.session() as db:
        found = propose([b"10482|Chen|Alice", b"20771|Roy|Eva"])[0].format
        db.add(BadgeSetup(implementation_id=implementations.find(db, "demo").id, active=as_json(found)))


def result(page):
    found = re.search(r'<div class="result (\w+)" id="result"[^>]*>(.*?)</div>', page.text, re.DOTALL)
    return found[1], " ".join(unescape(re.sub(r"<[^>]+>", " ", found[2])).split())


def rows(database):
    with database.reading() as db:
        found = db.query(LedgerEntry, ScanNames).outerjoin(ScanNames, LedgerEntry.number == ScanNames.number)
        return [(each.badge_id, names and (names.last_name, names.first_name), each.entry) for each, names in found]


@pytest.mark.usefixtures("bars")
def test_a_queue_is_scanned_by_a_hand_scanner_and_each_result_is_shown(scanner, database):
    assert result(scanner()) == ("none", "Scan a badge, or type its ID.")
    assert result(scanner("10482|Chen|Alice|alice@firm.example\r")) == (
        "bad",
        "Not a badge of this event It has another number of parts than the badges of this event. It was read as “10482|Chen|Alice|alice@firm.example”.",
    )
    assert result(scanner("10482|Chen|Alice\r")) == ("good", "Alice Chen 10482")
    assert result(scanner("20771")) == ("good", "20771")
    repeated = scanner("10482|Chen|Alice")
    assert result(repeated) == ("repeat", "Already scanned: Alice Chen 10482")
    assert "2 people scanned at this session" in repeated.text
    assert rows(database) == [
        ("10482", ("Chen", "Alice"), "wedge"), ("20771", ("", ""), "keyboard"), ("10482", ("Chen", "Alice"), "wedge"),
    ]  # fmt: skip


@pytest.mark.usefixtures("bars")
def test_a_form_that_is_sent_twice_stores_one_scan(scanner, database):
    form = scanner().text
    assert result(scanner("20771", form=form))[0] == "good"
    assert result(scanner("20771", form=form)) == (
        "repeat",
        "This form was sent before Its first badge is stored. Scan the next one.",
    )
    assert len(rows(database)) == 1


@pytest.mark.usefixtures("bars")
@pytest.mark.parametrize(
    "badge", ["", " ", "<script>alert(1)</script>", "Ann Doe", "x" * 5000, "10482|a|b|c|d", "https://evil.example/"]
)
def test_what_is_no_badge_of_the_event_is_not_stored_and_shown_so_that_the_next_one_can_be_typed(
    scanner, database, badge
):
    answer = scanner(badge)
    assert result(answer)[0] == "bad"
    assert "<script>alert" not in answer.text
    assert 'name="badge" value' not in answer.text, "a hand scanner types the next code into an empty field"
    assert rows(database) == []


@pytest.mark.usefixtures("bars")
def test_the_test_badge_works_and_does_not_count(scanner, database):
    assert result(scanner("TEST-BADGE-1")) == ("good", "The test badge works. It does not count.")
    assert rows(database) == []


def test_without_a_badge_format_ids_are_typed_and_whole_codes_are_not_read(scanner, database):
    assert "an organizer sets the badge format up" in scanner().text
    assert result(scanner("A7F-20931"))[0] == "good"
    assert result(scanner("10482|Chen|Alice"))[0] == "bad"
    assert [each[0] for each in rows(database)] == ["A7F-20931"]


def test_directions_are_asked_where_people_leave_and_the_last_one_stays(scanner, database):
    with database.session() as db:
        implementations.find(db, "demo").scan_mode = "in and out"
    page = scanner("B-1", direction="out")
    assert 'value="out" checked' in page.text
    with database.reading() as db:
        assert [each.direction for each in db.query(LedgerEntry)] == ["out"]
    assert result(scanner("B-1", direction="sideways")) == ("bad", "Not stored Its direction is neither in nor out.")


@pytest.mark.parametrize("scan_id", ["", "1", "x" * 100])
def test_a_forged_id_of_a_scan_is_refused(scanner, database, scan_id):
    assert result(scanner("B-1", scan=scan_id)) == ("bad", "Not stored Its id is not a UUID.")
    assert rows(database) == []


def test_who_is_not_logged_in_is_led_to_the_login_and_who_is_no_scanner_is_told(http, log_in, database):
    answer = http.get(PAGE)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login/demo?next={PAGE}")
    log_in("demo", "ada")
    assert http.get(PAGE).status_code == 403
    assert http.post(PAGE, data={"badge": "B-1"}, headers=SAME_ORIGIN).status_code == 403
    log_in("demo", "sam")
    assert http.get("/scan/demo/sessions/NONE").status_code == 404
    assert http.get("/scan/other/sessions/NOW-1").status_code in {303, 404}
    assert rows(database) == []


def test_a_form_of_another_site_stores_nothing(http, scanner, database):
    scanner()
    for headers in ({"Origin": "https://evil.example"}, SAME_ORIGIN):
        assert http.post(PAGE, data={"badge": "B-1", "scan": "0" * 8}, headers=headers).status_code == 403
    assert rows(database) == []
