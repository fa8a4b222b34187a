"""Logout messages: genuine ones are accepted, forged ones end no login."""

import base64
import zlib
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from tests.support.saml_forge import DSIG, MORE, PROTOCOL, TRANSIENT, ForgedIdp, logout_request_xml, logout_response_xml
from tests.web.auth.saml.protocol.attack_scene import Scene
from web.auth.saml.protocol.codes import CODES
from web.auth.saml.protocol.messages import outgoing_messages
from web.auth.saml.protocol.messages.logout_guard import verify_logout_request, verify_logout_response
from web.auth.saml.protocol.values import Rejected

SCENE = Scene()
IDP, SP = SCENE.idp, SCENE.sp
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


def ended(query, *, idp=IDP, first_time=lambda key, life_s: True):
    return verify_logout_request(query, sp=SP, idp=idp.idp, first_time=first_time)


def answered(query, request_id="_q1"):
    return verify_logout_response(query, sp=SP, idp=IDP.idp, request_id=request_id)


def test_an_honest_request_is_believed():
    found = ended(IDP.logout_request(SP, indexes=("a", "b"), relay_state="back+to /you?ü"))
    assert (found.nameid, found.indexes, found.relay_state) == ("ada@example.org", ("a", "b"), "back+to /you?ü")
    assert "ada" not in repr(found)


def test_a_request_without_indexes_or_end_is_believed():
    assert ended(IDP.logout_request(SP, indexes=(), expires_in_s=None)).indexes == ()


@pytest.mark.parametrize("bits", ["256", "384", "512"])
def test_better_methods_are_accepted(bits):
    assert ended(IDP.logout_request(SP, algorithm=f"{MORE}rsa-sha{bits}"))


def lower(text):
    """As some providers write it: %2b for %2B."""
    return "".join(
        c.lower() if i and "%" in quote(text, safe="")[i - 2 : i] else c for i, c in enumerate(quote(text, safe=""))
    )


@pytest.mark.parametrize("how", [lower, quote, lambda text: quote(text, safe="")], ids=["lower", "slashes", "strict"])
def test_the_signature_is_checked_over_the_query_as_it_was_written(how):
    assert ended(IDP.logout_request(SP, relay_state="a/b=c", quote=how)).relay_state == "a/b=c"


def test_the_order_of_parameters_and_foreign_ones_have_no_effect():
    parts = IDP.logout_request(SP, relay_state="r").split("&")
    assert ended("&".join([*reversed(parts), "client-request-id=1"])).relay_state == "r"


def test_a_request_that_never_ends_is_read():
    raw = logout_request_xml(IDP, SP, expires_in_s=None).replace(
        " Version", ' NotOnOrAfter="9999-12-31T23:59:59Z" Version', 1
    )
    assert ended(IDP.redirect_query("SAMLRequest", raw))


def test_extensions_of_a_provider_have_no_effect():
    assert ended(IDP.logout_request(SP, extra="<samlp:Extensions><x xmlns='urn:x'/></samlp:Extensions>"))


def forged(**changes):
    return lambda: IDP.logout_request(SP, **changes)


def by(idp, **changes):
    return lambda: idp.logout_request(SP, **changes)


def wrapped(edit):
    """Another message, honestly signed."""
    return lambda: IDP.redirect_query("SAMLRequest", edit(logout_request_xml(IDP, SP)))


def queried(edit):
    return lambda: edit(IDP.logout_request(SP, relay_state="r"))


def bomb():
    raw = logout_request_xml(IDP, SP, extra="<samlp:Extensions>" + " " * 5_000_000 + "</samlp:Extensions>")
    return IDP.redirect_query("SAMLRequest", raw)


def packed(raw):
    """Whatever bytes, honestly signed."""

    def build():
        query = (
            f"SAMLRequest={quote(base64.b64encode(raw).decode(), safe='')}&SigAlg={quote(MORE + 'rsa-sha256', safe='')}"
        )
        value = IDP.key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{query}&Signature={quote(base64.b64encode(value).decode(), safe='')}"

    return build


SHA1 = DSIG + "rsa-sha1"
EC = ForgedIdp(IDP.entity_id, kind="ec", name="ec logout")
REQUESTS = {
    "unsigned": ("unsigned", forged(signed=False)),
    "signature-empty": ("unsigned", queried(lambda q: q[: q.index("&Signature=")] + "&Signature=")),
    "method-missing": ("unsigned", queried(lambda q: "&".join(p for p in q.split("&") if not p.startswith("SigAlg")))),
    "of-the-thief": ("signature", by(SCENE.thief)),
    "rsa-sha1": ("signature-algorithm", forged(algorithm=SHA1)),
    "hmac": ("signature-algorithm", queried(lambda q: q.replace("rsa-sha256", "hmac-sha256"))),
    "method-unknown": ("signature-algorithm", queried(lambda q: q.replace("rsa-sha256", "none"))),
    "method-relabelled": ("signature", queried(lambda q: q.replace("rsa-sha256", "rsa-sha512"))),
    "elliptic": ("signature-algorithm", by(EC, algorithm=MORE + "ecdsa-sha256")),
    "signature-not-base64": ("not-base64", queried(lambda q: q[: q.index("&Signature=")] + "&Signature=%40%40")),
    "relay-state-changed": ("signature", queried(lambda q: q.replace("RelayState=r", "RelayState=evil"))),
    "relay-state-removed": ("signature", queried(lambda q: q.replace("&RelayState=r", ""))),
    "relay-state-added": ("signature", lambda: IDP.logout_request(SP) + "&RelayState=evil"),
    "message-exchanged": (
        "signature",
        lambda: IDP.logout_request(SP, nameid="x").split("&", 1)[0] + "&" + IDP.logout_request(SP).split("&", 1)[1],
    ),
    "message-twice": ("query", queried(lambda q: q.split("&")[0] + "&" + q)),
    "signature-twice": ("query", queried(lambda q: q + "&Signature=AAAA")),
    "request-and-response": ("query", queried(lambda q: q + "&SAMLResponse=AAAA")),
    "message-missing": ("query", lambda: "RelayState=r"),
    "nothing": ("query", lambda: ""),
    "encoded-name": ("query", queried(lambda q: q.replace("SAMLRequest", "SAML%52equest"))),
    "other-encoding": ("query", queried(lambda q: q + "&SAMLEncoding=urn:none")),
    "not-ascii": ("query", queried(lambda q: q + "&x=ü")),
    "relay-state-long": ("query", forged(relay_state="a" * 2000)),
    "relay-state-control": ("query", forged(relay_state="a\nb")),
    "query-huge": ("too-large", queried(lambda q: q + "&x=" + "a" * 100_000)),
    "inflation-bomb": ("too-large", bomb),
    "not-deflated": ("deflate", packed(logout_request_xml(IDP, SP).encode())),
    "deflated-and-more": ("deflate", packed(zlib.compress(logout_request_xml(IDP, SP).encode())[2:-4] + b"more")),
    "deflated-and-cut": ("deflate", packed(zlib.compress(logout_request_xml(IDP, SP).encode())[2:-20])),
    "doctype": ("dtd", wrapped(lambda xml: "<!DOCTYPE r [<!ENTITY x 'y'>]>" + xml)),
    "comment": ("comment", wrapped(lambda xml: xml.replace("ada@", "a<!-- -->da@"))),
    "destination-other": ("destination", forged(destination="https://other.example/slo")),
    "destination-prefix": ("destination", forged(destination=SP.slo_url + "/x")),
    "destination-truncated": ("destination", forged(destination=SP.slo_url[:-1])),
    "destination-missing": ("destination", forged(destination=None)),
    "destination-of-other-implementation": ("destination", lambda: IDP.logout_request(SCENE.other_sp)),
    "issuer-other": ("issuer", forged(issuer="https://other.example")),
    "issuer-missing": ("issuer", forged(issuer=None)),
    "issuer-empty": ("issuer", forged(issuer="")),
    "old": ("too-old", forged(issued_ago_s=900, expires_in_s=None)),
    "in-future": ("issued-in-future", forged(issued_ago_s=-900)),
    "expired": ("expired", forged(expires_in_s=-200)),
    "nameid-missing": ("nameid", forged(nameid=None)),
    "nameid-blank": ("nameid", forged(nameid=" ")),
    "nameid-twice": ("nameid", forged(extra="<saml:NameID>admin</saml:NameID>")),
    "nameid-encrypted": ("unexpected-element", forged(nameid=None, extra="<saml:EncryptedID/>")),
    "nameid-of-other-service": (
        "nameid-qualifier",
        wrapped(lambda xml: xml.replace("<saml:NameID", '<saml:NameID SPNameQualifier="urn:other"')),
    ),
    "index-empty": ("session-index", forged(indexes=("",))),
    "indexes-by-the-hundred": ("session-index", forged(indexes=[f"i{i}" for i in range(200)])),
    "id-missing": ("bad-id", wrapped(lambda xml: xml.replace(" ID=", " Consent="))),
    "version": ("version", wrapped(lambda xml: xml.replace('"2.0"', '"1.1"'))),
    "other-message": ("not-a-logout", wrapped(lambda xml: xml.replace("LogoutRequest", "AuthnRequest"))),
    "manage-nameid": ("not-a-logout", wrapped(lambda xml: xml.replace("LogoutRequest", "ManageNameIDRequest"))),
    "unexpected-element": ("unexpected-element", forged(extra=f"<ds:Signature xmlns:ds='{DSIG}'/>")),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_forged_request_ends_nothing(name):
    code, build = REQUESTS[name]
    remembered = []
    with pytest.raises(Rejected) as refused:
        ended(build(), first_time=lambda key, life_s: remembered.append(key) or True)
    assert refused.value.code == code
    assert code in CODES
    assert not remembered


def test_a_request_counts_once():
    known = set()

    def first_time(key, life_s):
        fresh = key not in known
        known.add(key)
        return fresh

    query = IDP.logout_request(SP)
    assert ended(query, first_time=first_time)
    with pytest.raises(Rejected) as refused:
        ended(query, first_time=first_time)
    assert refused.value.code == "replay"


def test_an_answer_says_whether_all_logins_ended():
    assert answered(IDP.logout_response(SP, "_q1", relay_state="r")).success
    assert not answered(IDP.logout_response(SP, "_q1", status=STATUS + "Responder")).success


def response_of(edit):
    return lambda: IDP.redirect_query("SAMLResponse", edit(logout_response_xml(IDP, SP, "_q1")))


RESPONSES = {
    "unsigned": ("unsigned", lambda: IDP.logout_response(SP, "_q1", signed=False)),
    "of-the-thief": ("signature", lambda: SCENE.thief.logout_response(SP, "_q1")),
    "to-another-request": ("in-response-to", lambda: IDP.logout_response(SP, "_q2")),
    "to-no-request": ("in-response-to", lambda: IDP.logout_response(SP, None)),
    "destination": ("destination", lambda: IDP.logout_response(SP, "_q1", destination=SP.acs_url)),
    "issuer": ("issuer", lambda: IDP.logout_response(SP, "_q1", issuer="https://other.example")),
    "old": ("too-old", lambda: IDP.logout_response(SP, "_q1", issued_ago_s=900)),
    "request-as-response": ("not-a-logout", lambda: IDP.redirect_query("SAMLResponse", logout_request_xml(IDP, SP))),
    "login-as-response": ("not-a-logout", response_of(lambda xml: xml.replace("LogoutResponse", "Response"))),
    "no-status": (
        "status-missing",
        response_of(lambda xml: xml.replace(f'<samlp:StatusCode Value="{STATUS}Success"/>', "")),
    ),
    "request-in-query": ("query", lambda: IDP.logout_request(SP)),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_a_forged_answer_is_refused(name):
    code, build = RESPONSES[name]
    with pytest.raises(Rejected) as refused:
        answered(build())
    assert refused.value.code == code


def test_an_answer_to_nothing_is_refused():
    with pytest.raises(Rejected) as refused:
        answered(IDP.logout_response(SP, ""), request_id="")
    assert refused.value.code == "in-response-to"


# --- what we send


def sent(address, kind):
    """Verify one of our messages as a provider would; return its root and the parameters."""
    query = urlsplit(address).query
    query = query[query.index(kind) :]
    signed, _, value = query.rpartition("&Signature=")
    given = parse_qs(query, strict_parsing=True)
    public = x509.load_pem_x509_certificate(SP.cert_pem.encode()).public_key()
    assert value
    public.verify(base64.b64decode(given["Signature"][0]), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return etree.fromstring(zlib.decompress(base64.b64decode(given[kind][0]), -15)), given


def test_a_login_request_is_signed_and_asks_for_as_little_as_possible():
    address, request_id = outgoing_messages.login_request(SP, IDP.idp, relay_state="h/a+n", force_authn=True)
    root, given = sent(address, "SAMLRequest")
    assert address.startswith(IDP.sso_url + "?SAMLRequest=")
    assert root.tag == f"{{{PROTOCOL}}}AuthnRequest"
    assert given["RelayState"] == ["h/a+n"]
    assert (root.get("ID"), root.get("Destination")) == (request_id, IDP.sso_url)
    assert root.get("AssertionConsumerServiceURL") == SP.acs_url
    assert root.get("ForceAuthn") == "true"
    assert [etree.QName(child).localname for child in root] == ["Issuer"]
    assert root[0].text == SP.entity_id


def test_every_request_has_its_own_id_and_force_is_not_usual():
    made = [outgoing_messages.login_request(SP, IDP.idp, relay_state="r") for _ in range(2)]
    assert made[0][1] != made[1][1]
    assert sent(made[0][0], "SAMLRequest")[0].get("ForceAuthn") is None


def test_the_address_of_a_provider_keeps_its_own_query():
    idp = replace(IDP.idp, sso_url="https://accounts.example/idp?idpid=C01")
    address, _ = outgoing_messages.login_request(SP, idp, relay_state="r")
    assert address.startswith("https://accounts.example/idp?idpid=C01&SAMLRequest=")
    assert sent(address, "SAMLRequest")[0].get("Destination") == idp.sso_url


def test_a_logout_request_names_the_person_and_the_login():
    address, request_id = outgoing_messages.logout_request(
        SP, IDP.idp, nameid='a<b>&"', nameid_format=TRANSIENT, session_index="<i>", relay_state="r"
    )
    root, _ = sent(address, "SAMLRequest")
    assert (root.get("ID"), root.get("Destination")) == (request_id, IDP.slo_url)
    assert [(etree.QName(child).localname, child.text) for child in root] == [
        ("Issuer", SP.entity_id),
        ("NameID", 'a<b>&"'),
        ("SessionIndex", "<i>"),
    ]
    assert root[1].get("Format") == TRANSIENT


@pytest.mark.parametrize(("success", "status"), [(True, "Success"), (False, "Responder")])
def test_a_logout_response_answers_the_request(success, status):
    address = outgoing_messages.logout_response(SP, IDP.idp, in_response_to="_theirs", relay_state="r", success=success)
    root, given = sent(address, "SAMLResponse")
    assert given["RelayState"] == ["r"]
    assert root.get("InResponseTo") == "_theirs"
    assert root.find(f".//{{{PROTOCOL}}}StatusCode").get("Value") == STATUS + status
