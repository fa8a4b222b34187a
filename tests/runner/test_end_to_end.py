"""From a question to a message, through the cache, the queue, a worker process, the jail, and back."""

import time

import pytest

from records import audit
from records.changes.scripts import deployments
from records.changes.scripts.readiness import Without
from runner.status.service import StatusRequest
from tests.support.eventually import eventually

pytestmark = pytest.mark.slow

ANN = StatusRequest("acme", "ann", "s1")


def test_a_question_becomes_a_run_whose_message_is_shown_and_traced(house, start_worker):
    house.add()
    start_worker()
    status = house.service.ask(ANN, wait_s=0.8)
    assert status.state == "ready"
    assert status.message.text == "Claim 1.0 CE credit"
    assert status.message.color == "#005d8a"
    assert status.run
    assert house.service.ask(ANN).etag == status.etag


def test_claim_go_away_come_back_and_the_message_has_changed_and_was_never_stale(house, start_worker):
    source = "def status(user, session, api):\n    return message(user.attributes['vendor_says'])\n"
    house.add(source=source)
    house.know(vendor_says="Claim 1.0 CE credit")
    start_worker()
    assert house.service.ask(ANN, wait_s=0.8).message.text == "Claim 1.0 CE credit"
    back = house.service.returned(ANN)
    assert (back.state, back.message.text) == ("checking", "Claim 1.0 CE credit")
    seen = [house.service.ask(ANN, wait_s=0.8)]
    house.know(vendor_says="Credit claimed")  # the vendor's system lagged
    end = time.monotonic() + 10
    while seen[-1].state != "ready" and time.monotonic() < end:
        time.sleep(0.2)
        seen.append(house.service.ask(ANN))
    assert {(status.state, status.message.text) for status in seen[:-1]} == {("checking", "Claim 1.0 CE credit")}
    assert (seen[-1].state, seen[-1].message.text, seen[-1].stale) == ("ready", "Credit claimed", False)


def test_a_script_that_is_replaced_is_in_effect_with_the_next_question(house, start_worker):
    house.add()
    start_worker()
    assert house.service.ask(ANN, wait_s=0.8).state == "ready"
    for number in range(5):
        house.activate("acme", f"def status(user, session, api):\n    return message('Version {number}')\n")
        assert house.service.ask(ANN, wait_s=0.8).message.text == f"Version {number}"


def test_a_roll_back_is_in_effect_with_the_next_question_and_so_is_a_stop(house, start_worker):
    house.add(fallback_text="Back soon")
    house.activate("acme", "def status(user, session, api):\n    return message('Wrong')\n")
    start_worker()
    for _ in range(3):
        assert house.service.ask(ANN, wait_s=0.8).message.text == "Wrong"
        house.commit(deployments.roll_back, expected=2)
        assert house.service.ask(ANN, wait_s=0.8).message.text == "Claim 1.0 CE credit"
        house.commit(deployments.stop)
        assert house.service.ask(ANN, wait_s=0.8).message.text == "Back soon"
        house.commit(deployments.go_on)
        house.commit(deployments.activate, 2, without=Without.REVIEW)


@pytest.mark.slow
def test_a_worker_process_reverts_a_bad_stage_by_itself_and_every_user_keeps_a_message(house, start_worker):
    house.add()
    bad = house.store("acme", "def status(user, session, api):\n    return message(user.attributes['missing'])\n")
    house.commit(deployments.stage, bad.number, 50, without=Without.REVIEW)
    start_worker()
    requests = [StatusRequest("acme", f"user{number}", "s1") for number in range(60)]
    assert eventually(lambda: all(shown(house, request) == "Claim 1.0 CE credit" for request in requests))

    def reverted():
        with house.database.reading() as db:
            entry = audit.recent(db, implementation="acme")[0]
            return (entry.actor, entry.action) == ("the service", "script.reverted")

    assert eventually(reverted, seconds=30, every=0.5)
    assert eventually(lambda: all(shown(house, request) == "Claim 1.0 CE credit" for request in requests))
    assert {house.service.ask(request).stale for request in requests} == {False}


def shown(house, request):
    message = house.service.ask(request).message
    return message.text if message else ""


def test_a_changed_setting_is_in_effect_with_the_next_question_whatever_was_cached(house, start_worker):
    house.add(
        source="def status(user, session, api):\n    return message(api.settings['text'])\n",
        script_settings={"text": "0"},
    )
    start_worker()
    assert house.service.ask(ANN, wait_s=0.8).message.text == "0"
    for number in range(1, 6):
        house.change("acme", script_settings={"text": str(number)})
        assert house.service.ask(ANN, wait_s=0.8).message.text == str(number)
