"""The page of a large import in Chromium: it follows the import by itself, can cancel it, and fits a phone."""

import pytest
from playwright.sync_api import expect

from runner.queues.background_jobs import BackgroundQueue
from runner.queues.job_orders import OrderSigner
from runner.queues.job_states import JobStates
from runner.store.worker_heartbeat import BACKGROUND, WorkerHeartbeat, workers_present
from tests.support.application import KEY
from tests.support.eventually import eventually
from tests.web.console.settings.staff_people import DEMO
from tests.web.console.settings.test_agenda_in_browser import looked_at, page
from tests.web.console.settings.test_agenda_job_page import LARGE, ROWS, worker
from tests.web.console.settings.test_settings_in_browser import open_page

__all__ = ["open_page", "page", "worker"]
pytestmark = pytest.mark.browser


def order(page, folder):
    file = folder / "agenda.xlsx"
    file.write_bytes(LARGE)
    page.goto(f"{DEMO}/agenda")
    page.get_by_label("Agenda file").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("button", name=f"Import {ROWS} sessions").click(timeout=30_000)
    page.wait_for_url("**/agenda/jobs/*")
    return page.url.rpartition("/")[2]


def test_an_import_is_followed_to_its_end_without_a_reload_by_hand(open_page, tmp_path, worker, redis):
    page = open_page(viewport={"width": 1280, "height": 900})
    log = worker()
    assert eventually(lambda: workers_present(redis, BACKGROUND), seconds=60), log.read_text()
    order(page, tmp_path)
    page.wait_for_selector(f"text={ROWS} sessions added", timeout=90_000)
    page.get_by_role("link", name="Back to the agenda").click()
    page.wait_for_selector("text=Last import")


def test_the_page_of_an_import_in_each_state(page, tmp_path, redis):
    jobs, states = BackgroundQueue(redis, OrderSigner([KEY])), JobStates(redis)
    job = order(page, tmp_path)
    expect(page.get_by_text("No background worker is running")).to_be_visible()
    looked_at(page, "waits without a worker")
    WorkerHeartbeat(redis, places=2, queue=BACKGROUND).note(0)
    page.get_by_role("link", name="Refresh").click()
    page.wait_for_selector("[data-refreshes]")
    assert page.get_by_text("No background worker is running").count() == 0
    found = jobs.find("demo", job)
    assert states.begin(found)
    assert states.note(found, 1, 3, "Comparing the file with the agenda, and writing the sessions.") is False
    page.wait_for_selector("text=Step 2 of 3.")
    expect(page.get_by_role("progressbar")).to_be_visible()
    looked_at(page, "runs")
    page.get_by_role("button", name="Cancel the import").click()
    page.wait_for_selector("text=Cancelling…")
    assert states.note(found, 2, 3, "Saving.") is True, "the worker is told"
    states.end(
        found,
        "refused",
        "Nothing was imported: the file does not fit the agenda.",
        {"faults": ["Row 3: is wrong"], "fault_count": 3},
    )
    page.wait_for_selector("text=What is wrong with the file")
    expect(page.get_by_text("And 2 more kinds of faults.")).to_be_visible()
    looked_at(page, "refused")
