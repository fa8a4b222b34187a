"""A client that ignores `Retry-After` is held off, and no one but its own user notices."""

import pytest

from tests.support.application import make_settings
from tests.support.stub_status_service import CLAIM, STATUS, WIDGET, ready


@pytest.fixture
def settings():
    """The limit as it is where no one has set another."""
    return make_settings(web_asks=30)


def test_a_client_that_ignores_retry_after_gets_429_for_its_own_user_only(http, status_service, bearer):
    status_service.status = ready(CLAIM)
    mine = bearer()
    answers = [http.get(STATUS, headers=mine) for _ in range(40)]
    assert {one.status_code for one in answers[:30]} == {200}
    refused = [one for one in answers if one.status_code == 429]
    assert len(refused) >= 8
    assert refused[0].mimetype == "application/problem+json"
    assert refused[0].headers["Retry-After"] == "1"
    assert len(status_service.asked) == 40 - len(refused)
    assert http.get(STATUS.replace("demo", "other"), headers=bearer("other", "bob")).status_code == 200


def test_one_user_with_many_logins_and_sessions_has_one_limit(http, status_service, bearer):
    status_service.status = ready(CLAIM)
    codes = [http.get(STATUS.replace("CE-1", f"S{number}"), headers=bearer()).status_code for number in range(40)]
    assert codes.count(429) >= 8


def test_the_widget_shares_the_limit(http, status_service, log_in, bearer):
    status_service.status = ready(CLAIM)
    mine = bearer()
    for _ in range(30):
        http.get(STATUS, headers=mine)
    log_in()
    assert http.get(WIDGET).status_code == 429


def test_a_refused_credential_uses_up_the_limit_of_no_one(http, status_service, bearer):
    status_service.status = ready(CLAIM)
    for _ in range(40):
        assert http.get(STATUS, headers={"Authorization": "Bearer forged"}).status_code == 401
    assert http.get(STATUS, headers=bearer()).status_code == 200
