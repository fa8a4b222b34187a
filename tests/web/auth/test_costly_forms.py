"""Attacks with forms: a stranger's body costs next to nothing before it is refused, whatever the view."""

import pytest
from werkzeug.formparser import FormDataParser

from tests.support.saml_browser import IDP, is_refused, sp_of
from web.auth.login_steps import rate_limits
from web.auth.staff import form_limits
from web.permissions import Permission, need_of, request_rules_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BEARER = {**FORM, "Authorization": "Bearer none"}
OUR_PAGE = {**FORM, "Sec-Fetch-Site": "same-origin"}
FROM_ELSEWHERE = ("/saml/demo/acs", "/saml/demo/slo", "/ext/demo/jwt")
PROVIDER = "/console/implementations/demo/provider/data"


@pytest.fixture
def parsed(monkeypatch):
    """Which forms were parsed."""
    seen = []
    real = FormDataParser.parse
    monkeypatch.setattr(FormDataParser, "parse", lambda *given: (seen.append(1), real(*given))[1])
    return seen


def addresses_for_long_forms(app):
    """Addresses of the views that read long forms, and need a permission."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        long = request_rules_of(view).body > form_limits.READ_FROM_ANYBODY
        if "POST" in (rule.methods or ()) and long and need_of(view).permission is not Permission.ANYONE:
            yield (
                rule.rule.replace("<implementation>", "demo")
                .replace("<name>", "x")
                .replace("<kind>", "jwt")
                .replace("<int:number>", "1")
            )


@pytest.mark.parametrize("headers", [BEARER, OUR_PAGE], ids=["bearer", "our page"])
def test_a_stranger_makes_nobody_parse_a_form_of_megabytes(browser, parsed, headers):
    """One of 3 MB took 8 s and 600 MB: it came back as a page of 63 MB with all its fields."""
    addresses = list(addresses_for_long_forms(browser.app))
    assert PROVIDER in addresses
    for address in addresses:
        body = b"x=" + b"a" * form_limits.READ_FROM_ANYBODY
        assert browser.elsewhere.post(address, data=body, headers=headers).status_code == 403, address
    assert not parsed


def test_an_attendee_makes_nobody_parse_a_form_of_megabytes_either(browser, parsed):
    assert browser.log_in().status_code == 303
    parsed.clear()
    body = b"x=" + b"a" * form_limits.READ_FROM_ANYBODY
    assert browser.http.post(PROVIDER, data=body, headers=OUR_PAGE).status_code == 403
    assert not parsed


COSTLY = {
    "hundreds of thousands of fields": b"a&" * 5000,
    "fields that are bytes of nothing": b"a=%ff&" * 2000,
    "empty fields": b"&" * 10_000,
    "one field too many": b"a&" * form_limits.FIELDS,
    "bytes that are no UTF-8": b"SAMLResponse=" + b"%ff" * 4000,
    "such bytes as they are": b"SAMLResponse=" + b"\xff" * 4000,
    "half of a letter": b"SAMLResponse=%c3",
    "signs that begin nothing": b"SAMLResponse=" + b"%" * 10_000,
    "signs that begin something else": b"SAMLResponse=" + b"%zz" * 4000,
    "half a sign at the end": b"SAMLResponse=%4",
}


@pytest.mark.parametrize("name", COSTLY)
@pytest.mark.parametrize("address", [*FROM_ELSEWHERE, PROVIDER])
def test_a_form_that_is_costly_to_parse_is_not_parsed(browser, parsed, name, address):
    headers = FORM if address in FROM_ELSEWHERE else BEARER
    answered = browser.elsewhere.post(address, data=COSTLY[name], headers=headers)
    assert answered.status_code == 400
    assert not parsed


@pytest.mark.parametrize("address", FROM_ELSEWHERE[:2])
def test_a_message_in_which_every_sign_is_written_as_a_number_is_not_parsed(browser, parsed, address):
    body = b"SAMLResponse=" + b"%41" * (form_limits.ESCAPES_OF_ANYBODY + 1)
    assert browser.elsewhere.post(address, data=body, headers=FORM).status_code == 400
    assert not parsed


def test_the_largest_honest_message_is_read_with_all_that_a_browser_escapes_in_it(browser):
    started = browser.begin()
    values = {f"group{number}": [f"~~?>{number}" * 60] * 5 for number in range(50)}
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id, attributes=values)
    assert len(message) > form_limits.READ_FROM_ANYBODY
    broken = "\r\n".join(message[start : start + 76] for start in range(0, len(message), 76))
    assert browser.answer(broken, started.relay_state).status_code == 303


def test_logout_answers_that_are_posted_are_counted(browser, monkeypatch):
    monkeypatch.setattr(rate_limits, "FROM_ADDRESS", 3)
    posted = [browser.elsewhere.post("/saml/demo/slo", data={"SAMLResponse": "x"}).status_code for _ in range(4)]
    assert posted == [303, 303, 303, 429]


def test_a_form_of_few_letters_from_everywhere_is_read(browser):
    assert is_refused(browser.elsewhere.post("/saml/demo/acs", data={"SAMLResponse": "x", "RelayState": "ü€😀"}))


def test_a_form_with_as_many_user_types_as_there_may_be_is_read(browser, parsed):
    body = "&".join(f"user_types=Type+{number}" for number in range(120))
    assert browser.elsewhere.post("/saml/demo/slo", data=body, headers=FORM).status_code == 400
    assert parsed
