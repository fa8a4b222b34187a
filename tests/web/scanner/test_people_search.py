"""The search of the scanner: who may ask, what is told of whom, and texts that are made to find more."""

import pytest

from records import UserProfile
from records.attendance.roster import roster_imports
from records.audit import AuditContext
from records.changes import grants
from records.changes.attendance import rosters
from records.people import users
from records.tenants import implementations
from tests.web.scanner.test_scans_endpoint import database, device

__all__ = ["database", "device"]
PATH = "/api/v1/implementations/{implementation}/sessions/{session_id}/people"
HERE = PATH.format(implementation="demo", session_id="NOW-1")


@pytest.fixture
def crowd(database):
    """Twelve people with badges, one without, and one of another implementation."""
    with database.session() as db:
        demo, other = implementations.find(db, "demo"), implementations.find(db, "other")
        for number in range(12):
            profile = UserProfile(f"p{number}@example.org", "attendee", f"Person{number}", "Müller", f"10{number:02}")
            users.remember(db, demo, f"p{number}", profile)
        users.remember(db, demo, "bare", UserProfile("bare@example.org", "attendee", "Bare", "Müller"))
        users.remember(db, demo, "odd", UserProfile("odd@example.org", "attendee", "100%", "Under_score", "X-1"))
        users.remember(db, other, "far", UserProfile("far@example.org", "attendee", "Far", "Müller", "9999"))


@pytest.fixture
def ask(http, bearer, fits):
    def find(text, headers=None):
        answer = http.get(HERE, query_string={"q": text}, headers=headers or bearer("demo", "sam"))
        fits(answer, PATH)
        return answer.json

    return find


def names(found):
    return [each["first_name"] for each in found["people"]]


@pytest.mark.usefixtures("crowd")
def test_people_are_found_by_name_username_or_badge_id(ask):
    for text in ("person7 müller", "MÜLLER person7", "p7@example.org", "1007", " 1007\r"):
        assert ask(text) == {
            "people": [{"badge_id": "1007", "last_name": "Müller", "first_name": "Person7"}],
            "more": False,
        }


def test_people_of_the_list_of_attendees_are_found_without_an_account(database, ask):
    with database.session() as db:
        listed = roster_imports.read(b"Badge ID,Last Name,First Name\nB-77,Okafor,Ngozi\n")
        rosters.import_file(db, implementations.find(db, "demo"), listed, AuditContext("demo/olga"))
    assert ask("okafor")["people"] == [{"badge_id": "B-77", "last_name": "Okafor", "first_name": "Ngozi"}]


@pytest.mark.usefixtures("crowd")
def test_few_are_told_and_that_there_are_more(ask):
    found = ask("müller")
    assert (len(found["people"]), found["more"]) == (8, True)
    assert "Bare" not in names(found), "without a badge ID there is nothing to scan"
    assert "Far" not in names(found)


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize(
    "text", ["", " ", "m", "no one at all", "'; DROP TABLE users; --", "x" * 5000, "per__n7", "\u202e"]
)
def test_what_is_too_short_or_made_to_find_everyone_finds_no_one(ask, text):
    assert ask(text) == {"people": [], "more": False}


@pytest.mark.usefixtures("crowd")
def test_wildcards_are_ordinary_characters(ask):
    assert names(ask("0%")) == ["100%"]
    assert names(ask("r_s")) == ["100%"]


@pytest.mark.usefixtures("crowd")
def test_a_text_with_nul_is_refused(http, bearer):
    assert http.get(f"{HERE}?q=M%00ller", headers=bearer("demo", "sam")).status_code == 400


@pytest.mark.usefixtures("crowd")
def test_a_device_may_ask_for_its_sessions_only(ask, http, device):
    assert names(ask("person7", device("door-1", ("NOW-1",)))) == ["Person7"]
    assert http.get(HERE, query_string={"q": "person7"}, headers=device("door-2", ("NOW-2",))).status_code == 403
    assert http.get(HERE, query_string={"q": "person7"}, headers=device("door-3", hours=0.5)).status_code == 403


@pytest.mark.usefixtures("crowd")
def test_attendees_strangers_other_implementations_and_those_whose_role_was_taken_learn_nothing(http, bearer, database):
    assert http.get(HERE, query_string={"q": "person7"}).status_code == 401
    assert http.get(HERE, query_string={"q": "person7"}, headers=bearer("demo", "ada")).status_code == 403
    assert http.get(HERE, query_string={"q": "person7"}, headers=bearer("other", "bob")).status_code == 401
    with database.session() as db:
        demo = implementations.find(db, "demo")
        (grant,) = (each for each in grants.grants.every(db, demo) if each.value == "sam")
        grants.remove(db, demo, grant.id, AuditContext("demo/olga"))
    assert http.get(HERE, query_string={"q": "person7"}, headers=bearer("demo", "sam")).status_code == 403


@pytest.mark.usefixtures("crowd")
def test_an_answer_is_for_one_person_and_is_not_stored(http, bearer):
    answer = http.get(HERE, query_string={"q": "person7"}, headers=bearer("demo", "sam"))
    assert answer.headers["Cache-Control"] == "private, no-store"
