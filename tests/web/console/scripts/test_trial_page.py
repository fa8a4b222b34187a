"""The page of a submission's trial: ordered with the submission, followed, cancelled, and its results for those who may see them."""

import csv
import io
from datetime import UTC, datetime

import pytest

from records import RunRecord
from records.scripts import runs, submissions
from records.tenants import implementations
from records.trials import replayed_runs
from runner.queues.job_orders import SUBMISSION_TRIAL
from tests.web.console.scripts.conftest import looked_at
from tests.web.console.scripts.test_editor import GOOD, send
from web.console.scripts.trials.trial_results import ranges

DASH = "\N{EN DASH}"
PAGE = "/console/implementations/demo/scripts/submissions/1/trial"
REPLAY = PAGE.replace("/trial", "/replay")
AT = datetime(2026, 5, 4, 14, tzinfo=UTC)


def a_message(text, **more):
    usual = {"text": text, "template": text, "link": None, "color": None, "hidden": False, "graphemes": len(text)}
    return usual | {"count": 3, "example": {"input": {"user": {"id": "<b>"}}, "answers": []}} | more


def a_change(text, run="r1"):
    shown = [
        {"outcome": "returned", "message": {"text": one, "link": None, "color": "#005d8a"}} for one in ("Old", text)
    ]
    return {"run": run, "user": "user-165", "session": "CE-101", "before": shown[0], "after": shown[1]}


def results(**lists):
    explore = {
        "messages": [a_message("Claim <b>{…}</b>", link="https://cme.example.org/x"), a_message("x" * 60)],
        "raised": [{"type": "KeyError", "line": 7, "text": "'credits'", "count": 2, "example": None}],
        "lines_unreached": [4, 7, 8, 9],
        "runs": 300,
        "stopped": False,
    }
    replay = {"runs": 9, "same": 7, "changed": [], "begins_to_fail": [], "stops_failing": [], "fails_in_both": []}
    replay |= {"not_comparable": []} | lists
    explore["counts"] = {name: len(rows) for name, rows in explore.items() if isinstance(rows, list)}
    rows = {name: each for name, each in replay.items() if isinstance(each, list)}
    counts = {name: len(each) for name, each in rows.items()}
    return {"explore": explore, "replay": {"runs": 9, "same": 7, "counts": counts}}, rows


@pytest.fixture
def author(browser_for):
    return browser_for("author")


@pytest.fixture
def reviewer(browser_for):
    return browser_for("reviewer")


@pytest.fixture
def keep(database):
    def keep(kept, number=1, people=None):
        """Keep the results of a trial, with the runs that its replay names."""
        found, rows = kept
        usual = {"implementation": "demo", "user": "user-165", "session": "CE-101", "version": "v", "shown_as": "fresh"}
        given = {"user": {"id": "user-165", "last_name": "Lovelace"}, "session": {"id": "CE-101"}}
        named = {row["run"] for each in rows.values() for row in each}
        whose = {name: (people or {}).get(name, given["user"]) for name in named}
        with database.session() as db:
            runs.record_many(
                db,
                [
                    RunRecord(
                        id=name,
                        outcome="returned",
                        started_at=AT,
                        given=given | {"user": whose[name]},
                        **(usual | {"user": whose[name]["id"]}),
                    )
                    for name in sorted(named)
                ],
            )
            submission = submissions.find(db, implementations.find(db, "demo"), number)
            submissions.keep_results(db, submission, found)
            replayed_runs.keep(db, submission, rows)

    return keep


def test_a_submission_orders_its_trial_which_its_page_follows_and_its_author_cancels(author, app):
    send(author, GOOD, "submit")
    jobs = app.extensions["auth services"].jobs
    job = jobs.newest(SUBMISSION_TRIAL, "demo", "demo/author")
    assert (job.state, job.implementation) == ("waiting", "demo")
    page = author.get(PAGE)
    assert "The trial is waiting for a worker." in page.text
    assert "No background worker is running." in page.text
    assert author.send(f"{PAGE}/{job.id}/cancel").status_code == 303
    assert jobs.find("demo", job.id).state == "cancelled"


def test_nobody_cancels_the_trial_of_somebody_else(author, reviewer, app):
    send(author, GOOD, "submit")
    job = app.extensions["auth services"].jobs.newest(SUBMISSION_TRIAL, "demo", "demo/author")
    assert reviewer.send(f"{PAGE}/{job.id}/cancel").status_code == 403
    assert reviewer.send(f"{PAGE}/{'0' * 32}/cancel").status_code == 404


def test_a_reviewer_tries_a_submission_again_and_twice_is_once(author, reviewer, app):
    send(author, GOOD, "submit")
    places = {reviewer.send(PAGE, runs=runs).location for runs in ("500", "2000")}
    assert len(places) == 1
    assert "The trial is waiting" in reviewer.get(places.pop()).text
    assert author.send(PAGE, runs="500").status_code == 403


@pytest.mark.parametrize("typed", ["", "0", "5001", "1.5", "many", "1e999"])
def test_another_number_of_runs_than_there_may_be_is_refused_and_kept_on_the_page(author, reviewer, app, typed):
    send(author, GOOD, "submit")
    jobs = app.extensions["auth services"].jobs
    jobs.cancel(jobs.newest(SUBMISSION_TRIAL, "demo", "demo/author"))
    answer = reviewer.send(PAGE, runs=typed)
    assert answer.status_code == 422
    assert "Earlier runs must be a whole number from 1 to 5000" in answer.text
    assert f'value="{typed}"' in answer.text
    assert jobs.newest(SUBMISSION_TRIAL, "demo", "staff/reviewer") is None


def test_results_are_shown_as_text_with_what_may_not_fit_and_what_was_not_reached(author, reviewer, keep):
    send(author, GOOD, "submit")
    keep(results(changed=[a_change("New <i>")], begins_to_fail=[]))
    page = reviewer.get(PAGE).text
    assert "It can show 2 messages and fail in 1 way." in page
    assert "would show something else in 1, and begin to fail in 0" in page
    assert "Claim &lt;b&gt;{…}&lt;/b&gt;" in page
    assert "may not fit" in page
    assert f"Lines never reached: 4, 7{DASH}9." in page
    assert "Shows something else" in page
    assert "What it can show" in reviewer.get(PAGE.removesuffix("/trial")).text


def test_a_replay_shows_each_change_with_a_link_to_its_run_and_nobody_else_sees_whose_it_is(author, reviewer, keep):
    send(author, GOOD, "submit")
    keep(results(changed=[a_change("New <i> Lovelace")]))
    page = reviewer.get(REPLAY).text
    assert "New &lt;i&gt; Lovelace" in page
    assert 'href="/console/implementations/demo/runs/r1"' in page
    assert "user-165" in page
    page = author.get(REPLAY).text
    assert "(a text that fewer than three people see)" in page
    for hidden in ("user-165", "CE-101", "Lovelace", "/runs/r1"):
        assert hidden not in page, hidden


def told(author, keep, *afters, source=GOOD):
    """What the file of an author has, after a replay for so many people."""
    send(author, source, "submit")
    people = [{"id": f"user-{n}", "last_name": f"Name{n}", "username": f"n{n}@example.org"} for n in range(len(afters))]
    rows = [a_change("", run=f"r{n}") | {"after": after, "user": people[n]["id"]} for n, after in enumerate(afters)]
    keep(results(changed=rows), people={row["run"]: person for row, person in zip(rows, people, strict=True)})
    return author.get(f"{REPLAY}.json").json


def returned(text, link=None):
    return {"outcome": "returned", "message": {"text": text, "link": link, "color": None}}


@pytest.mark.parametrize(
    "smuggle",
    [
        lambda n: f"x{n}emaN",
        lambda n: f"NAME{n}",
        lambda n: f"_Name{n}_",
        lambda n: f"Seat {1000 + n}",
        lambda n: f"bmFtZQ{n}==",
    ],
)
def test_a_text_that_hides_a_person_in_another_writing_is_not_told_to_its_author(author, keep, smuggle):
    found = told(author, keep, *(returned(smuggle(n)) for n in range(4)))
    assert {row["after"] for row in found} == {"(a text that fewer than three people see)"}


def test_what_many_see_and_what_stands_in_the_script_is_told_and_of_a_link_the_host(author, keep):
    link = "https://cme.example.org/?u=n0%40example.org"
    many = [returned(f"Hello Name{n}", link) for n in range(3)]
    found = told(author, keep, *many, returned("Hi"), source=GOOD + '\nEXTRA = "Hi"\n')
    assert [(row["after"], row["after_link"]) for row in found] == [
        *[("Hello {last_name}", "cme.example.org")] * 3, ("Hi", ""),
    ]  # fmt: skip


def test_the_text_of_an_error_is_not_told_to_its_author(author, keep):
    error = {"type": "KeyError", "line": 3, "text": "'n0@example.org'"}
    (row,) = told(author, keep, {"outcome": "raised", "error": error})
    assert row["after"] == "KeyError in line 3"


def test_a_replay_is_filtered_by_kind_person_and_session_and_says_what_it_does_not_know(reviewer, author, keep):
    send(author, GOOD, "submit")
    keep(results(changed=[a_change("New")], not_comparable=[{"run": "r2", "why": "the answers were not kept"}]))
    assert "the answers were not kept" in reviewer.get(REPLAY).text
    page = reviewer.get(f"{REPLAY}?kind=changed&user=user-165&session=CE-101").text
    assert "New" in page
    assert "the answers were not kept" not in page
    assert "No such run." in reviewer.get(f"{REPLAY}?kind=stops_failing").text
    assert "is not known here" in reviewer.get(f"{REPLAY}?user=nobody").text
    assert "is not known here" not in author.get(f"{REPLAY}?user=user-165").text


def test_a_replay_has_pages_and_its_file_has_all_rows(reviewer, author, keep):
    send(author, GOOD, "submit")
    keep(results(changed=[a_change(f"=New {n:02}", run=f"r{n:02}") for n in range(60)]))
    first = reviewer.get(REPLAY).text
    assert "=New 49" in first
    assert "=New 50" not in first
    second = reviewer.get(f"{REPLAY}?after=50").text
    assert "=New 50" in second
    assert "First page" in second
    rows = list(csv.DictReader(io.StringIO(reviewer.get(f"{REPLAY}.csv").text)))
    assert (len(rows), rows[0]["run"], rows[0]["after"]) == (60, "r00", "'=New 00")
    assert "run" not in author.get(f"{REPLAY}.json").json[0]
    assert reviewer.get(f"{REPLAY}.xml").status_code == 404


def test_rows_whose_runs_were_deleted_are_counted(reviewer, author, keep, database):
    send(author, GOOD, "submit")
    keep(results(changed=[a_change("New"), a_change("Newer", run="r2")]))
    with database.session() as db:
        db.delete(runs.find(db, implementations.find(db, "demo"), "r1"))
    page = reviewer.get(REPLAY).text
    assert "Newer" in page
    assert "1 row is gone" in page


def test_a_version_that_begins_to_fail_is_marked_where_one_decides(author, reviewer, keep):
    send(author, GOOD, "submit")
    failed = a_change("x") | {"after": {"outcome": "raised", "error": {"type": "KeyError", "line": 3, "text": "'a'"}}}
    keep(
        results(
            begins_to_fail=[failed], not_comparable=[{"run": "r", "user": "u", "session": "s", "why": "no answers"}]
        )
    )
    assert "begins to fail" in reviewer.get(PAGE.removesuffix("/trial")).text
    assert "keeps no answers of vendors" in reviewer.get(PAGE).text
    page = reviewer.get(REPLAY).text
    assert "KeyError in line 3" in page
    assert "no answers" in page


def test_a_submission_that_was_not_tried_says_so_and_an_unknown_one_is_404(author, reviewer, app):
    send(author, GOOD, "submit")
    jobs = app.extensions["auth services"].jobs
    jobs.cancel(jobs.newest(SUBMISSION_TRIAL, "demo", "demo/author"))
    page = reviewer.get(PAGE).text
    assert "It was not tried yet." in page
    assert "Try it" in page
    assert reviewer.get(PAGE.replace("/1/", "/9/")).status_code == 404


@pytest.mark.parametrize(
    ("lines", "told"), [([], ""), ([4], "4"), ([4, 5], f"4{DASH}5"), ([1, 3, 4, 5, 9], f"1, 3{DASH}5, 9")]
)
def test_lines_are_told_as_ranges(lines, told):
    assert ranges(lines) == told


@pytest.mark.browser
def test_the_pages_are_readable_on_every_screen(served, page_as, past, keep):
    failed = a_change("x") | {"after": {"outcome": "raised", "error": {"type": "KeyError", "line": 3, "text": "'a'"}}}
    rows = [a_change("Claim your 1.0 CE credit", run="r2"), a_change("Opens at 10:00", run="r3")]
    keep(results(changed=rows, begins_to_fail=[failed]), past.submission.number)
    page = page_as("reviewer")
    address = served.config["address"] + PAGE.replace("/1/", f"/{past.submission.number}/")
    page.goto(address)
    page.get_by_text("Example").first.wait_for()
    page.locator("summary").first.click()
    looked_at(page, "trial")
    page.goto(address.replace("/trial", "/replay"))
    looked_at(page, "replay")
