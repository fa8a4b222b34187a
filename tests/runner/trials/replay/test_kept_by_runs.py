"""From a run of the service to its replay: what the worker keeps is what a replay needs, and no more."""

import pytest

from records import ConnectionDraft, SecretBox
from records.tenants import connections, implementations
from records.trials import kept_answers
from runner.status.service import StatusRequest
from runner.trials.replay.earlier_runs import earlier_runs
from runner.trials.replay.replay import ReplayTerms, replay
from sandbox import RunLimits
from tests.support.eventually import eventually

SCRIPT = """def status(user, session, api):
    try:
        api.get("vendor", "/x", params={"token": "tok-123", "page": 1})
    except ApiError as fault:
        return message("Back: " + fault.kind, link=with_query("https://a.example.org/", to=api.return_url()))
"""


@pytest.fixture
def ran(house, work_off):
    """Let one run be made in an implementation that keeps answers for so many days; return its kept answers."""

    def go(days):
        house.add(source=SCRIPT, link_hosts=["a.example.org"], keep_answers_days=days)
        with house.database.session() as db:
            draft = ConnectionDraft("vendor", "http://127.0.0.1:9", development=True, timeout_s=0.5)
            connections.save(db, SecretBox(house.settings.keys), implementations.find(db, "acme"), draft)
        house.service.changed("acme")
        house.service.ask(StatusRequest("acme", "ann", "s1"))
        work_off()
        eventually(house.runs)
        (run,) = house.runs()
        with house.database.reading() as db:
            return kept_answers.of_runs(db, implementations.find(db, "acme"), [run.id]).get(run.id)

    return go


def test_without_the_setting_no_answer_is_kept(ran):
    assert ran(0) is None


def test_a_run_of_the_service_can_be_replayed_and_its_secrets_are_not_kept(house, ran, bench):
    (entry,) = ran(1)
    assert entry.pop("error") in {"connection", "timeout"}  # nothing listens there
    query = {"token": ["[redacted]"], "page": ["1"]}
    assert entry == {"connection": "vendor", "method": "GET", "path": "/x", "query": query}
    with house.database.reading() as db:
        owner = implementations.find(db, "acme")
    terms = ReplayTerms(("a.example.org",), RunLimits(), owner.default_color, house.settings.public_url)
    version = SCRIPT, bench.review(SCRIPT).checked.code
    assert replay(bench, version, earlier_runs(house.database, owner, most=5), terms).as_json()["same"] == 1
