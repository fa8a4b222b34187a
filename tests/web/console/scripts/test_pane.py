"""The test pane: an input that a person may choose, a run in a worker's jail, and the result as the phone shows it."""

import json
import re
from datetime import UTC, datetime

import pytest

from records import RunRecord
from records.agenda import agenda_imports as agenda
from records.audit import AuditContext
from records.changes import agenda as agenda_changes
from records.changes.scripts import deployments
from records.changes.scripts import submissions as handing_in
from records.scripts import drafts, runs, submissions
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from records.trials import kept_answers
from tests.web.console.scripts.conftest import LONG, SCRIPTS, actor, checked, looked_at, write

PAGE = f"{SCRIPTS}/versions/1/try"
DRAFT = f"{SCRIPTS}/draft"
SOURCE = """
def status(user, session, api):
    api.log("asked for", user.id)
    credit = api.get("ethosce", "/credits", params={"user": user.id}).json()
    if not credit["open"]:
        return hidden()
    return message("Claim " + credit["amount"], link="https://cme.example.org/c/" + session.id, color="#006109")
"""
ANSWER = {"connection": "ethosce", "method": "GET", "path": "/credits", "json": {"open": True, "amount": "1.0"}}
INPUT = {"user": {"id": "u1"}, "session": {"id": "CE-1", "title": "Sepsis"}, "link_hosts": ["cme.example.org"]}
CASE = {"case_input": json.dumps(INPUT), "case_answers": json.dumps([ANSWER]), "do": "run"}
AGENDA = b"ID,Title,Start Time,End Time\r\nCE-1,Sepsis in 2026,2026-05-04 13:00,2026-05-04 14:00\r\n"


@pytest.fixture
def version(change):
    scenario = {"name": "closed", "input": INPUT, "answers": [ANSWER | {"json": {"open": False}}], "expected": {}}
    change(agenda_changes.import_file, agenda.read(AGENDA, "UTC"), AuditContext("demo/olga"), file_name="a.csv")
    return change(handing_in.submit, checked(SOURCE), SubmissionDraft("", (scenario,)), actor("author")).version


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def area(page, name):
    """What a text area holds."""
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\r?\n?(.*?)</textarea>', page, re.DOTALL)
    return json.loads(found[1].replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">"))


def test_a_version_is_run_and_its_message_log_calls_and_budgets_are_shown(browser_for, version):
    author = browser_for("author")
    assert PAGE in author.get(f"{SCRIPTS}/versions/1").text
    page = author.send(PAGE, **CASE).text
    assert page.count('class="widget tint-006109"><span class="button action" dir="auto">Claim 1.0</span>') == 2
    for said in ("cme.example.org", "asked for u1", "GET ethosce /credits", "5000 ms", "64 MiB", "No vendor is called"):
        assert said in text_of(page), said
    assert "message-colours/006109.css" in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"case_answers": json.dumps([ANSWER | {"json": {"open": False}}])}, "The app shows nothing here."),
        ({"case_answers": "[]"}, "It fails: call failed"),
        ({"case_answers": json.dumps([ANSWER | {"json": {}}])}, "KeyError"),
        ({"case_answers": json.dumps([ANSWER | {"json": {"open": True, "amount": "x" * 60}}])}, "may not fit"),
        ({"case_input": json.dumps(INPUT | {"link_hosts": []})}, "the link was dropped"),
        ({"case_input": json.dumps(INPUT | {"user": {"id": "u1", "nickname": "x"}})}, "Not known: user.nickname"),
        ({"case_input": json.dumps(INPUT | {"user": {"id": "\ud800\0", "\ud800": "x"}})}, "Not known: user."),
    ],
)  # fmt: skip
def test_what_else_can_come_of_a_run_is_said(browser_for, version, changed, said):
    answer = browser_for("reviewer").send(PAGE, **(CASE | changed))
    assert answer.status_code == 200
    assert said in text_of(answer.text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"case_input": '{"user": {"id": "u1"},\n"session"}'}, "Input must be JSON: line 2, column 10"),
        ({"case_input": ""}, "Input must be JSON"),
        ({"case_input": "[]"}, "INPUT must be a JSON object"),
        ({"case_input": '{"user": {"id": NaN}}'}, "NaN is not a number that JSON has"),
        ({"case_input": "[" * 100_000}, "nested too deeply"),
        ({"case_input": '{"a":' * 200 + "1" + "}" * 200}, "must not be nested deeper than 100 levels"),
        ({"case_input": '{"user": {"id": 5}, "session": {"id": "1"}}'}, "user.id must be a text"),
        ({"case_input": '{"user": {"id": "' + "9" * 300_000 + '"}}'}, "must be at most 262144 characters"),
        ({"case_input": '{"user": {"id": ' + "9" * 5000 + "}}"}, "a number has more than 300 digits"),
        ({"case_input": '{"user": {"id": 1e999}}'}, "1e999 is not a number that JSON has"),
        ({"case_answers": "{}"}, "recorded answers must be a list"),
        ({"case_answers": '[{"connection": "a", "paht": "/"}]'}, "did you mean path?"),
    ],
)
def test_an_input_with_a_fault_is_refused_at_its_field_and_stays_as_it_was_typed(browser_for, version, changed, said):
    answer = browser_for("author").send(PAGE, **(CASE | changed))
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    typed = next(iter(changed.values()))[:40]
    assert typed.replace('"', "&#34;") in answer.text
    assert "Nothing was run yet." in answer.text


def test_a_made_up_person_at_a_session_of_the_agenda_is_there_from_the_start(browser_for, version):
    page = browser_for("author").get(PAGE).text
    given = area(page, "case_input")
    assert (given["user"]["id"], given["session"]["id"], given["session"]["title"]) == (
        "user-4711",
        "CE-1",
        "Sepsis in 2026",
    )


def test_a_real_person_is_chosen_with_permission_and_brings_the_answers_kept_with_their_run(
    browser_for, version, database
):
    with database.session() as db:
        usual = {"implementation": "demo", "user": "rtl", "session": "CE-1", "version": "v", "shown_as": "fresh"}
        record = RunRecord(
            id="r1", outcome="returned", started_at=datetime(2026, 5, 4, tzinfo=UTC), answers=[ANSWER], **usual
        )
        runs.record_many(db, [record])
        kept_answers.keep(db, [record])
    page = browser_for("reviewer").send(PAGE, do="fill", case_person="rtl", case_session="sepsis").text
    assert area(page, "case_input")["user"]["id"] == "rtl"
    assert area(page, "case_answers") == [ANSWER]
    author = browser_for("author")
    assert "case_person" not in author.get(PAGE).text
    page = author.send(PAGE, do="fill", case_person="rtl", case_session="sepsis").text
    assert area(page, "case_input")["user"]["id"] == "user-4711"
    assert area(page, "case_answers") == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"case_person": "nobody"}, "Person is not known here"), ({"case_person": "example.org"}, "matches more than one"), ({"case_session": "x"}, "Session is not known here")],
)  # fmt: skip
def test_a_choice_that_is_not_known_or_not_one_is_said_and_replaces_nothing(browser_for, version, typed, said):
    answer = browser_for("reviewer").send(PAGE, do="fill", case_input="{}", **typed)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert ">\r\n{}</textarea>" in answer.text


def test_a_saved_scenario_is_chosen_by_its_name(browser_for, version):
    page = browser_for("reviewer").send(PAGE, do="fill", case_scenario="closed").text
    assert area(page, "case_input") == INPUT
    assert area(page, "case_answers")[0]["json"] == {"open": False}


def test_a_text_that_the_check_refuses_is_not_run_and_says_why(browser_for, past):
    answer = browser_for("author").send(DRAFT, source="import os\n", revision="0", **CASE)
    assert "The module os is not offered" in text_of(answer.text)


def test_the_pane_of_a_draft_saves_nothing_and_loses_nothing(browser_for, past, database):
    author = browser_for("author")
    typed = {"source": SOURCE, "revision": "0", "note": "<b>later</b>"}
    page = author.send(DRAFT, **typed, **CASE).text
    assert "Claim 1.0" in page
    assert "asked for" in page
    assert "&lt;b&gt;later&lt;/b&gt;" in page
    with database.reading() as db:
        assert drafts.find(db, implementations.find(db, "demo"), "demo/author") is None
    page = author.send(DRAFT, **(typed | CASE | {"do": "save"})).text
    assert "The draft is saved." in page
    assert area(page, "case_input") == INPUT


def test_a_run_is_kept_as_a_scenario_of_the_draft_and_handed_in_with_it(browser_for, database):
    author = browser_for("author")
    typed = {"source": SOURCE, "revision": "0", "scenario_name": "open"}
    page = author.send(DRAFT, **typed, **(CASE | {"do": "keep"})).text
    assert "Scenarios of this draft" in page
    typed |= {"revision": "1", "scenario_name": "shut"}
    author.send(
        DRAFT, **typed, **(CASE | {"do": "keep", "case_answers": json.dumps([ANSWER | {"json": {"open": False}}])})
    )
    author.send(DRAFT, do="drop shut")
    assert author.send(DRAFT, source=SOURCE, revision="1", do="submit").status_code == 303
    with database.reading() as db:
        (kept,) = submissions.every(db, implementations.find(db, "demo"))[0][0].scenarios
    assert (kept["name"], kept["input"], kept["answers"]) == ("open", INPUT, [ANSWER])
    message = {"text": "Claim 1.0", "link": "https://cme.example.org/c/CE-1", "color": "#006109"}
    assert kept["expected"] == {"outcome": "returned", "message": message}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scenario_name": ""}, "Name of the scenario"),
        ({"revision": "7"}, "Revision"),
        ({"case_answers": "x"}, "must be JSON"),
    ],
)
def test_a_scenario_that_cannot_be_kept_is_refused_and_nothing_typed_is_lost(browser_for, database, changed, said):
    typed = {"source": SOURCE, "revision": "0", "scenario_name": "open"} | CASE | {"do": "keep"} | changed
    answer = browser_for("author").send(DRAFT, **typed)
    assert answer.status_code == 422
    assert said.lower() in text_of(answer.text).lower()
    assert "asked for" in answer.text
    with database.reading() as db:
        assert drafts.find(db, implementations.find(db, "demo"), "demo/author") is None


def test_without_a_worker_nothing_is_run_and_the_page_says_so(browser_for, version, redis):
    redis.flushall()
    answer = browser_for("author").send(PAGE, **CASE)
    assert answer.status_code == 200
    assert "no worker that checks scripts is running" in text_of(answer.text)


def test_one_run_of_a_person_at_a_time_and_so_many_in_a_minute(browser_for, version, redis, monkeypatch):
    author = browser_for("author")
    redis.set("ck:run turn:demo/author", "another", ex=30)
    assert "your last run has not ended yet" in text_of(author.send(PAGE, **CASE).text)
    redis.delete("ck:run turn:demo/author")
    monkeypatch.setattr("web.console.scripts.pane.pane_result.MOST_RUNS", 1)
    assert "too many runs in a minute" in text_of(author.send(PAGE, **CASE).text)


def test_a_suspended_version_is_not_run(browser_for, version, change):
    change(deployments.suspend, 1, AuditContext("staff/reviewer", "security alarm"))
    assert "this version is suspended" in text_of(browser_for("reviewer").send(PAGE, **CASE).text)


@pytest.mark.parametrize("name", ["organizer", "scanner", "attendee"])
def test_who_may_not_see_scripts_runs_none(browser_for, version, name):
    assert browser_for(name).send(PAGE, **CASE).status_code in (303, 403, 404)


@pytest.mark.browser
def test_the_pane_is_used_with_the_keyboard_alone_and_the_editor_stays_as_it_is(served, page_as, version):
    page = page_as("administrator")
    page.goto(served.config["address"] + DRAFT)
    write(page, SOURCE)
    page.get_by_label("Person").focus()
    page.keyboard.type("author")
    page.keyboard.press("Tab")
    page.keyboard.type("sepsis")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#case_input').value.includes('author@example.org')")
    page.wait_for_function("() => document.activeElement.id === 'case_input'")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(json.dumps(INPUT | {"session": {"id": "CE-1", "title": LONG}}, indent=2))
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(json.dumps([ANSWER | {"json": {"open": True, "amount": f"1.0 {LONG}"}}]))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("A button that leads to").wait_for()
    assert page.evaluate("document.activeElement.id") == "ran"
    assert SOURCE.strip() in page.get_by_role("textbox", name="Text of the script").inner_text().replace("\u00a0", " ")
    looked_at(page, "pane-draft")


@pytest.mark.browser
def test_the_pane_of_a_version_is_readable_on_every_screen(served, page_as, version):
    page = page_as("reviewer")
    page.goto(served.config["address"] + PAGE)
    looked_at(page, "pane-empty")
    page.get_by_label("Scenario").select_option("closed")
    page.get_by_role("button", name="Fill in").click()
    page.wait_for_function("() => document.querySelector('#case_answers').value.includes('false')")
    page.get_by_role("button", name="Run").click()
    page.get_by_text("The script hides the message.").wait_for()
    page.get_by_label("Answers of vendors").fill("[}")
    page.get_by_role("button", name="Run").click()
    page.get_by_text("There is a problem").wait_for()
    looked_at(page, "pane-fault")
