"""From a question to a message, through the cache, the queue, a worker process, the jail, and back."""

import time

import pytest

from runner.status.service import StatusRequest

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
