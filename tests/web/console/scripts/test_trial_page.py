"""The page of a submission's trial: ordered with the submission, followed, cancelled, and its results for those who may see them."""

import pytest

from records.scripts import submissions
from records.tenants import implementations
from runner.queues.job_orders import SUBMISSION_TRIAL
from tests.web.console.scripts.conftest import looked_at
from tests.web.console.scripts.test_editor import GOOD, send
from web.console.scripts.trials.trial_results import ranges

DASH = "\N{EN DASH}"
PAGE = "/console/implementations/demo/scripts/submissions/1/trial"


def a_message(text, **more):
    usual = {"text": text, "template": text, "link": None, "color": None, "hidden": False, "graphemes": len(text)}
    return usual | {"count": 3, "example": {"input": {"user": {"id": "<b>"}}, "answers": []}} | more


def a_change(text):
    shown = [
        {"outcome": "returned", "message": {"text": one, "link": None, "color": "#005d8a"}} for one in ("Old", text)
    ]
    return {"run": "r1", "user": "user-165", "session": "CE-101", "before": shown[0], "after": shown[1]}


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
    for one in (explore, replay):
        one["counts"] = {name: len(rows) for name, rows in one.items() if isinstance(rows, list)}
    return {"explore": explore, "replay": replay}


@pytest.fixture
def author(browser_for):
    return browser_for("author")


@pytest.fixture
def reviewer(browser_for):
    return browser_for("reviewer")


@pytest.fixture
def keep(database):
    def keep(kept):
        with database.session() as db:
            submission = submissions.find(db, implementations.find(db, "demo"), 1)
            submissions.keep_results(db, submission, kept)

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
    places = {reviewer.send(PAGE).location for _ in range(2)}
    assert len(places) == 1
    assert "The trial is waiting" in reviewer.get(places.pop()).text
    assert author.send(PAGE).status_code == 403


def test_results_are_shown_as_text_with_what_may_not_fit_and_what_was_not_reached(author, reviewer, keep):
    send(author, GOOD, "submit")
    keep(results(changed=[a_change("New <i>")], begins_to_fail=[]))
    page = reviewer.get(PAGE).text
    assert "It can show 2 messages and fail in 1 way." in page
    assert "would show something else in 1, and begin to fail in 0" in page
    assert "Claim &lt;b&gt;{…}&lt;/b&gt;" in page
    assert "New &lt;i&gt;" in page
    assert "may not fit" in page
    assert f"Lines never reached: 4, 7{DASH}9." in page
    assert "user-165" in page
    assert "What it can show" in reviewer.get(PAGE.removesuffix("/trial")).text


def test_who_may_not_see_runs_reads_what_changes_and_not_for_whom(author, keep):
    send(author, GOOD, "submit")
    keep(results(changed=[a_change("New")]))
    page = author.get(PAGE).text
    assert "New" in page
    assert "user-165" not in page
    assert "CE-101" not in page


def test_a_version_that_begins_to_fail_is_marked_where_one_decides(author, reviewer, keep):
    send(author, GOOD, "submit")
    failed = a_change("x") | {"after": {"outcome": "raised", "error": {"type": "KeyError", "line": 3, "text": "'a'"}}}
    keep(
        results(
            begins_to_fail=[failed], not_comparable=[{"run": "r", "user": "u", "session": "s", "why": "no answers"}]
        )
    )
    assert "begins to fail" in reviewer.get(PAGE.removesuffix("/trial")).text
    page = reviewer.get(PAGE).text
    assert "KeyError in line 3" in page
    assert "1 run could not be compared: no answers." in page
    assert "keeps no answers of vendors" in page


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
def test_the_page_is_readable_on_every_screen(served, page_as, past, database):
    failed = a_change("x") | {"after": {"outcome": "raised", "error": {"type": "KeyError", "line": 3, "text": "'a'"}}}
    with database.session() as db:
        submission = submissions.find(db, implementations.find(db, "demo"), past.submission.number)
        kept = results(
            changed=[a_change("Claim your 1.0 CE credit"), a_change("Opens at 10:00")], begins_to_fail=[failed]
        )
        submissions.keep_results(db, submission, kept)
    page = page_as("reviewer")
    page.goto(served.config["address"] + PAGE.replace("/1/", f"/{past.submission.number}/"))
    page.get_by_text("Example").first.wait_for()
    looked_at(page, "trial")
    page.locator("summary").first.click()
    looked_at(page, "trial-example")
