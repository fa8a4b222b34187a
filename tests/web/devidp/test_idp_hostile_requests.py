"""What hostile login requests get from the identity provider: a refusal with a code, and nothing sent anywhere."""

import logging
import re
import tracemalloc
import zlib
from base64 import b64encode
from urllib.parse import quote_plus

import pytest

from tests.web.devidp.sender import NAMESPACES, RSA_SHA256, SERVICE, URL, Sender, code, now
from web.devidp.redirect_binding import LARGEST_MESSAGE, SamlMessageRefused, read_query


def packed(raw):
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(raw) + packer.flush()


REQUESTS = {
    "another ACS of the same service": ({"AssertionConsumerServiceURL": f"{SERVICE}/saml/staff/acs"}, "other-acs"),
    "an ACS elsewhere": ({"AssertionConsumerServiceURL": "https://evil.example/acs"}, "other-acs"),
    "an ACS that begins like ours": (
        {"AssertionConsumerServiceURL": f"{SERVICE}/saml/demo/acs@evil.example"},
        "other-acs",
    ),
    "an ACS by number": ({"AssertionConsumerServiceIndex": "1"}, "other-binding"),
    "an answer by another binding": ({"ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:PAOS"}, "other-binding"),
    "an issuer of another service": ({"issuer": "https://evil.example/saml/demo/metadata"}, "unknown-issuer"),
    "an issuer that begins like ours": ({"issuer": f"{SERVICE}.evil.example/saml/demo/metadata"}, "unknown-issuer"),
    "an implementation which is not there": ({"issuer": f"{SERVICE}/saml/nobody/metadata"}, "unknown-issuer"),
    "a path instead of a name": ({"issuer": f"{SERVICE}/saml/../saml/demo/metadata"}, "unknown-issuer"),
    "no issuer": ({"issuer": ""}, "missing"),
    "a name that holds elements": ({"issuer": f"<b>{SERVICE}</b>"}, "missing"),
    "another destination": ({"Destination": f"{URL}/slo"}, "other-destination"),
    "no destination": ({"Destination": None}, "other-destination"),
    "a request of yesterday": ({"IssueInstant": now(hours=-20)}, "too-old"),
    "a request of tomorrow": ({"IssueInstant": now(hours=20)}, "too-old"),
    "a time of no calendar": ({"IssueInstant": "2026-02-31T00:00:00Z"}, "not-a-time"),
    "no time": ({"IssueInstant": None}, "not-a-time"),
    "another version": ({"Version": "1.1"}, "other-message"),
    "an ID that is no name": ({"ID": "1 or 1"}, "other-message"),
    "a word for a boolean": ({"ForceAuthn": "maybe"}, "not-boolean"),
    "somebody named beforehand": ({"inner": "<saml:Subject/>"}, "not-supported"),
    "two issuers": ({"inner": f"<saml:Issuer>{SERVICE}/saml/staff/metadata</saml:Issuer>"}, "missing"),
    "a signature inside": (
        {"inner": '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'},
        "signature-inside",
    ),
    "a comment": ({"inner": "<!-- -->"}, "xml-extras"),
    "an instruction": ({"inner": "<?php ?>"}, "xml-extras"),
    "a deep tree": ({"inner": "<a>" * 9 + "</a>" * 9}, "tree-too-large"),
    "a wide tree": ({"inner": "<a/>" * 200}, "tree-too-large"),
    "an unbalanced tree": ({"inner": "<a>"}, "not-xml"),
    "an unknown entity": ({"inner": "&lol;"}, "not-xml"),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_a_hostile_request_is_refused_although_it_is_signed(http, demo, caplog, case):
    changes, expected = REQUESTS[case]
    with caplog.at_level(logging.WARNING):
        answer = http.get(f"/sso?{demo.query(demo.login_request(**changes))}")
    assert code(answer) == expected
    assert f"code={expected}" in caplog.text
    assert "evil.example" not in answer.text + caplog.text


DOCTYPES = {
    "a billion laughs": '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
    "a file": '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "an address": '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">',
}


@pytest.mark.parametrize("case", DOCTYPES)
def test_a_document_type_is_refused(http, demo, case):
    assert code(http.get(f"/sso?{demo.query(DOCTYPES[case] + demo.login_request())}")) == "xml-extras"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "utf-32", "cp037"])
def test_other_encodings_are_refused(http, demo, encoding):
    document = f'<?xml version="1.0" encoding="{encoding}"?>{demo.login_request()}'
    assert code(http.get(f"/sso?{demo.query(document.encode(encoding))}")) in ("not-utf-8", "xml-extras", "not-xml")


def test_a_declaration_of_utf_8_is_fine(http, demo):
    document = f'<?xml version="1.0" encoding="UTF-8"?>{demo.login_request()}'
    assert http.get(f"/sso?{demo.query(document)}").status_code == 200


def test_a_message_that_inflates_without_end_costs_little(demo):
    bomb = demo.signed(b64encode(packed(b"<a>" + b" " * 9_000_000)))
    assert len(bomb) < 16 * 1024
    tracemalloc.start()
    with pytest.raises(SamlMessageRefused, match=str(LARGEST_MESSAGE)):
        read_query(bomb.encode())
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_what_cannot_be_unpacked_is_refused(http, demo):
    good = demo.login_request().encode()
    cases = {
        b64encode(packed(good)[:-4]): "deflate",
        b64encode(packed(good) + b"behind"): "deflate",
        b64encode(good): "deflate",
        b64encode(packed(good)) + b"!": "base64",
        b64encode(packed(b"\xff")): "not-utf-8",
        b64encode(packed(b"")): "not-xml",
        b"": "deflate",
    }
    for message, expected in cases.items():
        assert code(http.get(f"/sso?{demo.signed(message)}")) == expected, expected


def test_an_address_is_read_in_one_way_only(http, demo):
    good = demo.query(demo.login_request())
    cases = {
        f"{good}&SAMLRequest=x": "field-twice",
        f"{good}&RelayState=x": "field-twice",
        f"{good}&Signature=x": "field-twice",
        f"{good}&SAMLResponse=x": "no-message",
        f"{good}&SAMLEncoding=none": "encoding",
        "": "no-message",
        good.split("&Signature")[0]: "not-signed",
        demo.query(demo.login_request(), relay_state="r" * 81): "relay-state-too-long",
        f"{good}&more={'x' * 17_000}": "query-too-long",
        good.replace("RelayState=handle", "RelayState=%ff"): "not-utf-8",
    }
    for query, expected in cases.items():
        assert code(http.get(f"/sso?{query}")) == expected, expected


def test_only_the_implementations_own_key_counts(http, demo, staff, pairs):
    # another implementation's key
    impostor = Sender("demo", pairs[1])
    assert code(http.get(f"/sso?{impostor.query(impostor.login_request())}")) == "bad-signature"
    # changed after it was signed
    good = demo.query(demo.login_request())
    assert code(http.get(f"/sso?{good.replace('RelayState=handle', 'RelayState=other')}")) == "bad-signature"
    other = quote_plus(b64encode(packed(demo.login_request(ForceAuthn="true").encode())))
    swapped = re.sub(r"(?<=SAMLRequest=)[^&]+", other, good)
    assert code(http.get(f"/sso?{swapped}")) == "bad-signature"
    # algorithms which are not accepted, or are none
    for algorithm in (RSA_SHA256.replace("sha256", "md5"), "http://www.w3.org/2000/09/xmldsig#rsa-sha1", "none", ""):
        assert code(http.get(f"/sso?{demo.query(demo.login_request(), sig_alg=algorithm)}")) == "bad-signature"


def test_a_request_is_judged_again_when_somebody_has_chosen(http, demo):
    bad = demo.query(demo.login_request(AssertionConsumerServiceURL="https://evil.example/acs"))
    assert code(http.post(f"/sso?{bad}", data={"person": "mchen"})) == "other-acs"
    good = demo.query(demo.login_request())
    assert code(http.post(f"/sso?{good}", data={"person": "root"})) == "no-such-person"
    assert "Set-Cookie" not in http.post(f"/sso?{good}", data={"person": ""}).headers


def test_other_kinds_of_messages_are_no_login_requests(http, demo):
    document = f'<samlp:Response {NAMESPACES} ID="_r" Version="2.0"/>'
    assert code(http.get(f"/sso?{demo.query(document)}")) == "other-message"
    assert code(http.get(f"/sso?{demo.query(demo.logout('LogoutRequest'))}")) == "other-message"


def test_another_host_header_is_nobody_here(http, demo):
    address = f"/sso?{demo.query(demo.login_request())}"
    assert http.get(address, headers={"Host": "evil.example"}).status_code == 400
    assert http.get("/metadata", headers={"Host": "127.0.0.1.evil.example:8002"}).status_code == 400
    assert http.get("/metadata", headers={"Host": "localhost:8002"}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]
)
def test_no_other_page_chooses_who_somebody_is(http, demo, headers):
    address = f"/sso?{demo.query(demo.login_request())}"
    for path in (address, "/logout", "/forget"):
        assert http.post(path, data={"person": "mchen"}, headers=headers).status_code == 403


def test_pages_hold_no_script_and_are_framed_by_nobody(http, demo):
    policy = http.get(f"/sso?{demo.query(demo.login_request())}").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert f"form-action 'self' {SERVICE} http://127.0.0.1:8001;" in policy
