"""Attacks on the parsing of a message: encodings, document types, sizes, IDs, and input that is not a message."""

import base64
import gzip
import zlib

from tests.support.saml_forge import ASSERTION, DSIG, PROTOCOL, encode
from tests.web.auth.saml.protocol.attack_scene import Attack, Scene, add, attack

A, P, D = f"{{{ASSERTION}}}", f"{{{PROTOCOL}}}", f"{{{DSIG}}}"

LAUGHS = (
    b'<!DOCTYPE r [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]>"
)
DOCTYPES = {
    "doctype": b"<!DOCTYPE r>",
    "doctype-external": b'<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">',
    "doctype-file": b'<!DOCTYPE r SYSTEM "file:///etc/passwd">',
    "billion-laughs": LAUGHS,
    "external-entity": b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "parameter-entity": b'<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:1/">%x;]>',
    "default-attribute": b"<!DOCTYPE r [<!ATTLIST NameID ID ID #IMPLIED>]>",
    "doctype-after-declaration": b'<?xml version="1.0"?><!DOCTYPE r []>',
}
for _name, _text in DOCTYPES.items():
    add(Attack(_name, "dtd", lambda s, text=_text: s.bytes(lambda raw: text + raw)))

ENCODINGS = {
    "utf-16": lambda raw: raw.decode().encode("utf-16"),
    "utf-16-without-mark": lambda raw: raw.decode().encode("utf-16-le"),
    "utf-16-big": lambda raw: raw.decode().encode("utf-16-be"),
    "utf-16-with-doctype": lambda raw: ("<!DOCTYPE r>" + raw.decode()).encode("utf-16-le"),
    "utf-32": lambda raw: raw.decode().encode("utf-32"),
    "utf-7-declared": lambda raw: b'<?xml version="1.0" encoding="UTF-7"?>' + raw,
    "utf-7-doctype": lambda raw: b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE r+AD4-' + raw,
    "latin-1-declared": lambda raw: b'<?xml version="1.0" encoding="ISO-8859-1"?>' + raw,
    "windows-declared": lambda raw: b"<?xml version='1.0' encoding='windows-1252'?>" + raw,
    "utf-16-declared": lambda raw: b'<?xml version="1.0" encoding="UTF-16"?>' + raw,
    "ebcdic": lambda raw: ('<?xml version="1.0" encoding="cp037"?>' + raw.decode()).encode("cp037"),
    "latin-1-bytes": lambda raw: raw.replace(b"ada@", b"ad\xe4@"),
    "overlong-utf-8": lambda raw: raw.replace(b"ada@", b"\xc0\xa1da@"),
    "surrogates": lambda raw: raw.replace(b"ada@", b"\xed\xa0\x80@"),
    "nul": lambda raw: raw.replace(b"ada@", b"a\0da@"),
}
for _name, _edit in ENCODINGS.items():
    add(Attack(f"encoding-{_name}", "encoding", lambda s, edit=_edit: s.bytes(edit)))

SYNTAX = {
    "entity-unknown": lambda raw: raw.replace(b"ada@", b"&xxe;@"),
    "truncated": lambda raw: raw[:-10],
    "two-roots": lambda raw: raw + raw,
    "text-after": lambda raw: raw + b"text",
    "control-character": lambda raw: raw.replace(b"ada@", b"&#1;@"),
    "attribute-twice": lambda raw: raw.replace(b' Version="2.0"', b' Version="2.0" Version="2.0"', 1),
    "prefix-unknown": lambda raw: raw.replace(b"<saml:Subject", b"<evil:Subject", 1),
    "declaration-late": lambda raw: b" \n<?xml version='1.0'?>" + raw,
    "deep-beyond-the-parser": lambda raw: b"<a>" * 60_000 + b"</a>" * 60_000,
    "json": lambda raw: b'{"SAMLResponse": true}',
    "html": lambda raw: b"<html><body>Sign in<br></body></html>",
    "one-byte": lambda raw: b"<",
}
for _name, _edit in SYNTAX.items():
    add(
        Attack(
            f"syntax-{_name}",
            None if _name == "deep-beyond-the-parser" else "not-xml",
            lambda s, edit=_edit: s.bytes(edit),
        )
    )

COMMENTS = {
    "in-nameid": lambda raw: raw.replace(
        b"ada@example.org</saml:NameID>", b"ada@example.org<!---->.evil</saml:NameID>"
    ),
    "splits-nameid": lambda raw: raw.replace(b"ada@", b"a<!-- -->da@"),
    "in-attribute": lambda raw: raw.replace(b"ada@example.org</saml:Attr", b"ada<!-- -->@example.org</saml:Attr"),
    "in-issuer": lambda raw: raw.replace(b"</saml:Issuer>", b"<!-- --></saml:Issuer>"),
    "in-audience": lambda raw: raw.replace(b"</saml:Audience>", b"<!-- --></saml:Audience>"),
    "in-digest": lambda raw: raw.replace(b"</ds:DigestValue>", b"<!-- --></ds:DigestValue>"),
    "in-signature": lambda raw: raw.replace(b"</ds:SignatureValue>", b"<!-- --></ds:SignatureValue>"),
    "before-root": lambda raw: b"<!-- -->" + raw,
    "after-root": lambda raw: raw + b"<!-- -->",
    "instruction": lambda raw: raw.replace(b"ada@", b"a<?x y?>da@"),
    "instruction-before-root": lambda raw: b'<?xml-stylesheet href="file:///etc/passwd"?>' + raw,
}
for _name, _edit in COMMENTS.items():
    add(Attack(f"comment-{_name}", "comment", lambda s, edit=_edit: s.bytes(edit)))

SIZES = {
    "5-megabytes": (
        "too-large",
        lambda raw: raw.replace(b"</samlp:Response>", b" " * 5_000_000 + b"</samlp:Response>"),
    ),
    "many-elements": (
        "too-many-nodes",
        lambda raw: raw.replace(b"<samlp:Status>", b"<saml:Advice/>" * 5000 + b"<samlp:Status>"),
    ),
    "deep": (
        "too-deep",
        lambda raw: raw.replace(
            b"<samlp:Status>", b"<saml:Advice>" * 100 + b"</saml:Advice>" * 100 + b"<samlp:Status>"
        ),
    ),
    "many-attributes": (
        "too-many-attributes",
        lambda raw: raw.replace(b"<samlp:Status>", b"<samlp:Status %s>" % b" ".join(b'a%d=""' % i for i in range(500))),
    ),
    "many-namespaces": (
        "too-many-namespaces",
        lambda raw: raw.replace(
            b"<samlp:Status>", b"<samlp:Status %s>" % b" ".join(b'xmlns:n%d="urn:n"' % i for i in range(500))
        ),
    ),
    "long-attribute": (
        "too-large",
        lambda raw: raw.replace(b"<samlp:Status>", b'<samlp:Status a="%s">' % (b"a" * 300_000)),
    ),
}
for _name, (_code, _edit) in SIZES.items():
    add(Attack(f"size-{_name}", _code, lambda s, edit=_edit: s.bytes(edit)))

NAMESPACES = {
    "relative": b'xmlns:v="1"',
    "relative-path": b'xmlns:v="a/b"',
    "hash": b'xmlns:v="#"',
    "file": b'xmlns:v="file:///etc/passwd"',
    "script": b'xmlns:v="javascript:x"',
    "long": b'xmlns:v="urn:%s"' % (b"a" * 400),
}
for _name, _text in NAMESPACES.items():
    _edit = lambda raw, text=_text: raw.replace(b"<samlp:Response ", b"<samlp:Response " + text + b" ")  # noqa: E731 - one line for each attack
    add(Attack(f"void-canonicalization-{_name}", "namespace", lambda s, edit=_edit: s.bytes(edit)))
    _edit = lambda raw, text=_text: raw.replace(b"<ds:SignedInfo>", b"<ds:SignedInfo " + text + b">")  # noqa: E731 - one line for each attack
    add(Attack(f"void-canonicalization-signed-info-{_name}", "namespace", lambda s, edit=_edit: s.bytes(edit)))


def on(tag: str, text: str):
    """Add attributes to the first element of a name, after everything was signed."""
    return lambda scene: scene.bytes(lambda raw: raw.replace(f"<{tag}".encode(), f"<{tag} {text}".encode(), 1))


XML_ID = 'xml:id="_a1"'
IDENTITIES = {
    "xml-id": ("foreign-attribute", on("samlp:Status", XML_ID)),
    "saml-id": ("foreign-attribute", on("samlp:Status", 'saml:ID="_a1"')),
    "xml-base": ("foreign-attribute", on("samlp:Response", 'xml:base="file:///"')),
    "schema-location": (
        "foreign-attribute",
        on("samlp:Response", 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:x file:///x"'),
    ),
    "no-namespace-schema": (
        "foreign-attribute",
        on("samlp:Response", 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:noNamespaceSchemaLocation="x"'),
    ),
    "two-kinds-of-id": ("bad-id", on("samlp:Response", 'Id="_other"')),
    "status-with-id": (None, on("samlp:Status", 'ID="_status"')),
    "no-namespace-element": (
        "no-namespace",
        lambda s: s.bytes(lambda raw: raw.replace(b"<samlp:Status>", b"<x/><samlp:Status>")),
    ),
    "element-leaves-namespace": (None, on("samlp:Status", 'xmlns=""')),
    "xsi-type-on-assertion": (None, on("saml:Assertion", 'xsi:type="xs:anyType"')),
    "xsi-nil-on-nameid": (None, on("saml:NameID", 'xsi:nil="true"')),
}
for _name, (_code, _build) in IDENTITIES.items():
    if _name != "element-leaves-namespace":
        add(Attack(f"identity-{_name}", _code, _build))


@attack("duplicate-id-of-assertion", "duplicate-id")
def duplicate_id(scene: Scene) -> str:
    return scene.response(response_id="_same", assertion_id="_same")


@attack("duplicate-id-on-signature", "duplicate-id")
def duplicate_id_on_signature(scene: Scene) -> str:
    return scene.response(assertion_id="_a1", after=lambda root: next(root.iter(D + "Signature")).set("Id", "_a1"))


@attack("duplicate-id-in-other-case", None)
def duplicate_id_case(scene: Scene) -> str:
    return scene.response(assertion_id="_a1", after=lambda root: root.find(P + "Status").set("id", "_a1"))


for _name, _value in {
    "space": "_a b",
    "hash": "#a",
    "digit": "1a",
    "empty": "",
    "long": "a" * 300,
    "xpath": "a']|//*['",
    "newline": "a\n",
}.items():
    add(Attack(f"bad-id-{_name}", "bad-id", lambda s, value=_value: s.response(assertion_id=value)))

BASE64 = {
    "empty": ("empty", lambda b64: ""),
    "blank": ("empty", lambda b64: "  \r\n"),
    "junk": ("not-base64", lambda b64: "!" + b64),
    "junk-inside": ("not-base64", lambda b64: b64[:40] + "*" + b64[40:]),
    "percent": ("not-base64", lambda b64: b64.replace("=", "%3D") + "%0A"),
    "url-alphabet": ("not-base64", lambda b64: "-_" + b64[2:]),
    "padding-inside": ("not-base64", lambda b64: b64[:40] + "==" + b64[40:]),
    "one-character-short": (
        "not-base64",
        lambda b64: b64.rstrip("=")[:-1] + ("" if len(b64.rstrip("=")) % 4 != 1 else "A"),
    ),
    "letters-of-others": ("not-base64", lambda b64: "\uff30\uff28" + b64),
    "nul": ("not-base64", lambda b64: b64 + "\0"),
    "twice": (None, lambda b64: base64.b64encode(b64.encode()).decode()),
    "huge": ("too-large", lambda b64: "A" * 4_000_000),
    "deflated": (None, lambda b64: encode(zlib.compress(base64.b64decode(b64))[2:-4])),
    "gzipped": (None, lambda b64: encode(gzip.compress(base64.b64decode(b64)))),
}
for _name, (_code, _edit) in BASE64.items():
    add(Attack(f"base64-{_name}", _code, lambda s, edit=_edit: edit(s.response())))
