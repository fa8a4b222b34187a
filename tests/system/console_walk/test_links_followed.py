"""Every page of the console as each role meets it: reached by links alone, and no link leads nowhere."""

import pytest

from records import roles
from records.tenants import implementations
from tests.support.stub_status_service import PUBLIC_URL
from tests.system.console_walk.implementations import PEOPLE, SECRETS, STAFF
from tests.system.console_walk.walk import HOME
from tests.web.console.route_table import routes

#: What no link of the console leads to, and why.
BY_OTHER_WAYS = {
    "/console/first/<token>": "the link is printed on the machine's own console",
    "/console/in/done": "the end of a sign-in in a second tab",
    "/console/implementations/<implementation>/agenda/check": "where an upload leads",
    "/console/implementations/<implementation>/settings/roster/check": "where an upload leads",
    "/console/implementations/<implementation>/scripts/message-colours/<colors>.css": "the style sheet of a page with messages",
}


def test_somebody_of_every_role_walks():
    assert set(PEOPLE) == {*roles.NAMES, "first administrator"}


@pytest.mark.parametrize("role", STAFF)
def test_no_link_on_a_page_of_a_role_leads_where_it_may_not_go(walked, role):
    assert len(walked[role].answers) > 15
    wrong = [
        f"{address}: {answer.status}, linked on {walked[role].found_on[address]}"
        for address, answer in walked[role].answers.items()
        if answer.status != 200 and not answer.away
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", STAFF)
def test_a_link_within_a_page_leads_to_something_on_it(walked, role):
    for address, answer in walked[role].answers.items():
        if answer.page:
            assert answer.page.fragments <= answer.page.ids, address


@pytest.mark.parametrize("role", STAFF)
def test_no_page_that_is_reached_shows_a_secret(walked, role):
    for address, answer in walked[role].answers.items():
        for secret in SECRETS:
            assert not answer.page or secret not in answer.page.text, address


@pytest.mark.parametrize("role", sorted(set(PEOPLE) - set(STAFF)))
def test_who_has_no_console_is_told_so_and_may_sign_in_as_somebody_else(stage, role):
    stage.rewind()
    walker = stage.walker(role)
    answer = walker.get(HOME)
    assert answer.status == 403
    assert f"{PUBLIC_URL}/console/in" in answer.page.links
    assert walker.get(f"{PUBLIC_URL}/console/in").status == 200


def test_a_stranger_is_led_to_the_sign_in_page_and_all_its_links_work(stage):
    stage.rewind()
    answers, found_on = stage.walker().all_pages()
    assert answers[HOME].address.startswith(f"{PUBLIC_URL}/console/in?next=")
    wrong = [f"{address} linked on {found_on[address]}" for address, one in answers.items() if one.status >= 400]
    assert not wrong


def test_the_bare_address_leads_to_the_console(stage):
    stage.rewind()
    assert stage.walker("administrator").get(f"{PUBLIC_URL}/").address == HOME


@pytest.mark.parametrize("typed", ["demo", "DEMO", " Demo "])
def test_the_id_of_a_conference_is_typed_in_letters_of_any_size(stage, typed):
    stage.rewind()
    stranger = stage.walker()
    (form,) = stranger.get(f"{PUBLIC_URL}/console/in").page.forms
    answer = stranger.send(form, {"implementation": typed})
    assert any(link.startswith(f"{PUBLIC_URL}/login/demo?") for link in answer.page.links)


def test_two_ids_that_differ_only_in_the_size_of_letters_are_not_taken_for_one_another(stage):
    stage.rewind()
    with stage.database.session() as db:
        implementations.create(db, "Demo", "Another Congress")
        assert implementations.find_typed(db, "Demo").name == "Another Congress"
        assert implementations.find_typed(db, "demo").name == "Demo Congress"
        assert implementations.find_typed(db, "DEMO") is None
        assert implementations.find_typed(db, "CLOSED") is None


def test_every_page_of_the_console_is_reached_by_links(stage, walked):
    from_home = {rule for one in walked.values() for method, rule in one.reached if method == "GET"}
    stage.rewind()
    stranger = stage.walker()
    for start in (HOME, f"{PUBLIC_URL}/console/first/{stage.link}", f"{PUBLIC_URL}/console/in/done"):
        stranger.all_pages(start)
    organizer = stage.walker("organizer")
    for part in ("agenda", "settings/roster"):
        organizer.get(f"{PUBLIC_URL}/console/implementations/demo/{part}/check")
    reviewer = stage.walker("reviewer")
    reviewer.get(f"{PUBLIC_URL}/console/implementations/demo/scripts/message-colours/006109.css")
    reached = from_home | {
        rule for one in (stranger, organizer, reviewer) for method, rule in one.reached if method == "GET"
    }
    wanted = {rule for method, rule, *_ in routes(stage.app) if method == "GET" and rule.startswith("/console/")}
    assert sorted(wanted - reached) == [], "no link leads there; link it, or say in BY_OTHER_WAYS how people come there"
    assert not from_home & set(BY_OTHER_WAYS), "a link leads there: take it out"
