"""What the editor asks while somebody types: findings with their places, and keeping the draft without overwriting another page."""

import pytest

from records.scripts import drafts
from records.tenants import implementations
from runner.trials.fact_review import ImplementationFacts
from runner.trials.script_completions import completions
from sandbox import OFFERED, RECORDS
from tests.web.console.scripts.conftest import FIRST, SCRIPTS
from tests.web.console.scripts.test_editor import BAD, GOOD, ODD
from web.console.scripts import editor_calls

DRAFT = f"{SCRIPTS}/draft"


@pytest.fixture
def author(browser_for):
    return browser_for("author")


def ask(browser, what, source, revision=0):
    return browser.send(f"{DRAFT}/{what}", source=source, revision=revision)


def test_findings_and_the_kept_draft_are_for_the_editor_on_the_page(author, database):
    answer = ask(author, "findings", BAD)
    assert answer.mimetype == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    (found,) = answer.json["findings"]
    assert (found["line"], found["column"], found["severity"]) == (1, 8, "error")
    assert "The module os is not offered." in found["text"]
    assert answer.json["summary"] == "Checked: 1 error."
    assert ask(author, "findings", GOOD).json["summary"] == "Checked: nothing was found."
    kept = ask(author, "keep", BAD).json
    assert (kept["revision"], kept["overtaken"]) == (1, False)
    with database.reading() as db:
        assert drafts.find(db, implementations.find(db, "demo"), "demo/author").source == BAD


def test_a_page_that_is_older_than_the_draft_is_told_and_overwrites_nothing(author, database):
    ask(author, "keep", GOOD)
    ask(author, "keep", BAD, revision=1)
    late = ask(author, "keep", GOOD + "\n", revision=1).json
    assert (late["revision"], late["overtaken"]) == (None, True)
    assert "saved or submitted on another page" in late["said"]
    with database.reading() as db:
        assert drafts.find(db, implementations.find(db, "demo"), "demo/author").source == BAD


def test_an_untouched_start_is_not_kept_and_a_text_too_long_is_told(author, past):
    assert ask(author, "keep", FIRST).json["said"] == "No draft is saved yet."
    told = ask(author, "keep", "x" * (256 * 1024 + 1)).json
    assert (told["revision"], told["overtaken"]) == (None, False)
    assert "must be at most 262144 bytes" in told["said"]


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_typed_gets_an_answer(author, name):
    assert ask(author, "findings", ODD[name]).status_code == 200
    assert ask(author, "keep", ODD[name]).status_code == 200


def test_who_asks_for_checks_without_end_is_told_to_wait_and_others_are_not(author, browser_for, monkeypatch):
    monkeypatch.setattr(editor_calls, "MOST_CHECKS", 2)
    told = [ask(author, "findings", BAD).json for _ in range(3)]
    assert [len(one["findings"]) for one in told] == [1, 1, 0]
    assert "too many checks in a minute" in told[2]["fault"]
    assert ask(author, "keep", BAD).json["revision"] == 1
    assert ask(browser_for("administrator"), "findings", BAD).json["findings"]


@pytest.mark.parametrize("what", ["findings", "keep"])
def test_a_stranger_an_organizer_and_another_site_get_nothing(browser_for, what):
    assert ask(browser_for(), what, GOOD).status_code == 403
    assert ask(browser_for("organizer"), what, GOOD).status_code == 403
    author = browser_for("author")
    data = {"source": GOOD, "csrf_token": author.token()}
    assert author.post(f"{DRAFT}/{what}", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert (
        author.post(f"{DRAFT}/{what}", data={"source": GOOD}, headers={"Sec-Fetch-Site": "same-origin"}).status_code
        == 403
    )


def test_the_editor_offers_what_the_tables_of_the_script_api_say_and_nothing_else():
    offered = completions(ImplementationFacts("demo", {}, frozenset({"url"}), ()))
    for where in ("user", "session", "api", "response"):
        record = next(one for one in RECORDS.values() if one.label == where)
        assert {one["label"] for one in offered["members"][where]} == set(record.fields)
    names = {name for entry in OFFERED if entry.kind in ("names", "exceptions") for name in entry.names}
    assert {one["label"] for one in offered["names"] if one["type"] != "keyword"} == names
    get = next(one for one in offered["members"]["api"] if one["label"] == "get")
    assert get["detail"] == "(connection, path, params=None, headers=None)"
    assert offered["settings"] == [{"label": "url", "type": "text"}]
