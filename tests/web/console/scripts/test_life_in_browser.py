"""The life of a script in Chromium, with the real status service and worker: written, reviewed, activated, and rolled back.

What users are shown is asked as the app does: each change counts with the next request.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession
from records.storage import environment_mark
from records.tenants import implementations
from runner.queues.status_jobs import StatusQueue, rq_status_queue
from runner.queues.thread_worker import StopSignal
from runner.runs.worker_services import WORKER_SERVICES, open_worker_services
from runner.status.service import StatusRequest, StatusService
from runner.store.clients import connect, connect_queue
from runner.store.environment_mark import adopt
from sandbox import Sandbox
from tests.support.application import make_app, make_settings
from tests.support.browser import serving
from tests.web.console.scripts.conftest import SCRIPTS, write
from worker import StatusWorker

pytestmark = pytest.mark.browser

ADA = StatusRequest("demo", "attendee", "CE-1")
SCRIPT = "def status(user, session, api):\n    return message('{}')\n"


@pytest.fixture
def settings(database, redis, valkey_url):
    adopt(redis, "development")
    with database.session() as db:
        environment_mark.change(db, "development")
        demo, now = implementations.find(db, "demo"), datetime.now(UTC)
        row = {"implementation_id": demo.id, "session_id": "CE-1", "title": "Sepsis"}
        db.add(AgendaSession(**row, starts_at=now, ends_at=now + timedelta(hours=1)))
    return make_settings(redis_url=valkey_url, database_url=str(database.engine.url))


@pytest.fixture
def status_service(settings, database):
    queue = StatusQueue(connect(settings.redis_url))
    service = StatusService(settings=settings, database=database, redis=connect(settings.redis_url), queue=queue)
    yield service
    service.close()


@pytest.fixture
def served(database, store, checking_worker, status_service, settings):
    def make(address):
        own = make_settings(address, redis_url=settings.redis_url)
        return make_app(database, store, own, status_service=status_service)

    with serving(make) as (address, app):
        app.config["address"] = address
        yield app


@pytest.fixture
def shown(settings, status_service):
    """Ask as the app does until there is an answer, and return its text. Every run is made by the real worker."""
    with Sandbox() as sandbox:
        services = open_worker_services(settings, sandbox, StopSignal())

        def work_off():
            client = connect_queue(settings.redis_url)
            in_thread = {"in_thread": lambda: WORKER_SERVICES.set(services), "on_beat": lambda _: None}
            StatusWorker(rq_status_queue(client), runs=2, stop=StopSignal(), **in_thread).work(burst=True)
            client.close()

        def ask():
            status_service.ask(ADA)
            work_off()
            body = status_service.ask(ADA).body
            message = json.loads(body)["message"] if body else None
            return message["text"] if message else None

        yield ask
        services.close()


def submit(page, address, text):
    page.goto(f"{address}{SCRIPTS}/draft")
    write(page, SCRIPT.format(text))
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_selector("text=waits for a review")


def press(page, link, reason=""):
    page.get_by_role("link", name=link).first.click()
    if reason:
        page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=link).click()


def test_a_script_is_written_reviewed_activated_and_rolled_back_and_users_see_each_at_once(open_page, served, shown):
    author, reviewer = open_page("author"), open_page("reviewer")
    address = served.config["address"]
    assert shown() is None
    for number, text in enumerate(("Welcome", "Wellcome"), 1):
        submit(author, address, text)
        reviewer.goto(f"{address}/console/reviews")
        reviewer.get_by_role("link", name=f"Demo Congress, version {number}").click()
        reviewer.get_by_label("Reason to approve it before its trial has ended").fill("No worker tries it here.")
        reviewer.get_by_role("button", name=f"Approve version {number}").click()
        reviewer.wait_for_selector("text=It can be staged or activated.")
        reviewer.get_by_role("link", name=f"Version {number}").first.click()
        press(reviewer, f"Activate version {number}")
        reviewer.wait_for_selector(f"text=Version {number} is active.")
        assert shown() == text
    press(reviewer, "Roll back to version 1", "misspelt")
    reviewer.wait_for_selector("text=Version 1 is active again.")
    assert shown() == "Welcome"
    press(reviewer, "Stop all scripts", "the vendor is down")
    reviewer.wait_for_selector("text=All scripts are stopped.")
    assert shown() is None
    press(reviewer, "Let scripts go on")
    reviewer.wait_for_selector("text=Scripts run again.")
    assert shown() == "Welcome"
