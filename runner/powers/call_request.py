"""A call of a script, checked and brought into the one form in which it can be sent.

A script chooses path, parameters, headers and body. All four are hostile, the path above all: it must never leave what
the connection allows, however a server, a proxy or a library on the way may decode or normalise it. So it is compared in
every decoded form, and what is sent is built here, character by character, from what was compared.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from records.tenants.script_names import is_below
from sandbox import Call, CallFault, CallNotMade

from .connections.vendor_connection import METHODS

MAX_PATH: Final = 2000  #: characters as sent
MAX_QUERY: Final = 6000  #: characters as sent
MAX_PARAMS: Final = 60
MAX_HEADERS: Final = 20
MAX_HEADER_VALUE: Final = 1000  #: characters
MAX_BODY: Final = 64 * 1024  #: bytes of JSON
PATHS: Final = 512  #: checked paths that are remembered, because most runs of a script ask for the same
_MAX_DECODINGS: Final = 4  #: rounds of percent-decoding until a path has to be plain

#: Headers that decide where a request goes, who sent it or where it ends. Scripts cannot set them.
WITHHELD_HEADERS: Final = frozenset(
    {
        "host", "authorization", "proxy-authorization", "proxy-authenticate", "cookie", "cookie2", "set-cookie",
        "content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive", "proxy-connection",
        "te", "trailer", "upgrade", "expect", "http2-settings", "max-forwards", "via", "forwarded", "x-forwarded-for",
        "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server",
        "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip", "fastly-client-ip",
        "x-original-url", "x-rewrite-url", "x-original-host", "x-host", "x-http-method", "x-http-method-override",
        "x-method-override", "x-method", "proxy", "remote-user", "remote-addr", "x-original-uri", "accept-encoding", "user-agent", "range", "if-range", "origin", "referer",
    }
)  # fmt: skip

#: Prefixes of headers with which proxies say who sent a request, for names that are not in the list.
_WITHHELD_BEGINNINGS: Final = ("proxy-", "x-forwarded-", "x-remote-")

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_PRINTABLE = re.compile(r"[\x20-\x7e\t]*")
_MALFORMED_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
#: Allowed as they stand in a path (RFC 3986, 3.3), with `/` and `%` which are checked on their own.
_KEPT_IN_PATH: Final = "/%!$&'()*+,;=:@-._~"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class CallRequest:
    """A checked call. `path` and `query` are ASCII and exactly what goes on the wire, before credentials are added."""

    method: str
    connection: str
    path: str
    params: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    body: bytes | None

    @property
    def query(self) -> str:
        """The parameters as they are sent."""
        return encode_query(self.params)


def encode_query(params: tuple[tuple[str, str], ...]) -> str:
    """Encode parameters so that nothing but unreserved characters stands for itself."""
    return "&".join([f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params])


def check_call(call: Call) -> CallRequest:
    """Check everything about a call that does not depend on its connection; raises `CallNotMade` (refused).

    0. The method is one that scripts may use at all.
    1. The path starts with one slash, and means the same under every decoding (`check_path`).
    2. A query in the path joins the parameters; their number and length are limited.
    3. Headers: valid names, values in printable ASCII, none that is withheld.
    4. The body is JSON without `NaN`, limited in size, and only with POST.
    """
    # 0. method
    if call.method not in METHODS:
        raise refused("a call must be a GET or a POST")
    # 1. path
    if len(call.path) > MAX_PATH + MAX_QUERY:
        raise refused(f"a path may have at most {MAX_PATH} characters")
    raw_path, _, raw_query = call.path.partition("?")
    path = check_path(raw_path)
    # 2. parameters
    params = (*query_params(raw_query), *call.params)
    _check_params(params)
    # 3. headers
    headers = tuple(_checked_header(name, value) for name, value in call.headers)
    if len(headers) > MAX_HEADERS:
        raise refused(f"a call may have at most {MAX_HEADERS} headers")
    if len({canonical(name) for name, _ in headers}) < len(headers):
        raise refused("a header is given twice")
    # 4. body
    body = _encoded_body(call.json) if call.has_json else None
    if body is not None and call.method != "POST":
        raise refused("only a POST can have a JSON body")
    return CallRequest(call.method, call.connection, path, params, headers, body)


@functools.lru_cache(maxsize=PATHS)
def check_path(path: str) -> str:
    """Check a script's path and return it as it is sent; raises `CallNotMade` (refused).

    1. It starts with `/`, has no fragment, and no segment but the last is empty (`//host` is another host).
    2. Every `%` starts an escape, so that escapes of some servers (`%u002e`) are refused.
    3. It is decoded repeatedly until nothing changes, in at most four rounds. In no round it has a segment that is `.`
       or `..` (also with `;parameters` or in wide characters), a backslash or a control character.
    4. What is sent are characters that a path may contain, with everything else escaped.
    """
    # 1. shape
    if not path.startswith("/"):
        raise refused("a path must start with /")
    if "#" in path:
        raise refused("a path must not have a fragment; write %23 for a # inside it")
    if "//" in path:
        raise refused("a path must not have an empty segment (//): is a value empty?")
    # 2. escapes
    if _MALFORMED_ESCAPE.search(path):
        raise refused("a path has a % that starts no escape; write %25, or use quote()")
    # 3. every decoded form
    decoded_forms(path)
    # 4. what is sent
    sent = _ESCAPE.sub(lambda match: match[0].upper(), quote(path, safe=_KEPT_IN_PATH))
    if len(sent) > MAX_PATH:
        raise refused(f"a path may have at most {MAX_PATH} characters")
    return sent


def decoded_forms(path: str) -> tuple[str, ...]:
    """Return the path in every form that a server may see after decoding; raises `CallNotMade` for a dangerous one."""
    forms = [path]
    for _ in range(_MAX_DECODINGS):
        _refuse_tricks(forms[-1])
        decoded = _unquoted(forms[-1])
        if decoded == forms[-1]:
            return tuple(forms)
        forms.append(decoded)
    raise refused("a path is escaped too many times over")


def _refuse_tricks(form: str) -> None:
    # Some servers fold wide characters into ASCII after decoding.
    for seen in {form, unicodedata.normalize("NFKC", form)}:
        if "\\" in seen or _CONTROL.search(seen):
            raise refused("a path must not have a backslash or a control character")
        if any(_is_dots(segment) for segment in seen.split("/")):
            raise refused("a path must not have . or .. segments, not even escaped")


def _is_dots(segment: str) -> bool:
    """Say whether some server would read the segment as `.` or `..`: bare, with `;parameters`, or with blanks around it."""
    name = segment.partition(";")[0]
    return name != "" and name.strip(". \u00a0") == ""


def _unquoted(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeError:
        raise refused("a path has escapes that are not UTF-8") from None


@functools.lru_cache(maxsize=PATHS)
def within(path: str, prefixes: tuple[str, ...]) -> bool:
    """Say whether a checked path is under one of the prefixes, by whole segments, in every decoded form."""
    forms = [re.sub("/+", "/", form) for form in decoded_forms(path)]
    return any(all(is_below(form, prefix) for form in forms) for prefix in prefixes)


# -- parameters, headers, body ------------------------------------------------------------------------------------


def query_params(query: str) -> tuple[tuple[str, str], ...]:
    """Parse a query string; raises `CallNotMade` (refused)."""
    if "#" in query:
        raise refused("a path must not have a fragment; write %23 for a # inside it")
    try:
        return tuple(parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMS))
    except ValueError:
        raise refused("the query in the path cannot be read; use params=") from None


def _check_params(params: tuple[tuple[str, str], ...]) -> None:
    if len(params) > MAX_PARAMS:
        raise refused(f"a call may have at most {MAX_PARAMS} parameters")
    try:
        plain = "".join(map("".join, params)).encode()
    except UnicodeError:
        raise refused("a parameter has half of a surrogate pair") from None
    longest = 3 * len(plain) + 2 * len(params)  # if every byte is escaped
    if longest > MAX_QUERY and len(encode_query(params)) > MAX_QUERY:
        raise refused(f"the parameters may have at most {MAX_QUERY} characters together")


def _checked_header(name: str, value: str) -> tuple[str, str]:
    if not _TOKEN.fullmatch(name):
        raise refused("a header name has characters that are not allowed")
    if canonical(name) in WITHHELD_HEADERS or canonical(name).startswith(_WITHHELD_BEGINNINGS):
        raise refused(f"the header {name} cannot be set by a script")
    if len(value) > MAX_HEADER_VALUE or not _PRINTABLE.fullmatch(value):
        raise refused(f"the header {name} is longer than {MAX_HEADER_VALUE} characters or not printable ASCII")
    return name, value


def canonical(name: str) -> str:
    """Return a header name as lax servers compare it: CGI and its successors do not distinguish `_` and `-`."""
    return name.lower().replace("_", "-")


def _encoded_body(value: Any) -> bytes:
    try:
        body = json.dumps(value, allow_nan=False, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    except (ValueError, TypeError, RecursionError):
        raise refused("the body cannot be written as JSON (NaN and Infinity are not JSON)") from None
    if len(body) > MAX_BODY:
        raise refused(f"the body has {len(body)} bytes, more than {MAX_BODY}")
    return body


def refused(text: str) -> CallNotMade:
    """Return the fault of a call that may not be made; the text is for the author of the script."""
    return CallNotMade(CallFault.REFUSED, text)
