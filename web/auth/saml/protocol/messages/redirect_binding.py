"""Messages in an address (HTTP-Redirect binding, SAML bindings 3.4), with a signature over the query.

The signature covers the bytes as they were sent, so it is verified on the raw query, never on decoded values. The steps:

1. The query is short, and contains each parameter of the binding once. Parameters that SAML does not define are ignored.
2. The signature is present, its method is allowed, and it is from a pinned certificate, over message, RelayState and
   method exactly as in the query.
3. Only then is the message inflated, to at most `INFLATED` bytes: a gigabyte can be compressed into a kilobyte.
4. It is read like every message, except that its extensions may use other names.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, unquote_plus

from web.auth.saml.protocol.values import Idp, Rejected
from web.auth.saml.protocol.vocabulary import RSA_METHODS, RSA_SHA256
from web.auth.saml.protocol.xml import library
from web.auth.saml.protocol.xml.parsing import MESSAGE, Element, read_base64, read_xml

#: Most characters of a query, and most bytes of an inflated message.
LONGEST = 32 * 1024
INFLATED = 64 * 1024
#: Its signature is verified before it is read, so its extensions may use a few unknown names.
SIGNED = replace(MESSAGE, unknown=50)
#: Most characters of the provider's RelayState, which is returned to it.
LONGEST_RELAY_STATE = 1024


@dataclass(frozen=True)
class SignedRedirectMessage:
    """A message with a valid signature of the provider over the query."""

    root: Element
    relay_state: str


def read(query: str, kind: str, idp: Idp) -> SignedRedirectMessage:
    """Read a signed message. `kind`: SAMLRequest or SAMLResponse. The module's docstring numbers the steps."""
    parameters = _parameters(query, kind)  # 1
    _check_signature(parameters, kind, idp)  # 2
    raw = _inflate(read_base64(unquote(parameters[kind]), LONGEST))  # 3
    return SignedRedirectMessage(read_xml(raw, SIGNED), _relay_state(parameters))  # 4


def address(to: str, kind: str, xml: str, relay_state: str, key: str) -> str:
    """Return the address at a provider with a signed message."""
    query = f"{kind}={quote(library.deflate(xml), safe='')}"
    if relay_state:
        query += f"&RelayState={quote(relay_state, safe='')}"
    query += f"&SigAlg={quote(RSA_SHA256, safe='')}"
    query += f"&Signature={quote(library.sign_query(query, key), safe='')}"
    return f"{to}{'&' if '?' in to else '?'}{query}"


def _parameters(query: str, kind: str) -> Mapping[str, str]:
    if len(query) > LONGEST:
        raise Rejected("too-large")
    if not query.isascii():
        raise Rejected("query")
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name not in ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"):
            continue
        if name in found:
            raise Rejected("query", f"{name} twice")
        found[name] = value
    if {"SAMLRequest", "SAMLResponse"} & found.keys() != {kind} or "SAMLEncoding" in found:
        raise Rejected("query")
    return found


def _check_signature(parameters: Mapping[str, str], kind: str, idp: Idp) -> None:
    if not parameters.get("Signature") or not parameters.get("SigAlg"):
        raise Rejected("unsigned")
    method = unquote(parameters["SigAlg"])
    if method not in RSA_METHODS:
        raise Rejected("signature-algorithm")
    said = "&".join(f"{name}={parameters[name]}" for name in (kind, "RelayState", "SigAlg") if name in parameters)
    signature = read_base64(unquote(parameters["Signature"]), LONGEST)
    if not library.signer_of(said.encode("ascii"), signature, method, idp.certificates):
        raise Rejected("signature")


def _inflate(packed: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        raw = inflater.decompress(packed, INFLATED + 1)
    except zlib.error:
        raise Rejected("deflate") from None
    if len(raw) > INFLATED:
        raise Rejected("too-large")
    if not inflater.eof or inflater.unused_data:
        raise Rejected("deflate")
    return raw


def _relay_state(parameters: Mapping[str, str]) -> str:
    try:
        said = unquote_plus(parameters.get("RelayState", ""), errors="strict")
    except UnicodeDecodeError:
        raise Rejected("query", "RelayState") from None
    if len(said) > LONGEST_RELAY_STATE or not said.isprintable():
        raise Rejected("query", "RelayState")
    return said
