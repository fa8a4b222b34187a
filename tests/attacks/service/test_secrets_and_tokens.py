"""Vendors which echo what they were sent, and token servers gone mad: no secret reaches a script, a trace or a log."""

import base64
import gzip
import html
import json
import re
import secrets
import threading
import time
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest

from runner.powers import ApiKeyParameter, Basic, Bearer, OAuth2ClientCredentials
from tests.attacks.service.vendor_stage import call, connection, ok

SECRET = 'S3cret+To/ken="With Odd&Chars<é>'
PLAIN = "S3cretTokenOfVendor/+x9"

#: How a vendor may write back what it was sent; what a person can undo with one click is looked for, nothing deeper.
ECHOES = {
    "as it is": lambda s: s.encode(),
    "quoted": lambda s: quote(s).encode(),
    "quoted, nothing safe": lambda s: quote(s, safe="").encode(),
    "quoted, plus": lambda s: quote_plus(s).encode(),
    "quoted, a few": lambda s: quote(s, safe="+/=&").encode(),
    "quoted, lower": lambda s: (
        quote(s, safe="").lower().encode() if s == s.lower() else quote(s, safe="").replace("%2B", "%2b").encode()
    ),
    "quoted, every byte": lambda s: "".join(f"%{byte:02X}" for byte in s.encode()).encode(),
    "JSON": lambda s: json.dumps(s).encode(),
    "JSON, slashes": lambda s: json.dumps(s).replace("/", "\\/").encode(),
    "JSON, every character": lambda s: "".join(f"\\u{ord(c):04x}" for c in s).encode(),
    "JSON, first character": lambda s: (f"\\u{ord(s[0]):04X}" + json.dumps(s[1:])[1:-1]).encode(),
    "JSON, unescaped unicode": lambda s: json.dumps(s, ensure_ascii=False).encode(),
    "HTML": lambda s: html.escape(s).encode(),
    "HTML, no quotes": lambda s: html.escape(s, quote=False).encode(),
    "HTML, decimal": lambda s: "".join(f"&#{ord(c)};" for c in s).encode(),
    "HTML, hex": lambda s: "".join(f"&#x{ord(c):x};" for c in s).encode(),
    "base64": lambda s: base64.b64encode(s.encode()),
    "base64, address": lambda s: base64.urlsafe_b64encode(s.encode()),
    "base64, inside": lambda s: base64.b64encode(b"a" + s.encode() + b"z"),
    "base64, inside 2": lambda s: base64.b64encode(b"ab" + s.encode() + b"zz"),
    "hex": lambda s: s.encode().hex().encode(),
    "twice": lambda s: s.encode() * 2,
    "upper case": lambda s: s.upper().encode("ascii"),
    "lower case": lambda s: s.lower().encode("ascii"),
    "UTF-16": lambda s: b"\xff\xfe" + s.encode("utf-16-le"),
    "Latin-1": lambda s: s.encode("latin-1"),
}

#: Ways which the echo can take out of the vendor's answer.
WAYS = {
    "body": ok,
    "packed body": lambda e: ok(gzip.compress(e), b"Content-Encoding: gzip"),
    "header": lambda e: ok(b"ok", b"X-Echo: " + e),
    "error page": lambda e: b"HTTP/1.1 401 No\r\nContent-Length: %d\r\n\r\n" % len(e) + e,
    "reason": lambda e: b"HTTP/1.1 400 " + e + b"\r\nContent-Length: 0\r\n\r\n",
    "header name": lambda e: ok(b"ok", b"X-" + e + b": y"),
    "challenge": lambda e: b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=" + e + b"\r\nContent-Length: 0\r\n\r\n",
    "redirect's host": lambda e: b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: https://" + e + b".evil.example/\r\n\r\n",
    "redirect's path": lambda e: b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: /not/" + e + b"\r\n\r\n",
    "redirect's long path": lambda e: b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: /" + b"y" * (190 - len("/base")) + e + b"\r\n\r\n",
    "redirect's query": lambda e: b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: /base/in?x=" + e + b"\r\n\r\n",
    "chunk size": lambda e: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + e + b"\r\n",
    "length": lambda e: b"HTTP/1.1 200 OK\r\nContent-Length: " + e + b"\r\n\r\n",
    "status line": lambda e: b"HTTP/1.1 " + e + b"\r\n\r\n",
    "coding": lambda e: ok(b"ok", b"Content-Encoding: " + e),
    "charset": lambda e: ok(b"ok", b"Content-Type: text/plain; charset=" + e),
}  # fmt: skip

#: In these places a text travels as bytes with ends of lines around it.
ONE_LINE = set(WAYS) - {"body", "packed body", "error page"}


#: These break the answer, which would only be tried again.
BROKEN = {"chunk size", "length", "status line"}


def leaks(secret, shown):
    """Pieces of the secret, long enough to matter, which can be read in what was shown."""
    needles = {secret, secret.lower(), secret.upper(), secret[:12], secret[:12].lower()}
    flat = {shown, shown.lower(), html.unescape(shown)}
    flat |= {unquote(shown), unquote_plus(shown)}
    flat.add(re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), shown))
    flat.add(re.sub(r"\\(.)", r"\1", shown))
    found = {needle for needle in needles for text in flat if needle in text}
    packed = re.findall(r"[A-Za-z0-9+/_-]{16,}", shown)
    for word in packed:
        for pad in range(4):
            with_pad = word.replace("-", "+").replace("_", "/")[pad:]
            try:
                raw = base64.b64decode(with_pad[: len(with_pad) // 4 * 4])
            except ValueError:
                continue
            if secret.encode()[1:12] in raw:
                found.add("base64")
    if secret.encode().hex() in shown.lower():
        found.add("hex")
    return found


AUTHS = {
    "bearer": Bearer,
    "key in the query": lambda s: ApiKeyParameter("key", s),
    "password": lambda s: Basic("someone", s),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_echo_of_a_secret_comes_through(vendors, vendor, caplog, way):
    caplog.set_level("DEBUG")
    through = set()
    for name, echo in ECHOES.items():
        for kind, auth in AUTHS.items():
            secret = PLAIN if kind == "bearer" else SECRET
            try:
                echoed = echo(secret)
            except UnicodeError:
                continue
            if way in ONE_LINE and (b"\n" in echoed or b"\r" in echoed):
                continue
            server = vendor(WAYS[way](echoed), close=way in BROKEN)
            conn = connection(
                server.base + "/base", auth=auth(secret), path_prefixes=("/in",), follow_redirects=True, timeout_s=1.0
            )
            found = call(vendors, conn, "/in/x", seconds=0.2)
            shown = found.everything + caplog.text + repr(conn)
            if leaks(secret, shown):
                through.add((name, kind, *sorted(leaks(secret, shown))))
            server.stop()
            caplog.clear()
    assert not through


def test_a_secret_cut_by_the_cap_or_by_two_headers_is_not_half_there(vendors, vendor):
    server = vendor(ok(b"ok", b"A: " + PLAIN[:10].encode(), b"A: " + PLAIN[10:].encode()))
    found = call(vendors, connection(server.base, auth=Bearer(PLAIN)))
    assert PLAIN not in found.everything


# -- token servers ------------------------------------------------------------------------------------------------


def token_answer(**fields):
    return ok(
        json.dumps({"access_token": "tok-" + "a" * 20, "token_type": "Bearer", "expires_in": 3600} | fields).encode()
    )


CLIENT_SECRET = "verysecretlowercase"

TOKENS = {
    "nothing": (b"", {"connection"}),
    "garbage": (ok(b"garbage"), {"connection"}),
    "a list": (ok(b"[]"), {"connection"}),
    "a number": (ok(b"1"), {"connection"}),
    "null": (ok(b"null"), {"connection"}),
    "NaN": (ok(b"NaN"), {"connection"}),
    "deep": (ok(b"[" * 30_000 + b"]" * 30_000), {"connection"}),
    "huge number": (ok(b'{"access_token": "abcdefgh", "expires_in": ' + b"9" * 5000 + b"}"), {"connection"}),
    "huge": (ok(b'{"x": "' + b"y" * 3_000_000 + b'"}'), {"too large"}),
    "bomb": (ok(gzip.compress(b" " * 30_000_000), b"Content-Encoding: gzip"), {"too large", "connection"}),
    "redirect": (b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: /t\r\n\r\n", {"refused"}),
    "204": (b"HTTP/1.1 204 No\r\n\r\n", {"refused", "connection"}),
    "500": (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", {"connection"}),
    "echo in error": (b'HTTP/1.1 401 No\r\nContent-Length: 31\r\n\r\n{"error":"verysecretlowercase"}', {"refused"}),
    "echo in description": (
        b'HTTP/1.1 401 No\r\nContent-Length: 65\r\n\r\n{"error":"invalid_client","error_description":"verysecretlowercase"}', {"refused", "connection"},
    ),
    "token with a line break": (token_answer(access_token="abcdefgh\r\nHost: evil"), {"connection"}),
    "token with a NUL": (token_answer(access_token="abcdefgh\0"), {"connection"}),
    "token of 60 KB": (token_answer(access_token="a" * 60_000), {"connection"}),
    "token is a list": (token_answer(access_token=["abcdefgh"]), {"connection"}),
    "token is empty": (token_answer(access_token=""), {"connection"}),
    "token in Latin-1": (ok('{"access_token": "abcdéfgh"}'.encode("latin-1")), {"connection"}),
    "type mac": (token_answer(token_type="mac"), {"connection"}),
    "type is a dict": (token_answer(token_type={}), {"connection"}),
}  # fmt: skip
LIVES = [
    -1,
    0,
    1e308,
    "-5",
    "x",
    None,
    [],
    {},
    True,
    1e-9,
    "1e400",
    "nan",
    float("nan"),
    float("inf"),
    -float("inf"),
    2**70,
]


def oauth(base, **more):
    return OAuth2ClientCredentials(base + "/t", "client-" + secrets.token_hex(4), CLIENT_SECRET, **more)


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("in_body", [False, True])
def test_a_token_server_gone_mad_is_a_fault_of_the_call(vendors, vendor, caplog, name, in_body):
    caplog.set_level("DEBUG")
    sent, allowed = TOKENS[name]
    server, api = vendor(sent, close=not sent), vendor(ok())
    found = call(vendors, connection(api.base, auth=oauth(server.base, secret_in_body=in_body), timeout_s=1.0))
    assert found.fault in allowed, found.text
    assert found.seconds < 1.5
    assert CLIENT_SECRET not in found.everything + caplog.text
    assert not api.heads


@pytest.mark.parametrize("life", LIVES, ids=repr)
def test_no_life_of_a_token_makes_a_storm_or_an_error(vendors, vendor, life):
    server, api = vendor(token_answer(expires_in=life)), vendor(ok())
    conn = connection(api.base, auth=oauth(server.base))
    for _ in range(3):
        assert call(vendors, conn).answer
    assert len(server.heads) <= 3


def test_a_storm_of_401_asks_for_few_tokens(vendors, vendor):
    server = vendor(token_answer())
    api = vendor(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
    conn = connection(api.base, auth=oauth(server.base))
    threads = [threading.Thread(target=call, args=(vendors, conn)) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.heads) == 1


def test_a_slow_token_server_ends_with_the_deadline_for_all_who_wait(vendors, vendor):
    server, api = vendor(lambda line, head, body: time.sleep(3)), vendor(ok())
    conn = connection(api.base, auth=oauth(server.base), timeout_s=0.5)
    found = []
    threads = [threading.Thread(target=lambda: found.append(call(vendors, conn))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.fault for each in found} == {"timeout"}
    assert max(each.seconds for each in found) < 1


def test_implementations_do_not_share_a_token(vendors, vendor):
    count = iter(range(100))
    server = vendor(lambda line, head, body: line.send(token_answer(access_token=f"token-number-{next(count)}")))
    api = vendor(ok())
    auth = oauth(server.base)
    for implementation in ("one" + secrets.token_hex(3), "two" + secrets.token_hex(3)):
        assert call(vendors, connection(api.base, auth=auth, implementation=implementation)).answer
    sent = {row for head in api.heads for row in head.split(b"\r\n") if row.lower().startswith(b"authorization")}
    assert len(sent) == 2


def test_values_with_secrets_do_not_show_them(vendors):
    auth = oauth("http://127.0.0.1:1")
    conn = connection("http://127.0.0.1:1", auth=auth)
    assert CLIENT_SECRET not in repr(conn) + repr(vendors) + repr(vars(vendors))
