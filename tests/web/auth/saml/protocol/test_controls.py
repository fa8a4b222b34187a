"""Genuine messages are accepted: as well-known providers send them, and with everything unusual that is allowed.

Without these, refusing everything would pass every other test.
"""

import base64
import datetime as dt
import textwrap
from dataclasses import replace

import pytest
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier

from tests.support.saml_forge import MORE, TRANSIENT, XENC, ForgedIdp, changing_keys, decode
from tests.web.auth.saml.protocol.attack_scene import Scene
from tests.web.auth.saml.protocol.attacks_content import A, P, child, within
from tests.web.auth.saml.protocol.provider_responses import SHAPES
from web.auth.saml.protocol.messages.response_guard import verify_response
from web.auth.saml.protocol.values import Rejected, SamlPolicy

SCENE = Scene()


def believed(message, *, scene=SCENE, idp=None, policy=SamlPolicy(), request_id="_request1"):  # noqa: B008 - frozen
    return verify_response(
        message,
        sp=scene.sp,
        idp=idp or scene.idp.idp,
        policy=policy,
        request_id=request_id,
        first_time=lambda key, life_s: True,
    )


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_known_provider_is_believed(shape):
    found = believed(shape.build(SCENE), policy=shape.policy)
    assert (found.nameid, found.attributes[shape.mail_name]) == (shape.nameid, shape.mail)
    assert found.issuer == SCENE.idp.entity_id
    assert found.in_response_to == "_request1"
    assert found.authn_instant is not None


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape.signed])
def test_a_second_library_with_another_stack_agrees_about_what_is_signed(name):
    """The element which it says is signed holds the identity that the guard reads."""
    shape = SHAPES[name]
    message = shape.build(SCENE)
    found = believed(message, policy=shape.policy)
    places = {"assertion": [f"./{A}Assertion/"], "response": ["./"], "both": ["./", f"./{A}Assertion/"]}[shape.signed]
    for place in places:
        rules = SignatureConfiguration(
            location=place,
            expect_references=1,
            signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
            digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        )
        raw = base64.b64decode(message)
        verified = XMLVerifier().verify(raw, x509_cert=SCENE.idp.certificate, expect_config=rules, id_attribute="ID")
        names = [element.text for element in verified.signed_xml.iterfind(f".//{A}Subject/{A}NameID")]
        assert names == [found.nameid]


def test_everything_is_read():
    found = believed(
        SCENE.response(
            nameid="Zoë 🎫",
            attributes={"urn:oid:2.5.4.42": ["Zoë"], "groups": ["a", "\n  b\n", " c ", " "], "none": []},
            friendly_names={"urn:oid:2.5.4.42": "givenName", "groups": "g", "none": "g"},
            session_index="s1",
            session_for_s=3600,
        )
    )
    assert found.nameid == "Zoë 🎫"
    assert found.attributes == {"urn:oid:2.5.4.42": ("Zoë",), "groups": ("a", "b", " c "), "none": ()}
    assert found.friendly == {"givenName": ("Zoë",)}, "a friendly name that two attributes have is nobody's"
    assert found.session_index == "s1"
    assert (found.session_not_on_or_after - found.authn_instant).total_seconds() == 3600
    assert not found.transient
    assert "Zoë" not in repr(found)


def test_a_transient_name_says_so():
    assert believed(SCENE.response(nameid_format=TRANSIENT)).transient


def test_no_attributes_and_no_format_are_fine():
    found = believed(SCENE.response(attributes={}, nameid_format=None, session_index=None, session_for_s=None))
    assert (found.attributes, found.session_index, found.session_not_on_or_after) == ({}, None, None)


@pytest.mark.parametrize("bits", ["256", "384", "512"])
def test_better_digests_are_accepted(bits):
    digest = (MORE if bits == "384" else XENC) + f"sha{bits}"
    assert believed(SCENE.response(signature={"digest": digest, "method": f"{MORE}rsa-sha{bits}"}))


@pytest.mark.parametrize("encrypt", [None, "aes256-gcm"])
def test_a_provider_with_an_elliptic_key_is_believed(encrypt):
    scene = replace(SCENE, idp=ForgedIdp("https://ec.example/metadata", kind="ec"))
    assert believed(scene.response(sign_response=True, encrypt=encrypt), scene=scene).nameid == "ada@example.org"


@pytest.mark.parametrize(
    ("transport", "oaep"),
    [("rsa-oaep-mgf1p", "sha1"), ("rsa-oaep-mgf1p", "sha256"), ("rsa-oaep", "sha1"), ("rsa-oaep", "sha512")],
)
@pytest.mark.parametrize("encrypt", ["aes128-gcm", "aes192-gcm", "aes256-gcm"])
def test_usual_encryption_is_opened(encrypt, transport, oaep):
    assert believed(SCENE.response(encrypt=encrypt, transport=transport, oaep=oaep)).nameid == "ada@example.org"


def test_an_assertion_that_leaves_its_namespaces_to_the_response_is_opened():
    def lean(raw):
        spaces = b' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
        assert spaces in raw
        return raw.replace(spaces, b"", 1)

    assert believed(SCENE.response(encrypt="aes256-gcm", plain=lean)).nameid == "ada@example.org"


@pytest.mark.parametrize("signer", [0, 1])
def test_while_certificates_roll_over_both_count(signer):
    old, new = SCENE.idp, ForgedIdp(SCENE.idp.entity_id, name="next key")
    both = replace(old.idp, certificates=(old.certificate, new.certificate))
    assert believed((old, new)[signer].response(SCENE.sp, "_request1"), idp=both)
    with pytest.raises(Rejected):
        believed((old, new)[signer].response(SCENE.sp, "_request1"), idp=(new, old)[signer].idp)


@pytest.mark.parametrize("present", ["present", "next"])
def test_while_our_keys_roll_over_both_open_an_assertion(present):
    rolling = changing_keys(SCENE.sp)
    encrypted_for = rolling.encryption_cert_pem if present == "present" else rolling.next_encryption_cert_pem
    sender = replace(rolling, encryption_cert_pem=encrypted_for)
    message = SCENE.idp.response(sender, "_request1", encrypt="aes256-gcm")
    assert believed(message, scene=replace(SCENE, sp=rolling))


@pytest.mark.parametrize(
    "dress",
    [
        lambda b64: textwrap.fill(b64, 76).replace("\n", "\r\n"),
        lambda b64: " " + b64 + "\n",
        lambda b64: base64.b64encode(b'<?xml version="1.0" encoding="utf-8"?>\n' + base64.b64decode(b64)).decode(),
        lambda b64: base64.b64encode(b"\xef\xbb\xbf" + base64.b64decode(b64)).decode(),
    ],
    ids=["lines", "blanks", "declaration", "byte-order-mark"],
)
def test_usual_packings_are_read(dress):
    assert believed(dress(SCENE.response()))


def test_indented_messages_are_read():
    assert believed(SCENE.response(before=etree.indent, nameid="ada")).nameid == "ada"


def _conditions(conditions):
    child(conditions, A + "OneTimeUse")
    child(conditions, A + "ProxyRestriction", Count="0")


def _context(context):
    child(context, A + "AuthenticatingAuthority", "https://upstream.example")


def _two_confirmations(subject):
    other = subject.makeelement(A + "SubjectConfirmation", {"Method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"})
    subject.insert(1, other)


def _nil(value):
    value.text = None
    value.set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")
    del value.attrib["{http://www.w3.org/2001/XMLSchema-instance}type"]


@pytest.mark.parametrize(
    "edit",
    [
        within(A + "Conditions", _conditions),
        within(A + "AuthnContext", _context),
        within(A + "Subject", _two_confirmations),
        within(A + "AttributeValue", _nil),
        within(f"{P}Status", lambda status: child(status, P + "StatusMessage", "welcome")),
        within(A + "SubjectConfirmationData", lambda data: data.set("NotBefore", "2020-01-01T00:00:00Z")),
        within(A + "Audience", lambda audience: child(audience.getparent(), A + "Audience", "https://other.example")),
    ],
    ids=["conditions", "context", "confirmations", "nil", "message", "not-before", "audiences"],
)
def test_what_the_standard_allows_besides_is_accepted(edit):
    assert believed(SCENE.response(before=edit)).nameid == "ada@example.org"


@pytest.mark.parametrize("ago_s", [-80, 80, 650])
def test_clocks_may_differ(ago_s):
    long = {"expires_in_s": 900, "confirmed_for_s": 900, "not_before_in_s": 0}
    assert believed(SCENE.response(issued_ago_s=ago_s, **long))


@pytest.mark.parametrize(
    "late", [{"confirmed_for_s": -60}, {"expires_in_s": -60}, {"session_for_s": -60}, {"not_before_in_s": 60}]
)
def test_one_tolerance_holds_for_every_time(late):
    assert believed(SCENE.response(**late))


def test_conditions_need_no_times_of_their_own():
    assert believed(SCENE.response(not_before_in_s=None, expires_in_s=None))


def test_the_moment_of_a_judgement_can_be_given():
    """Rehearsals and tests have a clock of their own, and nothing behind the guard looks at another."""
    then = dt.datetime.now(dt.UTC) + dt.timedelta(days=400)
    message = SCENE.response(now=then)
    given = {"sp": SCENE.sp, "idp": SCENE.idp.idp, "policy": SamlPolicy(), "request_id": "_request1"}
    assert verify_response(message, **given, first_time=lambda key, life_s: True, now=then)
    with pytest.raises(Rejected):
        verify_response(message, **given, first_time=lambda key, life_s: True)


def test_the_clock_of_the_library_is_never_asked(monkeypatch):
    """It has other tolerances than ours, and is deprecated by newer Pythons."""

    def asked():
        raise AssertionError

    monkeypatch.setattr(OneLogin_Saml2_Utils, "now", asked)
    assert believed(SCENE.response(sign_response=True))
    assert believed(SCENE.response(encrypt="aes256-gcm"))


def test_a_login_that_nobody_asked_for_counts_where_it_is_allowed():
    message = SCENE.idp.response(SCENE.sp, None)
    assert believed(message, policy=SamlPolicy(allow_unsolicited=True), request_id=None).in_response_to is None


def test_times_at_the_end_of_the_calendar_are_read():
    def edit(root):
        for tag, name in (("AuthnStatement", "SessionNotOnOrAfter"), ("SubjectConfirmationData", "NotOnOrAfter")):
            next(root.iter(A + tag)).set(name, "9999-12-31T23:59:59Z")
        root.find(f"{A}Assertion/{A}Conditions").set("NotOnOrAfter", "9999-12-31T23:59:59.9999999Z")
        root.find(f"{A}Assertion/{A}Conditions").set("NotBefore", "0001-01-01T00:00:00Z")

    assert believed(SCENE.response(before=edit)).session_not_on_or_after.year == 9999


def test_a_provider_without_certificates_is_never_believed():
    """Least of all by the certificate in the message."""
    with pytest.raises(Rejected) as refused:
        believed(SCENE.response(), idp=replace(SCENE.idp.idp, certificates=()))
    assert refused.value.code == "signature"


def test_step_up_takes_a_fresh_login():
    assert believed(SCENE.response(authenticated_ago_s=100), policy=SamlPolicy(max_authn_age_s=120))


def test_what_is_remembered_against_replay_outlives_the_message():
    lives = []
    for confirmed_s, most in ((300, 300 + 90 + 60), (9000, 600 + 90 + 60)):
        message = SCENE.response(confirmed_for_s=confirmed_s, expires_in_s=confirmed_s)
        verify_response(
            message,
            sp=SCENE.sp,
            idp=SCENE.idp.idp,
            policy=SamlPolicy(),
            request_id="_request1",
            first_time=lambda key, life_s: lives.append(life_s) or True,
        )
        assert most - 5 <= lives[-1] <= most


def test_a_store_that_is_away_is_not_taken_for_a_refusal():
    class StoreIsAway(Exception):
        pass

    def first_time(key, life_s):
        raise StoreIsAway

    with pytest.raises(StoreIsAway):
        verify_response(
            SCENE.response(),
            sp=SCENE.sp,
            idp=SCENE.idp.idp,
            policy=SamlPolicy(),
            request_id="_request1",
            first_time=first_time,
        )


def test_the_values_are_not_changed_by_a_judgement():
    idp = SCENE.idp.idp
    before = (repr(SCENE.sp), repr(idp), SCENE.sp.key_pem)
    believed(SCENE.response(), idp=idp)
    assert (repr(SCENE.sp), repr(idp), SCENE.sp.key_pem) == before
    for key in (SCENE.sp.key_pem, SCENE.sp.decryption_key_pem):
        assert repr(key)[1:-1] not in repr(SCENE.sp)


def test_the_second_opinion_is_able_to_object():
    message = SCENE.edited(lambda root: setattr(next(root.iter(A + "NameID")), "text", "admin"))
    rules = SignatureConfiguration(location=f"./{A}Assertion/")
    with pytest.raises(Exception, match=r"[Dd]igest"):
        XMLVerifier().verify(
            etree.tostring(decode(message)), x509_cert=SCENE.idp.certificate, expect_config=rules, id_attribute="ID"
        )
