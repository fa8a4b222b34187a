"""The status endpoint: each state, each credential, and the response headers."""

import pytest

from records import DatabaseUnavailable
from runner.status.service import StatusRequest
from runner.status.status_body import Status
from tests.support.people import visitor
from tests.support.stub_status_service import (
    CLAIM,
    HIDDEN,
    PUBLIC_URL,
    SAME_ORIGIN,
    STATUS,
    UNAVAILABLE,
    WIDGET,
    checking,
    ready,
)

LOGIN = {
    "text": "Log in for session status info",
    "color": None,
    "action": {"kind": "login", "url": f"{PUBLIC_URL}/login/demo?next=/app/demo/sessions/CE-1"},
}


def test_ready_has_message_action_and_private_headers(http, status_service, bearer):
    status_service.status = ready(CLAIM)
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
    assert status_service.asked == [(StatusRequest("demo", "ada", "CE-1"), 0.0)]


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (ready(), 200, "ready"),
        (ready(stale=True), 200, "ready"),
        (checking(CLAIM), 200, "checking"),
        (checking(), 202, "checking"),
        (HIDDEN, 200, "hidden"),
        (UNAVAILABLE, 200, "unavailable"),
    ],
)
def test_each_state_has_its_status_code(http, status_service, bearer, status, code, state):  # noqa: PLR0913, PLR0917 - fixtures
    status_service.status = status
    answer = http.get(STATUS, headers=bearer())
    assert (answer.status_code, answer.json["state"]) == (code, state)
    assert ("Retry-After" in answer.headers) == (code == 202)


def test_while_unavailable_the_app_gets_the_reference_that_the_widget_shows_and_otherwise_none(
    http, status_service, bearer
):
    assert "reference" not in http.get(STATUS, headers=bearer()).json
    status_service.status = Status("unavailable", refresh_after=5, reference="3f9ca71e")
    answer = http.get(STATUS, headers=bearer())
    assert answer.json["reference"] == "3f9ca71e"
    assert "Reference 3f9ca71e" in http.get(WIDGET, headers=bearer()).text
    status_service.status = Status("unavailable", refresh_after=5, reference="4567abcd")
    newer = http.get(STATUS, headers=bearer() | {"If-None-Match": answer.headers["ETag"]})
    assert (newer.status_code, newer.json["reference"]) == (200, "4567abcd")


def test_checking_without_an_answer_says_when_to_ask_again(http, status_service, bearer):
    status_service.status = checking(refresh_after=7)
    assert http.get(STATUS, headers=bearer()).headers["Retry-After"] == "7"


def test_an_unchanged_status_is_304_without_a_body(http, bearer):
    etag = http.get(STATUS, headers=bearer()).headers["ETag"]
    again = http.get(STATUS, headers=bearer() | {"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Cache-Control"] == "private, no-store"


def test_a_304_while_checking_still_says_when_to_ask_again(http, status_service, bearer):
    status_service.status = checking(refresh_after=7)
    etag = http.get(STATUS, headers=bearer()).headers["ETag"]
    again = http.get(STATUS, headers=bearer() | {"If-None-Match": etag})
    assert (again.status_code, again.headers["Retry-After"]) == (304, "7")


def test_a_changed_status_is_not_304(http, status_service, bearer):
    etag = http.get(STATUS, headers=bearer()).headers["ETag"]
    status_service.status = ready(CLAIM, run="01NEWER")
    assert http.get(STATUS, headers=bearer() | {"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        ("wait=0.3", 0.3),
        ("wait=600", 0.8),
        ('respond-async, wait="0.5"', 0.5),
        ("WAIT=0.2; foo", 0.2),
        ("wait=-1", 0),
        ("wait=soon", 0),
        ("await=3", 0),
        ("wait=99999999999999999999999999", 0),
        ("", 0),
    ],
)
def test_a_preferred_wait_is_granted_up_to_the_settings(http, status_service, bearer, header, waited):
    answer = http.get(STATUS, headers=bearer() | {"Prefer": header})
    assert status_service.asked[-1][1] == waited
    assert answer.headers.get("Preference-Applied") == (f"wait={waited:g}" if waited else None)


def test_without_a_credential_the_state_is_login_and_leads_back(http, status_service):
    answer = http.get(STATUS)
    assert answer.status_code == 200
    assert (answer.json["state"], answer.json["message"]) == ("login", LOGIN)
    assert status_service.asked == []


@pytest.mark.parametrize("token", ["garbage", "", "x" * 5000, "W10.aaaa.bbbb"])
def test_a_bad_bearer_token_is_401_with_the_login_message(http, status_service, token):
    answer = http.get(STATUS, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.mimetype == "application/problem+json"
    assert (answer.json["status"], answer.json["state"], answer.json["message"]) == (401, "login", LOGIN)
    assert status_service.asked == []


def test_the_login_cookie_is_a_credential(http, status_service, log_in):
    log_in()
    assert http.get(STATUS).json["state"] == "ready"
    assert status_service.asked[0][0].user == "ada"


def test_another_implementations_login_gives_nothing(http, status_service, bearer, log_in):
    log_in("other", "bob")
    for answer in (http.get(STATUS), http.get(STATUS, headers=bearer("other", "bob"))):
        assert (answer.status_code, answer.json["state"]) == (401, "login")
    assert status_service.asked == []


def test_a_bad_bearer_token_is_not_saved_by_a_good_cookie(http, log_in):
    log_in()
    assert http.get(STATUS, headers={"Authorization": "Bearer stolen"}).status_code == 401


def test_basic_credentials_are_a_proxys_affair(http, log_in):
    log_in()
    assert http.get(STATUS, headers={"Authorization": "Basic YTpi"}).json["state"] == "ready"


@pytest.mark.parametrize("path", ["nobody/sessions/CE-1", "demo/sessions/NONE"])
def test_an_unknown_place_is_404_with_and_without_a_login(http, logins, bearer, path):
    address = f"/api/v1/implementations/{path}/status"
    for headers in ({}, bearer(path.partition("/")[0])):
        answer = http.get(address, headers=headers)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_records_that_do_not_answer_are_503_and_tell_no_secret(http, status_service, bearer):
    status_service.fails_with = DatabaseUnavailable("the database does not answer (password=hunter2)")
    answer = http.get(STATUS, headers=bearer())
    assert (answer.status_code, answer.json["status"]) == (503, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert b"hunter2" not in answer.data


def test_returned_starts_a_check_and_answers_with_the_old_message(http, status_service, bearer):
    answer = http.post(f"{STATUS}/returned", headers=bearer())
    assert (answer.status_code, answer.json["state"]) == (200, "checking")
    assert answer.json["message"]["text"] == "Claim 1.0 CE credit"
    assert status_service.came_back == [StatusRequest("demo", "ada", "CE-1")]


def test_returned_by_cookie_from_our_own_page_counts(http, status_service, log_in):
    log_in()
    assert http.post(f"{STATUS}/returned", headers=SAME_ORIGIN).status_code == 200
    assert http.post(f"{STATUS}/returned", headers={"Origin": PUBLIC_URL}).status_code == 200
    assert len(status_service.came_back) == 2


def test_returned_without_a_login_does_nothing_but_invite(http, status_service):
    answer = http.post(f"{STATUS}/returned", headers=SAME_ORIGIN)
    assert (answer.status_code, answer.json["state"]) == (200, "login")
    assert status_service.came_back == []


def test_returned_over_and_over_is_429_for_this_user_only(http, status_service, bearer):
    codes = [http.post(f"{STATUS}/returned", headers=bearer()).status_code for _ in range(8)]
    assert codes == [200] * 6 + [429] * 2
    assert len(status_service.came_back) == 6
    refused = http.post(f"{STATUS}/returned", headers=bearer())
    assert (refused.mimetype, refused.json["status"]) == ("application/problem+json", 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 5
    assert http.post(f"{STATUS}/returned", headers=bearer(subject="rtl")).status_code == 200


def test_returned_accepts_an_empty_json_object(http, bearer):
    assert http.post(f"{STATUS}/returned", headers=bearer(), json={}).status_code == 200


@pytest.fixture
def ended(status_service, store, logins):
    """Credentials of a login which has ended: as the app sends it, and as a browser does."""
    gone = visitor()
    status_service.ended.add(gone.login)
    headers = {"Authorization": f"Bearer {store.tokens.issue(gone).access}"}
    return [headers, {"Cookie": f"{logins.cookie}={logins.sign(gone)}"}]


def test_a_login_that_has_ended_is_401_with_the_login_message(http_without_cookies, status_service, ended):
    for headers in ended:
        answers = [
            http_without_cookies.get(STATUS, headers=headers),
            http_without_cookies.post(f"{STATUS}/returned", headers=headers | SAME_ORIGIN),
        ]
        for answer in answers:
            assert (answer.status_code, answer.json["state"], answer.json["message"]) == (401, "login", LOGIN)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert status_service.asked == status_service.came_back == []


def test_the_widget_of_a_login_that_has_ended_invites_to_log_in(http_without_cookies, status_service, ended):
    for headers in ended:
        assert "Log in for session status info" in http_without_cookies.get(WIDGET, headers=headers).text
        again = http_without_cookies.post(WIDGET, headers=headers | SAME_ORIGIN)
        assert again.status_code == 303
    assert status_service.asked == status_service.came_back == []


def test_two_logins_of_a_user_share_the_allowance_of_returns(http, status_service, bearer):
    codes = [http.post(f"{STATUS}/returned", headers=bearer()).status_code for _ in range(7)]
    assert codes == [200] * 6 + [429]
