"""The service through nginx as shipped: two real web servers, in production, on a port that is not the usual one."""

import json

import pytest

from tests.system.deployment.page import Shell, log_in
from tests.system.deployment.servers import STATUS, environment

pytestmark = pytest.mark.slow

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
#: What our answers carry and nginx's own do not.
OURS = "X-Robots-Tag"


def test_an_attendee_gets_a_status_and_strangers_are_asked_to_log_in(deployed):
    status, headers, body = deployed.proxy.ask(STATUS)
    assert (status, json.loads(body)["state"]) == (200, "login")
    assert json.loads(body)["message"]["action"]["url"].startswith(deployed.proxy.origin)
    assert headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
    assert deployed.proxy.ask(STATUS, headers=deployed.bearer())[0] in (200, 202)
    assert deployed.proxy.ask("/healthz", headers={"Host": "10.0.0.1"})[0] == 200


def test_any_other_host_is_refused(deployed):
    for host in ("status.example.org", "evil.example", f"status.example.org:{deployed.proxy.plain_port}"):
        status, headers, _ = deployed.proxy.ask(STATUS, headers={"Host": host})
        assert (status, OURS in headers) == (400, True), host


def test_the_first_administrator_logs_in(deployed, tmp_path):
    """By the one-time address: the identity provider of development is refused in production."""
    shell = Shell(tmp_path, environment(**deployed.settings))
    path, login = log_in(shell, deployed.proxy.ask, deployed.proxy.origin)
    assert deployed.proxy.ask("/console/", headers=login)[0] == 200
    assert path.rpartition("/")[2] not in deployed.proxy.logged()


def test_a_signed_message_of_8_kib_in_the_address_reaches_us(deployed):
    for size, expected in ((7500, 400), (9000, 414)):  # it is no message; it is longer than what we read
        status, headers, _ = deployed.proxy.ask(f"/saml/demo/slo?SAMLRequest={'x' * size}&Signature={'y' * 600}")
        assert (status, OURS in headers) == (expected, True)


def test_a_body_of_9_mib_reaches_us_and_one_of_10_does_not(deployed):
    sent = deployed.bearer() | {"Content-Type": "application/json"}
    for size, is_ours in ((9, True), (10, False)):
        body = b"x" * (size * 1024 * 1024)
        status, headers, _ = deployed.proxy.ask(f"{STATUS}/returned", method="POST", body=body, headers=sent)
        assert (status, OURS in headers) == (413, is_ours)


def test_limits_count_the_client_and_not_the_proxy_nor_what_the_client_claims(deployed):
    tries = [
        deployed.proxy.ask("/console/first/x", client="127.0.0.4", headers={"X-Forwarded-For": f"198.51.100.{one}"})[0]
        for one in range(21)
    ]
    assert tries == [410] * 20 + [429]
    assert deployed.proxy.ask("/console/first/x", client="127.0.0.5")[0] == 410


def test_while_one_web_server_is_stopped_the_other_answers_gets_and_posts(deployed):
    web = next(iter(deployed.webs.values()))
    assert web.stop() == 0
    try:
        for _ in range(6):
            assert deployed.proxy.ask(STATUS)[0] == 200
            body = "token=unknown"
            path = "/api/v1/implementations/demo/auth/revoke"
            assert deployed.proxy.ask(path, method="POST", body=body, headers=FORM)[0] == 200
    finally:
        web.start().await_answer(next(iter(deployed.webs)))
