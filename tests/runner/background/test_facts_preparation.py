"""The preparation of facts as a background job, on a real store and a real vendor: what is stored, for whom, and when nothing is."""

from datetime import UTC, datetime, timedelta

import pytest

from records import ConnectionDraft, RuleViolation, SecretBox, audit
from records.agenda import sessions
from records.audit import AuditContext
from records.changes import retirement
from records.facts import ending_sessions, fact_lists, fact_reading, fact_storage, prepared_runs
from records.facts.fact_storage import FactBatch, FactSource
from records.people import users
from records.scripts import deployments, versions
from records.scripts.suspensions import SERVICE
from records.tenants import connections, implementations
from runner.background import facts_preparation
from runner.background.ahead.prepare_schedule import PrepareSchedule
from runner.background.job_child import run_order
from runner.queues.job_orders import FACTS_PREPARATION, JobOrder, OrderSigner
from runner.queues.job_states import JobStates
from runner.queues.prepare_orders import LOOKS, PrepareOrders
from runner.status.service import StatusRequest
from runner.store.clients import connect
from tests.runner.conftest import START
from tests.support.vendors import reply

LIST = """
def status(user, session, api):
    if api.facts:
        return message("Claimed " + api.facts["credits"])
    return message("Claimed " + api.get("ethos", "/credits", params={"user": user.id}).json()["credits"])

def prepare(session, api):
    facts, page = {}, "1"
    while page:
        answer = api.get("ethos", "/list", params={"session": session.id, "page": page}).json()
        for row in answer["rows"]:
            facts[row["user"]] = {"credits": row["credits"]}
        page = answer.get("next")
    api.log("pages read; the last row is of", answer["rows"][-1]["email"])
    return facts
"""
ODD = ("Ann", "ann ", " ann", "ann\0", "a\u00f1n", "an\u0303n", "other/ann", "", "x" * 300, "1")


class Preparation:
    """An implementation with a vendor that lists credits by user, some a page."""

    def __init__(self, house, start_vendor):
        self.house, self.rows, self.meanwhile = house, {}, None
        self.vendor = start_vendor(self._answer)
        house.add(source=None, sessions=("s1", "s2"))
        draft = ConnectionDraft("ethos", self.vendor.url, development=True)
        with house.database.session() as db:
            connections.save(db, SecretBox(house.settings.keys), self.owner(db), draft)
        self.sha256 = house.activate("acme", LIST)

    def owner(self, db):
        return implementations.find_any(db, "acme")

    def _answer(self, request):
        if self.meanwhile:
            self.meanwhile()
        if request.path == "/credits":
            return reply({"credits": "0.5"})
        page = int(request.target.rpartition("page=")[2])
        users = list(self.rows)[2 * page - 2 : 2 * page]
        rows = [{"user": user, "credits": self.rows[user], "email": "mei@hospital.org"} for user in users]
        return reply({"rows": rows, **({"next": str(page + 1)} if len(self.rows) > 2 * page else {})})

    def know(self, *subjects):
        with self.house.database.session() as db:
            for subject in subjects:
                users.remember(db, self.owner(db), subject, users.UserProfile(username=subject, user_type="attendee"))

    def __call__(self, session="s1", by=SERVICE, because="many looks"):
        order = JobOrder("0" * 32, FACTS_PREPARATION, "acme", by, 0, {"session": session, "because": because})
        return run_order(self.house.settings, order, lambda *_: None, lambda: False)

    def facts(self, session="s1"):
        names = ("ann", "bob", "cleo")
        with self.house.database.reading() as db:
            owner = self.owner(db)
        read = {name: fact_reading.read_user(self.house.database, owner, name, session).facts.facts for name in names}
        return {name: facts for name, facts in read.items() if facts}

    def runs(self, session="s1"):
        with self.house.database.reading() as db:
            return prepared_runs.of_session(db, self.owner(db), session)


@pytest.fixture
def prepare(house, start_vendor, job_jail):
    return Preparation(house, start_vendor)


def test_a_vendors_list_becomes_facts_of_known_users_and_the_run_is_kept_without_addresses(prepare, own_jail):
    prepare.know("bob", "cleo")
    prepare.rows = {"ann": "1.0", "bob": "2.0", "stranger": "3.0", **dict.fromkeys(ODD, "9.9")}
    end = prepare()
    assert (end.state, end.result) == ("done", {"entries": 13, "changed": 2}), end
    assert prepare.facts() == {"ann": {"credits": "1.0"}, "bob": {"credits": "2.0"}}
    assert prepare.facts("s2") == {}
    [run] = prepare.runs()
    assert (run.outcome, run.entries, run.changed, run.answers) == (
        "returned", 13, 2, {"taken": 2, "unknown user": 11}
    )  # fmt: skip
    assert [call["path"] for call in run.calls] == ["/list"] * 7
    assert run.log == ["pages read; the last row is of person-1@example.org"]
    assert "hospital" not in str(vars(run))


def test_whoever_is_asked_for_by_address_is_not_in_the_record_of_the_calls(prepare):
    by_address = LIST.replace('"page": page}', '"mail": "mei@hospital.org", "page": page}')
    prepare.house.activate("acme", by_address.replace('"/list"', '"/list/mei@hospital.org"'))
    prepare.rows = {"ann": "1.0"}
    assert prepare().state == "done"
    [call] = prepare.runs()[0].calls
    assert (call["path"], "page=1" in call["query"]) == ("/list/person-1@example.org", True)
    assert "hospital" not in str(call)


def test_a_changed_fact_makes_a_shown_status_due_and_an_unchanged_one_does_not(prepare, work_off):
    ann, service = StatusRequest("acme", "ann", "s1"), prepare.house.service
    service.ask(ann)
    work_off()
    assert service.ask(ann).message.text == "Claimed 0.5"
    prepare.rows = {"ann": "1.0"}
    prepare()
    service.ask(ann)
    work_off()
    assert service.ask(ann).message.text == "Claimed 1.0"
    assert [request.path for request in prepare.vendor.requests] == ["/credits", "/list"]
    assert prepare().result == {"entries": 1, "changed": 0}
    assert not service.ask(ann).stale


def test_a_later_push_wins_over_a_list_that_was_asked_for_earlier(prepare):
    def push():
        with prepare.house.database.session() as db:
            batch = FactBatch("s1", datetime.now(UTC), FactSource.PUSHED, {"ann": {"credits": "2.0"}})
            fact_storage.store(db, prepare.owner(db), batch)

    prepare.rows, prepare.meanwhile = {"ann": "1.0"}, push
    assert prepare().state == "done"
    assert prepare.facts() == {"ann": {"credits": "2.0"}}
    assert prepare.runs()[0].answers == {"older": 1}


def test_who_is_not_in_the_list_any_more_has_no_prepared_facts_but_keeps_pushed_ones(prepare):
    prepare.know("bob", "cleo")
    prepare.rows = {"ann": "1.0", "bob": "1.0"}
    prepare()
    with prepare.house.database.session() as db:
        batch = FactBatch("s1", datetime.now(UTC), FactSource.PUSHED, {"cleo": {"credits": "4.0"}})
        fact_storage.store(db, prepare.owner(db), batch)
    prepare.rows = {"ann": "1.0"}
    assert prepare().result == {"entries": 1, "changed": 1}
    assert prepare.facts() == {"ann": {"credits": "1.0"}, "cleo": {"credits": "4.0"}}


def retire_session(house):
    with house.database.session() as db:
        sessions.find(db, implementations.find(db, "acme"), "s1").retired_at = datetime.now(UTC)


def archive(house):
    with house.database.session() as db:
        retirement.archive(db, implementations.find(db, "acme"), AuditContext("staff/olga", "over"))


def suspend(house):
    with house.database.session() as db:
        owner = implementations.find(db, "acme")
        deployments.suspend(db, deployments.active_version(db, owner), "it left the language", SERVICE)


def stop(house):
    with house.database.session() as db:
        implementations.find(db, "acme").stopped_at = datetime.now(UTC)


def activate_another(house):
    house.activate("acme", LIST + "\n# newer\n")


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (retire_session, "not in the agenda"),
        (archive, "the implementation is not served"),
        (activate_another, "the version is not active any more"),
        (suspend, "the version is not active any more"),
        (stop, "scripts are stopped"),
    ],
)
def test_nothing_is_stored_if_meanwhile(prepare, meanwhile, said):
    prepare.rows, prepare.meanwhile = {"ann": "1.0"}, lambda: meanwhile(prepare.house)
    end = prepare()
    assert (end.state, prepare.runs()) == ("refused", [])
    assert said in end.said
    with prepare.house.database.reading() as db:
        assert fact_lists.counts(db, prepare.owner(db)) == []


def test_what_is_stored_before_something_is_in_the_way_makes_its_statuses_due(prepare, work_off, monkeypatch):
    """Users are stored some at a time, and each time may be the last: by an outage, an archived implementation, the end of the process."""
    prepare.know("zoe")
    looks = [StatusRequest("acme", user, "s1") for user in ("ann", "zoe")]
    for look in looks:
        prepare.house.service.ask(look)
    work_off()
    monkeypatch.setattr(facts_preparation, "USERS_AT_ONCE", 1)
    store, stored = fact_storage.store, []

    def once(*given):
        if stored:
            raise RuleViolation("session", "is in the way")
        stored.append(given)
        return store(*given)

    monkeypatch.setattr(fact_storage, "store", once)
    prepare.rows = {"ann": "1.0", "zoe": "2.0"}
    assert "is in the way" in prepare().said
    assert prepare.facts() == {"ann": {"credits": "1.0"}}
    assert [prepare.house.service.ask(look).stale for look in looks] == [True, False]


def test_a_failing_prepare_leaves_what_was_known_and_the_third_failure_is_told_once(prepare):
    prepare.rows = {"ann": "1.0"}
    assert prepare(by="acme/olga", because="by hand").state == "done"
    prepare.rows = {}  # the script stumbles over the empty list
    ends = [prepare() for _ in range(4)]
    assert {end.state for end in ends} == {"refused"}
    assert "IndexError" in ends[0].said or "list index" in ends[0].said
    assert prepare.facts() == {"ann": {"credits": "1.0"}}
    assert [run.outcome for run in prepare.runs()] == ["raised"] * 4 + ["returned"]
    with prepare.house.database.reading() as db:
        told = [entry.action for entry in audit.recent(db, implementation="acme", limit=50)]
    assert (told.count("prepare.failing"), told.count("facts.prepared")) == (1, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda house: house.activate("acme", "def status(user, session, api):\n    return hidden()\n"), "no function prepare"),
        (retire_session, "not in the agenda"),
        (archive, "not served"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_and_calls_nothing(prepare, change, said):
    change(prepare.house)
    end = prepare()
    assert (end.state, prepare.vendor.requests) == ("refused", [])
    assert said in end.said


def test_before_their_end_sessions_are_due_once_and_only_for_scripts_that_prepare(prepare):
    house = prepare.house
    ends = START + timedelta(hours=1)
    with house.database.reading() as db:
        due = [
            {one.session for one in ending_sessions.due(db, ends - timedelta(minutes=minutes))}
            for minutes in (6, 2.9, 0.1)
        ]
        assert (due, ending_sessions.due(db, ends)) == ([set(), {"s1", "s2"}, {"s1", "s2"}], [])
    orders = PrepareOrders(connect(house.settings.redis_url), OrderSigner(house.settings.keys))
    schedules = [PrepareSchedule(house.database, orders, lambda: False) for _ in range(2)]
    assert [one.look(ends - timedelta(minutes=2)) for one in (*schedules, schedules[0])] == [2, 0, 0]
    assert len(JobStates(house.redis).open_ids()) == 2
    orders.close()
    house.change("acme", inherit_from_parent=True)
    with house.database.session() as db:
        sessions.find(db, prepare.owner(db), "s2").parent_id = "s1"
    with house.database.reading() as db:  # nobody reads facts about a session that shows another one's message
        assert {one.session for one in ending_sessions.due(db, ends - timedelta(minutes=1))} == {"s1"}
    house.change("acme", prepare_minutes_before_end=0)
    with house.database.reading() as db:
        assert ending_sessions.due(db, ends - timedelta(minutes=1)) == []
    house.change("acme", prepare_minutes_before_end=5)
    house.activate("acme", "def status(user, session, api):\n    return hidden()\n")
    with house.database.reading() as db:
        assert ending_sessions.due(db, ends - timedelta(minutes=1)) == []
        assert deployments.active_version(db, prepare.owner(db)).prepares is False
        assert versions.find_version(db, prepare.owner(db), prepare.sha256).prepares is True


def test_users_who_look_a_lot_order_one_preparation_whose_facts_the_next_ones_read(prepare, work_off):
    house, names = prepare.house, [f"p{number}" for number in range(LOOKS + 5)]
    prepare.know(*names)
    prepare.rows = dict.fromkeys(names, "1.0")
    for name in names[:LOOKS]:
        house.service.ask(StatusRequest("acme", name, "s1"))
    work_off()
    states = JobStates(house.redis)
    [job] = states.open_ids()
    assert (states.find(job, "queued").kind, states.find(job, "queued").by) == (FACTS_PREPARATION, SERVICE)
    assert prepare().state == "done"
    calls = len(prepare.vendor.requests)
    for name in names[LOOKS:]:
        house.service.ask(StatusRequest("acme", name, "s1"))
    work_off()
    assert house.service.ask(StatusRequest("acme", names[-1], "s1")).message.text == "Claimed 1.0"
    assert len(prepare.vendor.requests) == calls
    assert states.open_ids() == [job]
