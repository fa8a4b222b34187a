"""From bytes of a stranger to a tree: what may be read at all.

One parser reads each message once, and the tree that it makes is the one that is verified and believed, so that no two
readers can differ about it. The steps of `read_xml`:

1. At most `Limits.size` bytes, and few namespace declarations: what follows costs by them.
2. UTF-8, said and meant: no other encoding by declaration, and none that hides as UTF-8 (NUL bytes).
3. No document type and no entities, by their bytes and again by the parser's word.
4. Well-formed, read without network, entities and files.
5. Few nodes, shallow, few attributes each; no comments and no processing instructions anywhere.
6. Namespaces have absolute names; every element has one (void canonicalization).
7. No attribute that gives an element a second identity (`xml:id`, `saml:ID`) or that makes a validator fetch a file
   (`xsi:schemaLocation`, `xml:base`), and none at all with a namespace where signatures and ciphers are processed:
   libxmlsec takes `x:Algorithm` for `Algorithm`. Every ID is a plain name, and unique.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from lxml import etree

from .values import Rejected
from .vocabulary import ENCRYPTION, ENCRYPTION_11, EXCLUSIVE, INSTANCE, SIGNATURE, XML

#: An element of lxml, which ships no types.
Element: TypeAlias = Any


@dataclass(frozen=True)
class Limits:
    """How much one document may be."""

    size: int = 192 * 1024  #: bytes of XML
    nodes: int = 4000
    depth: int = 40
    attributes: int = 64  #: of one element
    namespaces: int = 200  #: declarations in all
    #: Drop comments and processing instructions, and let validators' hints stand: for documents that people write, and
    #: that only we read.
    lenient: bool = False


MESSAGE = Limits()
_BLANKS = re.compile(r"[ \t\r\n]+")
_DECLARATION = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_NAMESPACE = re.compile(r"(?:urn:[a-z0-9]|https?://[a-z0-9])", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,255}")
#: Namespaces of the elements which libxmlsec takes its orders from.
_PROCESSED = tuple(f"{{{name}}}" for name in (SIGNATURE, EXCLUSIVE, ENCRYPTION, ENCRYPTION_11))
_ALLOWED_ATTRIBUTES = {XML: {"lang", "space"}, INSTANCE: {"type", "nil"}}


def read_base64(text: str, most: int = MESSAGE.size) -> bytes:
    """Decode base64 that may be broken into lines, and holds nothing else; at most `most` bytes come out."""
    if not text:
        raise Rejected("empty")
    if len(text) > most * 3 // 2:
        raise Rejected("too-large")
    try:
        raw = base64.b64decode(_BLANKS.sub("", text).encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Rejected("not-base64") from None
    if not raw:
        raise Rejected("empty")
    if len(raw) > most:
        raise Rejected("too-large")
    return raw


def read_xml(raw: bytes, limits: Limits = MESSAGE) -> Element:
    """Return the root of a document. The module's docstring numbers the steps."""
    _check_size(raw, limits)  # 1
    _check_encoding(raw)  # 2
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:  # 3
        raise Rejected("dtd")
    try:
        root = etree.fromstring(raw, _parser(limits))  # 4
    except (etree.XMLSyntaxError, ValueError):
        raise Rejected("not-xml") from None
    about = root.getroottree().docinfo
    if about.doctype or about.internalDTD is not None:  # 3
        raise Rejected("dtd")
    check_tree(root, limits)  # 5 to 7
    return root


def check_tree(root: Element, limits: Limits = MESSAGE) -> None:
    """Judge the nodes of a tree: steps 5 to 7."""
    if [*root.itersiblings(preceding=True), *root.itersiblings()]:
        raise Rejected("comment")
    ids: set[str] = set()
    for count, (node, depth) in enumerate(_walk(root), start=1):
        if count > limits.nodes:
            raise Rejected("too-many-nodes")
        if depth > limits.depth:
            raise Rejected("too-deep")
        if not isinstance(node.tag, str):
            raise Rejected("comment")
        if not node.tag.startswith("{"):
            raise Rejected("no-namespace")
        if len(node.attrib) > limits.attributes:
            raise Rejected("too-many-attributes")
        for own in _ids(node, limits):
            if own in ids:
                raise Rejected("duplicate-id")
            ids.add(own)
    _check_namespaces(root)


def text_of(element: Element) -> str:
    """Return the whole text of an element that holds only text."""
    if len(element):
        raise Rejected("markup-in-text", _local(element))
    return element.text or ""


def bytes_of(element: Element) -> bytes:
    """Return what an element with base64 in it says, at most 16 KB."""
    return read_base64(text_of(element), 16 * 1024)


def _parser(limits: Limits) -> Any:
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


def _check_size(raw: bytes, limits: Limits) -> None:
    if len(raw) > limits.size:
        raise Rejected("too-large")
    if raw.count(b"xmlns") > limits.namespaces:
        raise Rejected("too-many-namespaces")


def _check_encoding(raw: bytes) -> None:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected("encoding") from None
    declared = _DECLARATION.match(raw.removeprefix(b"\xef\xbb\xbf").lstrip())
    if b"\0" in raw or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        raise Rejected("encoding")


def _walk(root: Element) -> Any:
    """Yield each node with its depth, without recursion: the depth is a stranger's."""
    depth = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "end":
            depth -= 1
            continue
        depth += event == "start"
        yield node, depth


def _check_namespaces(root: Element) -> None:
    for _, (_, name) in etree.iterwalk(root, events=("start-ns",)):
        if not _NAMESPACE.match(name) or len(name) > 256:  # noqa: PLR2004 - far above every real one
            raise Rejected("namespace")


def _ids(node: Element, limits: Limits) -> list[str]:
    """Return the IDs that an element gives itself; refuse every unusual way to have one."""
    for name in node.attrib:
        if name.startswith("{"):
            namespace, local = name[1:].split("}")
            hint = local not in _ALLOWED_ATTRIBUTES.get(namespace, {local}) and not limits.lenient
            if local.lower() == "id" or hint or node.tag.startswith(_PROCESSED):
                raise Rejected("foreign-attribute", local)
    found = [value for name, value in node.attrib.items() if name.lower() == "id"]
    if not all(map(_NAME.fullmatch, found)) or len(found) > 1:
        raise Rejected("bad-id")
    return found


def _local(element: Element) -> str:
    return str(etree.QName(element).localname)
