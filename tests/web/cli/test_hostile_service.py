"""What a hostile service answers to an author's commands: texts that steer a terminal, and answers of any shape."""

import pytest

from web.cli.service.service_client import ServiceClient

STEER = "\x1b]0;owned\x07\x1b[2J"
_ERROR = {"type": STEER, "text": STEER, "line": 1, "chain": [], "calls": []}
_CALL = {"connection": STEER, "method": STEER, "path": STEER, "query": STEER, "status": 200, "ms": 1.0, "bytes": 1}
RUN = {
    **dict.fromkeys(("id", "reference", "user", "session", "user_name", "session_title", "version", "outcome"), STEER),
    "shown_as": STEER,
    "started_at": "2026-05-04T14:10:00+00:00",
    "usage": {"wall_ms": 1.0},
    "error": _ERROR,
    "message": {"text": STEER, "color": "#005d8a", "action": {"url": STEER}},
    "warnings": [STEER],
    "log": [STEER],
    "calls": [_CALL | {"fault": STEER, "same": False, "attempts": 1, "cached": False, "digest": STEER}],
}
FINDING = dict.fromkeys(("line", "column", "severity", "what", "why", "instead", "rule"), STEER)
SUBMISSION = {
    **dict.fromkeys(("number", "version", "state", "submitted_at", "submitted_by", "note"), STEER),
    "findings": [FINDING],
    "review": dict.fromkeys(("decision", "reviewer", "note", "at"), STEER),
    "comments": [{"line": STEER, "text": STEER, "by": STEER, "at": STEER, "resolved": False}],
}
VERSION = dict.fromkeys(("version", "sha256", "state", "stored_at", "stored_by"), STEER)
RUNS = {"time_zone": "UTC", "runs": [RUN]}
#: What each command reads, in the form of ours.
COMMANDS = {
    "script status demo 3": SUBMISSION,
    "script versions demo": {"versions": [VERSION]},
    "script diff demo 1 2": {"diff": f"{STEER}\n{STEER}"},
    "script token demo": {"name": STEER, "person": STEER, "allows": [STEER], "ends_at": STEER},
    "runs list demo": RUNS,
    "runs show demo abc": RUNS,
    "runs tail demo --for 0": RUNS,
}
#: Answers in no form of ours.
SHAPES = (
    *({}, [], None, 1, "x", {"versions": 1}, {"versions": [1]}, {"versions": [{}]}, {"diff": 1}, {"diff": [1]}),
    *({"runs": [1], "time_zone": "UTC"}, {"runs": [{}], "time_zone": "UTC"}, {"runs": [], "time_zone": "../../x"}),
    *({"runs": 5, "time_zone": 5}, {"submissions": [{}]}, {"name": 1, "person": [], "allows": 1}),
)


@pytest.fixture
def told(cli, monkeypatch):
    """Run a command to which the service answers this."""

    def run(command, answer):
        monkeypatch.setattr(ServiceClient, "_ask", lambda *_: answer)
        env = {"SESSION_STATUS_TOKEN": "sst_x", "SESSION_STATUS_SERVICE": "https://status.example.org"}
        return cli(*command.split(), env=env)

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_no_text_of_a_service_steers_the_terminal(told, command):
    result = told(command, COMMANDS[command])
    assert result.exit_code == 0
    assert "owned" in result.output or "tail" in command  # which waits for runs that begin after it
    assert "\x1b" not in result.output
    assert "\x07" not in result.output


@pytest.mark.parametrize("json", ["", " --json"])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_of_any_shape_is_no_traceback(told, command, json):
    for answer in SHAPES:
        told(command + json, answer)  # an exception would leave it
