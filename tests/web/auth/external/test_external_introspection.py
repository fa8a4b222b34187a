"""Introspection: an organizer that gives wrong or invalid answers or none, and a token of another person."""

import base64
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from tests.support.valkey import written
from tests.support.vendors import reply
from web.auth.external import ExternalLoginRefused, by_introspection, introspection

TOKEN = "organizers-token.abc_123-~+/=="
SECRET = "client:secret/with+signs"


@pytest.fixture
def introspected(save_external, start_vendor):
    """An organizer which answers this about every token."""

    def act(answer, **changes):
        organizer = start_vendor(answer if isinstance(answer, bytes | list) or callable(answer) else reply(answer))
        save_external(
            "introspection", {"url": organizer.url + "/introspect", "client_id": "status:app"} | changes, SECRET
        )
        return organizer

    return act


@pytest.fixture
def ask(outbound, start_vendor):
    """Ask an organizer which answers this, without an application around."""

    def act(answer, token=TOKEN, audience=""):
        organizer = start_vendor(answer if isinstance(answer, bytes) or callable(answer) else reply(answer))
        asked = introspection.IntrospectionEndpoint("demo", organizer.url, "app", SECRET, audience)
        act.organizer = organizer
        return introspection.ask(asked, token, outbound)

    return act


def hang_up(_):
    """No answer at all."""


def active(**changes):
    good = {"active": True, "sub": "member-17", "exp": int(time.time()) + 300, "client_id": "app", "given_name": "Ada"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def test_an_active_token_is_its_owner_until_it_ends(app_context, introspected):
    answer = active(client_id="status:app")
    organizer = introspected(answer)
    person = by_introspection("demo", TOKEN)
    assert (person.subject, person.source, person.provider) == ("member-17", "introspection", "introspection:127.0.0.1")
    assert person.expires_at == datetime.fromtimestamp(answer["exp"], UTC)
    assert person.profile.first_name == "Ada"
    request = organizer.requests[0]
    assert parse_qs(request.body.decode()) == {"token": [TOKEN], "token_type_hint": ["access_token"]}
    assert request.method == "POST"
    credentials = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
    assert credentials == "status%3Aapp:client%3Asecret%2Fwith%2Bsigns"


def test_nothing_is_kept_a_token_taken_back_ends_at_once(app_context, introspected, redis):
    organizer = introspected([reply(active(client_id="status:app")), reply({"active": False})])
    by_introspection("demo", TOKEN)
    with pytest.raises(ExternalLoginRefused):
        by_introspection("demo", TOKEN)
    assert len(organizer.requests) == 2
    refused, *noted = sorted(written(redis), reverse=True)  # by its reference and code, and nothing else
    assert (refused.startswith(b"{login}:refused:"), noted) == (
        True,
        [b"errors:{strangers}:first", b"errors:{strangers}"],
    )
    assert TOKEN not in str([redis.lrange(refused, 0, -1), *(redis.zrange(key, 0, -1) for key in noted)])


LIES = {
    "not active": {"active": False},
    "only inactive, with a subject": active(active=False),
    "active as a text": active(active="true"),
    "active as a number": active(active=1),
    "active missing": active(active=None),
    "active a list": active(active=[True]),
    "no subject": active(sub=None),
    "an empty subject": active(sub=""),
    "a subject that is true": active(sub=True),
    "a subject that is a list": active(sub=["member-17"]),
    "a subject with a blank": active(sub=" member-17"),
    "a subject too long": active(sub="x" * 256),
    "no exp": active(exp=None),
    "exp over": active(exp=int(time.time()) - 1),
    "exp a text": active(exp="4000000000"),
    "exp a float": active(exp=4e9),
    "exp true": active(exp=True),
    "exp in milliseconds": active(exp=int(time.time() * 1000)),
    "not before later": active(nbf=int(time.time()) + 900),
    "nbf a text": active(nbf="now"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_whoever_is_not_clearly_vouched_for_is_not_let_in(ask, lie):
    with pytest.raises(ExternalLoginRefused) as outcome:
        ask(lie)
    assert outcome.value.status == 401


MEANT = {
    "no audience at all": active(client_id=None),
    "another client": active(client_id="another"),
    "another audience": active(client_id=None, aud="another"),
    "a longer one": active(client_id=None, aud="our-app-2"),
    "a text around it": active(client_id=None, aud="x our-app y"),
    "a list of others": active(client_id=None, aud=["a", "b"]),
    "inside an object": active(client_id=None, aud={"our-app": True}),
}


@pytest.mark.parametrize("answer", MEANT.values(), ids=MEANT)
def test_a_token_made_for_others_is_refused(ask, answer):
    with pytest.raises(ExternalLoginRefused) as outcome:
        ask(answer, audience="our-app")
    assert outcome.value.code == "audience"


@pytest.mark.parametrize("answer", MEANT.values(), ids=MEANT)
def test_without_an_audience_a_token_must_be_made_for_our_own_client(ask, answer):
    with pytest.raises(ExternalLoginRefused) as outcome:
        ask(answer)
    assert outcome.value.code == "audience"
    assert ask(active(client_id=None, aud=["x", "app"])).subject == "member-17"


@pytest.mark.parametrize("named", [{"aud": "our-app"}, {"aud": ["x", "our-app"]}, {"client_id": "our-app"}])
def test_a_token_made_for_us_is_taken(ask, named):
    assert ask(active(client_id=None) | named, audience="our-app").subject == "member-17"


BROKEN = {
    "no JSON": (reply(b"<html>login</html>"), 502),
    "a list": (reply([active()]), 502),
    "active twice": (reply(b'{"active": false, "active": true, "sub": "x"}'), 502),
    "nested deeply": (reply(b"[" * 30_000), 502),
    "a redirect": (reply(status=302, headers={"Location": "https://evil.example"}), 502),
    "our credentials are wrong": (reply(status=401), 502),
    "no content": (reply(status=204), 502),
    "an error": (reply(status=503), 503),
    "too many": (reply(status=429), 503),
    "no answer": (hang_up, 503),
    "garbage": (b"\x16\x03\x01 garbage\r\n\r\n", 503),
    "too large": (reply(b" " * 70_000), 502),
}


@pytest.mark.parametrize(("answer", "status"), BROKEN.values(), ids=BROKEN)
def test_an_organizer_out_of_order_is_nobodys_wrong_token(ask, answer, status):
    with pytest.raises(ExternalLoginRefused) as outcome:
        ask(answer)
    assert outcome.value.status == status
    assert bool(outcome.value.retry_after) == (status == 503)


@pytest.mark.parametrize("token", ["", " ", "a b", "a\r\nX: y", "x" * 4097, "é", "a&active=true", "=", "a=b"])
def test_what_is_no_token_is_not_sent(ask, token):
    with pytest.raises(ExternalLoginRefused):
        ask(active(), token)
    assert ask.organizer.requests == []


def test_an_organizer_that_fails_again_and_again_is_left_alone(app_context, introspected):
    organizer = introspected(reply(status=502))
    for _ in range(9):
        with pytest.raises(ExternalLoginRefused) as outcome:
            by_introspection("demo", TOKEN)
        assert outcome.value.status == 503
    assert len(organizer.requests) == 5


def test_the_token_and_the_secret_are_in_no_log_and_in_no_store(app_context, introspected, redis, caplog):
    caplog.set_level("DEBUG")
    introspected([reply(active(client_id="status:app")), reply({"active": False, "echo": TOKEN + SECRET})])
    by_introspection("demo", TOKEN)
    with pytest.raises(ExternalLoginRefused) as outcome:
        by_introspection("demo", TOKEN)
    seen = caplog.text + repr(outcome.value) + "".join(str(key) for key in redis.keys("*"))
    for part in (TOKEN, TOKEN[:12], SECRET, "client:secret"):
        assert part not in seen
