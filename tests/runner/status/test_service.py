import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from records import DatabaseUnavailable
from runner.status.change_events import StatusWaiter
from runner.status.service import BadToken, StatusRequest, StoreAway, UnknownImplementation, UnknownSession
from runner.status.status_body import login
from tests.support.eventually import eventually

ANN = StatusRequest("acme", "ann", "s1")
SECRET = (
    "def status(user, session, api):\n    return message('Hello ' + user.first_name, link='https://a.example.org/')\n"
)


def test_an_unknown_implementation_and_an_unknown_session_are_told_apart(house):
    house.add()
    with pytest.raises(UnknownImplementation):
        house.service.ask(StatusRequest("nobody", "ann", "s1"))
    with pytest.raises(UnknownSession):
        house.service.ask(StatusRequest("acme", "ann", "s2"))
    with pytest.raises(UnknownSession):
        house.service.returned(StatusRequest("acme", "ann", "s2"))


def test_without_a_worker_the_answer_is_checking_and_one_run_is_queued(house):
    house.add()
    statuses = [house.service.ask(ANN) for _ in range(5)]
    assert {status.state for status in statuses} == {"checking"}
    assert all(status.message is None and status.refresh_after >= 1 for status in statuses)
    assert house.redis.llen("rq:queue:status") == 1


def test_a_run_answers_everybody_who_asks_afterwards(house, work_off):
    house.add()
    house.service.ask(ANN)
    work_off()
    status = house.service.ask(ANN)
    assert (status.state, status.message.text, status.stale) == ("ready", "Claim 1.0 CE credit", False)
    assert 50 <= status.refresh_after <= 70
    assert abs(status.as_of - datetime.now(UTC)) < timedelta(seconds=10)
    assert house.service.ask(StatusRequest("acme", "bob", "s1")).state == "checking"


def test_the_json_is_what_the_fields_say(house, work_off):
    house.add()
    house.service.ask(ANN)
    work_off()
    status = house.service.ask(ANN)
    import json

    answer = json.loads(status.as_json())
    assert answer == {
        "state": "ready",
        "stale": False,
        "refresh_after": status.refresh_after,
        "message": {"text": "Claim 1.0 CE credit", "color": "#005d8a", "action": None},
        "as_of": status.as_of.isoformat(),
        "run": status.run,
    }


def test_a_change_takes_effect_at_once_in_every_process(house, work_off):
    house.add()
    other = house.new_service()
    try:
        house.service.ask(ANN)
        work_off()
        assert other.ask(ANN).message.text == "Claim 1.0 CE credit"
        house.activate("acme", "def status(user, session, api):\n    return message('New')\n")
        assert eventually(lambda: other.ask(ANN).state == "checking", seconds=2)
        work_off()
        assert other.ask(ANN).message.text == "New"
    finally:
        other.close()


def test_what_was_read_before_a_change_and_arrives_after_it_is_not_kept(house):
    house.add()
    profiles = house.service._snapshots
    read = profiles._implementations._read

    def slow(slug, name):
        found = read(slug, name)
        house.change("acme", show_when="after")
        return found

    profiles.drop(None)
    profiles._implementations._read = slow
    profiles.implementation("acme")
    profiles._implementations._read = read
    assert profiles.implementation("acme").show_when == "after"


def test_a_cached_answer_touches_no_database(house, work_off, monkeypatch):
    house.add()
    house.service.ask(ANN)
    work_off()
    house.service.ask(ANN)
    monkeypatch.setattr(house.database, "reading", None)
    monkeypatch.setattr(house.database, "session", None)
    assert house.service.ask(ANN).state == "ready"


def test_after_a_return_the_old_text_is_shown_as_being_checked_until_a_new_run_has_ended(house, work_off):
    house.add()
    house.service.ask(ANN)
    work_off()
    back = house.service.returned(ANN)
    assert (back.state, back.message.text) == ("checking", "Claim 1.0 CE credit")
    assert house.service.ask(ANN).state == "checking"
    work_off()
    between = house.service.ask(ANN)  # the message is the old one, so it is checked again in two seconds
    assert (between.state, between.refresh_after) == ("checking", 2)
    time.sleep(2)
    assert house.service.ask(ANN).state == "checking"
    assert house.redis.llen("st:orders:{acme}:back") == 1
    work_off()
    assert eventually(lambda: len(house.runs()) == 3)


def test_the_first_return_without_anything_shown_before_is_answered_by_its_run(house, work_off):
    house.add()
    assert house.service.returned(ANN).state == "checking"
    work_off()
    assert house.service.ask(ANN).state == "ready"


def test_a_return_address_leads_to_who_made_it_and_a_changed_one_to_nobody(house):
    house.add()
    url = house.service.return_url(ANN)
    assert url.startswith("http://127.0.0.1:8000/r/")
    token = url.rsplit("/", 1)[1]
    assert house.service.read_return_token(token) == ANN
    for position in (0, 10, len(token) - 1):
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        with pytest.raises(BadToken):
            house.service.read_return_token(changed)


@pytest.mark.parametrize(
    ("show_when", "begins_in_minutes", "shown"),
    [
        ("always", 600, True),
        ("during", 600, False),
        ("during", -30, True),
        ("during", -90, False),
        ("after", -30, False),
        ("after", -90, True),
        ("during or after", 10, False),
        ("during or after", -30, True),
        ("during or after", -90, True),
    ],
)
def test_a_message_is_shown_only_when_the_implementation_says(house, show_when, begins_in_minutes, shown):
    house.add(start=datetime.now(UTC) + timedelta(minutes=begins_in_minutes), show_when=show_when)
    status = house.service.ask(ANN)
    assert (status.state == "checking") == shown
    if not shown:
        assert status.state == "hidden"
        assert house.redis.llen("rq:queue:status") == 0
        assert house.service.returned(ANN).state == "hidden"


def test_a_hidden_widget_is_told_when_to_ask_again(house):
    house.add(start=datetime.now(UTC) + timedelta(seconds=100), show_when="during")
    assert 95 <= house.service.ask(ANN).refresh_after <= 101


def test_only_the_user_types_which_are_named_see_the_widget(house):
    house.add(user_types=["Attendee"])
    assert house.service.ask(ANN).state == "checking"
    house.change("acme", user_types=["exhibitor"])
    assert house.service.ask(ANN).state == "hidden"
    assert house.service.ask(StatusRequest("acme", "a stranger", "s1")).state == "hidden"


def test_a_sub_session_shows_the_message_of_its_parent(house, work_off):
    source = "def status(user, session, api):\n    return message('This is ' + session.id)\n"
    house.add(source=source, sessions=("day", "s1", "s2"), parent="day", inherit_from_parent=True)
    house.service.ask(ANN)
    work_off()
    assert house.service.ask(ANN).message.text == "This is day"
    assert house.service.ask(StatusRequest("acme", "ann", "s2")).message.text == "This is day"
    assert house.service.ask(StatusRequest("acme", "ann", "day")).message.text == "This is day"
    assert eventually(lambda: len(house.runs()) == 1)


def test_without_a_script_in_service_the_widget_is_hidden(house):
    house.add(source=None)
    assert house.service.ask(ANN).state == "hidden"


def test_a_waiting_request_is_woken_by_the_end_of_the_run(house, work_off):
    house.add()
    found = []
    waiting = threading.Thread(target=lambda: found.append(house.service.ask(ANN, wait_s=2)))
    waiting.start()
    assert eventually(lambda: house.redis.llen("rq:queue:status"))
    work_off()
    waiting.join()
    assert found[0].message.text == "Claim 1.0 CE credit"
    assert house.service._change_listener._waiting == {}


def test_who_finds_no_seat_is_answered_without_waiting(house, monkeypatch):
    monkeypatch.setattr(StatusWaiter, "ended", lambda *_: pytest.fail("it waits"))
    house.add()
    slots = house.service._threads.slots
    with ExitStack() as stack:
        while stack.enter_context(slots.taken_for("acme")):
            pass
        assert house.service.ask(ANN, wait_s=2).state == "checking"


def test_the_time_to_the_next_question_grows_with_the_queue(house):
    house.add()
    few = house.service.ask(ANN).refresh_after
    house.redis.rpush("st:orders:{acme}", *range(480))
    house.service._load._readings.clear()
    many = house.service.ask(ANN).refresh_after
    assert few <= 2
    assert 10 <= many <= 15  # as many as are in flight, 12, end in a quarter of a second


def test_when_the_store_is_gone_there_is_no_status_and_it_is_said_why(house, monkeypatch):
    from runner.status.cache import StatusCache
    from runner.store.clients import connect

    house.add()
    house.service.ask(ANN)
    nowhere = connect("unix:///nowhere/store.sock")
    monkeypatch.setattr(house.service._threads, "_cache", StatusCache(nowhere))
    for question in (house.service.ask, house.service.returned):
        with pytest.raises(StoreAway):
            question(ANN)
    nowhere.close()


def test_a_cached_status_needs_no_database_and_what_nobody_asked_for_does(house, work_off):
    """Also when what was read of the records is over its life."""
    house.add(sessions=("s1", "s2"), user_types=["attendee"])
    house.service.ask(ANN)
    work_off()
    assert house.service.ask(ANN).state == "ready"
    profiles = house.service._snapshots
    for snapshots in (profiles._implementations, profiles._sessions, profiles._user_types):
        snapshots._values = {key: (0.0, value) for key, (_, value) in snapshots._values.items()}
    file = Path(house.settings.database_url.removeprefix("sqlite:///"))
    file.rename(file.with_suffix(".moved"))
    try:
        assert {house.service.ask(ANN).state for _ in range(3)} == {"ready"}
        assert house.service.returned(ANN).state == "checking"
        with pytest.raises(DatabaseUnavailable):
            house.service.ask(replace(ANN, session="s2"))
    finally:
        file.with_suffix(".moved").rename(file)
    assert house.service.ask(replace(ANN, session="s2")).state == "checking"


def test_when_the_run_cannot_be_queued_the_next_who_asks_tries_again(house, monkeypatch):
    from redis.exceptions import ConnectionError as Lost

    house.add()
    enqueue = house.service._queue.enqueue

    def fails(*_, **__):
        raise Lost

    monkeypatch.setattr(house.service._queue, "enqueue", fails)
    with pytest.raises(StoreAway):
        house.service.ask(ANN)
    monkeypatch.setattr(house.service._queue, "enqueue", enqueue)

    def queued_again():
        assert house.service.ask(ANN).state == "checking"
        return house.redis.llen("rq:queue:status") == 1

    assert eventually(queued_again, seconds=5)
    assert house.redis.llen("st:orders:{acme}") == 1


def test_an_order_whose_lock_has_ended_counts_no_more_so_those_who_ask_again_cause_one_run(house, work_off):
    house.add()
    house.service.ask(ANN)
    (key,) = house.redis.keys("st:{acme:*")
    for _ in range(3):
        house.redis.hset(key, "until", 1)
        assert house.service.ask(ANN).state == "checking"
    work_off()
    assert house.service.ask(ANN).state == "ready"
    assert eventually(lambda: len(house.runs()) == 1)


def test_the_login_message_is_the_one_of_the_product():
    status = login("https://status.example.org/login/acme?next=s1")
    assert status.state == "login"
    assert status.message.text == "Log in for session status info"
    assert (status.message.action.kind, status.as_of, status.run) == ("login", None, None)
