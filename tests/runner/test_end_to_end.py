"""From a question to a message, through the cache, the queue, a worker process, the jail, and back."""

from runner.status import Asker

ANN = Asker("acme", "ann", "s1")


def test_a_question_becomes_a_run_whose_message_is_shown_and_traced(house, start_worker):
    house.add()
    start_worker()
    status = house.desk.ask(ANN, wait_s=0.8)
    assert status.state == "ready"
    assert status.message.text == "Claim 1.0 CE credit"
    assert status.message.color == "#005d8a"
    assert status.run
    assert house.desk.ask(ANN).etag == status.etag
