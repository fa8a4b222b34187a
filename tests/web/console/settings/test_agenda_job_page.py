"""The import of a large agenda file in the console: ordered by the confirming form, followed and cancelled on its page."""

import io
import os
import re

import pytest
from openpyxl import Workbook

from records import Database
from runner.queues.background_jobs import BackgroundQueue
from runner.queues.job_orders import AGENDA_IMPORT, OrderSigner
from runner.queues.job_states import JobStates
from runner.store.worker_heartbeat import BACKGROUND, WorkerHeartbeat
from tests.support import warm_start
from tests.support.application import KEY
from tests.support.eventually import eventually
from tests.web.console.settings.staff_people import DEMO, Person, entries, typed
from tests.web.console.settings.test_agenda_page import agenda_of, checked, import_form

HEAD = "ID,Title,Start Time,End Time,Location\r\n"
WORDS = "A description that is as long as organizers write them with a speaker or two. "
ROWS = 500


def large_workbook():
    """A workbook that is large when it is unpacked, and small while it travels."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([*HEAD.strip().split(","), "Description"])
    for number in range(ROWS):
        times = ["2026-11-24 09:00", "2026-11-24 10:00"]
        sheet.append([f"L-{number}", f"Talk {number}", *times, f"Hall {number % 9}", f"{WORDS * 25}{number}"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


LARGE = large_workbook()


@pytest.fixture
def jobs(redis):
    return BackgroundQueue(redis, OrderSigner([KEY]))


@pytest.fixture
def worker(database, valkey_url, tmp_path):
    """Start a real background worker on the records and the store of the console."""
    copy = Database(database.engine.url.render_as_string(), environment=None)
    with copy.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE environment_mark SET environment = 'development'")
    copy.dispose()
    started = []

    def start():
        env = {
            "SESSION_STATUS_ENV": "development",
            "SESSION_STATUS_DATA_FOLDER": str(tmp_path),
            "SESSION_STATUS_SECRET_KEY": KEY,
            "DATABASE_URL": f"sqlite:///{database.engine.url.database}",
            "REDIS_URL": valkey_url,
        }
        with (tmp_path / "worker.log").open("ab") as log:
            started.append(warm_start.start("worker", "background", env=os.environ | env, output=log))
        return tmp_path / "worker.log"

    yield start
    for process in started:
        process.kill()
        process.wait()


def ordered(person):
    """Upload the large file and confirm its import; give the address of the page to which that leads."""
    answer = person.post("/agenda/import", import_form(checked(person, LARGE)))
    assert answer.status_code == 303
    assert f"{DEMO}/agenda/jobs/" in answer.headers["Location"]
    return answer.headers["Location"].partition(DEMO)[2]


def cancel_form(text):
    return re.search(r'<form[^>]*action="([^"]*/cancel)".*?</form>', text, re.DOTALL)


def cancel(person, page):
    form = cancel_form(person.get(page).text)
    return person.post(form[1].partition(DEMO)[2], typed(form[0]))


def test_a_large_file_waits_for_a_worker_and_the_page_says_what_an_operator_has_to_do(organizer, database, browser_for):
    page = ordered(organizer)
    text = organizer.get(page).text
    assert "The import is waiting for a worker." in text
    assert "No background worker is running" in text
    assert "session-status worker --queue background" in text
    assert 'http-equiv="refresh"' not in text, "it would keep its person signed in for as long as nothing happens"
    assert f'href="{DEMO}{page}"' in organizer.get("/agenda").text
    assert (entries(database, "agenda.imported"), browser_for.told) == ([], [])


def test_the_page_looks_again_by_itself_while_a_worker_is_there(organizer, redis):
    page = ordered(organizer)
    WorkerHeartbeat(redis, places=2, queue=BACKGROUND).note(0)
    text = organizer.get(page).text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in text
    assert "job.js" in text
    assert "No background worker" not in text


def test_a_large_file_is_imported_in_the_name_of_the_person_who_confirmed_it(organizer, database, worker):
    page = ordered(organizer)
    log = worker()

    def text():
        return organizer.get(page).text

    assert eventually(lambda: "The file is imported" in text(), seconds=90, every=0.3), (text(), log.read_text())
    assert "500 sessions added, 0 changed, 0 unchanged, 0 retired." in text()
    assert "refresh" not in text()
    (entry,) = entries(database, "agenda.imported")
    assert (entry.actor, entry.detail["added"]) == ("demo/olga", ROWS)
    assert len(agenda_of(database)) == ROWS + 1
    assert "agenda/jobs/" not in organizer.get("/agenda").text, "what was imported shows in the agenda"


def test_a_small_file_is_imported_within_the_request(organizer, redis):
    small = HEAD + "CE-2,Stroke,2026-11-24 09:00,2026-11-24 10:00,Hall 1\r\n"
    answer = organizer.post("/agenda/import", import_form(checked(organizer, small)))
    assert answer.headers["Location"].endswith(f"{DEMO}/agenda")
    assert redis.keys("{jobs}:*") == []


def test_a_double_click_orders_one_import(organizer, redis):
    form = import_form(checked(organizer, LARGE))
    pages = {organizer.post("/agenda/import", form).headers["Location"] for _ in range(2)}
    assert len(pages) == 1
    assert redis.llen("rq:queue:background") == 1


def test_an_import_that_waits_is_cancelled_by_the_form_of_its_page(organizer, database, redis):
    page = ordered(organizer)
    assert cancel(organizer, page).status_code == 303
    text = organizer.get(page).text
    assert "Cancelled before it had begun." in text
    assert cancel_form(text) is None
    assert "Check the file again" in text, "the file still waits"
    assert redis.llen("rq:queue:background") == 0
    assert agenda_of(database) == {"CE-1": "Sepsis in 2026"}


def test_an_import_is_cancelled_by_nobody_but_the_person_who_ordered_it(app, organizer, jobs):
    page = ordered(organizer)
    other = Person(app, "administrator")
    text = other.get(page).text
    assert "Olga Example" in text
    assert cancel_form(text) is None
    assert other.post(f"{page}/cancel").status_code == 403
    assert jobs.find("demo", page.rpartition("/")[2]).state == "waiting"


def test_an_author_sees_no_import(app, organizer):
    page = ordered(organizer)
    assert Person(app, "author").get(page).status_code == 403
    assert "agenda/jobs/" not in Person(app, "author").get("/agenda").text


def test_the_import_of_another_implementation_is_not_there(administrator, organizer):
    page = ordered(organizer)
    answer = administrator.http.get(f"/console/implementations/empty{page}")
    assert answer.status_code == 404


def test_an_import_that_its_worker_left_is_told_as_failed_and_can_be_ordered_again(organizer, jobs, redis):
    page = ordered(organizer)
    job = page.rpartition("/")[2]
    assert JobStates(redis)._moved(jobs.find("demo", job), ("waiting",), {"state": "running"}) is not None
    text = organizer.get(page).text
    assert "The worker stopped before the job had ended. Nothing was imported, and the file is still stored." in text
    assert "Your last import was not carried out." in organizer.get("/agenda").text
    again = organizer.post("/agenda/import", import_form(organizer.get("/agenda/check")))
    assert again.headers["Location"].rpartition("/")[2] != job


def test_faults_that_a_hostile_store_makes_up_are_shown_as_text(organizer, jobs, redis):
    page = ordered(organizer)
    job = page.rpartition("/")[2]
    said = "<script>alert(1)</script>"
    result = '{"faults": ["<script>x</script>", 5], "fault_count": 9}'
    redis.hset(f"{{jobs}}:job:{job}", mapping={"state": "refused", "said": said, "result": result})
    text = organizer.get(page).text
    assert said not in text
    assert "<script>x" not in text
    assert "&lt;script&gt;x" in text
    redis.hset(f"{{jobs}}:job:{job}", mapping={"state": "done", "result": '{"counts": {"added": "<b>"}, "faults": 7}'})
    assert organizer.get(page).status_code == 200


def test_too_many_waiting_imports_are_told_on_the_agenda_page(organizer, database, jobs):
    for number in range(5):
        wanted = {"upload": "0" * 64, "dates": "auto", "retire": False, "as_of": None}
        jobs.order(AGENDA_IMPORT, "demo", f"demo/{number}", wanted)
    answer = organizer.post("/agenda/import", import_form(checked(organizer, LARGE)))
    assert answer.headers["Location"].endswith(f"{DEMO}/agenda")
    assert "Too many jobs are waiting or running" in organizer.get("/agenda").text


def test_an_import_with_a_wrong_order_of_dates_is_refused(organizer, redis):
    form = import_form(checked(organizer, LARGE)) | {"dates": "guess"}
    assert organizer.post("/agenda/import", form).status_code == 303
    assert "Nothing was imported" in organizer.get("/agenda").text
    assert redis.llen("rq:queue:background") == 0
