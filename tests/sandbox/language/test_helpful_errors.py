"""What a run tells its author: errors that name what there is, and records that print their fields."""

from __future__ import annotations

import pytest

from sandbox.language import ApiError, compile_source, execute
from tests.sandbox.language.conftest import SCRIPT_INPUT


def logged(run, calls, expression, **options):
    run(f"def status(user, session, api):\n    print({expression})\n    return hidden()\n", **options)
    return calls[-1][1]["text"]


def test_a_session_prints_its_fields(run, calls):
    text = logged(run, calls, "session")
    assert text == (
        "session(id='s-9', title='Hearts & Minds', starts_at=2026-05-04 09:00:00+02:00, "
        "ends_at=2026-05-04 10:00:00+02:00, location='Hall 1', parent_id=None, credits=1.0, attributes={'nid': 42})"
    )


def test_a_user_prints_its_fields(run, calls):
    assert logged(run, calls, "user").startswith(
        "user(id='u-1', username='ann', user_type='attendee', first_name='Ann'"
    )


def test_an_answer_prints_its_status_and_the_beginning_of_its_text(run, calls):
    answer = {"status": 502, "headers": {}, "text": "<html>\x1b[31m" + "x" * 1_000_000}
    text = logged(run, calls, "api.get('c', '/a')", answer=answer)
    assert text.startswith("response(status=502, ok=False, text='<html>\\x1b[31mxxx")
    assert text.endswith("…)")
    assert len(text) < 200


def test_scans_print_their_fields_and_the_api_its_name(run, calls):
    assert logged(run, calls, "api.scans(), api") == "scans(first_in=None, last_out=None, minutes=0, count=0) <api>"


@pytest.mark.parametrize("field", ["title", "location", "id"])
def test_the_text_of_a_record_is_bounded(field, run, calls):
    session = {**SCRIPT_INPUT["session"], field: "y" * 1_000_000, "attributes": {"a": ["z" * 1_000_000] * 9}}
    assert len(logged(run, calls, "session", session=session)) < 1_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<html><body>Down</body></html>", "it begins '<html><body>Down</body></html>'"),
        ("", "it is empty"),
        ("x" * 500, "it begins '" + "x" * 80 + "'"),
        ("\x1b[31m{", "it begins '\\x1b[31m{'"),
    ],
)
def test_an_answer_that_is_not_json_is_shown_by_its_beginning(text, told, run):
    source = "def status(user, session, api):\n    return message(api.get('c', '/a').json()['x'])\n"
    with pytest.raises(ApiError) as caught:
        run(source, answer={"status": 502, "headers": {}, "text": text})
    assert f"the answer of c (status 502) is not JSON; {told}" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<p>Hello ann.example+x@uni-a.example.org, sign in</p>", "<p>Hello […], sign in</p>"),
        ("mailto:ann@a.example", "mailto:[…]"),
        ("?email=ann%40a.example&x=1", "?email=[…]&x=1"),
        ("token=abcd1234&x", "token=[…]&x"),
        ('<input name="a" secret="s3cr3t!!">', '<input name="a" secret="[…]">'),
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer […]"),
        ("session_id: 12345678 ended", "session_id: […] ended"),
        ("key eyJhbGciOiJIUzI1NiIsInR5cCI6Ikpx.eyJzdWIiOiIxMjM0NTY3ODkw.x", "key […].[…].x"),
        ("0123456789abcdef0123456789abcdef", "[…]"),
        ("x" * 70 + " ann.with.a.long.name@university.example.org", "x" * 70 + " […]"),
        ("502 Bad Gateway: the code is unknown", "502 Bad Gateway: the code is unknown"),
        ("<!DOCTYPE html><html><head><title>Sign in</title>", "<!DOCTYPE html><html><head><title>Sign in</title>"),
        ("@" * 500, "[…][…]"),
    ],
)
def test_addresses_and_tokens_at_the_beginning_of_an_answer_are_blanked(text, told, run):
    source = "def status(user, session, api):\n    return message(api.get('c', '/a').json()['x'])\n"
    with pytest.raises(ApiError) as caught:
        run(source, answer={"status": 200, "headers": {}, "text": text})
    assert f"it begins {told!r}" in str(caught.value)


def test_a_missing_setting_names_those_that_there_are_and_cuts_long_lists(run):
    settings = {f"name_{number:02}" + "x" * 100: 1 for number in range(30)}
    with pytest.raises(KeyError) as caught:
        run("def status(user, session, api):\n    return message(api.settings['claim_url'])\n", settings=settings)
    text = caught.value.args[0]
    assert text.startswith("api.settings has no 'claim_url'; api.settings has: name_00")
    assert text.endswith(", …")
    assert len(text) < 1_000


def test_a_missing_setting_where_there_is_none(run):
    with pytest.raises(KeyError, match=r"api\.settings has: nothing"):
        run("def status(user, session, api):\n    return message(api.settings['claim_url'])\n", settings={})


def test_a_missing_key_of_an_answer_is_the_error_of_python(run):
    source = "def status(user, session, api):\n    return message(api.get('c', '/a').json()['list'])\n"
    with pytest.raises(KeyError) as caught:
        run(source)
    assert caught.value.args == ("list",)


def test_an_error_of_a_key_that_is_no_text_is_the_error_of_python():
    code = compile_source("def status(user, session, api):\n    return message(api.settings[user.id, 1])\n").code
    with pytest.raises(KeyError) as caught:
        execute(code, SCRIPT_INPUT, lambda what, arguments: {})
    assert caught.value.args == (("u-1", 1),)
