"""What a person types arrives: each field of each form of values is changed alone, and is there when the page is opened again."""

import json
from http import HTTPStatus

import pytest

from tests.records.attendance.phones.test_saved_scans import content, fresh
from tests.system.console_walk.expected import (
    BESIDE,
    FILLED,
    NEW_AGENDA,
    NEW_ROSTER,
    NEW_SECRET,
    NOT_SHOWN,
    OF_VALUES,
    REFUSED,
    SAME,
    SCRIPT_ONLY,
    TEXTS,
    WITH,
)
from tests.system.console_walk.test_forms_untouched import forms_of, sent, within

#: What a form sends that says nothing about its values.
PASSING = ("csrf_token", "as_of", *SCRIPT_ONLY)


#: By what a page says that another provider needs an answer about its people.
ASKED_AFTER = "must be answered"

#: The fields beside all kinds of credential; another kind forgets them.
BESIDE_ALL = {name for names in BESIDE.values() for name in names}


#: The fields whose meaning depends on the kind of credential; all others of a form are changed once, and not in each connection.
OF_A_CREDENTIAL = BESIDE_ALL | {"auth_kind", "secret", "base_url"}


def end_of(rule):
    return rule.rpartition("/")[2]


def changes_of(field, form, end):
    """Every way to change one field alone, with what has to be said beside it."""
    beside = WITH.get((end, field.name), {})
    present = {one.name for one in form.fields}
    if any(one.name == "auth_kind" and one.value == ["none"] for one in form.fields):
        present.discard("secret")
    beside = {name: value for name, value in beside.items() if name in present}
    if field.kind == "checkbox":
        for value in field.offers:
            ticked = [one for one in field.offers if (one in field.value) != (one == value)]
            if ticked or len(field.offers) == 1:
                yield {field.name: ticked, **beside}
    elif field.name == "auth_kind":
        for value in set(field.offers) - set(field.value):
            secret = {} if value == "none" else {"secret": NEW_SECRET}
            yield {field.name: value, **BESIDE.get(value, {}), **secret}
    elif field.kind in ("radio", "select"):
        chosen = field.value if field.kind == "radio" else [field.value]
        for value in field.offers:
            if value not in chosen:
                yield {field.name: value, **beside, **WITH.get((end, field.name, value), {})}
    else:
        text = TEXTS[end][field.name]
        assert text != field.value, f"{field.name} is {text!r} already"
        yield {field.name: text, **beside}


def applies(field, form):
    """Whether the field says anything here: not beside another kind of credential, nor the secret of no credential."""
    kinds = [one.value[0] for one in form.fields if one.name == "auth_kind"]
    if field.name in SCRIPT_ONLY or not kinds:
        return field.name not in SCRIPT_ONLY
    elsewhere = {name for kind, names in BESIDE.items() if kind != kinds[0] for name in names}
    return field.name not in elsewhere - set(BESIDE.get(kinds[0], {})) and not (
        kinds[0] == "none" and field.name == "secret"
    )


@pytest.mark.parametrize("role", ["administrator", "organizer"])
@pytest.mark.parametrize("rule", OF_VALUES)
def test_a_changed_field_is_there_when_the_page_is_opened_again_and_no_other_has_moved(stage, walked, role, rule):
    tried, done, fields = 0, set(), set()
    for form in sorted(forms_of(walked, role), key=lambda one: "/demo/" not in one.action):
        if form.method != "POST" or not form.buttons or stage.walker().rule("POST", form.action) != rule:
            continue
        if within(form) in done or sent(stage, walked[role], form)[0] != SAME:  # of a kind or provider that is not set
            continue
        done.add(within(form))
        names = {field.name for field in form.fields}
        known = {name for name in names if (name, frozenset(names)) in fields} - OF_A_CREDENTIAL
        fields |= {(name, frozenset(names)) for name in names}
        for field in form.fields:
            wanted = field.name not in known and applies(field, form)
            for changes in changes_of(field, form, end_of(rule)) if wanted else ():
                arrives(stage, walked[role], form, changes)
                tried += 1
    assert tried or (role == "organizer" and rule not in ORGANIZERS)


#: Forms of values which an organizer may send.
ORGANIZERS = tuple(rule for rule in OF_VALUES if rule.endswith(("/settings", "/script")))


def arrives(stage, walked, form, changes):
    outcome, answer = sent(stage, walked, form, changes)
    told = f"{form.page}: {changes}: "
    if outcome == REFUSED and ASKED_AFTER in said(answer):  # the page asks one question more, with what was typed kept
        form = next(one for one in answer.page.forms if one.action == form.action)
        outcome, answer = sent(stage, walked, form, {"people": "same"})
    assert outcome not in (SAME, REFUSED), told + outcome + said(answer)
    opened = answer if answer.address == form.page else stage.browser_of(walked).get(form.page)
    again = next(one for one in opened.page.forms if one.action == form.action)
    unseen = {*PASSING, *NOT_SHOWN, *(BESIDE_ALL - set(changes) if "auth_kind" in changes else ())}
    wanted = form.filled({name: value for name, value in changes.items() if name not in NOT_SHOWN})
    assert values(again.sent, unseen) == values(wanted, unseen), told
    if NEW_SECRET in changes.values():
        assert "set again" in stage.entries()[-1][-1], told


def values(pairs, unseen):
    return sorted(pair for pair in pairs if pair[0] not in unseen)


def said(answer):
    """What the page says is wrong."""
    return " ".join("".join(one.itertext()) for one in answer.page.tree.find_class("fault"))


@pytest.mark.parametrize("rule", FILLED)
def test_what_is_typed_into_a_form_of_one_act_arrives_in_the_records(stage, walked, rule):
    values, action = FILLED[rule]
    form = next(
        one
        for one in forms_of(walked, "administrator")
        if one.method == "POST"
        and stage.walker().rule("POST", one.action) == rule
        and set(values) <= {field.name for field in one.fields}
    )
    outcome, answer = sent(stage, walked["administrator"], form, values)
    assert outcome == action, said(answer)
    written = str(stage.rows()) + str(stage.entries())
    for value in values.values():
        assert value in written, value


def test_an_agenda_is_uploaded_looked_at_and_imported_by_the_forms_as_rendered(stage, walked):
    stage.rewind()
    walker = stage.browser_of(walked["organizer"])
    upload = next(one for one in forms_of(walked, "organizer") if one.action.endswith("/demo/agenda"))
    check = walker.send(upload, {"file": ("agenda.csv", NEW_AGENDA)})
    assert "Sepsis in 2027" in check.page.text
    entries = stage.entries()
    done = walker.send(next(one for one in check.page.forms if one.action.endswith("/agenda/import")))
    assert done.status == HTTPStatus.OK
    assert [entry[1] for entry in stage.entries()[len(entries) :]] == ["agenda.imported"]
    assert "Sepsis in 2027" in str(stage.rows())


def test_a_file_of_a_phone_is_uploaded_looked_at_and_imported_by_the_forms_as_rendered(stage, walked):
    stage.rewind()
    walker = stage.browser_of(walked["organizer"])
    upload = next(one for one in forms_of(walked, "organizer") if one.action.endswith("/demo/attendance/phone-file"))
    check = walker.send(upload, {"file": ("scans.json", json.dumps(content(fresh(session="CE-1"))).encode())})
    assert "1 new" in check.page.text
    entries = stage.entries()
    done = walker.send(next(one for one in check.page.forms if one.action.endswith("/phone-file/import")))
    assert done.status == HTTPStatus.OK
    made = [entry[1] for entry in stage.entries()[len(entries) :]]
    assert made == ["attendance.anchored", "attendance.scans_imported"]  # scans of an earlier day are there


def test_an_attendee_list_is_uploaded_looked_at_and_imported_by_the_forms_as_rendered(stage, walked):
    stage.rewind()
    walker = stage.browser_of(walked["organizer"])
    upload = next(one for one in forms_of(walked, "organizer") if one.action.endswith("/demo/settings/roster"))
    check = walker.send(upload, {"file": ("list.csv", NEW_ROSTER)})
    assert "Okafor" in check.page.text
    entries = stage.entries()
    done = walker.send(next(one for one in check.page.forms if one.action.endswith("/settings/roster/import")))
    assert done.status == HTTPStatus.OK
    assert [entry[1] for entry in stage.entries()[len(entries) :]] == ["roster.imported"]
    assert "Okafor" in str(stage.rows())
