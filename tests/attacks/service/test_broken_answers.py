"""Vendors which break HTTP in every way: each call ends in time with the right fault, and the next one is clean."""

import gzip
import tracemalloc
import zlib

import pytest

from tests.attacks.service.vendor_stage import call, connection, ok

H = b"HTTP/1.1 200 OK\r\n"
CL2 = b"Content-Length: 2\r\n\r\nok"
CONNECTION, TIMEOUT, LARGE = {"connection"}, {"timeout"}, {"too large"}
#: The answer may be given or refused, as long as it is "ok" and nothing else.
OK_OR_BROKEN = {"connection", "ok"}
OK = {"ok"}


def chunked(*chunks, end=b"0\r\n\r\n"):
    frames = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return H + b"Transfer-Encoding: chunked\r\n\r\n" + frames + end


def packed(coding, body):
    return ok(body, b"Content-Encoding: " + coding)


GZIP_BOMB, BOMB = (pack(bytes(40_000_000), 1) for pack in (gzip.compress, zlib.compress))

#: name, bytes sent, closed afterwards, what may come of it
BYTES = [
    # -- lengths that lie
    ("length too long, then closed", H + b"Content-Length: 50\r\n\r\nok", True, CONNECTION),
    ("length too long, kept open", H + b"Content-Length: 50\r\n\r\nok", False, TIMEOUT),
    ("length beyond the cap", H + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 3_000_000, True, LARGE),
    ("length with 5000 digits", H + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nok", True, {"connection", "ok", "too large"}),
    ("negative length", H + b"Content-Length: -5\r\n\r\nok", True, OK_OR_BROKEN),
    ("length with a plus", H + b"Content-Length: +2\r\n\r\nok", False, OK_OR_BROKEN),
    ("length with an underscore", H + b"Content-Length: 0_2\r\n\r\nok", False, OK_OR_BROKEN),
    ("length in hex", H + b"Content-Length: 0x2\r\n\r\nok", True, OK_OR_BROKEN),
    ("two lengths that differ", H + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\nok", False, {"connection", "ok", "timeout"}),
    ("two lengths in one field", H + b"Content-Length: 2, 40\r\n\r\nok", True, OK_OR_BROKEN),
    ("two equal lengths", H + b"Content-Length: 2\r\n" + CL2, False, OK_OR_BROKEN),
    ("length before chunked", H + b"Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", False, OK_OR_BROKEN),
    ("chunked before length", H + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n", False, OK_OR_BROKEN),
    ("identity, chunked", H + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n" + CL2, True, {"connection", "ok", "timeout"}),
    ("gzip, chunked", H + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", True, None),
    ("xchunked with a length", H + b"Transfer-Encoding: xchunked\r\n" + CL2, False, OK_OR_BROKEN),
    ("space before the colon", H + b"Content-Length : 2\r\n\r\nok", True, OK_OR_BROKEN),
    ("folded length", H + b"Content-Length: 2\r\n 0\r\n\r\nok", True, OK_OR_BROKEN),
    ("bare CR hides a length", H + b"X: a\rContent-Length: 2\r\n\r\nok", True, OK_OR_BROKEN),
    ("bare LF everywhere", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", True, OK_OR_BROKEN),
    ("broken line in a multipart head", H + b"Content-Type: multipart/mixed; boundary=x\r\n--x\r\n\r\nfoo: bar\r\nContent-Length: 2\r\n\r\nok", True, None),
    ("message/rfc822", H + b"Content-Type: message/rfc822\r\n" + CL2, False, OK_OR_BROKEN),
    # -- chunks
    ("chunk size is no number", chunked(end=b"zz\r\nok\r\n0\r\n\r\n"), True, CONNECTION),
    ("negative chunk", chunked(end=b"-2\r\nok\r\n0\r\n\r\n"), True, CONNECTION),
    ("chunk of 2**70 bytes", chunked(end=b"400000000000000000\r\n" + b"x" * 3_000_000), True, LARGE),
    ("chunk size with 60000 zeros", chunked(end=b"0" * 60_000 + b"2\r\nok\r\n0\r\n\r\n"), True, OK_OR_BROKEN),
    ("endless chunk size line", chunked(end=b"1" * 3_000_000), True, {"connection", "too large"}),
    ("endless chunk extension", chunked(end=b"2;" + b"x" * 3_000_000), True, {"connection", "too large"}),
    ("chunk longer than it says", chunked(b"ok", end=b"2\r\nokEXTRA\r\n0\r\n\r\n"), True, None),
    ("no last chunk", chunked(b"ok", end=b""), True, CONNECTION),
    ("no last chunk, kept open", chunked(b"ok", end=b""), False, TIMEOUT),
    ("trailer with a length", chunked(b"ok", end=b"0\r\nContent-Length: 1\r\nHost: evil\r\n\r\n"), False, OK),
    ("endless trailers", chunked(b"ok", end=b"0\r\n" + b"X: y\r\n" * 600_000), True, {"connection", "too large", "ok"}),
    # -- status lines
    ("nothing at all", b"", True, CONNECTION),
    ("one byte", b"H", True, CONNECTION),
    ("half a status line", b"HTTP/1.1 20", True, CONNECTION),
    ("half a head", H + b"Content-Len", True, None),
    ("head without an end", H + b"Content-Length: 2\r\n", True, None),
    ("HTTP/0.9", b"<html>ok</html>", True, CONNECTION),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", True, CONNECTION),
    ("HTTP/2 SETTINGS frame", b"\0\0\0\4\0\0\0\0\0", True, CONNECTION),
    ("HTTP/3.0", b"HTTP/3.0 200 OK\r\n" + CL2, True, OK_OR_BROKEN),
    ("huge status", b"HTTP/1.1 99999999999 OK\r\n" + CL2, True, CONNECTION),
    ("status 0", b"HTTP/1.1 0 OK\r\n" + CL2, True, CONNECTION),
    ("negative status", b"HTTP/1.1 -200 OK\r\n" + CL2, True, CONNECTION),
    ("status with an underscore", b"HTTP/1.1 2_00 OK\r\n" + CL2, True, OK_OR_BROKEN),
    ("status line of 3 MB", b"HTTP/1.1 200 " + b"O" * 3_000_000, True, {"connection", "too large"}),
    ("101", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nok", True, CONNECTION),
    ("100, then the answer", b"HTTP/1.1 100 Continue\r\n\r\n" + H + CL2, False, OK),
    ("flood of 100s", b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000, True, {"connection", "too large"}),
    ("flood of 103s", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 100_000, True, {"connection", "too large"}),
    ("ICY", b"ICY 200 OK\r\n" + CL2, True, CONNECTION),
    ("blank lines first", b"\r\n\r\n" + H + CL2, True, CONNECTION),
    # -- headers
    ("3 MB of headers", H + b"X: y\r\n" * 500_000 + b"\r\nok", True, {"connection", "too large"}),
    ("one header of 3 MB", H + b"X: " + b"y" * 3_000_000 + b"\r\n\r\nok", True, {"connection", "too large"}),
    ("NUL in a header name", H + b"X\0Y: z\r\n" + CL2, True, OK_OR_BROKEN),
    ("NUL in a header value", H + b"X: a\0b\r\n" + CL2, False, OK),
    ("header without a name", H + b": z\r\n" + CL2, True, OK_OR_BROKEN),
    ("header without a colon", H + b"broken\r\n" + CL2, True, CONNECTION),
    ("header folding", H + b"X: a\r\n b\r\n\tc\r\n" + CL2, False, OK),
    ("first header folded", H + b" X: a\r\n" + CL2, True, OK_OR_BROKEN),
    ("cookies", H + b"Set-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n" + CL2, False, OK),
    # -- packing
    ("gzip bomb", packed(b"gzip", GZIP_BOMB), False, LARGE),
    ("deflate bomb", packed(b"deflate", BOMB), False, LARGE),
    ("bare deflate bomb", packed(b"deflate", BOMB[2:-4]), False, {"too large", "connection"}),
    ("gzip in gzip", packed(b"gzip, gzip", gzip.compress(GZIP_BOMB)), False, CONNECTION),
    ("5000 gzip members", packed(b"gzip", gzip.compress(b"") * 5000), False, CONNECTION),
    ("bomb in the last member", packed(b"gzip", gzip.compress(b"") * 10 + GZIP_BOMB), False, LARGE),
    ("gzip cut short", packed(b"gzip", gzip.compress(b"hello" * 100)[:-9]), False, CONNECTION),
    ("gzip with a wrong sum", packed(b"gzip", gzip.compress(b"hello")[:-8] + b"\0" * 8), False, CONNECTION),
    ("gzip which is plain", packed(b"gzip", b"ok"), False, CONNECTION),
    ("gzip then rubbish", packed(b"gzip", gzip.compress(b"ok") + b"rubbish"), False, OK_OR_BROKEN),
    ("brotli", packed(b"br", b"\x8b\x00\x80ok\x03"), False, CONNECTION),
    ("zstd", packed(b"zstd", b"\x28\xb5\x2f\xfd\x20\x02\x11\0\0ok"), False, CONNECTION),
    ("coding of 3000 names", packed(b",".join([b"gzip"] * 3000), b"ok"), False, CONNECTION),
    # -- texts
    ("invalid UTF-8", ok(b"\xff\xfe\xfa\x80"), False, None),
    ("charset of nothing", ok(b"ok", b"Content-Type: text/plain; charset=../../etc/passwd"), False, OK),
    ("charset which runs code", ok(b"ok", b"Content-Type: text/plain; charset=zlib_codec"), False, OK),
    ("charset idna", ok(b"ok", b"Content-Type: text/plain; charset=idna"), False, OK),
    ("charset utf-7", ok(b"ok", b"Content-Type: text/plain; charset=utf-7"), False, OK),
    ("charset with 60000 blanks", ok(b"ok", b"Content-Type: text/plain;" + b" " * 60_000 + b"x"), False, OK),
    ("half of UTF-16", ok(b"\xff\xfe\x00\xd8o", b"Content-Type: text/plain"), False, None),
    ("a million NULs", ok(b"\0" * 1_000_000), False, None),
]  # fmt: skip


def most_memory(act):
    """The most bytes that Python held meanwhile. Measuring makes all of it five times as slow."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("row", BYTES, ids=[row[0] for row in BYTES])
def test_a_broken_answer_ends_in_time_and_the_next_call_is_clean(vendors, vendor, caplog, row):
    _, sent, close, allowed = row
    caplog.set_level("DEBUG")
    server = vendor(sent, close=close)
    conn = connection(server.base, timeout_s=0.5)
    found = call(vendors, conn)
    seen = "ok" if found.answer and found.answer.text == "ok" else found.fault or "other"
    assert found.seconds < 1.5
    if len(sent) > 10_000:
        assert most_memory(lambda: call(vendors, connection(server.base, timeout_s=10), seconds=10)) < 24_000_000
    if allowed is not None:
        assert seen in allowed, (found.fault, found.text, found.answer and found.answer.text[:100])
    if found.answer:
        assert "set-cookie" not in found.answer.headers
    for word in ("one", "two"):
        assert call(vendors, conn, f"/clean/{word}", seconds=3).answer.text == word
    assert b"ookie" not in b"".join(server.heads)
    assert "Traceback" not in caplog.text
