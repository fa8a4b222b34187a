"""How much work a stranger's message makes: the value of a signature first, and little of everything that follows."""

import gc
import sys
from contextlib import suppress
from dataclasses import replace

import pytest
import xmlsec
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from tests.support.saml_forge import ASSERTION, ForgedIdp, Recipe, encode
from tests.web.auth.saml.protocol.attack_scene import Scene
from tests.web.auth.saml.protocol.attacks_names import blown_up
from tests.web.auth.saml.protocol.attacks_second_reader import prefixes
from tests.web.auth.saml.protocol.corpus import ATTACKS
from tests.web.auth.saml.protocol.provider_responses import SHAPES
from tests.web.auth.saml.protocol.test_controls import believed
from web.auth.saml.protocol.messages import response_guard
from web.auth.saml.protocol.values import Rejected, SamlPolicy
from web.auth.saml.protocol.xml import library, signatures

SCENE = Scene()
#: Four certificates are pinned; the provider signs with the last of them.
PINNED = replace(
    SCENE.idp.idp,
    certificates=(
        *(ForgedIdp(SCENE.idp.entity_id, name=f"old key {n}").certificate for n in range(3)),
        SCENE.idp.certificate,
    ),
)


DECLARED = b"""xmlns:x="http://www.w3.org/2001/04/xmlenc#" xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#"
 xmlns="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:d="http://www.w3.org/2000/09/xmldsig#" """


@pytest.fixture
def digests(monkeypatch):
    """The elements over which libxmlsec is asked to make a digest: each time the canonicalization of a whole element."""
    asked = []
    real = OneLogin_Saml2_Utils.validate_node_sign

    def counted(node, *rest, **more):
        asked.append(etree.QName(node.getparent()).localname)
        return real(node, *rest, **more)

    monkeypatch.setattr(OneLogin_Saml2_Utils, "validate_node_sign", staticmethod(counted))
    return asked


@pytest.fixture
def opened(monkeypatch):
    """How often our private key was used."""
    asked = []
    real = library.decrypt
    monkeypatch.setattr(library, "decrypt", lambda *given: (asked.append(1), real(*given))[1])
    return asked


def code_of(message: str, policy=SamlPolicy()) -> str:  # noqa: B008 - frozen
    with pytest.raises(Rejected) as refused:
        believed(message, idp=PINNED, policy=policy)
    return refused.value.code


STRANGERS = {
    "small": {},
    "both signed": {"sign_response": True},
    "largest": {"attributes": {f"group{n}": ["x" * 40] * 8 for n in range(190)}},
    "encrypted": {"encrypt": "aes256-gcm"},
    "encrypted and signed": {"encrypt": "aes256-gcm", "sign_response": True},
    "response signed": {"sign_assertion": False, "sign_response": True},
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_strangers_signature_makes_nobody_digest_anything(name, digests):
    policy = SamlPolicy(accept_response_signature=name == "response signed")
    assert code_of(SCENE.thief.response(SCENE.sp, SCENE.request_id, **STRANGERS[name]), policy) == "signature"
    assert not digests


def test_the_bomb_of_namespaces_elements_and_prefixes_is_not_digested_once_for_each_certificate(digests):
    """190 namespaces, 3,800 elements and a long list of prefixes took 270 ms; with fewer of each it is refused as unsigned by the provider."""
    for spaces, count in ((190, 60), (15, 60), (15, 10)):
        message = prefixes("PrefixList", nodes=3800, count=count, spaces=spaces)(replace(SCENE, idp=SCENE.thief))
        assert code_of(message) in ("too-many-namespaces", "transforms", "signature")
    assert not digests


def test_below_a_strangers_signature_nothing_is_decrypted(opened):
    message = SCENE.thief.response(SCENE.sp, SCENE.request_id, encrypt="aes256-gcm", sign_response=True)
    assert code_of(message) == "signature"
    assert not opened


def test_the_providers_own_signature_over_another_body_is_digested_once_whatever_the_number_of_certificates(digests):
    assert code_of(SCENE.bytes(blown_up)) == "signature"
    assert digests == ["Assertion"]


def test_a_response_is_not_digested_when_its_assertion_is_a_strangers(digests):
    """Both values come before both digests: one stolen signature does not pay for the other."""
    message = SCENE.response(sign_response=True, signature={"key": SCENE.thief.key})
    assert code_of(message) == "signature"
    mixed = SCENE.idp.response_element(SCENE.sp, SCENE.request_id, Recipe(sign_assertion=False))
    SCENE.thief.sign(mixed.find(f"{{{ASSERTION}}}Assertion"))
    SCENE.idp.sign(mixed)
    assert code_of(encode(etree.tostring(mixed))) == "signature"
    assert not digests


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape.signed])
def test_an_honest_message_is_digested_for_us_and_for_the_library_with_one_certificate(name, digests):
    shape = SHAPES[name]
    assert believed(shape.build(SCENE), idp=PINNED, policy=shape.policy)
    assert len(digests) == (4 if shape.signed == "both" else 2)


@pytest.mark.parametrize("name", ["inside-of-the-thief", "encrypted-key-garbage", "inside-names-names"])
def test_decrypting_builds_no_store_of_certificates(name, monkeypatch):
    """It takes ten times as long as the decryption, and everybody can make us decrypt."""
    message = ATTACKS[name].build(SCENE)

    def built():
        raise AssertionError

    monkeypatch.setattr(xmlsec, "KeysManager", built)
    with pytest.raises(Rejected) as refused:
        believed(message, policy=ATTACKS[name].policy)
    assert ATTACKS[name].code in (None, refused.value.code)


def test_what_was_decrypted_comes_back_as_bytes_that_nobody_has_read():
    """libxmlsec would parse it if the ciphertext said that it is an element."""
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        real = library.decrypt
        patch.setattr(library, "decrypt", lambda data, key, keys: (seen.append(data), real(data, key, keys))[1])
        assert believed(SCENE.response(encrypt="aes256-gcm"))
    assert [data.get("Type") for data in seen] == [None]


def test_a_signed_info_is_canonicalized_as_libxmlsec_does_it():
    """Ours is checked first, libxmlsec's later: a difference would refuse genuine messages."""
    for shape in SHAPES.values():
        assert believed(shape.build(SCENE), policy=shape.policy)
    crowded = SCENE.bytes(lambda raw: raw.replace(b"<samlp:Response ", b"<samlp:Response %s " % DECLARED, 1))
    assert believed(crowded)


def test_a_signed_info_of_kilobytes_is_not_hashed(monkeypatch):
    monkeypatch.setattr(library, "signer_of", lambda *given: pytest.fail("hashed"))
    assert code_of(ATTACKS["signed-info-with-kilobytes-of-blanks"].build(SCENE)) == "signature-form"
    assert signatures._LONGEST_SIGNED_INFO <= 8192


def parts_of_signatures(raw: bytes) -> bytes:
    """Thousands of parts of signatures, far below the one that is judged."""
    inside = b"<ds:X509Data>" * 30 + b"<ds:Reference/>" * 3800 + b"</ds:X509Data>" * 30
    return raw.replace(b"<ds:X509Data>", b"<ds:X509Data>" + inside, 1)


@pytest.mark.parametrize(
    "sealed", [{"text": parts_of_signatures}, {"encrypt": "aes256-gcm", "plain": parts_of_signatures}]
)
def test_parts_of_signatures_deep_in_a_strangers_message_are_not_traced_one_by_one(sealed, monkeypatch):
    """To look where each stands took 44 ms, all other checks together 10."""
    steps = []
    real = signatures.check_signatures

    def counted(*given):
        sys.setprofile(lambda _, what, __: steps.append(what) if what in ("call", "c_call") else None)
        try:
            return real(*given)
        finally:
            sys.setprofile(None)

    monkeypatch.setattr(response_guard, "check_signatures", counted)
    assert code_of(SCENE.thief.response(SCENE.sp, SCENE.request_id, **sealed)) == "signature-place"
    assert 0 < len(steps) < 4 * 3800


def test_a_refused_message_leaves_nothing_for_the_garbage_collector():
    """What is raised knows the frames that it came through, and those knew it: each message stayed as a whole."""
    message = SCENE.thief.response(SCENE.sp, SCENE.request_id)
    gc.collect()
    gc.disable()
    try:
        before = {id(each) for each in elements()}
        with suppress(Rejected):
            believed(message, idp=PINNED)
        assert not [each.tag for each in elements() if id(each) not in before]
    finally:
        gc.enable()


def elements() -> list:
    return [each for each in gc.get_objects() if isinstance(each, etree._Element)]
