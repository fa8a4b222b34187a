"""Reads one message of the HTTP-Redirect binding (bindings 3.4.4.1) into an XML tree that is safe to read.

Anyone can send anything here, so every size is checked before the message is inflated or parsed. The steps of
`read_query`:

1. The query is short, and has none of SAML's fields twice.
2. It has exactly one message, deflated, and a short RelayState.
3. The base64 is strict, and the message inflates to a limited size, completely, with nothing after it.
4. It is UTF-8 without declarations, comments or processing instructions, and a small, shallow tree.
5. Its signature is in the address, and there is none inside.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64decode
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from lxml import etree

LONGEST_QUERY = 16 * 1024  #: bytes
LARGEST_MESSAGE = 32 * 1024  #: bytes, inflated
LONGEST_RELAY_STATE = 80  #: bytes (bindings 3.4.3)
MOST_NODES = 100
DEEPEST = 8

FIELDS = ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding")
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"

#: The one declaration that a message may begin with.
DECLARATION = re.compile(rb"""\A<\?xml version=["']1\.0["'](?: encoding=["'](?i:utf-8)["'])?\s*\?>\s*""")


class SamlMessageRefused(Exception):
    """A refused message: a code for the log, and words for the developer who sees the page."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


@dataclass(frozen=True)
class RedirectMessage:
    """A message that could be read; its signature is not checked yet."""

    root: Any
    relay_state: str
    signed: bytes  #: the part of the address that the signature covers
    signature: bytes
    algorithm: str


def read_query(query: bytes) -> RedirectMessage:
    """Read the message in an address's query (without its question mark). Raises `SamlMessageRefused`."""
    # 1. size, and nothing twice
    if len(query) > LONGEST_QUERY:
        raise SamlMessageRefused("query-too-long", f"The query of the address must be at most {LONGEST_QUERY} bytes.")
    raw: dict[str, bytes] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if (field := name.decode("latin-1")) not in FIELDS:
            continue
        if field in raw:
            raise SamlMessageRefused("field-twice", f"The address has {field} twice.")
        raw[field] = value
    # 2. one message
    names = [name for name in ("SAMLRequest", "SAMLResponse") if name in raw]
    if len(names) != 1:
        raise SamlMessageRefused("no-message", "The address must have exactly one of SAMLRequest and SAMLResponse.")
    if text(raw.get("SAMLEncoding", b"")) not in ("", DEFLATE):
        raise SamlMessageRefused("encoding", "The message must be deflated.")
    relay_state = text(raw.get("RelayState", b""))
    if len(relay_state.encode()) > LONGEST_RELAY_STATE:
        raise SamlMessageRefused("relay-state-too-long", f"RelayState must be at most {LONGEST_RELAY_STATE} bytes.")
    # 3. inflate, 4. parse
    root = parsed(inflated(strict_base64(names[0], raw[names[0]])))
    # 5. signature
    if root.find(f".//{SIGNATURE}") is not None:
        raise SamlMessageRefused("signature-inside", "The signature must be in the address, not inside the message.")
    if "SigAlg" not in raw or "Signature" not in raw:
        raise SamlMessageRefused("not-signed", "The message is not signed.")
    order = [name for name in (names[0], "RelayState", "SigAlg") if name in raw]
    signed = b"&".join(name.encode() + b"=" + raw[name] for name in order)
    return RedirectMessage(root, relay_state, signed, strict_base64("Signature", raw["Signature"]), text(raw["SigAlg"]))


def text(value: bytes) -> str:
    """A field's value, decoded. Raises `SamlMessageRefused` unless it is UTF-8."""
    try:
        return unquote_to_bytes(value.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise SamlMessageRefused("not-utf-8", "The address is not UTF-8.") from None


def strict_base64(name: str, value: bytes) -> bytes:
    """Decode a field. Raises `SamlMessageRefused` for anything outside the alphabet."""
    try:
        return b64decode(text(value), validate=True)
    except ValueError:
        raise SamlMessageRefused("base64", f"{name} is not base64.") from None


def inflated(deflated: bytes) -> bytes:
    """Inflate a message, up to its largest size. Raises `SamlMessageRefused`."""
    decompressor = zlib.decompressobj(-15)
    try:
        message = decompressor.decompress(deflated, LARGEST_MESSAGE + 1)
    except zlib.error:
        raise SamlMessageRefused("deflate", "The message is not deflated.") from None
    if len(message) > LARGEST_MESSAGE:
        raise SamlMessageRefused("message-too-large", f"The message must be at most {LARGEST_MESSAGE} bytes.")
    if not decompressor.eof or decompressor.unused_data:
        raise SamlMessageRefused("deflate", "The message is not complete, or something follows it.")
    return message


def parsed(document: bytes) -> Any:
    """Parse a message. Raises `SamlMessageRefused` for anything that a regular message does not contain."""
    body = DECLARATION.sub(b"", document)
    try:
        body.decode()
    except UnicodeDecodeError:
        raise SamlMessageRefused("not-utf-8", "The message is not UTF-8.") from None
    # Our messages never contain "<!" or "<?", so this excludes DTDs, entities, comments, CDATA and instructions.
    if b"<!" in body or b"<?" in body:
        raise SamlMessageRefused(
            "xml-extras", "The message must have no declarations, comments or processing instructions."
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8")
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise SamlMessageRefused("not-xml", "The message is not well-formed XML.") from None
    if sum(1 for _ in root.iter()) > MOST_NODES or depth(root) > DEEPEST:
        raise SamlMessageRefused(
            "tree-too-large", f"The message must have at most {MOST_NODES} elements, {DEEPEST} deep."
        )
    return root


def depth(root: Any) -> int:
    """The depth of a tree; the root alone is 1."""
    deepest, level = 0, 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        level += 1 if event == "start" else -1
        deepest = max(deepest, level)
    return deepest
