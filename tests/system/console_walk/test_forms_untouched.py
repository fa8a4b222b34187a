"""Every form that a role meets in the console, sent as rendered: it arrives, and does no more than it says."""

import re
from collections import Counter
from http import HTTPStatus

import pytest

from tests.system.console_walk.expected import ONE, REFUSED, SAME, SHOWN, UNTOUCHED
from tests.system.console_walk.implementations import STAFF
from tests.web.console.route_table import routes
from web.console.settings.views_base import UNCHANGED


def forms_of(walked, role):
    """Every form that the role meets, each once, with its buttons."""
    found = {}
    for answer in walked[role].answers.values():
        for form in answer.page.forms if answer.page else ():
            found.setdefault(form.signature, form)
    return found.values()


def within(form):
    """Where a form leads within its implementation, whichever that is."""
    return re.sub(r"/implementations/[^/]+", "", form.action)


def kind_of(form):
    """By what forms of several implementations are of one kind: where they lead, and what one can do in them."""
    return form.method, within(form), tuple((one.name, one.offers) for one in form.fields), form.buttons


def of_each_kind(forms, most):
    """So many forms of each kind at most."""
    counted = Counter()
    for form in forms:
        counted[kind_of(form)] += 1
        if counted[kind_of(form)] <= most:
            yield form


def sent(stage, walked, form, changes=None, button=("", "")):
    """Send a form to a stage put back to its start. Returns what came of it, in the words of `UNTOUCHED`, and the answer."""
    stage.rewind()
    walker = stage.browser_of(walked)
    rows, entries = stage.start, stage.entries()
    answer = walker.send(form, changes, button=button)
    told = f"{form.page}: {form.method} {form.action} answered {answer.status}"
    new = stage.entries()[len(entries) :]
    if answer.first_status == HTTPStatus.UNPROCESSABLE_ENTITY:
        assert (stage.rows(), new) == (rows, []), f"{told} and changed something"
        assert "There is a problem" in answer.page.text, told
        return REFUSED, answer
    assert answer.status == HTTPStatus.OK, told
    if new:
        assert len(new) == 1, f"{told} and wrote {new}"
        return new[0][1], answer
    assert stage.rows() == rows, f"{told} and changed something without an audit entry"
    return (SAME if answer.page and UNCHANGED in answer.page.text else SHOWN), answer


#: Forms that no page leads to by links alone, with the test that sends them.
ELSEWHERE = {
    "/console/first/<token>": "test_the_link_of_the_first_administrator_logs_in_once",
    f"{ONE}/scripts/draft/findings": "test_findings_and_the_kept_draft_are_for_the_editor_on_the_page",
    f"{ONE}/scripts/draft/keep": "test_findings_and_the_kept_draft_are_for_the_editor_on_the_page",
    f"{ONE}/attendance/phone-file/import": "test_a_file_of_a_phone_is_uploaded_looked_at_and_imported_by_the_forms_as_rendered",
    f"{ONE}/settings/roster/import": "test_an_attendee_list_is_uploaded_looked_at_and_imported_by_the_forms_as_rendered",
    f"{ONE}/agenda/import": "test_an_agenda_is_uploaded_looked_at_and_imported_by_the_forms_as_rendered",
}


@pytest.mark.parametrize("role", STAFF)
def test_a_form_sent_untouched_arrives_and_does_only_what_it_says(stage, walked, role):
    rule_of = stage.walker().rule
    # The first administrator may do what administrators may: of theirs, only what is rendered differently is sent again.
    known = {kind_of(form) for form in forms_of(walked, "administrator")} if role == "first administrator" else set()
    for form in of_each_kind(forms_of(walked, role), most=2):
        if kind_of(form) in known:
            continue
        if not form.buttons:
            assert not form.fields, f"{form.page}: fields can be changed and not be sent: {form.action}"
            continue
        for button in form.buttons:
            outcome, _ = sent(stage, walked[role], form, button=button)
            wanted = {SHOWN} if form.method == "GET" else UNTOUCHED[rule_of("POST", form.action)]
            assert outcome in wanted, f"{form.page}: {form.method} {form.action}"


def test_every_form_of_the_console_is_met_by_somebody(stage, walked):
    walker = stage.walker()
    met = {
        walker.rule(form.method, form.action)
        for role in STAFF
        for form in forms_of(walked, role)
        if form.method == "POST"
    }
    wanted = {rule for method, rule, *_ in routes(stage.app) if method == "POST" and rule.startswith("/console/")}
    assert wanted - met == set(ELSEWHERE), "no page has a form that leads there"


def test_the_link_of_the_first_administrator_logs_in_once(stage):
    stage.rewind()
    stranger = stage.walker()
    address = f"https://status.example.org/console/first/{stage.link}"
    (form,) = stranger.get(address).page.forms
    assert stranger.send(form).status == HTTPStatus.OK
    assert stranger.get(address).status == HTTPStatus.GONE


@pytest.mark.parametrize("role", STAFF)
def test_a_search_finds_by_what_was_typed_and_shows_it_again(stage, walked, role):
    walker = stage.walker(role)
    for form in of_each_kind(forms_of(walked, role), most=1):
        if form.method != "GET":
            continue
        stage.rewind()
        for field in (one for one in form.fields if one.kind in ("text", "search")):
            answer = walker.send(form, {field.name: "zz"})
            assert answer.status == HTTPStatus.OK
            assert "zz" in [one.value for again in answer.page.forms for one in again.fields], form.action
