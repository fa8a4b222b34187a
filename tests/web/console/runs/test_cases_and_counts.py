"""A run's error with the calls that led there, a run as a case, the filter by version, and the counts of a day."""

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from records import RunRecord
from records.scripts import deployments, runs, versions
from records.tenants import implementations
from tests.web.console.scripts.conftest import FIRST, SCRIPTS
from web.console.runs.charts import bars

DEMO = "/console/implementations/demo"
NOW = datetime.now(UTC).replace(microsecond=0)
ERROR = {"type": "KeyError", "line": 9, "text": "'session'", "chain": [["status", 8], ["<b>find</b>", 9]]}
GIVEN = {"user": {"id": "attendee", "first_name": "Attila"}, "session": {"id": "CE-1"}, "now": NOW.isoformat()}


@pytest.fixture
def recorded(database):
    """Two runs of the active version, of which one failed, and one of a version that is gone."""
    with database.session() as db:
        demo = implementations.find(db, "demo")
        version = versions.add_version(db, demo, FIRST, by="demo/author")
        deployments.activate(db, demo, version, by="staff/reviewer")
        row = RunRecord(
            "019af1d2c3b4-5e6f00000001", "demo", "attendee", "CE-1", version.sha256, NOW, "returned", "fresh"
        )
        calls = [
            {"connection": "ethosce", "method": "GET", "path": "/c", "query": "u=attendee", "status": 200, "ms": 12.5}
        ]
        good = replace(row, message={"text": "Claim it, Attila", "color": None}, calls=calls, given=GIVEN)
        bad = replace(row, id="019af1d2c3b4-5e6f00000002", outcome="raised", shown_as="fallback", error=ERROR)
        old = replace(row, id="019af1d2c3b4-5e6f00000003", version="f" * 64, started_at=NOW - timedelta(hours=30))
        runs.record_many(db, [good, bad, old])
    return good, bad, old


def test_the_page_of_a_run_shows_the_calls_that_led_to_its_error_as_links_into_the_version(browser_for, recorded):
    page = browser_for("reviewer").get(f"{DEMO}/runs/{recorded[1].id}").text
    assert f'<a href="{SCRIPTS}/versions/1#L9">line 9</a>' in page
    assert page.index("<code>status</code>") < page.index("&lt;b&gt;find&lt;/b&gt;")
    organizer = browser_for("organizer").get(f"{DEMO}/runs/{recorded[1].id}").text
    assert "<code>status</code> in line 8" in organizer
    assert "/scripts/versions/" not in organizer


def archive(answer):
    return zipfile.ZipFile(io.BytesIO(answer.data))


def test_a_run_is_opened_as_a_case_without_its_person(browser_for, recorded):
    answer = browser_for("reviewer").get(f"{DEMO}/runs/{recorded[0].id}/case.zip")
    assert answer.mimetype == "application/zip"
    assert "no-store" in answer.headers["Cache-Control"]
    folder = re.search(r"filename=(run-\w+)\.zip", answer.headers["Content-Disposition"])[1]
    with archive(answer) as found:
        assert found.read(f"{folder}/script.py").decode() == FIRST
        assert json.loads(found.read(f"{folder}/expected.json"))["message"]["text"] == "Claim it, Ada"
        assert "Attila" not in "".join(found.read(name).decode() for name in found.namelist())


def test_the_script_is_in_the_case_for_those_who_may_see_scripts(browser_for, recorded):
    with archive(browser_for("organizer").get(f"{DEMO}/runs/{recorded[0].id}/case.zip")) as found:
        assert not [name for name in found.namelist() if name.endswith(".py")]
    with archive(browser_for("reviewer").get(f"{DEMO}/runs/{recorded[2].id}/case.zip")) as found:
        assert not [name for name in found.namelist() if name.endswith(".py")], "that version is gone"


@pytest.mark.parametrize("path", ["runs/none/case.zip", "runs/%00/case.zip"])
def test_a_run_that_is_not_kept_is_no_case(browser_for, recorded, path):
    assert browser_for("reviewer").get(f"{DEMO}/{path}").status_code in (400, 404)
    other = DEMO.replace("demo", "other")
    assert browser_for("reviewer").get(f"{other}/runs/{recorded[0].id}/case.zip").status_code == 404


def test_an_author_sees_no_runs_no_counts_and_no_cases(browser_for, recorded):
    for path in (f"runs/{recorded[0].id}/case.zip", "counts"):
        assert browser_for("author").get(f"{DEMO}/{path}").status_code == 403


def test_runs_are_found_by_the_number_of_their_version(browser_for, recorded):
    page = browser_for("organizer").get(f"{DEMO}/runs?version=1").text
    assert recorded[0].id in page
    assert recorded[2].id not in page
    for text in ("2", "x", "9" * 40, "-1", "\u0661"):
        page = browser_for("organizer").get(f"{DEMO}/runs?version={text}").text
        assert "does not exist here" in page
        assert recorded[0].id not in page
        assert f'value="{text}"' in page


def test_the_counts_of_a_day_have_their_charts_beside_the_numbers(browser_for, recorded):
    page = browser_for("organizer").get(f"{DEMO}/counts").text
    rows = dict(
        re.findall(r'<th scope="row" data-label="What">([^<]+)</th><td data-label="Last 24 hours"><span>(\d+)', page)
    )
    assert rows == {
        "Runs": "2",
        "Messages shown": "1",
        "Nothing shown": "0",
        "Errors": "1",
        "Last good message shown": "0",
        "Fallback shown": "1",
    }
    assert page.count("<svg") == 6
    assert "Claim it, Attila" in page
    assert re.search(r"ethosce.*?12 ms.*?12 ms", page, re.DOTALL)
    assert "style=" not in page


def test_without_runs_the_counts_say_what_would_be_there(browser_for):
    assert "No run in the last 24 hours." in browser_for("organizer").get(f"{DEMO}/counts").text


def test_a_chart_shows_small_numbers_and_no_text():
    drawn = bars([0, 1, 1000], label="<b>", most=1000)
    assert drawn.count("<rect") == 2
    assert 'aria-label="&lt;b&gt;"' in drawn
    assert 'height="2.00"' in drawn
    assert bars([], label="none", most=0).count("<rect") == 0
