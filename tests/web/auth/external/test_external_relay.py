"""The password relay, with vendors of every temper: guessing, spraying, enumerating, injecting, and what is left behind."""

import gzip
import ipaddress
import json
import logging
import time
from pathlib import Path

import pytest

from runner.logins import LoginStore, StoreAway
from runner.logins.attempt_limits import FREE
from runner.powers import Bearer, NoAuth, outbound_requests
from runner.settings.operator_settings import Settings, SettingsError
from runner.store.clients import connect_brief
from tests.support.vendors import reply
from tests.web.auth.external.registrants import FIELDS, PASSWORD, PERSON
from web.auth import client_networks
from web.auth.external import ExternalLoginRefused, by_password, login_methods, password_limits, password_relay

IP = "198.51.100.7"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Wrong answers need not take their time here; the test about that sets it itself."""
    monkeypatch.setattr(login_methods, "LEAST_S", 0.0)
    monkeypatch.setattr(login_methods, "SPREAD_S", 0.0)


@pytest.fixture
def vendor(save_external, start_vendor):
    """A vendor which answers this, connected to an implementation."""

    def act(answer=None, slug="demo", secret=None, **changes):
        answer = PERSON if answer is None else answer
        started = start_vendor(answer if isinstance(answer, bytes | list) or callable(answer) else reply(answer))
        if isinstance(answer, list) and answer and isinstance(answer[0], dict):
            started.answer = [reply(each) for each in answer]
        save_external("password", {"url": started.url + "/login"} | FIELDS | changes, secret, slug)
        return started

    return act


def attempt(username="B-4711", password=PASSWORD, ip=IP, slug="demo"):
    return by_password(slug, username, password, ip)


def refusal(*args, **more):
    with pytest.raises(ExternalLoginRefused) as outcome:
        attempt(*args, **more)
    return outcome.value


def person(**changes):
    return {**PERSON, "registrant": PERSON["registrant"] | changes}


def test_who_is_right_is_logged_in_with_what_was_asked_for_and_nothing_else(app_context, vendor):
    started = vendor()
    found = attempt(" B-4711 ", f" {PASSWORD} ")
    assert (found.subject, found.source, found.provider) == ("4711", "password", "password:127.0.0.1")
    assert vars(found.profile) == {
        "username": "ada@example.org", "user_type": "Attendee", "first_name": "Ada", "last_name": "Lovelace",
        "badge_id": "B-4711", "attributes": {},
    }  # fmt: skip
    sent = json.loads(started.requests[0].body)
    assert sent == {"login": {"badge": "B-4711", "name": PASSWORD, "event": "AM26"}, "list": ["B-4711", 7]}
    assert started.requests[0].target == "/login"


def test_our_own_credential_goes_along(app_context, vendor):
    started = vendor(auth_kind="api_key_header", auth_fields={"name": "X-Key"}, secret="vendor-key")
    attempt()
    assert started.requests[0].headers["x-key"] == "vendor-key"


INJECTIONS = [
    'x", "admin": true, "y": "', "{password}", "{username}", "{{username}}", "${jndi:ldap://evil.example/a}", "%s%n%x",
    "' OR '1'='1", "*)(uid=*", "</name><admin/>", "\\u0022}", "\u202ereversed"[1:], "名前", "O\u2019Brien-Ünlü", "a+b&c=d",
    "B-4711#", "__class__", "{0.__class__}", "\U0001f600", "../../admin", "a;b|c`d`",
]  # fmt: skip


@pytest.mark.parametrize("typed", INJECTIONS)
def test_what_is_typed_stays_data(outbound, start_vendor, typed):
    started = start_vendor(reply(PERSON))
    asked = password_relay.RegistrationVendor("demo", started.url, NoAuth(), FIELDS["template"], FIELDS["result"])
    password_relay.ask(asked, typed, "p" + typed, outbound)
    assert json.loads(started.requests[0].body) == {
        "login": {"badge": typed, "name": "p" + typed, "event": "AM26"},
        "list": [typed, 7],
    }


#: In a badge ID these are what a scanner or a copy leaves, and are removed; a password with one is no line of text.
INVISIBLE = ["a\0b", "a\u202eb"]


@pytest.mark.parametrize("typed", ["a\nb", "a\r\nX: y", "x" * 256, "\ud800", "\u200b", ""])
def test_what_is_no_line_of_text_is_wrong_and_is_not_sent(app_context, vendor, typed):
    started = vendor()
    assert refusal(typed).status == refusal("B-4711", typed).status == 401
    assert started.requests == []


@pytest.mark.parametrize("typed", INVISIBLE)
def test_a_password_with_an_invisible_character_is_wrong_and_is_not_sent(app_context, vendor, typed):
    started = vendor()
    assert refusal("B-4711", typed).status == 401
    assert started.requests == []


@pytest.mark.parametrize("typed", [*INVISIBLE, "\ufeffab\r", "a\u200bb\n"])
def test_a_badge_id_reaches_the_vendor_without_what_a_scanner_or_a_copy_left(app_context, vendor, typed):
    started = vendor()
    attempt(typed, PASSWORD)
    assert json.loads(started.requests[0].body)["login"]["badge"] == "ab"


def test_a_badge_that_is_tried_with_invisible_characters_is_one_name_for_the_limits(app_context, vendor):
    """Otherwise each way of writing it would have attempts of its own."""
    started = vendor(reply({}, status=404))
    statuses = [refusal(f"B-4711{chr(0x200B) * extra}").status for extra in range(FREE + 1)]
    assert statuses == [401] * FREE + [429]
    assert len(started.requests) == FREE


def test_a_badge_id_that_the_vendor_tells_is_kept_normalised(app_context, vendor):
    vendor(person(badge="\ufeffB-A\u030811\r"))
    assert attempt("B-4711", PASSWORD).profile.badge_id == "B-\u00c411"


SAYS_NO = {
    "not found": reply({"error": "unknown badge"}, status=404),
    "wrong name": reply({"error": "name does not match"}, status=401),
    "forbidden": reply(status=403),
    "malformed badge": reply({"error": "malformed"}, status=400),
    "unprocessable": reply(status=422),
    "gone": reply(status=410),
    "not accepted": reply({"result": "NO_SUCH_BADGE"}),
    "not accepted, with a person": reply(PERSON | {"result": "BAD_NAME"}),
    "accepted in other capitals": reply(PERSON | {"result": "ok"}),
    "accepted as a list": reply(PERSON | {"result": ["OK"]}),
    "an empty object": reply({}),
    "an empty list": reply([]),
    "null": reply(b"null"),
}


def test_nobody_learns_which_half_was_wrong_or_whether_a_badge_exists(app_context, vendor):
    started = vendor()
    texts = set()
    for count, answer in enumerate(SAYS_NO.values()):
        started.answer = answer
        outcome = refusal(f"B-{count}")
        texts.add((outcome.text, outcome.status, outcome.retry_after))
    assert texts == {
        ("Badge ID and Last name do not match a registration. Please check both and try again.", 401, None)
    }


def test_without_a_condition_an_answer_without_a_person_says_no(app_context, vendor):
    vendor({"registrants": []}, accepted=None, result={"subject": "registrants/0/id"})
    assert refusal().status == 401
    vendor({"registrants": [{"id": "R1"}]}, accepted=None, result={"subject": "registrants/0/id"}, slug="other")
    assert attempt(slug="other").subject == "R1"


@pytest.mark.parametrize("equals", [True, "true"])
def test_a_condition_may_be_written_as_people_write_it(app_context, vendor, equals):
    vendor(PERSON | {"result": True}, accepted={"path": "result", "equals": equals})
    assert attempt().subject == "4711"
    vendor(PERSON | {"result": 1}, accepted={"path": "result", "equals": equals})
    assert refusal().status == 401


def test_the_excluded_and_those_who_opted_out_have_words_of_their_own_after_the_right_name(app_context, vendor):
    started = vendor()
    for kind in ("Exhibitor", " exhibitor ", "PRESS"):
        started.answer = reply(person(type=kind))
        outcome = refusal()
        assert (outcome.status, outcome.text) == (403, FIELDS["excluded_text"])
    started.answer = reply(person(optOut="Y"))
    outcome = refusal()
    assert (outcome.status, outcome.text) == (403, FIELDS["opted_out_text"])
    started.answer = reply(person(type="Exhibitor") | {"result": "BAD_NAME"})  # a guesser learns nothing of it
    assert refusal().status == 401


OUT_OF_ORDER = {
    "error": (reply(status=500), 503),
    "bad gateway": (reply(b"<html>", status=502), 503),
    "too many": (reply(status=429, headers={"Retry-After": "77"}), 503),
    "no answer": (lambda _: None, 503),
    "cut off": (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n{", 503),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 503),
    "redirect": (reply(status=302, headers={"Location": "http://169.254.169.254/"}), 502),
    "redirect that keeps the post": (reply(status=307, headers={"Location": "https://evil.example/"}), 502),
    "no JSON": (reply(b"<html>OK</html>"), 502),
    "not UTF-8": (reply(b'{"result": "OK\xff"}'), 502),
    "twice": (reply(b'{"result": "NO", "result": "OK", "registrant": {"id": 1}}'), 502),
    "nested deeply": (reply(b'{"result":' * 6000), 502),
    "huge": (reply(b" " * 70_000), 502),
    "a bomb": (reply(gzip.compress(b" " * 20_000_000), headers={"Content-Encoding": "gzip"}), 502),
    "accepted without a person": (reply({"result": "OK"}), 502),
    "a person without id": (reply(person(id=None)), 502),
    "id a list": (reply(person(id=[4711])), 502),
    "id an object": (reply(person(id={"$gt": ""})), 502),
    "id true": (reply(person(id=True)), 502),
    "id a float": (reply(person(id=47.11)), 502),
    "id too long": (reply(person(id="x" * 256)), 502),
    "id with a line break": (reply(person(id="4711\n")), 502),
    "not a method": (reply(status=405), 502),
}


def test_a_vendor_out_of_order_is_nobodys_wrong_password(app_context, vendor, redis):
    started = vendor()
    for name, (answer, status) in OUT_OF_ORDER.items():
        started.answer = answer
        outcome = refusal()
        assert (name, outcome.status) == (name, status)
        assert bool(outcome.retry_after) == (status == 503), name
        redis.delete(
            *redis.keys("vendor:*"), *redis.keys("*hits*"), "x"
        )  # the breaker and the address have their own tests
    started.answer = reply(PERSON)
    assert attempt().subject == "4711"  # and none of it was held against the name


def test_a_vendor_may_say_when_to_come_back(app_context, vendor):
    vendor(reply(status=429, headers={"Retry-After": "77"}))
    assert refusal().retry_after == 77


def test_a_slow_vendor_is_away_before_the_server_gives_up(app_context, vendor, monkeypatch):
    monkeypatch.setattr(outbound_requests, "POST_S", 0.2)

    def slow(request):
        time.sleep(0.6)
        return reply(PERSON)

    vendor(slow)
    outcome = refusal()
    assert (outcome.status, outcome.code) == (503, "vendor timeout")


def test_a_vendor_that_fails_again_and_again_is_left_alone_and_comes_back(app_context, vendor, redis):
    started = vendor(reply(status=503))
    codes = [refusal(f"B-{count}").code for count in range(8)]
    assert codes == ["vendor answered 503"] * 5 + ["vendor breaker open"] * 3
    assert len(started.requests) == 5
    redis.delete(*redis.keys("vendor:*"))
    started.answer = reply(PERSON)
    assert attempt().subject == "4711"


# -- guessing -----------------------------------------------------------------------------------------------------


def no_address_limit(monkeypatch):
    monkeypatch.setattr(password_limits, "FROM_ADDRESS", 10_000)


def test_guessing_a_name_meets_delays_that_grow(app_context, vendor, redis, monkeypatch):
    no_address_limit(monkeypatch)
    started = vendor({"result": "NO"})
    assert [refusal(password=f"guess-{count}").status for count in range(FREE)] == [401] * FREE
    waits = []
    for _ in range(4):
        outcome = refusal(password="another")
        assert (outcome.status, outcome.text) == (
            429,
            "Too many attempts. Please wait a moment and try again.",
        )
        waits.append(outcome.retry_after)
        for key in redis.keys("*fails*"):
            redis.hset(key, "until", 0)
        assert refusal(password="another").status == 401
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0] > 0
    assert len(started.requests) == FREE + 4


def test_other_spellings_of_a_name_have_no_attempts_of_their_own(app_context, vendor):
    vendor({"result": "NO"})
    for name in ("B-4711", "b-4711", " B-4711", "B- 4711", "\uff22-4711"):
        assert refusal(name).status == 401
    assert refusal("b-4711 ").status == 429


def test_another_address_does_not_help_a_guesser(app_context, vendor):
    vendor({"result": "NO"})
    for count in range(FREE):
        refusal(ip=f"198.51.100.{count}")
    assert refusal(ip="203.0.113.9").status == 429


def test_whether_a_badge_exists_changes_no_delay(app_context, vendor, monkeypatch):
    no_address_limit(monkeypatch)
    started = vendor({"result": "NO"})
    outcomes = {}
    for name, answer in (("exists", reply({}, status=401)), ("nobody", reply({}, status=404))):
        started.answer = answer
        outcomes[name] = [(refusal(name).status, refusal(name).text) for _ in range(5)]
    assert outcomes["exists"] == outcomes["nobody"]


def test_the_right_name_is_let_in_and_forgets_the_failures(app_context, vendor):
    started = vendor({"result": "NO"})
    for _ in range(FREE - 1):
        refusal()
    started.answer = reply(PERSON)
    attempt()
    started.answer = reply({"result": "NO"})
    assert [refusal().status for _ in range(FREE)] == [401] * FREE


def test_the_other_implementation_counts_for_itself(app_context, vendor):
    vendor({"result": "NO"})
    vendor(slug="other")
    for _ in range(FREE + 1):
        refusal()
    assert attempt(slug="other").subject == "4711"


def test_spraying_over_many_badges_from_one_address_ends(app_context, vendor):
    started = vendor({"result": "NO"})
    statuses = [refusal(f"B-{count}").status for count in range(password_limits.FROM_ADDRESS + 5)]
    assert statuses == [401] * password_limits.FROM_ADDRESS + [429] * 5
    assert len(started.requests) == password_limits.FROM_ADDRESS
    assert refusal("B-x", ip="203.0.113.9").status == 401


@pytest.mark.parametrize(
    ("one", "other"), [("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), ("198.51.100.7", "::ffff:198.51.100.7")]
)
def test_another_writing_of_an_address_is_the_same_address(one, other):
    assert client_networks.address_of(one) == client_networks.address_of(other)


def test_an_address_that_nobody_can_read_is_one_address():
    assert (
        client_networks.address_of("")
        == client_networks.address_of("unix:")
        == client_networks.address_of("1.2.3.4, 5.6.7.8")
    )


def test_a_whole_venue_may_log_in_from_one_address(store, tmp_path):
    networks = Settings.from_environment(
        {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_VENUE_NETWORKS": "198.51.100.0/28, 2001:db8:7::/48",
         "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
    ).venue_networks  # fmt: skip
    venue = password_limits.PasswordLimits(store, key="k", venues=networks)
    for count in range(3 * password_limits.FROM_ADDRESS):
        venue.begin("demo", f"B-{count}", IP)
        venue.begin("demo", f"C-{count}", "2001:db8:7:1::5")
    for count in range(password_limits.FROM_ADDRESS):
        venue.begin("demo", f"D-{count}", "198.51.100.16")
    with pytest.raises(ExternalLoginRefused) as outcome:
        venue.begin("demo", "E", "198.51.100.16")
    assert outcome.value.code == "too often from this address"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("2001:db8:1::/64", True),
        ("2001:db8:2::/64", False),
        ("unknown", False),
    ],
)
def test_a_venue_is_known_by_its_networks(where, expected):
    venues = (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("2001:db8:1::/48"))
    assert client_networks.is_venue(where, venues) == expected


@pytest.mark.parametrize("raw", ["198.51.100.7/28", "venue", "198.51.100.0/40", "10.0.0.0-10.0.0.9", "::/129"])
def test_a_network_that_is_none_is_a_fault_of_the_settings(raw, tmp_path):
    with pytest.raises(SettingsError) as faults:
        Settings.from_environment(
            {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_VENUE_NETWORKS": raw,
             "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
        )  # fmt: skip
    assert "VENUE_NETWORKS" in str(faults.value)


def test_a_botnet_meets_the_limit_of_the_implementation_and_it_is_not_held_against_the_name(
    app_context, vendor, store, monkeypatch
):
    vendor()
    monkeypatch.setattr(password_limits, "IN_IMPLEMENTATION", 3)
    for count in range(3):
        attempt(f"B-{count}", ip=f"198.51.100.{count}")
    for _ in range(2 * FREE):
        outcome = refusal("B-9", ip="203.0.113.9")
        assert (outcome.status, outcome.code) == (429, "too often in this implementation")


def test_without_the_store_no_password_is_tried(app_context, vendor, monkeypatch):
    started = vendor()
    away = LoginStore(connect_brief("unix:///nonexistent/store.sock"))
    monkeypatch.setattr(app_context.extensions["external auth services"].limits, "_attempts", away.attempts)
    with pytest.raises(StoreAway):
        attempt()
    assert started.requests == []


def test_a_quick_no_and_a_slow_no_take_about_as_long(app_context, vendor, monkeypatch):
    monkeypatch.setattr(login_methods, "LEAST_S", 0.2)
    vendor({"result": "NO"})
    began = time.monotonic()
    refusal()
    assert time.monotonic() - began >= 0.2


# -- what is left behind --------------------------------------------------------------------------------------------


def test_the_password_is_in_no_log_in_no_store_and_in_no_text(app_context, vendor, redis, caplog, database):
    caplog.set_level(logging.DEBUG)
    echo = {"result": "NO", "error": f"{PASSWORD} does not match B-4711"}
    started = vendor(echo)
    seen = []
    for answer in (
        reply(echo), reply(echo, status=500), reply(echo, status=404), reply(f"<html>{PASSWORD}"), lambda _: None,
        reply(PERSON),
    ):  # fmt: skip
        started.answer = answer
        try:
            seen.append(repr(attempt()))
        except ExternalLoginRefused as outcome:
            seen += [repr(outcome), outcome.text, outcome.code, repr(outcome.__context__), repr(outcome.__cause__)]
    assert len(started.requests) == 6
    seen.append(caplog.text)
    for key in redis.keys("*"):
        seen += [repr(key), repr(redis.dump(key))]
    seen.append(repr(Path(database.engine.url.database).read_bytes()))
    whole = "\n".join(seen)
    for part in (PASSWORD, "Zweig", PASSWORD.encode().hex(), "4711 does"):
        assert part not in whole
    assert "B-4711" not in caplog.text


def test_no_repr_of_the_parts_shows_a_secret():
    asked = password_relay.RegistrationVendor("demo", "https://v.example", Bearer("vendor-key"), {}, {})
    assert "vendor-key" not in repr(asked)
    assert "4711" not in repr(password_relay.Registrant("4711", {"id": "4711"}))
