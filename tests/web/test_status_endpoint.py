"""The status endpoint: each state, each credential, each refusal."""

from runner.status import Asker
from tests.web.stub_desk import CLAIM, STATUS, ready

LOGIN_TEXT = "Log in for session status info"


def test_ready_has_message_action_and_private_headers(http, desk, bearer):
    desk.status = ready(CLAIM)
    answer = http.get(STATUS, headers=bearer())
    assert answer.status_code == 200
    assert answer.json == {
        "state": "ready",
        "message": {
            "text": "Claim 1.0 CE credit",
            "color": "#9b3900",
            "action": {"kind": "link", "url": "https://cme.example.org/claim"},
        },
        "as_of": "2026-11-23T09:30:00+00:00",
        "stale": False,
        "refresh_after": 60,
        "run": "01RUN",
    }
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert {"Authorization", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    assert answer.headers["ETag"]
    assert desk.asked == [(Asker("demo", "ada", "CE-1"), 0.0)]
