"""From untrusted bytes to a tree: which documents may be read.

expat checks the document, and then lxml parses it once; the resulting tree is the one that is verified and used. The steps
of `read_xml`:

1. It has at most `XmlLimits.size` bytes, which limits the cost of all later steps.
2. It is UTF-8: it declares no other encoding, and contains no NUL bytes.
3. It has no document type and no entities, by its bytes and according to both parsers.
4. It is well-formed, small in every respect, and contains only known names, according to expat (`screening.py`). Before
   this step libxml2, which would keep the names, sees no byte.
5. It is well-formed according to lxml, without network, entities and files.
6. No attribute gives an element a second ID (`xml:id`, `saml:ID`) or makes a validator fetch a file
   (`xsi:schemaLocation`, `xml:base`). In signatures and encryption no attribute has a namespace, because libxmlsec
   confuses `x:Algorithm` with `Algorithm`. Every ID is a plain name, and unique.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, TypeAlias

from lxml import etree

from web.auth.saml.protocol.values import Rejected
from web.auth.saml.protocol.vocabulary import ENCRYPTION, ENCRYPTION_11, EXCLUSIVE, INSTANCE, SIGNATURE, XML

from .screening import XmlLimits, screen

#: An element of lxml, which ships no types.
Element: TypeAlias = Any


MESSAGE = XmlLimits()
_BLANKS = b" \t\r\n"
_DECLARATION = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,255}")
#: Namespaces of the elements that libxmlsec processes.
_PROCESSED = tuple(f"{{{name}}}" for name in (SIGNATURE, EXCLUSIVE, ENCRYPTION, ENCRYPTION_11))
_ID_NAMES = frozenset({"ID", "Id", "iD", "id"})
_ALLOWED_ATTRIBUTES = {XML: {"lang", "space"}, INSTANCE: {"type", "nil"}}


def read_base64(text: str, most: int = MESSAGE.size) -> bytes:
    """Decode strict base64, which may contain line breaks, to at most `most` bytes."""
    if not text:
        raise Rejected("empty")
    if len(text) > most * 3 // 2:
        raise Rejected("too-large")
    try:
        raw = base64.b64decode(text.encode("ascii").translate(None, _BLANKS), validate=True)
    except (binascii.Error, ValueError):
        raise Rejected("not-base64") from None
    if not raw:
        raise Rejected("empty")
    if len(raw) > most:
        raise Rejected("too-large")
    return raw


def read_xml(raw: bytes, limits: XmlLimits = MESSAGE) -> Element:
    """Return the root of a document. The module's docstring numbers the steps."""
    if len(raw) > limits.size:  # 1
        raise Rejected("too-large")
    _check_encoding(raw)  # 2
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:  # 3
        raise Rejected("dtd")
    screen(raw, limits)  # 4
    try:
        root = etree.fromstring(raw, _parser(limits))  # 5
    except (etree.XMLSyntaxError, ValueError):
        raise Rejected("not-xml") from None
    about = root.getroottree().docinfo
    if about.doctype or about.internalDTD is not None:  # 3
        raise Rejected("dtd")
    check_tree(root, limits)  # 6
    return root


def check_tree(root: Element, limits: XmlLimits = MESSAGE) -> None:
    """Check the IDs in a tree: step 6."""
    ids: set[str] = set()
    for count, node in enumerate(root.iter(), start=1):
        if count > limits.nodes:
            raise Rejected("too-many-nodes")
        if not isinstance(node.tag, str):
            raise Rejected("comment")
        for own in _ids(node, limits):
            if own in ids:
                raise Rejected("duplicate-id")
            ids.add(own)


def text_of(element: Element) -> str:
    """Return the text of an element, which must contain only text."""
    if len(element):
        raise Rejected("markup-in-text", _local(element))
    return element.text or ""


def bytes_of(element: Element) -> bytes:
    """Decode the base64 in an element, to at most 16 KB."""
    return read_base64(text_of(element), 16 * 1024)


def _parser(limits: XmlLimits) -> Any:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=limits.lenient,
        remove_pis=limits.lenient,
        remove_blank_text=False,
    )


def _check_encoding(raw: bytes) -> None:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected("encoding") from None
    declared = _DECLARATION.match(raw.removeprefix(b"\xef\xbb\xbf").lstrip())
    if b"\0" in raw or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        raise Rejected("encoding")


def _ids(node: Element, limits: XmlLimits) -> list[str]:
    """Return the IDs of an element; refuse every unusual kind of ID."""
    found = []
    for name in node.keys():  # noqa: SIM118 - an element yields its children
        if name.startswith("{"):
            namespace, local = name[1:].split("}")
            hint = local not in _ALLOWED_ATTRIBUTES.get(namespace, {local}) and not limits.lenient
            if local.lower() == "id" or hint or node.tag.startswith(_PROCESSED):
                raise Rejected("foreign-attribute", local)
        elif name in _ID_NAMES:
            found.append(node.get(name))
    if not all(map(_NAME.fullmatch, found)) or len(found) > 1:
        raise Rejected("bad-id")
    return found


def _local(element: Element) -> str:
    return str(etree.QName(element).localname)
