"""Screening: expat checks the content of a document before libxml2 reads it.

libxml2 keeps every new name, and short runs of white space, in a dictionary of its thread, and the cost of canonicalization
depends on the namespaces in scope. expat keeps nothing, and this reader stops at the first thing that is not allowed. The
steps, all in one pass over the bytes:

1. No document type, no entities and nothing external; in a message no comments and no processing instructions.
2. A limited number of elements, depth, attributes of each element, and different runs of white space.
3. A limited number of namespace declarations, of namespaces in scope, and of different prefixes, which are short and plain.
4. Every element has a namespace and is in the allowlist (`allowed_names.py`); so are attributes and namespaces.

Metadata is signed as a whole and may contain extensions, so unknown parts cannot be removed. Because administrators provide
it, a limited number of unknown names of limited length is allowed there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from web.auth.saml.protocol.values import Rejected

from .allowed_names import ATTRIBUTES, ELEMENTS, NAMESPACES

_ABSOLUTE: Final = re.compile(r"(?:urn:[a-z0-9]|https?://[a-z0-9])", re.IGNORECASE)
_PREFIX: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,31}")
#: Most characters of a namespace, and of a name that is not in the allowlist.
_LONGEST_NAMESPACE: Final = 256
_LONGEST_NAME: Final = 64
#: The separator between the parts of a name in expat. No namespace can contain it.
_JOINT: Final = "\n"
_BLANKS: Final = " \t\r\n"
#: libxml2 keeps runs of white space that are shorter than this.
_KEPT_BLANKS: Final = 60


@dataclass(frozen=True)
class XmlLimits:
    """The limits for one document."""

    size: int = 192 * 1024  #: bytes of XML
    nodes: int = 4000
    depth: int = 40
    attributes: int = 64  #: of one element
    namespaces: int = 200  #: declarations in all
    in_scope: int = 32  #: declarations in scope at one element
    prefixes: int = 24  #: different ones
    blanks: int = 80  #: different runs of white space: an indented document has one or two for each depth
    unknown: int = 0  #: different names and namespaces that are not in the allowlist
    #: drop comments and processing instructions, and allow hints for validators: for metadata, which people may edit
    lenient: bool = False


def screen(raw: bytes, limits: XmlLimits) -> None:
    """Raise `Rejected` unless a document in UTF-8 may be read. The module's docstring numbers the steps."""
    parser = expat.ParserCreate("utf-8", _JOINT)
    reader = _Reader(limits)
    parser.buffer_text = True
    parser.namespace_prefixes = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = reader.doctype  # 1
    parser.EntityDeclHandler = reader.doctype
    parser.ExternalEntityRefHandler = reader.external
    parser.SkippedEntityHandler = reader.doctype
    parser.CommentHandler = reader.comment
    parser.ProcessingInstructionHandler = reader.instruction
    parser.StartElementHandler = reader.start  # 2 to 4
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartNamespaceDeclHandler = reader.declares
    parser.EndNamespaceDeclHandler = reader.leaves
    try:
        parser.Parse(raw, True)
    except expat.ExpatError:
        raise Rejected("not-xml") from None
    if reader.nameless:
        raise Rejected("no-namespace")


@dataclass
class _Reader:
    """The handlers that expat calls. They raise `Rejected`, which stops the parser."""

    limits: XmlLimits
    nodes: int = 0
    depth: int = 0
    declared: int = 0
    in_scope: int = 0
    prefixes: set[str] = field(default_factory=set)
    blanks: set[str] = field(default_factory=set)
    unknown: set[tuple[str, str]] = field(default_factory=set)
    known: set[str] = field(default_factory=set)  #: attributes that were already checked, as expat writes them
    named: set[str] = field(default_factory=set)  #: elements that were already checked
    nameless: bool = (
        False  #: an element had no namespace. Reported at the end, because malformed XML is the better reason
    )
    spaces: list[str] = field(default_factory=list)  #: namespaces declared by the next element

    def doctype(self, *_: object) -> None:
        raise Rejected("dtd")

    def external(self, *_: object) -> int:
        raise Rejected("dtd")

    def comment(self, _: str) -> None:
        if not self.limits.lenient:
            raise Rejected("comment")

    def instruction(self, target: str, _: str) -> None:
        self.comment("")
        self._check_known(("", target), frozenset(), "comment")

    def declares(self, prefix: str | None, space: str | None) -> None:
        # 3. Called before the element that contains the declaration.
        self.declared += 1
        self.in_scope += 1
        if self.declared > self.limits.namespaces or self.in_scope > self.limits.in_scope:
            raise Rejected("too-many-namespaces")
        if prefix is not None:
            self.prefixes.add(prefix)
            if len(self.prefixes) > self.limits.prefixes or not _PREFIX.fullmatch(prefix):
                raise Rejected("too-many-namespaces", "prefixes")
        self.spaces.append(space or "")

    def leaves(self, _: str | None) -> None:
        self.in_scope -= 1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        # 2.
        self.nodes += 1
        self.depth += 1
        if self.nodes > self.limits.nodes:
            raise Rejected("too-many-nodes")
        if self.depth > self.limits.depth:
            raise Rejected("too-deep")
        if len(attributes) > self.limits.attributes:
            raise Rejected("too-many-attributes")
        # 4.
        for attribute in attributes.keys() - self.known:
            self._check_known(_parts(attribute), ATTRIBUTES, "foreign-attribute")
            self.known.add(attribute)
        for declared in self.spaces:
            self._check_namespace(declared)
        self.spaces.clear()
        if name in self.named:
            return
        space, local = _parts(name)
        if space:
            self._check_known((space, local), ELEMENTS, "unexpected-element")
        self.nameless = self.nameless or not space
        self.named.add(name)

    def end(self, _: str) -> None:
        self.depth -= 1

    def text(self, said: str) -> None:
        if len(said) < _KEPT_BLANKS and not said.strip(_BLANKS):
            self.blanks.add(said)
            if len(self.blanks) > self.limits.blanks:
                raise Rejected("blanks")

    def _check_namespace(self, space: str) -> None:
        # `xmlns=""` removes the default namespace; elements there have no namespace.
        if not space:
            return
        if not _ABSOLUTE.match(space) or len(space) > _LONGEST_NAMESPACE:
            raise Rejected("namespace")
        if space not in NAMESPACES:
            self._check_known((space, ""), frozenset(), "namespace")

    def _check_known(self, name: tuple[str, str], vocabulary: frozenset[tuple[str, str]], code: str) -> None:
        """Refuse a name that is not in the allowlist, unless the limit for unknown names allows it."""
        if name in vocabulary:
            return
        self.unknown.add(name)
        if len(self.unknown) > self.limits.unknown or len(name[1]) > _LONGEST_NAME:
            raise Rejected(code, _shown(name[1] or name[0]))


def _parts(name: str) -> tuple[str, str]:
    """Split a name of expat into namespace and local name: `local`, or namespace, local name and perhaps a prefix."""
    space, _, rest = name.partition(_JOINT)
    return (space, rest.partition(_JOINT)[0]) if rest else ("", space)


def _shown(name: str) -> str:
    """Return a name for the log; "" if it is not plain."""
    return name[:_LONGEST_NAME] if name.isascii() and name.isprintable() else ""
