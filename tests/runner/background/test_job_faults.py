"""What goes wrong inside a background job: its limits, a database that is lost, and a process that dies while it saves.

The worker and its job processes are real. A text that runs in them first replaces the work.
"""

import os
import re
from pathlib import Path

import pytest

from records.agenda import agenda_imports as agenda
from records.tenants import implementations
from runner.background import job_child
from tests.runner.queues.test_background_jobs import ANN, SECONDS, agenda_file, jobs_of, on_sqlite
from tests.support import warm_start
from tests.support.eventually import eventually

__all__ = ["on_sqlite"]

REPLACED = """
import os
import time
from dataclasses import replace
from types import MappingProxyType

from runner.background import agenda_import
from runner.queues import job_orders

whole_import = agenda_import.import_agenda


def sleep(steps, order):
    steps.begin(1, "Sleeping.")
    time.sleep(600)


def need_memory(steps, order):
    steps.begin(1, "Growing.")
    held = []
    while True:
        held.append(bytearray(16 * 1024 * 1024))


def die_after_the_commit(steps, order):
    end = whole_import(steps, order)
    if end.state == "done":
        os._exit(1)
    return end


def lose_the_database(steps, order):
    steps.begin(1, "Losing.")
    path = steps.database.engine.url.database
    os.rename(path, path + ".away")
    return whole_import(steps, order)


def fail_while_saving(steps, order):
    steps.begin(steps.of, "Saving.")
    raise ValueError("a bug")


agenda_import.import_agenda = globals()[os.environ["JOB_FAULT"]]
if "JOB_SECONDS" in os.environ:
    limited = {name: replace(kind, wall_s=int(os.environ["JOB_SECONDS"])) for name, kind in job_orders.KINDS.items()}
    job_orders.KINDS = MappingProxyType(limited)
"""
UNCHANGED = "Nothing was changed. You can order it again."
UNSURE = "Its changes may have been made"


@pytest.fixture
def faulty(on_sqlite):
    """Start a worker whose jobs have a fault, and order one; return how it ended."""

    def run(fault, **env):
        data = agenda_file(3)
        on_sqlite.upload(data)
        worker = on_sqlite.start(before=REPLACED, JOB_FAULT=fault, **env)
        state = on_sqlite.ended(on_sqlite.order(data))
        assert eventually(lambda: not jobs_of(worker), seconds=SECONDS), "the process of the job is left"
        assert worker.poll() is None, on_sqlite.said()
        return state

    return run


def test_a_job_that_takes_longer_than_its_limit_is_killed_and_says_so(faulty, on_sqlite):
    state = faulty("sleep", JOB_SECONDS="2")
    assert (state.state, state.said) == ("failed", f"It took longer than 2 seconds, and was stopped. {UNCHANGED}")
    assert on_sqlite.sessions() == 0


def test_a_job_that_needs_more_memory_than_its_limit_ends_and_says_so(faulty, on_sqlite):
    state = faulty("need_memory")
    assert state.state == "failed"
    assert state.said == f"It needed more than 768 MiB of memory, the most that it may use. {UNCHANGED}"
    assert on_sqlite.sessions() == 0


def test_a_job_that_loses_the_database_has_failed_with_the_reference_of_the_outage(faulty, on_sqlite):
    file = Path(on_sqlite.settings.data_folder, "session-status.db")
    state = faulty("lose_the_database")
    reference = re.fullmatch(rf"The database did not answer\. {re.escape(UNCHANGED)} Reference: (\w{{8}})", state.said)[
        1
    ]
    assert state.state == "failed"
    assert f"the database does not answer ref={reference}" in on_sqlite.said()
    Path(f"{file}.away").rename(file)
    assert eventually(lambda: f"the database answers again ref={reference}" in on_sqlite.said(), seconds=SECONDS)
    assert on_sqlite.sessions() == 0


def test_of_a_process_that_dies_after_its_commit_it_is_not_said_that_nothing_was_changed(faulty, on_sqlite):
    state = faulty("die_after_the_commit")
    assert on_sqlite.sessions() == 3
    assert state.state == "failed"
    assert state.said.startswith(f"Its process ended unexpectedly. {UNSURE}")
    assert "Nothing was changed" not in state.said
    again = on_sqlite.ended(on_sqlite.order(agenda_file(3)))
    assert (again.state, "the file was imported" in again.said) == ("refused", True), "ordered again, it does no harm"
    assert len(on_sqlite.imports()) == 1
    with on_sqlite.database.reading() as db:
        assert agenda.upload_of(db, implementations.find(db, "acme"), ANN) is None


def test_of_a_job_that_fails_while_it_saves_it_is_not_said_that_nothing_was_changed(faulty, on_sqlite):
    state = faulty("fail_while_saving")
    assert state.state == "failed"
    assert state.said.startswith(f"An error on our side stopped it. {UNSURE}")
    reference = state.said.rpartition("Reference: ")[2]
    assert f"background job failed ref={reference}" in on_sqlite.said()
    assert "ValueError: a bug" in on_sqlite.said()


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel shares processors without sessions")
def test_a_job_gives_way_to_other_sessions_too(tmp_path):
    source = "from runner.background import job_child; job_child.limit(768); print(open('/proc/self/autogroup').read())"
    with (tmp_path / "said").open("wb") as said:
        ended = warm_start.start(
            "this", env=os.environ, output=said, new_session=True, before=source + "; raise SystemExit"
        )
        assert ended.wait(60) == 0
    assert (tmp_path / "said").read_text().split()[-2:] == ["nice", str(job_child.NICENESS)]
