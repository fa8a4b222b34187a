"""Attacks with names, prefixes, namespaces and blanks: what a parser remembers, and what two parsers could read differently."""

import secrets

from tests.support.saml_forge import ASSERTION, DSIG, PROTOCOL, XENC, decode
from tests.web.auth.saml.protocol.attack_scene import Attack, Scene, add, attack

A, D = f"{{{ASSERTION}}}", f"{{{DSIG}}}"
SCHEMA = "http://www.w3.org/2001/XMLSchema"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def before_status(inside: bytes):
    """Put something into an honest response."""
    return lambda raw: raw.replace(b"<samlp:Status>", inside + b"<samlp:Status>", 1)


def on(tag: str, text: str):
    return lambda raw: raw.replace(f"<{tag}".encode(), f"<{tag} {text}".encode(), 1)


def replaced(old: str, new: str, count: int = -1):
    def edit(raw: bytes) -> bytes:
        assert old.encode() in raw, old
        return raw.replace(old.encode(), new.encode(), count)

    return edit


def random_names(template: bytes, many: int) -> bytes:
    return b"".join(template.replace(b"%", secrets.token_hex(20).encode()) for _ in range(many))


def nested(many: int) -> bytes:
    """Elements within each other, each with one more namespace in scope."""
    opened = b"".join(b'<saml:Advice xmlns:p%d="%s">' % (i, SCHEMA.encode()) for i in range(many))
    return opened + b"</saml:Advice>" * many


BLANKS = b"".join(b"<saml:Advice/>" + bytes(b" \t\n"[(i >> s) % 3] for s in range(20)) for i in range(0, 2000, 7))

NAMES = {
    "unknown-element": ("unexpected-element", before_status(b"<saml:Admin/>")),
    "unknown-element-of-signatures": ("unexpected-element", replaced("<ds:KeyInfo>", "<ds:KeyInfo><ds:Admin/>")),
    "unknown-element-of-ciphers": ("unexpected-element", before_status(b"<x:Admin xmlns:x='%s'/>" % XENC.encode())),
    "known-name-in-another-namespace": ("unexpected-element", before_status(b"<samlp:Assertion/>")),
    "name-in-lower-case": ("unexpected-element", before_status(b"<saml:assertion/>")),
    "name-of-other-letters": ("unexpected-element", before_status("<saml:\u0410ssertion/>".encode())),
    "name-with-a-mark": ("unexpected-element", before_status("<saml:Assertion\u0301/>".encode())),
    "long-name": ("unexpected-element", before_status(b"<saml:%s/>" % (b"n" * 50_000))),
    "many-names": ("unexpected-element", before_status(random_names(b"<saml:n%/>", 1900))),
    "many-names-of-attributes": ("foreign-attribute", before_status(random_names(b'<saml:Advice n%=""/>', 1900))),
    "many-names-on-one-element": (
        "foreign-attribute",
        before_status(b"<saml:Advice %s/>" % random_names(b' n%=""', 60)),
    ),
    "long-name-of-an-attribute": ("foreign-attribute", on("samlp:Status", "n" * 50_000 + '=""')),
    "unknown-attribute-of-a-known-namespace": ("foreign-attribute", on("samlp:Status", f'xmlns:i="{INSTANCE}" i:x=""')),
    "known-attribute-in-a-known-namespace": ("foreign-attribute", on("samlp:Status", 'saml:Format="x"')),
    "many-namespaces-each-with-a-name": (
        "namespace",
        before_status(random_names(b'<saml:Advice xmlns:a="urn:%"/>', 100)),
    ),
    "unknown-namespace-that-nobody-uses": ("namespace", on("samlp:Status", 'xmlns:x="urn:x"')),
    "namespace-with-a-blank": ("namespace", on("samlp:Status", f'xmlns:x="{ASSERTION} "')),
    "namespace-in-upper-case": ("namespace", on("samlp:Status", f'xmlns:x="{ASSERTION.upper()}"')),
    "namespace-with-a-line-break": ("not-xml", on("samlp:Status", f'xmlns:x="{ASSERTION}&#10;"')),
    "many-prefixes": (
        "too-many-namespaces",
        before_status(random_names(b'<saml:Advice xmlns:p%="urn:oasis:names:tc:SAML:2.0:assertion"/>', 100)),
    ),
    "long-prefix": ("too-many-namespaces", on("samlp:Status", f'xmlns:{"p" * 40}="{SCHEMA}"')),
    "prefix-of-other-letters": ("too-many-namespaces", on("samlp:Status", f'xmlns:\u0455aml="{SCHEMA}"')),
    "prefix-xml-for-another": ("not-xml", on("samlp:Status", 'xmlns:xml="urn:x"')),
    "prefix-xmlns": ("not-xml", on("samlp:Status", 'xmlns:xmlns="urn:x"')),
    "namespace-of-xml-by-another-prefix": (
        "not-xml",
        on("samlp:Status", 'xmlns:x="http://www.w3.org/XML/1998/namespace" x:id="_a"'),
    ),
    "namespace-of-xmlns": ("not-xml", on("samlp:Status", 'xmlns:x="http://www.w3.org/2000/xmlns/"')),
    "prefix-taken-away": ("not-xml", on("samlp:Status", 'xmlns:saml=""')),
    "many-namespaces-in-scope": ("too-many-namespaces", before_status(nested(35))),
    "default-namespace-taken-away": ("no-namespace", before_status(b'<Advice xmlns=""/>')),
    "default-namespace-taken-away-below": (
        "no-namespace",
        before_status(b'<Advice xmlns="%s"><Advice xmlns=""/></Advice>' % ASSERTION.encode()),
    ),
    "prefix-of-assertions-becomes-the-protocol": (
        "unexpected-element",
        replaced("<saml:Subject>", f'<saml:Subject xmlns:saml="{PROTOCOL}">', 1),
    ),
    "prefix-of-signatures-becomes-assertions": (
        "unexpected-element",
        replaced("<ds:SignedInfo>", f'<ds:SignedInfo xmlns:ds="{ASSERTION}">', 1),
    ),
    "prefix-of-signatures-declared-again": (
        None,  # not in what was signed: exclusive canonicalization leaves it where it was
        replaced("<ds:Reference ", '<ds:Reference xmlns:ds="http://www.w3.org/2000/09/xmldsig# " ', 1),
    ),
    "attribute-twice-by-two-prefixes": (
        "not-xml",
        on("samlp:Status", f'xmlns:i="{INSTANCE}" xmlns:j="{INSTANCE}" i:type="a" j:type="b"'),
    ),
    "two-colons": (None, before_status(b"<saml:a:b/>")),
    "prefix-alone": ("not-xml", before_status(b"<saml:/>")),
    "instruction-with-a-name": ("comment", before_status(random_names(b"<?n%?>", 100))),
    "instruction-like-a-declaration": ("not-xml", before_status(b'<?xml version="1.0"?>')),
    "entity-for-each-name": ("not-xml", before_status(b"<saml:Advice>&%s;</saml:Advice>" % (b"n" * 200))),
    "blanks-in-hundreds-of-ways": ("blanks", before_status(BLANKS)),
    "depth-of-one-too-many": ("too-deep", before_status(b"<saml:Advice>" * 40 + b"</saml:Advice>" * 40)),
    "one-attribute-too-many": (
        "too-many-attributes",
        before_status(b"<saml:Advice %s/>" % b" ".join(b'a%d=""' % i for i in range(65))),
    ),
    "language-on-a-signature": ("foreign-attribute", replaced("<ds:SignedInfo>", '<ds:SignedInfo xml:lang="en">')),
    "language-on-a-reference": ("foreign-attribute", replaced("<ds:Reference ", '<ds:Reference xml:lang="en" ')),
    "blanks-kept-on-a-certificate": (
        "foreign-attribute",
        replaced("<ds:X509Certificate>", '<ds:X509Certificate xml:space="preserve">'),
    ),
    "declaration-of-version-1-1": (None, lambda raw: b'<?xml version="1.1"?>' + raw.replace(b"ada@", b"a&#1;da@")),
    "declaration-twice": ("not-xml", lambda raw: b'<?xml version="1.0"?><?xml version="1.0"?>' + raw),
    "byte-order-mark-twice": ("not-xml", lambda raw: b"\xef\xbb\xbf" * 2 + raw),
    "encoding-utf8-without-hyphen": ("encoding", lambda raw: b'<?xml version="1.0" encoding="utf8"?>' + raw),
    "encoding-with-a-blank": ("encoding", lambda raw: b'<?xml version="1.0" encoding="utf-8 "?>' + raw),
    "encoding-after-a-line-break": ("encoding", lambda raw: b'<?xml version="1.0"\nencoding\n=\n"UTF-16"?>' + raw),
    "tail-in-utf-16": ("encoding", lambda raw: raw + raw.decode().encode("utf-16-be")),
    "noncharacter": (None, lambda raw: raw.replace(b"ada@", "\ufffeada@".encode())),
    "nul-by-number": ("not-xml", replaced("ada@", "&#0;ada@")),
    "surrogate-by-number": ("not-xml", replaced("ada@", "&#xD800;ada@")),
    "marked-section-in-the-wrong-place": ("not-xml", replaced("<samlp:Status>", "<![INCLUDE[<samlp:Status>]]>")),
    "cdata-around-markup": (None, replaced("<saml:Issuer>", "<![CDATA[<saml:Issuer>]]><saml:Issuer>", 1)),
    "cdata-ends-a-name": (
        "signature",
        replaced("ada@example.org</saml:NameID>", "<![CDATA[root@example.org]]></saml:NameID>"),
    ),
}
for _name, (_code, _edit) in NAMES.items():
    add(Attack(f"names-{_name}", _code, lambda s, edit=_edit: s.bytes(edit)))


def _inside(template: bytes, many: int):
    return lambda raw: raw.replace(b"<saml:Subject>", random_names(template, many) + b"<saml:Subject>", 1)


INSIDE = {
    "names": ("unexpected-element", _inside(b"<saml:n%/>", 1000)),
    "names-of-attributes": ("foreign-attribute", _inside(b'<saml:Advice n%=""/>', 1000)),
    "namespaces": ("namespace", _inside(b'<saml:Advice xmlns:a="urn:%"/>', 100)),
    "prefixes": ("too-many-namespaces", _inside(b'<saml:Advice xmlns:p%="urn:oasis:names:tc:SAML:2.0:assertion"/>', 50)),
    "our-own-frame": ("unexpected-element", lambda raw: raw.replace(b"<saml:Subject>", b"<frame:Extensions/><saml:Subject>")),
    "beside-our-own-frame": (None, lambda raw: raw + b"</frame:Extensions><frame:Extensions>"),
    "below-a-second-frame": ("assertion-count", lambda raw: b"<frame:Extensions>" + raw + b"</frame:Extensions>"),
    "byte-order-mark": (None, lambda raw: b"\xef\xbb\xbf" + raw),
    "declaration": ("not-xml", lambda raw: b'<?xml version="1.0"?>' + raw),
    "a-hundred-kilobytes-of-blanks": ("assertion-not-signed", lambda raw: b"<saml:Assertion xmlns:saml='%s'"
        b" ID='_x' Version='2.0'>%s</saml:Assertion>" % (ASSERTION.encode(), b" " * 90_000)),
}  # fmt: skip
for _name, (_code, _edit) in INSIDE.items():
    add(
        Attack(
            f"inside-names-{_name}",
            _code,
            lambda s, edit=_edit: s.response(encrypt="aes256-gcm", plain=edit),
            encrypts=True,
        )
    )


# --- whose word it is


def blown_up(raw: bytes) -> bytes:
    """The provider's own signature over another body: its SignedInfo holds, and its digest does not."""
    return raw.replace(b"<saml:AttributeValue ", b"<saml:AttributeValue/>" * 3000 + b"<saml:AttributeValue ", 1)


SIGNED_INFO = {
    "of-the-provider-over-a-larger-body": ("signature", blown_up),
    "with-kilobytes-of-blanks": ("signature-form", replaced("<ds:SignedInfo>", "<ds:SignedInfo>" + " " * 9000)),
    "with-a-long-id": ("bad-id", replaced("<ds:SignedInfo>", f'<ds:SignedInfo Id="{"i" * 9000}">')),
    "with-a-long-type": ("signature-form", replaced("<ds:Reference ", f'<ds:Reference Type="{"t" * 9000}" ')),
    "with-another-method": ("signature", replaced("rsa-sha256", "rsa-sha512")),
    "with-a-method-for-another-kind-of-key": ("signature", replaced("rsa-sha256", "ecdsa-sha256")),
    "with-text-between": ("signature", replaced("<ds:SignedInfo>", "<ds:SignedInfo>text")),
    "twice": ("signature-form", lambda raw: raw.replace(b"<ds:SignedInfo>", b"<ds:SignedInfo/><ds:SignedInfo>", 1)),
    "with-a-value-of-one-byte": (
        "signature",
        lambda raw: raw[: raw.index(b"<ds:SignatureValue>") + 19] + b"AA==" + raw[raw.index(b"</ds:SignatureValue>") :],
    ),
    "with-a-value-of-kilobytes": (
        "too-large",
        lambda raw: raw.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>" + b"A" * 40_000),
    ),
}
for _name, (_code, _edit) in SIGNED_INFO.items():
    add(Attack(f"signed-info-{_name}", _code, lambda s, edit=_edit: s.bytes(edit)))


@attack("signed-info-of-another-assertion-with-the-same-id", "signature")
def of_another(scene: Scene) -> str:
    """Both are the provider's: SignedInfo and its value, and the body; they do not belong together."""

    def exchange(root):
        honest = decode(scene.response(assertion_id="_same"))
        old, new = (next(each.iter(D + "Signature")) for each in (root, honest))
        old.getparent().replace(old, new)

    return scene.response(assertion_id="_same", nameid="admin@example.org", after=exchange)
