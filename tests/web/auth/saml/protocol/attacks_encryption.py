"""Attacks with encrypted assertions. Everybody can encrypt to our public key, so everything can be inside."""

import base64
import re

from lxml import etree

from tests.support.saml_forge import ASSERTION, DSIG, XENC, XENC11, Recipe, encode, encrypted_xml
from tests.web.auth.saml.protocol.attack_scene import CBC_ALLOWED, RESPONSE_SIGNED, Attack, Scene, add, attack
from tests.web.auth.saml.protocol.attacks_signatures import BOMB, STYLESHEET, USUAL, transforms
from tests.web.auth.saml.protocol.attacks_wrapping import evil_copy

A, D, X = f"{{{ASSERTION}}}", f"{{{DSIG}}}", f"{{{XENC}}}"
GCM = "aes256-gcm"
LENIENT = type(CBC_ALLOWED)(allow_cbc=True, accept_response_signature=True)


def encrypted(name: str, code: str | None, policy=None, **changes) -> None:
    """An honest provider's response with other ingredients, encrypted."""
    rest = {"policy": policy} if policy else {}
    add(Attack(name, code, lambda scene: scene.response(**{"encrypt": GCM, **changes}), encrypts=True, **rest))


def plain(name: str, code: str | None, edit, **changes) -> None:
    """What is encrypted was changed before."""
    encrypted(f"inside-{name}", code, plain=edit, **changes)


def sealed(name: str, code: str | None, edit, **changes) -> None:
    """The encrypted form was changed afterwards."""
    encrypted(f"encrypted-{name}", code, sealed=edit, **changes)


# downgrades
for _method in ("aes128-cbc", "aes256-cbc"):
    encrypted(f"{_method}-not-allowed", "encryption-algorithm", encrypt=_method)
    encrypted(f"{_method}-not-allowed-below-signature", "encryption-algorithm", encrypt=_method, sign_response=True)
    encrypted(f"{_method}-allowed-without-outer-signature", "encryption-algorithm", CBC_ALLOWED, encrypt=_method)
encrypted(
    "cbc-below-broken-signature",
    "signature",
    CBC_ALLOWED,
    encrypt="aes128-cbc",
    sign_response=True,
    after=lambda root: root.set("IssueInstant", "2026-01-01T00:00:00Z"),
)
add(
    Attack(
        "cbc-below-signature-of-the-thief",
        "signature",
        lambda s: s.thief.response(s.sp, s.request_id, encrypt="aes128-cbc", sign_response=True),
        CBC_ALLOWED,
        encrypts=True,
    )
)
encrypted("rsa-1-5", "key-transport", transport="rsa-1_5")
encrypted("rsa-1-5-below-signature", "key-transport", LENIENT, transport="rsa-1_5", sign_response=True)


def algorithm(old: str, new: str):
    def edit(root):
        for method in root.iter(X + "EncryptionMethod"):
            if method.get("Algorithm") == old:
                method.set("Algorithm", new)

    return edit


for _name, _new in {
    "3des": XENC + "tripledes-cbc",
    "none": "none",
    "kw-aes": XENC + "kw-aes256",
    "chacha": "urn:chacha",
}.items():
    sealed(f"data-by-{_name}", "encryption-algorithm", algorithm(XENC11 + GCM, _new))
    sealed(f"key-by-{_name}", "key-transport", algorithm(XENC + "rsa-oaep-mgf1p", _new))


for _name in ("3des-allowed-cbc", "none-allowed-cbc"):
    _new = XENC + "tripledes-cbc" if _name.startswith("3des") else "none"
    sealed(_name, "encryption-algorithm", algorithm(XENC11 + GCM, _new), policy=CBC_ALLOWED, sign_response=True)


def change(path: str, act):
    def edit(root):
        act(root.find(f".//{path}"))

    return edit


def child(tag: str, **attributes: str):
    return lambda parent: parent.append(parent.makeelement(tag, attributes))


def twice(element):
    element.addnext(etree.fromstring(etree.tostring(element)))


def without(tag: str):
    return lambda parent: parent.remove(parent.find(tag))


def retrieval(uri: str, inside: str = "") -> str:
    return f'<d:RetrievalMethod xmlns:d="{DSIG}" Type="{XENC}EncryptedKey" URI="{uri}">{inside}</d:RetrievalMethod>'


def pointing(text: str):
    return lambda info: info.append(etree.fromstring(text))


def hide(info):
    """The key stands where no key belongs."""
    holder = info.makeelement(D + "X509Data")
    holder.append(info[0])
    info.append(holder)


def retrieve(*, kind: str = XENC + "EncryptedKey", inside: str = ""):
    """A pointer to the real key, and more."""

    def act(info):
        info[0].set("Id", "_key")
        info.append(etree.fromstring(retrieval("#_key", inside)))
        info[1].set("Type", kind)

    return act


def set_text(value: str):
    def act(element):
        element.text = value

    return act


DATA = X + "EncryptedData"
KEY = X + "EncryptedKey"
sealed("data-twice", "encryption-form", change(DATA, twice))
sealed("key-twice", "encryption-form", change(KEY, twice))
sealed("key-missing", "encryption-form", change(f"{DATA}/{D}KeyInfo", without(KEY)))
sealed("key-info-missing", "encryption-form", change(DATA, without(D + "KeyInfo")))
sealed("type-missing", "encryption-form", change(DATA, lambda data: data.attrib.pop("Type")))
sealed("type-content", "encryption-form", change(DATA, lambda data: data.set("Type", XENC + "Content")))
sealed("method-missing", "encryption-form", change(DATA, without(X + "EncryptionMethod")))
sealed("method-with-parameters", "encryption-form", change(f"{DATA}/{X}EncryptionMethod", child(X + "KeySize")))
sealed("oaep-parameters", "key-transport", change(f"{KEY}/{X}EncryptionMethod", child(X + "OAEPparams")))
sealed(
    "oaep-md5", "key-transport", change(f"{KEY}/{X}EncryptionMethod", child(D + "DigestMethod", Algorithm=DSIG + "md5"))
)
sealed(
    "mask-that-the-library-does-not-know",
    "key-transport",
    change(f"{KEY}/{X}EncryptionMethod", child(f"{{{XENC11}}}MGF", Algorithm=XENC11 + "mgf1sha256")),
)
sealed(
    "oaep-parameters-with-a-digest",
    "key-transport",
    change(f"{KEY}/{X}EncryptionMethod", child(X + "OAEPparams", Algorithm=DSIG + "sha1")),
)
sealed("key-hidden", "encryption-form", change(f"{DATA}/{D}KeyInfo", hide))
sealed("cipher-with-markup", "encryption-form", change(f"{DATA}/{X}CipherData/{X}CipherValue", child(X + "KeySize")))
sealed(
    "retrieval-of-the-key-with-bomb",
    "encryption-form",
    change(f"{DATA}/{D}KeyInfo", retrieve(inside=f"<d:Transforms>{BOMB.replace('ds:', 'd:')}</d:Transforms>")),
)
sealed("retrieval-of-another-type", "encryption-form", change(f"{DATA}/{D}KeyInfo", retrieve(kind="urn:other")))
sealed("data-beside", "encryption-form", change(A + "EncryptedAssertion", child(X + "ReferenceList")))
sealed("data-in-data", "encryption-form", change(f"{DATA}/{X}CipherData", child(DATA)))
sealed(
    "cipher-reference-file",
    "encryption-form",
    change(f"{DATA}/{X}CipherData", child(X + "CipherReference", URI="file:///etc/passwd")),
)
sealed(
    "agreement",
    "encryption-form",
    change(f"{DATA}/{D}KeyInfo", lambda info: info.replace(info[0], info.makeelement(X + "AgreementMethod"))),
)
sealed(
    "retrieval-from-the-net",
    "encryption-form",
    change(f"{DATA}/{D}KeyInfo", pointing(retrieval("http://127.0.0.1:1/"))),
)
sealed(
    "retrieval-of-a-file", "encryption-form", change(f"{DATA}/{D}KeyInfo", pointing(retrieval("file:///etc/passwd")))
)
sealed(
    "retrieval-with-bomb",
    "encryption-form",
    change(
        f"{DATA}/{D}KeyInfo", pointing(retrieval("#k", f"<d:Transforms>{BOMB.replace('ds:', 'd:')}</d:Transforms>"))
    ),
)
sealed("cipher-empty", None, change(f"{DATA}/{X}CipherData/{X}CipherValue", set_text("")))
sealed("cipher-garbage", "decryption", change(f"{DATA}/{X}CipherData/{X}CipherValue", set_text("AAAA" * 20)))
sealed("cipher-not-base64", "decryption", change(f"{DATA}/{X}CipherData/{X}CipherValue", set_text("@@@@")))
sealed("key-garbage", "decryption", change(f"{KEY}/{X}CipherData/{X}CipherValue", set_text("AAAA" * 20)))
sealed(
    "key-of-zeros",
    "decryption",
    change(f"{KEY}/{X}CipherData/{X}CipherValue", set_text(base64.b64encode(bytes(256)).decode())),
)


@attack("encrypted-tag-changed", "decryption", encrypts=True)
def tag_changed(scene: Scene) -> str:
    def edit(root):
        value = root.find(f".//{DATA}/{X}CipherData/{X}CipherValue")
        raw = base64.b64decode(value.text)
        value.text = encode(raw[:-1] + bytes([raw[-1] ^ 1]))

    return scene.response(encrypt=GCM, sealed=edit)


def encrypted_to(scene: Scene, certificate: str) -> str:
    def edit(root):
        assertion = root.find(A + "Assertion")
        root.replace(assertion, etree.fromstring(encrypted_xml(etree.tostring(assertion), certificate, GCM)))

    return scene.response(between=edit)


@attack("encrypted-to-another-service", "decryption", encrypts=True)
def to_another(scene: Scene) -> str:
    return encrypted_to(scene, scene.other_sp.encryption_cert_pem)


@attack("encrypted-to-our-signing-key", "decryption", encrypts=True)
def to_signing_key(scene: Scene) -> str:
    return encrypted_to(scene, scene.sp.cert_pem)


# what comes out
plain("nothing", None, lambda raw: b"")
plain("text", "assertion-count", lambda raw: b"admin@example.org")
plain("garbage", None, lambda raw: bytes(range(256)))
plain("two-assertions", None, lambda raw: raw + raw)
plain("assertion-and-text", "assertion-count", lambda raw: raw + b"text")
plain("text-and-assertion", "assertion-count", lambda raw: b"text" + raw)
plain("other-element", "assertion-count", lambda raw: b"<saml:Subject xmlns:saml='%s'/>" % ASSERTION.encode())
plain(
    "encrypted-again", "assertion-count", lambda raw: b"<saml:EncryptedAssertion xmlns:saml='%s'/>" % ASSERTION.encode()
)
plain(
    "a-whole-response",
    "assertion-count",
    lambda raw: b"<p:Response xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol'>%s</p:Response>" % raw,
)
plain("escape-from-the-frame", None, lambda raw: raw + b"</inside><inside>" + raw)
plain("escape-from-the-document", "not-xml", lambda raw: raw + b"</inside></frame><frame>")
plain("doctype", "dtd", lambda raw: b"<!DOCTYPE r [<!ENTITY x 'y'>]>" + raw)
plain("entity", "not-xml", lambda raw: raw.replace(b"ada@", b"&xxe;@"))
plain("declaration-utf-16", None, lambda raw: raw.decode().encode("utf-16"))
plain("comment", "comment", lambda raw: raw.replace(b"ada@", b"a<!-- -->da@"))
plain("instruction", "comment", lambda raw: raw.replace(b"ada@", b"a<?x?>da@"))
plain(
    "deep",
    "too-deep",
    lambda raw: raw.replace(b"<saml:Subject>", b"<saml:Advice>" * 90 + b"</saml:Advice>" * 90 + b"<saml:Subject>"),
)
plain(
    "many-elements",
    "too-many-nodes",
    lambda raw: raw.replace(b"<saml:Subject>", b"<saml:Advice/>" * 5000 + b"<saml:Subject>"),
)
plain("relative-namespace", "namespace", lambda raw: raw.replace(b"<saml:Subject>", b'<saml:Subject xmlns:v="1">'))
plain("xml-id", "foreign-attribute", lambda raw: raw.replace(b"<saml:Subject>", b'<saml:Subject xml:id="_x">'))
plain(
    "advice",
    "unexpected-element",
    lambda raw: raw.replace(b"<saml:AuthnStatement", b"<saml:Advice/><saml:AuthnStatement"),
)
plain(
    "changed-nameid",
    "signature",
    lambda raw: raw.replace(b"ada@example.org</saml:NameID>", b"admin@example.org</saml:NameID>"),
)
plain("signature-stripped", "assertion-not-signed", lambda raw: re.sub(rb"<ds:Signature .*</ds:Signature>", b"", raw))
plain("object", "signature-form", lambda raw: raw.replace(b"</ds:Signature>", b"<ds:Object/></ds:Signature>"))
plain("nested-assertion", None, lambda raw: raw.replace(b"</saml:Assertion>", raw + b"</saml:Assertion>"))
plain(
    "unused-key-info",
    "key-info",
    lambda raw: raw.replace(b"<ds:KeyInfo>", b'<ds:KeyInfo><ds:RetrievalMethod URI="file:///etc/passwd"/>'),
)
encrypted("inside-xpath-bomb", "transforms", signature={"signed_info": transforms(USUAL + BOMB)})
encrypted("inside-xslt", "foreign-attribute", signature={"signed_info": transforms(USUAL + STYLESHEET)})
encrypted("inside-rsa-sha1", "signature-algorithm", signature={"method": DSIG + "rsa-sha1"})
encrypted("inside-unsigned", "assertion-not-signed", sign_assertion=False)
encrypted(
    "inside-unsigned-response-signature-not-allowed", "assertion-not-signed", sign_assertion=False, sign_response=True
)
encrypted("inside-unsigned-lenient", "assertion-not-signed", RESPONSE_SIGNED, sign_assertion=False)
encrypted("inside-wrong-audience", "audience", audience=(("https://other.example",),))
encrypted("inside-wrong-recipient", "recipient", recipient="https://other.example/acs")
encrypted("inside-id-of-the-response", "duplicate-id", response_id="_same", assertion_id="_same")
encrypted("inside-old-request", "in-response-to", subject_in_response_to="_old")
add(
    Attack(
        "inside-of-the-thief", "signature", lambda s: s.thief.response(s.sp, s.request_id, encrypt=GCM), encrypts=True
    )
)


@attack("inside-forged-outer-signature-lenient", "signature", policy=RESPONSE_SIGNED, encrypts=True)
def sealed_exchanged(scene: Scene) -> str:
    """The response is signed; its ciphertext is exchanged for one of the attacker's."""

    def edit(root):
        unsigned = Recipe(nameid="admin@example.org", sign_assertion=False)
        forged = scene.idp.response_element(scene.sp, scene.request_id, unsigned)
        fresh = encrypted_xml(etree.tostring(forged.find(A + "Assertion")), scene.sp.encryption_cert_pem, GCM)
        root.replace(root.find(A + "EncryptedAssertion"), etree.fromstring(fresh))

    return scene.response(encrypt=GCM, sign_assertion=False, sign_response=True, after=edit)


@attack("encrypted-beside-plain", "assertion-count", encrypts=True)
def beside_plain(scene: Scene) -> str:
    def edit(root):
        extra = encrypted_xml(
            etree.tostring(evil_copy(root.find(A + "Assertion"), new_id=True)), scene.sp.encryption_cert_pem, GCM
        )
        root.append(etree.fromstring(extra))

    return scene.edited(edit)


@attack("encrypted-nameid", "unexpected-element")
def encrypted_nameid(scene: Scene) -> str:
    def edit(root):
        subject = root.find(f"{A}Assertion/{A}Subject")
        subject.replace(subject[0], subject.makeelement(A + "EncryptedID"))

    return scene.response(before=edit)


add(Attack("encrypted-replay", "replay", lambda s: s.response(encrypt=GCM), twice=True, encrypts=True))
