"""What the application learns about a request, and what a client cannot make it believe."""

import asyncio
import tempfile
from http import HTTPStatus

import pytest

from tests.support.event_loop import awaited
from tests.support.rsgi import Fields, Protocol, scope
from web.middleware.request_checks import REFUSED
from web.server.request_body import RequestBodies
from web.server.response_body import IN_MEMORY
from web.server.wsgi_bridge import WsgiBridge
from web.status.responses import StatusResponse


def ask(application, *fields, pieces=(), limit=100, closes=False, in_loop=None, **more):
    closed = []

    async def once():
        bridge = WsgiBridge(
            application,
            bodies=RequestBodies(lambda _method, _path: limit),
            threads=1,
            public_url="https://status.example.org",
            in_loop=in_loop,
            close=lambda: closed.append(True),
        )
        loop = asyncio.get_running_loop()
        bridge.__rsgi_init__(loop)
        protocol = Protocol(*pieces)
        protocol.closes = closes
        await bridge.__rsgi__(scope(*fields, **more), protocol)
        bridge.__rsgi_del__(loop)
        return protocol.answer

    answer = awaited(once())
    assert closed == [True]
    return answer


def environ_of(*fields, **more):
    seen = {}

    def application(environ, start_response):
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("204 No Content", [])
        return []

    ask(application, *fields, **more)
    return seen


def test_a_header_with_an_underscore_does_not_pass_for_the_one_with_a_hyphen():
    environ = environ_of(("x_forwarded_for", "1.2.3.4"), ("content_length", "5"), ("accept", "a"))
    assert [name for name in environ if name.startswith(("HTTP_", "CONTENT"))] == ["HTTP_ACCEPT"]


def test_scheme_name_and_port_are_those_of_the_public_address_whatever_is_forwarded():
    environ = environ_of(("host", "evil.example"), ("x-forwarded-proto", "javascript"), ("x-forwarded-port", "1"))
    assert (environ["wsgi.url_scheme"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == (
        "https",
        "status.example.org",
        "443",
    )


def test_headers_sent_twice_are_joined_and_cookies_stay_cookies():
    environ = environ_of(
        ("cookie", "a=1"), ("accept", "x"), ("cookie", "b=2"), ("accept", "y"), ("host", "a"), ("host", "b")
    )
    assert (environ["HTTP_COOKIE"], environ["HTTP_ACCEPT"], environ["HTTP_HOST"]) == ("a=1; b=2", "x,y", "a,b")


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Host", "Transfer-Encoding"])
def test_a_value_that_the_server_keeps_from_us_is_not_taken_for_none(name):
    """An address that a proxy adds to such a value would be lost with it."""

    class Hiding(Fields):
        def __contains__(self, asked):
            return asked == name.lower()

    assert environ_of(headers=Hiding())[REFUSED] == 400


def test_an_address_in_the_request_line_overrules_the_host_header():
    assert environ_of(("host", "status.example.org"), authority="evil.example")["HTTP_HOST"] == "evil.example"


@pytest.mark.parametrize(
    ("client", "address"), [("192.0.2.7:4711", "192.0.2.7"), ("[2001:db8::7]:4711", "2001:db8::7")]
)
def test_the_clients_address_comes_without_its_port(client, address):
    assert environ_of(client=client)["REMOTE_ADDR"] == address


def test_paths_and_queries_arrive_as_wsgi_wants_them():
    environ = environ_of(path="/é", query_string="q=%C3%A9")
    assert (environ["PATH_INFO"].encode("latin-1").decode(), environ["QUERY_STRING"]) == ("/é", "q=%C3%A9")


def test_a_collected_body_has_a_length_and_no_coding():
    environ = environ_of(("transfer-encoding", "chunked"), pieces=(b"abc", b""), method="POST")
    assert (environ["CONTENT_LENGTH"], environ["body"]) == ("3", b"abc")
    assert "HTTP_TRANSFER_ENCODING" not in environ
    assert environ_of(("transfer-encoding", "chunked"), pieces=(b"x" * 101,), method="POST")[REFUSED] == 413


def test_after_a_request_that_was_not_taken_the_connection_ends():
    def application(environ, start_response):
        start_response(f"{environ[REFUSED].value} X", [("X-Test", "1")])
        return []

    assert ask(application, method="get") == (400, [("X-Test", "1"), ("Connection", "close")], b"")


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_a_bug_outside_of_the_framework_is_a_500_and_logged_once(caplog, error):
    def application(environ, start_response):
        raise error

    assert ask(application) == (500, [], b"")
    assert caplog.text.count("Traceback") == caplog.text.count(f"\n{error.__name__}") == 1


def test_the_whole_answer_is_handed_over_and_what_made_it_is_closed():
    class Parts:
        closed = False

        def __iter__(self):
            return iter([b"a", b"b"])

        def close(self):
            Parts.closed = True

    def application(environ, start_response):
        start_response("200 OK", [("X-Test", "1")])
        return Parts()

    assert ask(application) == (200, [("X-Test", "1")], b"ab")
    assert Parts.closed


def body_of(size, log, *, fails=False):
    """An application whose body has this size, in parts of 100,000 bytes."""

    def application(_, start_response):
        start_response("200 OK", [("Content-Length", str(size))])
        try:
            yield from (bytes(min(100_000, size - begun)) for begun in range(0, size, 100_000))
            if fails:
                raise OSError("the database is away")
        finally:
            log.append("closed")

    return application


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY, IN_MEMORY + 1, 5_000_000])
def test_a_body_of_any_size_arrives_whole_and_a_large_one_is_in_no_memory(size, monkeypatch):
    log, files = [], []
    monkeypatch.setattr(
        tempfile, "TemporaryFile", lambda real=tempfile.TemporaryFile: files.append(real()) or files[-1]
    )
    assert ask(body_of(size, log)) == (200, [("Content-Length", str(size))], bytes(size))
    assert (log, len(files)) == (["closed"], int(size > IN_MEMORY))
    assert all(file.closed for file in files)


@pytest.mark.parametrize("size", [1, 5_000_000])
def test_a_body_that_fails_halfway_is_an_error_and_never_half_a_file(size, caplog):
    assert ask(body_of(size, [], fails=True))[0] == 500
    assert "the database is away" in caplog.text


def test_a_client_that_leaves_in_the_middle_of_a_large_body_leaves_no_open_file(monkeypatch):
    log, files = [], []
    monkeypatch.setattr(
        tempfile, "TemporaryFile", lambda real=tempfile.TemporaryFile: files.append(real()) or files[-1]
    )
    ask(body_of(5_000_000, log), closes=True)
    assert (log, [file.closed for file in files]) == (["closed"], [True])


class InLoop:
    """What the loop answers, or how it fails."""

    def __init__(self, found=None, error=None):
        self._found, self._error = found, error
        self.closed = False

    async def response(self, _scope, _fields):
        if self._error:
            raise self._error
        return self._found

    def close(self):
        self.closed = True


def application(_, start_response):
    start_response("200 OK", [])
    return [b"from the application"]


def test_what_the_loop_answers_needs_no_thread_and_the_rest_is_for_the_application():
    found = StatusResponse(HTTPStatus.OK, [("X-Test", "1")], b"from the loop")
    assert ask(None, in_loop=InLoop(found)) == (200, [("X-Test", "1")], b"from the loop")
    nothing = InLoop()
    assert ask(application, in_loop=nothing)[2] == b"from the application"
    assert nothing.closed


def test_a_bug_in_the_loop_is_logged_and_the_application_answers(caplog):
    assert ask(application, in_loop=InLoop(error=ZeroDivisionError()))[2] == b"from the application"
    assert "ZeroDivisionError" in caplog.text


def test_a_head_that_is_refused_is_not_answered_in_the_loop():
    def refusing(environ, start_response):
        start_response(f"{environ[REFUSED].value} X", [])
        return []

    found = StatusResponse(HTTPStatus.OK, [], b"from the loop")
    assert ask(refusing, ("a", "x" * 9000), in_loop=InLoop(found))[0] == 431
