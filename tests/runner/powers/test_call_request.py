# ruff: noqa: RUF001 - look-alikes are what some of these attacks are made of
"""What a script asks for: paths, parameters, headers and bodies that try to become something else."""

import math
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runner.powers.call_request import check_call, check_path, encode_query, within
from sandbox import Call, CallFault, CallNotMade


def asked(path="/", method="GET", params=(), headers=(), **body):
    return check_call(Call(method, "cme", path, params, body.get("json"), "json" in body, headers))


def refusal(*args, **options):
    with pytest.raises(CallNotMade) as caught:
        asked(*args, **options)
    assert caught.value.fault is CallFault.REFUSED
    return caught.value.text


@pytest.mark.parametrize(
    "path",
    [
        "",
        "api/x",
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example\\x",
        "/x//y",
        "@evil.example/",
        ":443/",
        "?x=1",
        ".evil.example/",
        "/..",
        "/../admin",
        "/api/../admin",
        "/api/./x",
        "/api/%2e%2e/admin",
        "/api/%2E%2E/admin",
        "/api/.%2e/admin",
        "/api/%2e/x",
        "/api/%252e%252e/admin",
        "/api/%25252e%25252e/admin",
        "/api/..%2fadmin",
        "/api/x%2f..%2f..%2fadmin",
        "/api/%2e%2e%2fadmin",
        "/api/..%5cadmin",
        "/api\\..\\admin",
        "/api/x%5c..%5cadmin",
        "/api/..;/admin",
        "/api/..;x=1/admin",
        "/api/%2e%2e;/admin",
        "/api/..%3bx/admin",
        "/api/.. /admin",
        "/api/..%20/admin",
        "/api/.../admin",
        "/api/..%00/admin",
        "/api/．．/admin",
        "/api/%ef%bc%8e%ef%bc%8e/admin",
        "/api/‥/admin",
        "/api/x／../admin",
        "/api/%c0%ae%c0%ae/admin",
        "/api/%u002e%u002e/admin",
        "/api/%2/x",
        "/api/%",
        "/api/%zz",
        "/api/100%",
        "/api/%ff",
        "/api/\ud800",
        "/api\x00",
        "/api\r\nHost: evil.example",
        "/api\n",
        "/api%0d%0aX: y",
        "/api%0aX",
        "/api/\x7f",
        "/api/\x85",
        "/api#fragment",
        "/api?x=1#fragment",
        "/" + "x" * 2001,
        "/" + "é" * 400,
        "/api/%" + "25" * 5 + "2e%" + "25" * 5 + "2e/x",
        "/api/%" + "25" * 300 + "41",
    ],
)
def test_a_path_which_may_lead_elsewhere_is_refused(path):
    refusal(path)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/", "/"),
        ("/api/v1/users/", "/api/v1/users/"),
        ("/users/ada@example.org", "/users/ada@example.org"),
        ("/users/ada lovelace", "/users/ada%20lovelace"),
        ("/users/zoë", "/users/zo%C3%AB"),
        ("/users/zo%c3%ab", "/users/zo%C3%AB"),
        ("/doi/10.1000%2f182", "/doi/10.1000%2F182"),
        ("/x;v=1/y", "/x;v=1/y"),
        ("/a..b/c...d/.well-known/x", "/a..b/c...d/.well-known/x"),
        ("/odata/Users('ada')", "/odata/Users('ada')"),
        ('/x"<>|^`{}[]', "/x%22%3C%3E%7C%5E%60%7B%7D%5B%5D"),
        ("/50%25", "/50%25"),
        ("/course_credit_awarded.json", "/course_credit_awarded.json"),
    ],
)
def test_a_path_as_honest_authors_write_it_is_sent(path, sent):
    assert asked(path).path == sent


def test_a_query_in_the_path_joins_the_parameters():
    call = asked("/x?a=1&b=%C3%A9+%26&empty=", params=(("c", "3"),))
    assert (call.path, call.params) == ("/x", (("a", "1"), ("b", "é &"), ("empty", ""), ("c", "3")))
    assert call.query == "a=1&b=%C3%A9%20%26&empty=&c=3"


@pytest.mark.parametrize("method", ["DELETE", "PUT", "get", "GET ", "GET /x HTTP/1.1\r\n", "", "CONNECT", "HEAD"])
def test_a_method_other_than_get_and_post_is_refused(method):
    refusal(method=method)


def test_parameters_can_become_nothing_but_parameters():
    call = asked(params=(("a&b=c#d\r\nX: y", "?&=#%00\x00 \\"),))
    assert call.query == "a%26b%3Dc%23d%0D%0AX%3A%20y=%3F%26%3D%23%2500%00%20%5C"


def test_too_many_or_too_long_parameters_are_refused():
    assert "at most 60" in refusal(params=(("a", "1"),) * 61)
    assert "characters together" in refusal(params=(("a", "x" * 6001),))
    assert "cannot be read" in refusal("/?" + "a=1&" * 61)
    assert "surrogate" in refusal(params=(("a", "\ud800"),))


@pytest.mark.parametrize(
    "name",
    [
        "Host", "host", "Authorization", "AUTHORIZATION", "Proxy-Authorization", "Cookie", "Content-Length",
        "Transfer-Encoding", "Connection", "Upgrade", "TE", "Trailer", "Expect", "Keep-Alive", "Forwarded", "Via",
        "X-Forwarded-For", "X_Forwarded_For", "X-Forwarded-Host", "X-Real-IP", "X-Original-URL", "X-Rewrite-URL",
        "X-HTTP-Method-Override", "Accept-Encoding", "User-Agent", "Range", "Content_Length", "HTTP2-Settings",
    ],
)  # fmt: skip
def test_a_header_which_is_ours_is_refused(name):
    assert "cannot be set by a script" in refusal(headers=((name, "x"),))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A\r\nHost", "x"),
        ("X-A:", "x"),
        ("X A", "x"),
        ("", "x"),
        ("X-É", "x"),
        ("x" * 65, "x"),
        ("X-A", "x\r\nHost: evil.example"),
        ("X-A", "x\nHost: evil.example"),
        ("X-A", "x\rHost: evil.example"),
        ("X-A", "x\x00"),
        ("X-A", "é"),
        ("X-A", "x" * 1001),
    ],
)
def test_a_header_which_may_become_two_is_refused(name, value):
    refusal(headers=((name, value),))


def test_a_header_given_twice_or_too_many_are_refused():
    assert "twice" in refusal(headers=(("X-A", "1"), ("x_a", "2")))
    assert "at most 20" in refusal(headers=tuple((f"X-{n}", "1") for n in range(21)))


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("body", [math.nan, math.inf, {"a": [-math.inf]}, {"a": {1, 2}}, nested(100_000), "x" * 65_535])
def test_a_body_that_is_no_json_or_too_large_is_refused(body):
    refusal(method="POST", json=body)


def test_a_body_is_sent_as_compact_ascii_json_and_only_with_post():
    assert asked(method="POST", json={"a": ["é", None, 1.5]}).body == b'{"a":["\\u00e9",null,1.5]}'
    assert asked(method="POST", json=None).body == b"null"
    assert asked(method="POST").body is None
    assert "only a POST" in refusal(json={"a": 1})


# -- prefixes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "prefixes", "allowed"),
    [
        ("/api/v1", ("/api/v1",), True),
        ("/api/v1/", ("/api/v1",), True),
        ("/api/v1/x", ("/api/v1",), True),
        ("/api/v1/x", ("/api/v1/",), True),
        ("/api/v1", ("/api/v1/",), False),
        ("/api/v10", ("/api/v1",), False),
        ("/api/v1;x", ("/api/v1",), False),
        ("/api/v1%2Fx", ("/api/v1",), False),
        ("/api/%76%31/x", ("/api/v1",), False),
        ("/API/v1/x", ("/api/v1",), False),
        ("/other", ("/api", "/other"), True),
        ("/anything", ("/",), True),
        ("/", ("/",), True),
        ("/anything", (), False),
    ],
)
def test_a_prefix_holds_on_whole_segments(path, prefixes, allowed):
    assert within(check_path(path), prefixes) is allowed


piece = st.sampled_from(
    ["/", ".", "..", "%2e", "%2E", "%252e", "%2f", "%5c", "\\", ";", "api", "v1", "x", "%", " ", "．", "é", "?"]
)
paths = st.lists(piece, max_size=12).map("".join) | st.text(max_size=30)


@settings(max_examples=300)
@given(paths.map("/api/v1/".__add__) | paths)
@example("/api/v1/%2e%2e/admin")
def test_no_path_ever_leaves_its_prefix_however_it_is_decoded(path):
    try:
        sent = check_path(path)
    except CallNotMade:
        return
    assert sent.isascii()
    assert not any(character in sent for character in ' \\#?\r\n"<>')
    if not within(sent, ("/api/v1",)):
        return
    for form in decodings(sent):
        assert resolved(form)[:2] == ["api", "v1"], form


def decodings(path):
    """The path as a server may see it after any number of decodings."""
    seen = []
    while path not in seen:
        seen.append(path)
        path = unquote(path)
    return seen


def resolved(path):
    """Segments after removing dots, as servers, proxies and file systems do it."""
    out = []
    for segment in path.replace("\\", "/").split("/"):
        name = segment.partition(";")[0].rstrip(" ")
        if name == "..":
            del out[-1:]
        elif name not in {"", "."}:
            out.append(name)
    return out


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=4))
def test_an_encoded_query_is_read_back_as_the_same_parameters(params):
    params = tuple(params)
    if any("\ud800" <= c <= "\udfff" for pair in params for text in pair for c in text):
        return
    assert tuple(parse_qsl(encode_query(params), keep_blank_values=True)) == params
