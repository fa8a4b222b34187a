"""People and roles: who may give what, several at once, and what is written down."""

import csv
import io
import re

import pytest

from records import audit
from records.people import grants, users
from records.tenants import implementations
from tests.web.console.conftest import HOSTILE

PEOPLE = "/console/implementations/demo/people"
ROLES = "/console/implementations/demo/roles"


@pytest.fixture
def given(database):
    """What is granted in an implementation, as (role, kind, name, value)."""

    def find(slug="demo"):
        with database.reading() as db:
            found = grants.every(db, implementations.find(db, slug))
            return {(each.role, each.kind, each.name, each.value) for each in found}

    return find


@pytest.fixture
def written(database):
    """The newest audit entry."""

    def find():
        with database.reading() as db:
            return audit.recent(db, limit=1)[0]

    return find


def test_several_usernames_are_granted_at_once_each_with_its_entry(browser_for, given, database):
    before = given()
    names = " ada@example.org \n\nnoor@example.org\nada@example.org\n"
    answer = browser_for("organizer").send(f"{ROLES}/scanners", role="scanner", kind="username", values=names)
    assert answer.status_code == 303
    assert given() - before == {
        ("scanner", "username", "", "ada@example.org"),
        ("scanner", "username", "", "noor@example.org"),
    }
    with database.reading() as db:
        entries = audit.recent(db, implementation="demo")
    assert [(each.action, each.actor) for each in entries] == [("grant.added", "demo/organizer")] * 2


def test_a_bad_line_grants_nothing_to_nobody_and_says_which(browser_for, given):
    before = given()
    values = "ada@example.org\n" + "x" * 300
    answer = browser_for("organizer").send(f"{ROLES}/scanners", role="scanner", kind="username", values=values)
    assert answer.status_code == 422
    assert "ada@example.org\n" + "x" * 300 in answer.text
    assert "must have at most 255 characters" in answer.text
    assert given() == before


@pytest.mark.parametrize("role", ["organizer", "author", "reviewer", "administrator", "attendee", "root"])
def test_an_organizer_names_scanners_and_nothing_else(browser_for, given, role):
    before = given()
    values = {"role": role, "kind": "username", "values": "friend@example.org"}
    assert browser_for("organizer").send(f"{ROLES}/scanners", **values).status_code == 422
    assert browser_for("organizer").send(f"{ROLES}/all", **values).status_code == 403
    assert browser_for("organizer").send(
        "/console/implementations/other/roles/scanners", **(values | {"role": "scanner"})
    ).status_code == 404  # fmt: skip
    assert given() == before


@pytest.mark.parametrize("role", ["reviewer", "administrator"])
def test_roles_of_the_house_are_given_in_the_staff_implementation_only(browser_for, given, role):
    values = {"role": role, "kind": "username", "values": "new@ativ.example"}
    assert browser_for("administrator").send(f"{ROLES}/all", **values).status_code == 422
    assert browser_for("administrator").send("/console/implementations/staff/roles/all", **values).status_code == 303
    assert (role, "username", "", "new@ativ.example") in given("staff")


@pytest.mark.parametrize("kind", ["user type", "attribute"])
def test_attributes_and_user_types_give_no_more_than_the_bound(browser_for, given, kind):
    values = {"kind": kind, "name": "groups" if kind == "attribute" else "", "values": "board"}
    refused = browser_for("administrator").send(f"{ROLES}/all", role="organizer", **values)
    assert refused.status_code == 422
    assert browser_for("administrator").send(f"{ROLES}/all", role="scanner", **values).status_code == 303
    assert ("scanner", kind, values["name"], "board") in given()
    assert not [each for each in given() if each[0] == "organizer" and each[1] == kind]


def test_an_organizer_takes_no_organizer_away(browser_for, given, database):
    with database.reading() as db:
        [number] = [each.id for each in grants.every(db, implementations.find(db, "demo")) if each.role == "author"]
    browser = browser_for("organizer")
    assert browser.send(f"{ROLES}/scanners/{number}/remove").status_code == 403
    assert browser.send(f"{ROLES}/all/{number}/remove").status_code == 403
    assert "author" in {each[0] for each in given()}


def test_a_grant_of_another_implementation_is_not_reached_through_the_own(browser_for, given, database):
    with database.session() as db:
        other = implementations.find(db, "other")
        number = grants.add(db, other, kind="username", value="x", role="scanner", by="tests").id
    assert browser_for("organizer").send(f"{ROLES}/scanners/{number}/remove").status_code == 404
    assert browser_for("organizer").get(f"{ROLES}/{number}/remove").status_code == 404
    assert ("scanner", "username", "", "x") in given("other")


def test_taking_away_asks_once_and_says_what_will_happen(browser_for, database):
    with database.reading() as db:
        [number] = [each.id for each in grants.every(db, implementations.find(db, "demo")) if each.role == "scanner"]
    page = browser_for("organizer").get(f"{ROLES}/{number}/remove").text
    assert "Revoke the role scanner?" in page
    assert "All logins of this person end" in page
    assert f'action="{ROLES}/scanners/{number}/remove"' in page
    assert f'action="{ROLES}/all/{number}/remove"' in browser_for("administrator").get(f"{ROLES}/{number}/remove").text


def test_a_person_of_another_implementation_is_not_reached_through_the_own(browser_for, number_of):
    bob = number_of("bob", "other")
    assert browser_for("organizer").get(f"{PEOPLE}/{bob}").status_code == 404
    assert browser_for("administrator").send(f"{PEOPLE}/{bob}/disable", reason="x").status_code == 404
    assert browser_for("administrator").get(f"{PEOPLE}/{2**70}").status_code == 404


def test_locking_out_needs_a_reason_and_letting_in_again_is_written_down(browser_for, number_of, written, database):
    boss, path = browser_for("administrator"), f"{PEOPLE}/{number_of('author')}"
    empty = boss.send(f"{path}/disable", reason=" ")
    assert empty.status_code == 422
    assert "There is a problem" in empty.text
    boss.send(f"{path}/disable", reason="contract ended")
    assert (written().action, written().target, written().reason) == ("user.disabled", "author", "contract ended")
    assert "contract ended" in boss.get(path).text
    boss.send(f"{path}/enable")
    assert written().action == "user.enabled"
    with database.reading() as db:
        assert users.find(db, implementations.find(db, "demo"), "author").disabled_at is None


def test_nobody_locks_themselves_out(browser_for, number_of):
    path = f"/console/implementations/staff/people/{number_of('administrator', 'staff')}/disable"
    answer = browser_for("administrator").send(path, reason="oops")
    assert answer.status_code == 409
    assert browser_for("administrator").get("/console/").status_code == 200


def test_a_person_s_roles_are_shown_with_the_grant_that_gives_them(browser_for, number_of):
    page = browser_for("organizer").get(f"{PEOPLE}/{number_of('author')}").text
    assert "by the username “author@example.org”" in page


def test_people_are_found_by_name_username_and_badge(browser_for):
    for text in ("Organizer", "organizer@exa", "ORGANIZER"):
        page = browser_for("organizer").get(PEOPLE, query_string={"q": text}).text
        assert "organizer@example.org" in page
        assert "author@example.org" not in page
    assert "No one here has" in browser_for("organizer").get(PEOPLE, query_string={"q": "<script>"} | {"q": "zzz"}).text


def test_a_list_is_sorted_by_its_address(browser_for):
    def names(sort):
        page = browser_for("organizer").get(PEOPLE, query_string={"sort": sort}).text
        return re.findall(r"<bdi>(\w+@example\.org)</bdi>", page)

    up, down = names("username"), names("-username")
    assert up == sorted(up)
    assert len(up) > 3
    assert down == up[::-1]
    assert names("nonsense") == names("-seen")
    assert browser_for("organizer").get(f"{ROLES}?sort=-since").status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "\u0661"])
def test_a_page_which_is_no_number_is_the_first(browser_for, number):
    assert browser_for("organizer").get(PEOPLE, query_string={"page": number}).status_code == 200


def test_hostile_names_stay_text_on_every_page(browser_for, number_of, database):
    browser = browser_for("administrator")
    with database.session() as db:
        demo = implementations.find(db, "demo")
        for _, first, last in HOSTILE:
            grants.add(db, demo, kind="attribute", name=first, value=last, role="scanner", by=last)
            audit.append(
                db, actor=first, action="x", target=last, implementation="demo", reason=first, detail={first: last}
            )
    pages = [PEOPLE, ROLES, "/console/implementations/demo/audit", "/console/audit", "/console/"]
    pages += [f"{PEOPLE}/{number_of(subject)}" for subject, _, _ in HOSTILE]
    pages += [f"{PEOPLE}?q=%3Cscript%3E", "/console/?q=%3Cscript%3E", "/console/audit?actor=%22%3E%3Cscript%3E"]
    for path in pages:
        text = browser.get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert '"><script>' not in text
        assert "<b>Kongreß" not in text


def test_the_audit_is_filtered_by_its_address_and_paged(browser_for, database):
    with database.session() as db:
        for number in range(60):
            audit.append(db, actor=f"who{number}", action="settings.changed", implementation="demo")
        audit.append(db, actor="else", action="settings.changed", implementation="other")
    browser = browser_for("organizer")
    first = browser.get("/console/implementations/demo/audit").text
    assert "who59" in first
    assert "who5<" not in first
    assert "else" not in first
    assert "?before=11" in first
    assert "who5<" in browser.get("/console/implementations/demo/audit?before=11").text
    only = browser.get("/console/implementations/demo/audit?actor=WHO7").text
    assert "who7<" in only
    assert "who8<" not in only
    assert browser.get("/console/implementations/demo/audit?before=x&actor=%25").status_code == 200


def test_the_chain_is_checked_on_demand(browser_for, database):
    with database.session() as db:
        audit.append(db, actor="a", action="b")
    answer = browser_for("reviewer").get("/console/audit?check=1")
    assert "The chain is intact" in answer.text
    assert "1 entry is as written" in answer.text


def test_a_spreadsheet_computes_nothing_from_the_download(browser_for, database):
    with database.session() as db:
        for actor in ("=1+1", "+1", "-1", "@x"):
            audit.append(db, actor=actor, action="x", implementation="demo", detail={"a": "b"})
    answer = browser_for("organizer").get("/console/implementations/demo/audit.csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["by_key"] for row in rows] == ["'@x", "'-1", "'+1", "'=1+1"]


def test_an_implementation_is_added_with_what_it_needs(browser_for, database, written):
    boss = browser_for("administrator")
    wrong = boss.send("/console/add", called="", slug="a b", time_zone="Berlin")
    assert wrong.status_code == 422
    assert wrong.text.count('aria-invalid="true"') == 3
    assert 'value="a b"' in wrong.text
    right = boss.send("/console/add", called="New Congress", slug="new", time_zone="Europe/Berlin")
    assert right.headers["Location"] == "/console/implementations/new/"
    assert (written().action, written().target) == ("implementation.added", "new")
    assert "New Congress was added" in boss.get("/console/implementations/new/").text
    assert "is taken" in boss.send("/console/add", called="X", slug="new").text


def test_an_organizer_of_one_conference_comes_straight_to_it(browser_for):
    assert browser_for("organizer").get("/console/").headers["Location"] == "/console/implementations/demo/"


def test_navigation_shows_what_the_person_may_do_and_no_more(browser_for):
    author = browser_for("author").get("/console/implementations/demo/").text
    organizer = browser_for("organizer").get("/console/implementations/demo/").text
    for words in (">People<", ">Roles<", ">Audit<"):
        assert words not in author
        assert words in organizer
    assert "Add an implementation" not in browser_for("reviewer").get("/console/").text
    assert "Add an implementation" in browser_for("administrator").get("/console/").text


@pytest.mark.parametrize("blank", [" ", "\n \n", "\u00a0"])
def test_a_role_for_nobody_is_refused_and_not_said_to_be_given(browser_for, blank):
    given = {"role": "scanner", "kind": "username", "values": blank}
    answer = browser_for("organizer").send("/console/implementations/demo/roles/scanners", **given)
    assert answer.status_code == 422
    assert "are missing" in answer.text


@pytest.mark.parametrize("who", ["organizer", "reviewer", "administrator"])
def test_everybody_who_may_see_a_person_sees_since_when_why_and_by_whom_they_are_locked_out(
    browser_for, number_of, who
):
    number = number_of("attendee")
    browser_for("administrator").send(f"/console/implementations/demo/people/{number}/disable", reason="Lost <phone>")
    page = browser_for(who).get(f"/console/implementations/demo/people/{number}").text
    said = page.partition("<strong>Locked out</strong> since ")[2].partition("</div>")[0]
    assert "<time" in said
    assert "<bdi>Administrator</bdi>" in said
    assert "<q><bdi>Lost &lt;phone&gt;</bdi></q>" in said
    (link,) = re.findall(r'href="([^"]+)">Audit entry', said)
    audit_page = browser_for(who).get(link.replace("&amp;", "&")).text
    assert "user.<wbr>disabled" in audit_page
    assert "Lost &lt;phone&gt;" in audit_page


def test_a_lock_out_that_no_entry_tells_of_says_what_is_known(browser_for, number_of):
    page = browser_for("reviewer").get(f"/console/implementations/demo/people/{number_of('disabled')}").text
    assert re.search(r"<strong>Locked out</strong> since <time.*</time>: <q><bdi>for the tests</bdi></q>", page)
    assert "Audit entry" not in page


def test_a_person_leads_to_all_their_runs_and_the_last_login_is_called_so(browser_for, number_of):
    page = browser_for("reviewer").get(f"/console/implementations/demo/people/{number_of('attendee')}").text
    assert 'href="/console/implementations/demo/runs?user=attendee">All runs of this person</a>' in page
    assert "<dt>Last login</dt>" in page
    people = browser_for("reviewer").get("/console/implementations/demo/people").text
    assert "Last login" in people
    assert "Last seen" not in page + people
