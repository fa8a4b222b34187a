"""From an answer's bytes to the text that a script may read.

A few kilobytes can unpack to gigabytes, and a charset may name any codec of Python. So unpacking stops at a limit, and
only known charsets are used. Bytes that cannot be decoded are replaced; this never raises.
"""

from __future__ import annotations

import codecs
import encodings
import encodings.aliases
import re
import zlib
from typing import Final

from sandbox import CallFault, CallNotMade

from .exchange import IncomingResponse

ACCEPT_ENCODING: Final = "gzip"
MAX_MEMBERS: Final = 16  #: of one gzip body: each costs a copy of all that follow
MAX_SHOWN_HEADERS: Final = 60
MAX_SHOWN_VALUE: Final = 2000  #: characters of one header
MAX_SHOWN_BYTES: Final = 16 * 1024  #: of all headers together

#: Headers that no script needs: a vendor's cookies, and those about the connection or the coding that was removed.
_HIDDEN: Final = frozenset(
    {"set-cookie", "set-cookie2", "connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length",
     "trailer", "upgrade", "proxy-authenticate", "www-authenticate", "alt-svc"}
)  # fmt: skip
#: Codecs (by their Python names) that decode in linear time.
_CHARSETS: Final = frozenset(
    {"utf-8", "ascii", "iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15", "cp1250", "cp1251",
     "cp1252", "cp1253", "cp1254", "utf-16", "utf-16-le", "utf-16-be", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949",
     "gb2312", "gbk", "gb18030", "big5", "koi8-r", "koi8-u"}
)  # fmt: skip
#: Their module names in Python, to which its table of aliases leads.
_BY_MODULE: Final = {name.replace("-", "_"): name for name in _CHARSETS} | {"latin_1": "iso8859-1"}
_CHARSET_PARAMETER = re.compile(r"(?i);\s*charset\s*=\s*\"?([a-z0-9_.:-]{1,40})")
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}")
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0]+")


def unpacked(incoming: IncomingResponse, max_bytes: int) -> bytes:
    """Remove the content coding, producing at most `max_bytes`; raises `CallNotMade`.

    Its `bytes_read` is by how much the unpacked bytes exceed the packed body.
    """
    coding = incoming.header("content-encoding").strip().lower()
    if coding in {"", "identity"}:
        return incoming.body
    if not incoming.body:
        return b""
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise CallNotMade(CallFault.CONNECTION, "the answer is compressed in a way that was not asked for")
    bare_deflate = coding == "deflate" and incoming.body[0] & 0x0F != 8  # zlib's mark (RFC 1950, 2.2)
    try:
        body = _inflated(incoming.body, -15 if bare_deflate else 47, max_bytes)
    except zlib.error:
        raise CallNotMade(CallFault.CONNECTION, "the answer is compressed but cannot be decompressed") from None
    if len(body) > max_bytes:
        text = "the answer is larger than allowed when it is decompressed"
        raise CallNotMade(CallFault.TOO_LARGE, text, bytes_read=len(body) - len(incoming.body))
    return body


def _inflated(packed: bytes, window: int, max_bytes: int) -> bytes:
    """Decompress, and stop one byte above the limit."""
    out = bytearray()
    for _ in range(MAX_MEMBERS):
        inflate = zlib.decompressobj(window)
        out += inflate.decompress(packed, max_bytes + 1 - len(out))
        if len(out) > max_bytes:
            return bytes(out)
        if not inflate.eof:
            raise zlib.error("the end is missing")
        packed = inflate.unused_data.lstrip(b"\0")  # another member (RFC 1952, 2.2), or padding
        if not packed:
            return bytes(out)
    raise zlib.error("too many members")


def decoded(body: bytes, content_type: str) -> str:
    """Decode by the declared charset if it is known, otherwise as UTF-8; a byte order mark overrides both."""
    for mark, charset in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, errors="replace")
    return body.decode(_charset_of(content_type), errors="replace")


def _charset_of(content_type: str) -> str:
    declared = _CHARSET_PARAMETER.search(content_type)
    if not declared:
        return "utf-8"
    # Not by `codecs.lookup`, which searches the disk for every unknown name and remembers it for ever.
    module = encodings.normalize_encoding(declared[1]).lower()
    return _BY_MODULE.get(encodings.aliases.aliases.get(module, module), "utf-8")


def shown_headers(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return the headers that a script may read: repeated ones joined, control characters replaced, too long ones omitted."""
    shown: dict[str, str] = {}
    room = MAX_SHOWN_BYTES
    for name, value in headers:
        clean = _BLANK.sub(" ", value).strip()
        joined = f"{shown[name]}, {clean}" if name in shown else clean
        cost = len(name) + len(joined)
        if name in _HIDDEN or not _HEADER_NAME.fullmatch(name):
            continue
        if len(joined) > MAX_SHOWN_VALUE or cost > room or len(shown) >= MAX_SHOWN_HEADERS:
            continue
        shown[name] = joined
        room -= cost
    return shown
