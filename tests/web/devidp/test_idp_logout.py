"""Logging out at the identity provider: from an implementation, from its own page, and hostile attempts at both."""

import re
from base64 import b64decode
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree

from tests.web.devidp.sender import URL, code, log_in, message_of, redirected

SUCCESS = '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
FAILED = SUCCESS.replace("Success", "Responder")


def told(page):
    """NameID and index which an assertion named."""
    raw = message_of(page.text).decode()
    return re.search(r"<saml:NameID[^>]*>([^<]+)", raw).group(1), re.search(r'SessionIndex="([^"]+)"', raw).group(1)


def request(name, index):
    return f"<saml:NameID>{name}</saml:NameID><samlp:SessionIndex>{index}</samlp:SessionIndex>"


def is_logged_in(http):
    return "You are" in http.get("/").text


def signed_by(query, certificate):
    """Raise unless the certificate's key has signed the query."""
    signed, _, signature = query.partition("&Signature=")
    key = load_pem_x509_certificate(certificate.encode()).public_key()
    key.verify(b64decode(unquote(signature)), signed.encode(), padding.PKCS1v15(), SHA256())


def test_an_implementation_ends_the_login_and_gets_a_signed_answer(http, demo, idp):
    page = log_in(http, demo)
    assert is_logged_in(http)
    answer = http.get(f"/slo?{demo.query(demo.logout('LogoutRequest', request(*told(page))), relay_state='back')}")
    where, fields, document, query = redirected(answer)
    signed_by(query, idp.certificate_pem)
    root = etree.fromstring(document)
    assert (where, fields["RelayState"]) == (f"{demo.base}/slo", "back")
    assert (root.get("InResponseTo"), root.get("Destination")) == ("_logout1", f"{demo.base}/slo")
    assert b"status:Success" in document
    assert b"PartialLogout" not in document
    assert not is_logged_in(http)


def test_the_page_logs_out_everywhere_one_implementation_after_the_other(http, demo, staff, idp):
    expected = {f"{sender.base}/slo": (sender, told(log_in(http, sender))) for sender in (demo,)}
    silent = http.get(f"/sso?{staff.query(staff.login_request())}")
    expected[f"{staff.base}/slo"] = (staff, told(silent))
    answer = http.post("/logout")
    for _ in range(2):
        where, fields, document, query = redirected(answer)
        signed_by(query, idp.certificate_pem)
        sender, (name, index) = expected.pop(where)
        assert f">{name}<".encode() in document
        assert f">{index}<".encode() in document
        reply = sender.logout("LogoutResponse", SUCCESS, InResponseTo=etree.fromstring(document).get("ID"))
        answer = http.get(f"/slo?{sender.query(reply, field='SAMLResponse', relay_state=fields['RelayState'])}")
    assert not expected
    assert "and from all implementations" in answer.text
    assert not is_logged_in(http)


def test_a_logout_that_one_implementation_does_not_confirm_is_called_partial(http, demo, staff):
    page = log_in(http, demo)
    http.get(f"/sso?{staff.query(staff.login_request())}")
    answer = http.get(f"/slo?{demo.query(demo.logout('LogoutRequest', request(*told(page))))}")
    where, fields, document, _ = redirected(answer)
    assert where == f"{staff.base}/slo"
    reply = staff.logout("LogoutResponse", FAILED, InResponseTo=etree.fromstring(document).get("ID"))
    where, _, document, _ = redirected(
        http.get(f"/slo?{staff.query(reply, field='SAMLResponse', relay_state=fields['RelayState'])}")
    )
    assert where == f"{demo.base}/slo"
    assert b"PartialLogout" in document


def test_a_login_that_has_ended_already_is_answered_with_success_and_ends_no_other(http, demo):
    log_in(http, demo)
    for name, index in (("_somebody", "_else"), ("_somebody", "")):
        answer = http.get(f"/slo?{demo.query(demo.logout('LogoutRequest', request(name, index)))}")
        assert b"status:Success" in redirected(answer)[2]
    assert is_logged_in(http)


def test_one_implementation_cannot_end_a_login_by_another_ones_name(app, http, demo, staff):
    name, index = told(log_in(http, demo))
    other = app.test_client()
    other.get(f"/slo?{staff.query(staff.logout('LogoutRequest', request(name, index)))}", base_url=URL)
    assert is_logged_in(http)
    # by its own name it can, also from another browser: the index says which login is meant
    other.get(f"/slo?{demo.query(demo.logout('LogoutRequest', request(name, index)))}", base_url=URL)
    assert not is_logged_in(http)


def test_forged_and_stale_logout_requests_end_nothing(http, demo, staff):
    name, index = told(log_in(http, demo))
    good = demo.query(demo.logout("LogoutRequest", request(name, index)))
    cases = {
        good.split("&Signature")[0]: "not-signed",
        good.replace("RelayState=handle", "RelayState=h"): "bad-signature",
        staff.query(demo.logout("LogoutRequest", request(name, index))): "bad-signature",
        demo.query(demo.logout("LogoutRequest", request(name, index), NotOnOrAfter="2026-01-01T00:00:00Z")): "too-old",
        demo.query(demo.logout("LogoutRequest", request(name, index), IssueInstant="2026-01-01T00:00:00Z")): "too-old",
        demo.query(demo.logout("LogoutRequest", request(name, index), Destination=f"{URL}/sso")): "other-destination",
        demo.query(demo.logout("LogoutRequest")): "missing",
    }
    for query, expected in cases.items():
        assert code(http.get(f"/slo?{query}")) == expected, expected
    assert is_logged_in(http)


def test_an_answer_counts_once_and_only_to_what_was_asked(http, demo):
    log_in(http, demo)
    _, fields, document, _ = redirected(http.post("/logout"))

    def reply(**changes):
        said = demo.logout("LogoutResponse", SUCCESS, **changes)
        return http.get(f"/slo?{demo.query(said, field='SAMLResponse', relay_state=fields['RelayState'])}")

    asked = etree.fromstring(document).get("ID")
    assert code(reply(InResponseTo="_other")) == "nobody-asked"
    assert code(reply(InResponseTo=asked)) == "nobody-asked"  # the wrong answer has used it up
    log_in(http, demo)
    _, fields, document, _ = redirected(http.post("/logout"))
    asked = etree.fromstring(document).get("ID")
    assert reply(InResponseTo=asked).status_code == 200
    assert code(reply(InResponseTo=asked)) == "nobody-asked"
