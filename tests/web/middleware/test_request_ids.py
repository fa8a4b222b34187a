"""Every request has an id of our own making, which the lines of the log carry that its answer leaves behind."""

import json
import logging
import re

import pytest

from runner.logs import line_ids
from tests.support.real_server import running
from tests.support.stub_status_service import STATUS
from tests.support.valkey import redis, valkey_url  # noqa: F401 - fixtures


class Ids(logging.Handler):
    """Notes which ids a line would carry."""

    def __init__(self):
        super().__init__()
        self.found = []

    def emit(self, record):
        self.found.append((record.getMessage(), line_ids.present()))


@pytest.fixture
def ids():
    handler, root = Ids(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler.found
    root.removeHandler(handler)
    root.setLevel(level)


def test_two_requests_have_two_ids_and_none_counts_afterwards(http, ids):
    http.get("/api/x")
    http.get("/api/x")
    first, second = [found["request"] for said, found in ids if said.startswith("error shown")]
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert first != second
    assert line_ids.present() == {}


def test_an_id_that_a_stranger_sends_is_not_taken(http, ids):
    sent = {"X-Request-ID": "f" * 16, "X-Correlation-ID": "f" * 16, "Traceparent": f"00-{'f' * 32}-{'f' * 16}-01"}
    http.get("/api/x", headers=sent)
    assert [found for said, found in ids if said.startswith("error shown")]
    assert "f" * 16 not in str(ids)


def test_an_answer_does_not_tell_the_id(http, ids):
    answer = http.get("/api/x")
    assert ids[0][1]["request"] not in str(answer.headers) + answer.text


@pytest.mark.slow
def test_every_line_of_the_web_server_is_json_also_those_of_granian(tmp_path, valkey_url):  # noqa: F811 - the fixture that was imported
    log = tmp_path / "web.log"
    with (
        log.open("wb") as stderr,
        running(tmp_path, valkey_url, stderr=stderr, log_format="json", log_level="INFO") as server,
    ):
        assert server.get(STATUS.replace("CE-1", "x%0a%1b[2J"))[0] == 400
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (refused,) = [line for line in lines if line["message"].startswith("error shown")]
    assert re.fullmatch("[0-9a-f]{16}", refused["request"])
    assert "_granian" in {line["logger"].split(".")[0] for line in lines}
