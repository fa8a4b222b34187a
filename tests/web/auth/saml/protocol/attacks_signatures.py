"""Attacks with signatures: other keys, weak algorithms, references that point elsewhere, transforms that are programs."""

import base64
import hashlib
import hmac

from tests.support.saml_forge import (
    ASSERTION,
    DSIG,
    ECDSA_SHA256,
    ENVELOPED,
    EXCLUSIVE,
    MORE,
    RSA_SHA256,
    SHA256,
    XENC,
    canonical,
    ec_key,
    rsa_key,
)
from tests.web.auth.saml.protocol.attack_scene import RESPONSE_SIGNED, Attack, Scene, add, attack

A, D = f"{{{ASSERTION}}}", f"{{{DSIG}}}"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

#: Seconds to minutes of CPU in a verifier that runs it.
BOMB = (
    f'<ds:Transform Algorithm="{XPATH}"><ds:XPath>'
    + "count(//node()[" * 6
    + "1"
    + "])>0" * 6
    + "</ds:XPath></ds:Transform>"
)
STYLESHEET = (
    f'<ds:Transform Algorithm="{XSLT}"><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">'
    '<xsl:template match="/"><xsl:copy-of select="document(\'file:///etc/passwd\')"/></xsl:template></xsl:stylesheet>'
    "</ds:Transform>"
)


def transform(algorithm: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


PREFIXES = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="xs"/>'
USUAL = transform(ENVELOPED) + transform(EXCLUSIVE)


def signed(**how):
    """The trusted provider signs, in another manner."""
    return lambda scene: scene.response(signature=how)


def both(name: str, code: str, **how) -> None:
    """The same on the assertion and on the response."""
    add(Attack(name, code, signed(**how)))
    add(
        Attack(
            f"{name}-on-response",
            code,
            lambda scene: scene.response(sign_response=True, sign_assertion=False, signature=how),
            RESPONSE_SIGNED,
        )
    )


def replaced(old: str, new: str):
    def edit(info: str) -> str:
        assert old in info, old
        return info.replace(old, new)

    return edit


def transforms(text: str):
    return lambda info: info[: info.index("<ds:Transforms>") + 15] + text + info[info.index("</ds:Transforms>") :]


TRANSFORMS = {
    "xpath-bomb": USUAL + BOMB,
    "xpath-bomb-first": BOMB + USUAL,
    "xslt": USUAL + transform(XSLT),
    "xpath-filter": USUAL + transform(FILTER, "<ds:XPath>//*</ds:XPath>"),
    "base64": USUAL + transform(DSIG + "base64"),
    "inclusive": transform(ENVELOPED) + transform(INCLUSIVE),
    "inclusive-11": transform(ENVELOPED) + transform("http://www.w3.org/2006/12/xml-c14n11"),
    "with-comments": transform(ENVELOPED) + transform(EXCLUSIVE + "WithComments"),
    "none": "",
    "without-enveloped": transform(EXCLUSIVE),
    "without-canonicalization": transform(ENVELOPED),
    "reversed": transform(EXCLUSIVE) + transform(ENVELOPED),
    "enveloped-twice": transform(ENVELOPED) + USUAL,
    "canonicalized-a-thousand-times": transform(ENVELOPED) + transform(EXCLUSIVE) * 1000,
    "enveloped-with-xpath-inside": transform(ENVELOPED, "<ds:XPath>1</ds:XPath>") + transform(EXCLUSIVE),
    "canonicalization-with-xpath-inside": transform(ENVELOPED) + transform(EXCLUSIVE, "<ds:XPath>1</ds:XPath>"),
    "prefixes-twice": transform(ENVELOPED) + transform(EXCLUSIVE, PREFIXES * 2),
    "prefixes-with-xpath-inside": transform(ENVELOPED)
    + transform(EXCLUSIVE, PREFIXES.replace("/>", "><ds:XPath>1</ds:XPath></ec:InclusiveNamespaces>")),
    "relative-algorithm": transform("#enveloped-signature") + transform(EXCLUSIVE),
    "other-element": f'<ds:Object Algorithm="{ENVELOPED}"/>' + transform(EXCLUSIVE),
}
for _name, _text in TRANSFORMS.items():
    add(Attack(f"transforms-{_name}", "transforms", signed(signed_info=transforms(_text))))
both("xpath-bomb", "transforms", signed_info=transforms(USUAL + BOMB))
# Programs in other languages are not in the allowlist, so libxml2 never sees them.
both("stylesheet", "foreign-attribute", signed_info=transforms(USUAL + STYLESHEET))
both(
    "xpath-filter",
    "foreign-attribute",
    signed_info=transforms(USUAL + transform(FILTER, f'<f:XPath xmlns:f="{FILTER}" Filter="subtract">//*</f:XPath>')),
)

both("rsa-sha1", "signature-algorithm", method=DSIG + "rsa-sha1")
both("digest-sha1", "digest-algorithm", digest=DSIG + "sha1")
both(
    "canonicalization-with-comments",
    "canonicalization",
    signed_info=replaced(EXCLUSIVE + '"/><ds:SignatureM', EXCLUSIVE + 'WithComments"/><ds:SignatureM'),
)

add(
    Attack(
        "canonicalization-with-parameters",
        "canonicalization",
        signed(
            signed_info=replaced(
                f'{EXCLUSIVE}"/><ds:SignatureM', f'{EXCLUSIVE}">{PREFIXES}</ds:CanonicalizationMethod><ds:SignatureM'
            )
        ),
    )
)
add(
    Attack(
        "digest-with-parameters",
        "digest-algorithm",
        signed(signed_info=replaced(f'{SHA256}"/>', f'{SHA256}"><ds:XPath>1</ds:XPath></ds:DigestMethod>')),
    )
)

METHODS = {
    "rsa-md5": MORE + "rsa-md5",
    "dsa-sha1": DSIG + "dsa-sha1",
    "hmac-sha1": DSIG + "hmac-sha1",
    "hmac-sha256": MORE + "hmac-sha256",
    "rsa-ripemd": MORE + "rsa-ripemd160",
    "none": "none",
    "empty": "",
    "case": RSA_SHA256.upper(),
    "space": RSA_SHA256 + " ",
}
for _name, _method in METHODS.items():
    add(Attack(f"method-{_name}", "signature-algorithm", signed(signed_info=replaced(RSA_SHA256, _method))))
for _name in ("md5", "sha224"):
    add(Attack(f"digest-{_name}", "digest-algorithm", signed(digest=MORE + _name)))


@attack("certificate-as-hmac-key", "signature-algorithm")
def hmac_confusion(scene: Scene) -> str:
    """Everybody knows the certificate. Who takes it as the key of an HMAC believes everybody."""

    def forge(root):
        signature = scene.idp.sign(root.find(A + "Assertion"), signed_info=replaced(RSA_SHA256, MORE + "hmac-sha256"))
        key = scene.idp.certificate.encode()
        mac = hmac.new(key, canonical(signature[0]), hashlib.sha256).digest()
        signature[1].text = base64.b64encode(mac).decode()

    return scene.response(sign_assertion=False, between=forge)


@attack("hmac-of-no-length", "signature-algorithm")
def hmac_truncated(scene: Scene) -> str:
    length = f'{MORE}hmac-sha256"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>'
    return signed(signed_info=replaced(f'{RSA_SHA256}"/>', length), value=lambda _: b"\0")(scene)


@attack("method-with-parameters", "signature-algorithm")
def method_parameters(scene: Scene) -> str:
    length = f'{RSA_SHA256}"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>'
    return signed(signed_info=replaced(f'{RSA_SHA256}"/>', length))(scene)


ECDSA = {
    "zeros": bytes(64),
    "ones": b"\1" * 64,
    "r-zero-s-one": bytes(63) + b"\1",
    "order": bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") * 2,
    "short": b"\1" * 10,
    "long": b"\1" * 640,
    "der-of-zeros": bytes.fromhex("3006020100020100"),
}
for _name, _value in ECDSA.items():
    add(
        Attack(
            f"ecdsa-{_name}",
            "signature",
            lambda scene, value=_value: scene.response(
                signature={"key": ec_key("thief"), "method": ECDSA_SHA256, "value": lambda _: value}
            ),
        )
    )


@attack("ecdsa-method-with-rsa-signature", "signature")
def ecdsa_label(scene: Scene) -> str:
    return signed(key=rsa_key("thief"), method=ECDSA_SHA256)(scene)


VALUES = {
    "zeros": lambda made: bytes(len(made)),
    "ones": lambda made: b"\1".rjust(len(made), b"\0"),
    "flipped-bit": lambda made: made[:-1] + bytes([made[-1] ^ 1]),
    "cut": lambda made: made[:-1],
    "longer": lambda made: made + b"\0",
    "of-other-length": lambda _: b"\1" * 8,
}
for _name, _value in VALUES.items():
    add(Attack(f"value-{_name}", "signature", signed(value=_value)))
add(Attack("value-empty", "empty", signed(value=lambda _: b"")))

add(Attack("other-key", "signature", lambda s: s.thief.response(s.sp, s.request_id)))
add(Attack("other-key-with-trusted-certificate", "signature", lambda s: s.response(signature={"key": s.thief.key})))
add(
    Attack(
        "other-key-without-key-info",
        "signature",
        lambda s: s.thief.response(s.sp, s.request_id, signature={"key_info": None}),
    )
)
add(Attack("key-of-our-own-service", "signature", lambda s: s.response(signature={"key": rsa_key("sp")})))


def key_info(name: str, code: str | None, text) -> None:
    def build(scene: Scene) -> str:
        thief = scene.thief
        own = "".join(line for line in thief.certificate.splitlines() if "-" not in line)
        return thief.response(scene.sp, scene.request_id, signature={"key_info": text(own)})

    add(Attack(f"key-info-{name}", code, build))


def modulus() -> str:
    number = rsa_key("thief").public_key().public_numbers().n
    return base64.b64encode(number.to_bytes(256, "big")).decode()


key_info(
    "key-value",
    "signature",
    lambda own: (
        f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus()}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
    ),
)
key_info("key-name", "signature", lambda own: "<ds:KeyName>/etc/ssl/private/key.pem</ds:KeyName>")
key_info("retrieval-of-a-file", "key-info", lambda own: '<ds:RetrievalMethod URI="file:///etc/passwd"/>')
key_info("retrieval-from-the-net", "key-info", lambda own: '<ds:RetrievalMethod URI="http://127.0.0.1:1/key"/>')
key_info(
    "retrieval-with-bomb",
    "key-info",
    lambda own: f'<ds:RetrievalMethod URI=""><ds:Transforms>{BOMB}</ds:Transforms></ds:RetrievalMethod>',
)
key_info(
    "reference",
    "key-info",
    lambda own: '<e:KeyInfoReference xmlns:e="http://www.w3.org/2009/xmldsig11#" URI="file:///etc/passwd"/>',
)
key_info(
    "der-key",
    "key-info",
    lambda own: f'<e:DEREncodedKeyValue xmlns:e="http://www.w3.org/2009/xmldsig11#">{modulus()}</e:DEREncodedKeyValue>',
)
key_info(
    "retrieval-inside",
    "key-info",
    lambda own: '<ds:X509Data><ds:RetrievalMethod URI="file:///etc/passwd"/></ds:X509Data>',
)
key_info(
    "other-element-inside", "key-info", lambda own: f'<ds:X509Data><e:Audience xmlns:e="{ASSERTION}"/></ds:X509Data>'
)
key_info("encrypted-key", "key-info", lambda own: f'<e:EncryptedKey xmlns:e="{XENC}"/>')
key_info(
    "two-certificates",
    "signature",
    lambda own: f"<ds:X509Data><ds:X509Certificate>{own}</ds:X509Certificate></ds:X509Data>" * 2,
)
key_info(
    "garbage-certificate",
    "signature",
    lambda own: "<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>",
)

REFERENCES = {
    "empty": "",
    "unknown": "#_nobody",
    "xpointer-root": "#xpointer(/)",
    "xpointer-id": "#xpointer(id('_a'))",
    "file": "file:///etc/passwd",
    "network": "http://127.0.0.1:1/",
    "bare-id": "_a",
    "two-hashes": "##_a",
}
for _name, _uri in REFERENCES.items():
    add(Attack(f"reference-{_name}", "reference", signed(uri=_uri)))


@attack("reference-to-the-response-from-the-assertion", "reference")
def reference_outer(scene: Scene) -> str:
    return scene.response(response_id="_outer", signature={"uri": "#_outer"})


@attack("reference-without-uri", "reference")
def reference_no_uri(scene: Scene) -> str:
    return scene.response(assertion_id="_a1", signature={"signed_info": replaced(' URI="#_a1"', "")})


@attack("signed-element-without-id", "reference")
def no_id(scene: Scene) -> str:
    def edit(root):
        del root.find(A + "Assertion").attrib["ID"]

    return scene.response(before=edit, signature={"uri": ""})


def _double(info: str) -> str:
    reference = info[info.index("<ds:Reference") : info.index("</ds:SignedInfo>")]
    return info.replace(reference, reference * 2)


def _many(info: str) -> str:
    reference = info[info.index("<ds:Reference") : info.index("</ds:SignedInfo>")]
    return info.replace(reference, reference * 300)


def _drop_reference(info: str) -> str:
    return info[: info.index("<ds:Reference")] + "</ds:SignedInfo>"


FORMS = {
    "two-references": _double,
    "three-hundred-references": _many,
    "no-reference": _drop_reference,
    "two-digests": lambda info: info.replace(
        "<ds:DigestMethod", "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestMethod"
    ),
    "two-methods": lambda info: info.replace(
        "<ds:SignatureMethod", f'<ds:SignatureMethod Algorithm="{RSA_SHA256}"/><ds:SignatureMethod'
    ),
    "no-canonicalization": lambda info: info.replace(f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>', ""),
    "no-transforms": lambda info: info[: info.index("<ds:Transforms>")] + info[info.index("</ds:Transforms>") + 16 :],
    "no-digest-value": lambda info: info[: info.index("<ds:DigestValue>")] + "</ds:Reference></ds:SignedInfo>",
    "digest-value-first": lambda info: info.replace("<ds:Transforms>", "<ds:DigestValue/><ds:Transforms>"),
}
for _name, _edit in FORMS.items():
    add(Attack(f"signature-with-{_name}", "signature-form", signed(signed_info=_edit)))


def digest(name: str, code: str | None, text: str) -> None:
    def edit(info: str) -> str:
        return info[: info.index("<ds:DigestValue>") + 16] + text + info[info.index("</ds:DigestValue>") :]

    add(Attack(f"digest-{name}", code, signed(signed_info=edit)))


digest("empty", "empty", "")
digest("blank", "empty", "  ")
digest("short", "digest", base64.b64encode(b"short").decode())
digest("of-nothing", "signature", base64.b64encode(hashlib.sha256(b"").digest()).decode())
digest("with-comment", "comment", "AAAA<!-- -->")
digest("with-element", "markup-in-text", "AAAA<ds:XPath/>")
digest("not-base64", "not-base64", "@@@@")


def _after(change):
    """After the signature was made."""

    def edit(root):
        change(root.find(f"{A}Assertion/{D}Signature"))

    return lambda scene: scene.edited(edit)


def _object(signature):
    signature.append(signature.makeelement(D + "Object"))


def _manifest(signature):
    found = signature.makeelement(D + "Object")
    found.append(found.makeelement(D + "Manifest"))
    signature.append(found)


def _value_first(signature):
    signature.insert(0, signature[1])


def _no_value(signature):
    signature.remove(signature[1])


def _two_infos(signature):
    other = signature.makeelement(D + "SignedInfo")
    signature.insert(0, other)


def _inner_signature(signature):
    signature[0].append(signature.makeelement(D + "Signature"))


def _stray_reference(signature):
    signature.getparent().find(A + "Subject").append(signature.makeelement(D + "Reference"))


for _name, _change in {
    "object": _object,
    "manifest": _manifest,
    "two-signed-infos": _two_infos,
    "value-first": _value_first,
    "no-value": _no_value,
    "signature-inside": _inner_signature,
    "stray-reference": _stray_reference,
}.items():
    add(Attack(f"signature-with-{_name}", None, _after(_change)))

CHANGES = {
    "nameid": f"{A}Subject/{A}NameID",
    "attribute": f"{A}AttributeStatement/{A}Attribute/{A}AttributeValue",
    "audience": f"{A}Conditions/{A}AudienceRestriction/{A}Audience",
}


def _changed(path: str):
    def edit(root):
        found = root.find(A + "Assertion").find(path)
        found.text += " "

    return lambda scene: scene.edited(edit)


for _name, _path in CHANGES.items():
    add(Attack(f"changed-{_name}", None, _changed(_path)))


@attack("recipient-repaired-after-signing", "signature")
def recipient_repaired(scene: Scene) -> str:
    """The other implementation's assertion, made to look right: only the signature tells."""

    def edit(root):
        for data in root.iter(A + "SubjectConfirmationData"):
            data.set("Recipient", scene.sp.acs_url)
            data.set("InResponseTo", scene.request_id)
        for audience in root.iter(A + "Audience"):
            audience.text = scene.sp.entity_id
        root.set("Destination", scene.sp.acs_url)

    return scene.idp.response(scene.other_sp, scene.request_id, after=edit)


@attack("nothing-signed", "unsigned")
def nothing_signed(scene: Scene) -> str:
    return scene.response(sign_assertion=False)


@attack("nothing-signed-response-allowed", "unsigned", policy=RESPONSE_SIGNED)
def nothing_signed_lenient(scene: Scene) -> str:
    return scene.response(sign_assertion=False)


@attack("digest-method-unknown", "digest-algorithm")
def digest_unknown(scene: Scene) -> str:
    return signed(signed_info=replaced(SHA256, "urn:none"))(scene)
