"""The pages of rehearsals: ordered and cancelled, shown to each with what they may see, and a file for the vendor."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from records.scripts import versions
from records.tenants import implementations
from records.trials import rehearsals
from records.trials.rehearsals import ExampleDraft
from runner.queues.job_orders import REHEARSAL
from tests.web.console.scripts.conftest import LONG, SCRIPTS, looked_at

PAGE = f"{SCRIPTS}/versions/1/rehearsals"
RESULT = f"{SCRIPTS}/rehearsals/1"
ORDER = {"moments": ["before", "after"], "minutes": "15", "runs": "500"}
AT = datetime(2026, 5, 4, 13, tzinfo=UTC)


def a_row(hour, shown, calls):
    counts = {
        "runs": shown + 2,
        "shown": shown,
        "hidden": 1,
        "failed": 1,
        "calls": {"ethosce": calls},
        "at_once": {"ethosce": calls},
    }
    return {"from": f"2026-05-04T{hour:02}:00:00+00:00", "until": f"2026-05-04T{hour + 1:02}:00:00+00:00"} | counts


def a_report():
    messages = [
        {
            "text": "Claim, {first_name} <b>",
            "host": "cme.example.org",
            "count": 70,
            "people": 9,
            "graphemes": 24,
            "moments": {"after": 70},
        },
        {"text": f"=Opens {LONG}", "host": "", "count": 9, "people": 4, "graphemes": 71, "moments": {"before": 9}},
    ]
    return {
        "situations": 900, "runs": 90, "cut_short": False, "hidden": 6, "messages": messages,
        "rare": {"texts": 1, "count": 2, "fewer_people_than": 3},
        "failed": [{"type": "KeyError", "line": 7, "count": 3, "people": 2}], "too_long": 9,
        "warnings": [{"text": "the link was dropped", "count": 4}], "not_answered": 5,
        "moments": {}, "ms": {"median": 2.5, "p95": 4.0, "most": 9.1},
        "calls": [{"connection": "ethosce", "calls": 80, "at_once": 400, "rate_per_s": 5.0, "seconds_at_rate": 80.0}],
        "clock": [a_row(9 + number, 3 * number, 10 * number) for number in range(8)],
        "left_out": {"messages": 0, "failed": 0}, "moments_chosen": ["before", "after"], "minutes": 15, "people": 300, "sessions": 3,
    }  # fmt: skip


@pytest.fixture
def kept(past, database):
    drafts = [
        ExampleDraft("messages 0", "rtl", "CE-1", AT, "Claim, Ada <b>"),
        ExampleDraft("rare 0", "long", "CE-1", AT, "Certificate 839201"),
        ExampleDraft("failed 0", "script", "CE-1", AT, "'839202'"),
    ]
    with database.session() as db:
        version = versions.by_number(db, implementations.find(db, "demo"), 1)
        return rehearsals.keep(db, version, a_report(), drafts, by="demo/author").number


def newest(app, by):
    return app.extensions["auth services"].jobs.newest(REHEARSAL, "demo", by)


@pytest.mark.parametrize("name", ["author", "reviewer"])
def test_authors_and_reviewers_order_a_rehearsal_follow_it_and_cancel_their_own(browser_for, past, app, name):
    browser, home = browser_for(name), "demo" if name == "author" else "staff"
    assert PAGE in browser.get(f"{SCRIPTS}/versions/1").text
    assert browser.send(PAGE, **ORDER).status_code == 303
    job = newest(app, f"{home}/{name}")
    assert job.state == "waiting"
    page = browser.get(PAGE).text
    assert "The rehearsal is waiting for a worker." in page
    assert "No background worker is running." in page
    other = browser_for("author" if name == "reviewer" else "reviewer")
    assert other.send(f"{PAGE}/{job.id}/cancel").status_code == 403
    assert other.send(f"{PAGE}/{'0' * 32}/cancel").status_code == 404
    assert browser.send(f"{PAGE}/{job.id}/cancel").status_code == 303
    assert newest(app, f"{home}/{name}").state == "cancelled"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"moments": []}, "must be at least one"),
        ({"moments": ["never"]}, "must be at least one"),
        ({"minutes": "0"}, "must be a whole number from 1 to 1440"),
        ({"minutes": "1e999"}, "must be a whole number from 1 to 1440"),
        ({"runs": "20001"}, "must be a whole number from 1 to 20000"),
        ({"runs": "many"}, "must be a whole number from 1 to 20000"),
    ],
)
def test_an_order_with_a_fault_is_refused_at_its_field_and_nothing_typed_is_lost(browser_for, past, app, changed, said):
    author = browser_for("author")
    answer = author.send(PAGE, **(ORDER | {"minutes": "17"} | changed))
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{changed.get("minutes", "17")}"' in answer.text
    assert newest(app, "demo/author") is None


def test_a_reviewer_sees_whose_run_each_row_is_an_example_of_and_an_author_does_not(browser_for, kept):
    seen, hidden = browser_for("reviewer").get(RESULT).text, browser_for("author").get(RESULT).text
    for page in (seen, hidden):
        assert "Claim, {first_name} &lt;b&gt;" in page
        assert "people wait" in page
        assert "1 more text in 2 runs, each shown to fewer than 3 people" in page
    for personal in ("839201", "839202", "/why?user=rtl", "الهاشمي"):
        assert personal in seen, personal
        assert personal not in hidden, personal


def test_the_file_for_the_vendor_names_nobody_even_for_those_who_may_see_runs(browser_for, kept):
    reviewer = browser_for("reviewer")
    as_json, as_csv = (reviewer.get(f"{RESULT}/report.{kind}") for kind in ("json", "csv"))
    assert as_json.headers["Content-Disposition"] == 'attachment; filename="rehearsal-demo-1.json"'
    told = json.loads(as_json.text)
    assert (told["implementation"], told["version"], told["runs"], told["calls"][0]["at_once"]) == ("demo", 1, 90, 400)
    rows = list(csv.DictReader(io.StringIO(as_csv.text)))
    assert [row["text"] for row in rows if row["part"] == "message"][1] == f"'=Opens {LONG}"
    assert sum(int(row["calls"]) for row in rows if row["part"] == "clock" and row["connection"]) == 280
    for personal in ("839201", "839202", "rtl", "Ada", "demo/author"):
        assert personal not in as_json.text, personal
        assert personal not in as_csv.text, personal
    assert reviewer.get(f"{RESULT}/report.xml").status_code == 404


def test_an_unknown_rehearsal_and_one_of_another_implementation_are_404(browser_for, kept):
    reviewer = browser_for("reviewer")
    assert reviewer.get(f"{SCRIPTS}/rehearsals/2").status_code == 404
    assert reviewer.get(RESULT.replace("/demo/", "/other/")).status_code == 404
    assert reviewer.get(f"{SCRIPTS}/rehearsals/{'9' * 30}").status_code == 404
    assert reviewer.get(f"{SCRIPTS}/versions/99/rehearsals").status_code == 404


@pytest.mark.browser
def test_the_pages_are_readable_on_every_screen(served, page_as, kept):
    page = page_as("reviewer")
    page.goto(served.config["address"] + PAGE)
    page.get_by_role("button", name="Rehearse version 1").wait_for()
    looked_at(page, "rehearsals")
    page.get_by_role("link", name="Rehearsal 1").click()
    page.get_by_text("The numbers of each step").click()
    page.get_by_text("These texts").click()
    looked_at(page, "rehearsal")
