"""Properties of the check of the script API: what it flags fails in a run, and no text makes it slow, unsure or unreadable."""

from __future__ import annotations

import time
import traceback
from unittest import mock

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sandbox.language import compile_source, execute
from sandbox.language.check import compiler
from sandbox.language.check.api.value_kinds import ValueKinds
from sandbox.language.rules.api_rules import API
from tests.sandbox.language.conftest import SCRIPT_INPUT

COMMON = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow], derandomize=True)

ATOMS = st.sampled_from(
    [
        "user", "session", "api", "1", "1.5", "'a'", "None", "True", "[1]", "{'a': 1}", "(1, 2)", "user.id", "session.title",
        "session.starts_at", "session.ends_at", "session.credits", "session.parent_id", "user.attributes", "api.settings",
        "api.now()", "api.scans()", "api.get('c', '/a')", "api.get('c', '/a').json()", "datetime.now()", "datetime.now(UTC)",
        "timedelta(days=1)", "date.today()", "datetime(2026, 5, 4)", "datetime(2026, 5, 4, tzinfo=UTC)", "a", "b", "c",
        "message('x')", "api.return_url", "api.get", "Decimal('1.5')", "f'{a}'",
    ]
)  # fmt: skip
NAMES = st.sampled_from(["a", "b", "c"])
FIELDS = st.sampled_from(
    [
        "id",
        "title",
        "name",
        "starts_at",
        "attributes",
        "json",
        "status",
        "text",
        "ok",
        "minutes",
        "get",
        "days",
        "hour",
        "upper",
    ]
)
OPERATORS = st.sampled_from(["<", ">=", "+", "-", "==", "in", "and", "or", "*", "%"])
HELPERS = st.sampled_from(["first", "second", "maybe"])


def composed(inner):
    return st.one_of(
        st.builds("{}.{}".format, inner, FIELDS),
        st.builds("{}['{}']".format, inner, FIELDS),
        st.builds("{}()".format, inner),
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("{}({}, {})".format, HELPERS, inner, inner),
        st.builds("message({})".format, inner),
        st.builds("message({}, link={})".format, inner, inner),
        st.builds("api.get({}, {})".format, inner, inner),
        st.builds("api.get('c', '/a', {}={})".format, st.sampled_from(["params", "timeout", "json"]), inner),
        st.builds("{}.get({})".format, inner, inner),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("str({})".format, inner),
        st.builds("{}.replace(tzinfo={})".format, inner, st.sampled_from(["UTC", "None"])),
    )


EXPRESSIONS = st.recursive(ATOMS, composed, max_leaves=4)
STATEMENTS = st.builds("{} = {}".format, NAMES, EXPRESSIONS)
HEAD = """
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

def first(x, y):
    return x

def second(x, y):
    z = y
    return z

def maybe(x, y):
    if x:
        return y

def status(user, session, api):
    a = b = c = 0
"""


def unjudged(tree, names, findings):
    return ValueKinds(tree, names), set()


def first_failing_line(code, last):
    """The line of `status` at which a run fails; None if it does not fail."""
    answer = {"status": 200, "headers": {}, "text": '{"text": "x"}'}
    try:
        execute(code, SCRIPT_INPUT, lambda what, arguments: answer)
    except Exception as error:  # noqa: BLE001 -- whatever a script raises, the line fails
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<script>"]
        return lines[0] if lines else last  # what `status` returned was not a message
    return None


@COMMON
@given(st.lists(STATEMENTS, min_size=1, max_size=5), st.one_of(st.just("message('x')"), EXPRESSIONS))
def test_a_line_that_the_check_flags_as_an_error_fails_in_a_run(statements, returned):
    """Lines run one after the other; so no line before the first that fails may be flagged."""
    body = "".join(f"    {line}\n" for line in [*statements, f"return {returned}"])
    assume(not any(word in body for word in (" if ", " and ", " or ")))  # what stands in a branch may never run
    flagged = [one for one in compile_source(HEAD + body).findings if one.rule in API and one.severity == "error"]
    with mock.patch.object(compiler, "check_api", unjudged):
        code = compile_source(HEAD + body).code
    assume(code is not None)
    failing = first_failing_line(code, (HEAD + body).count("\n"))
    assert [one for one in flagged if failing is None or one.line < failing] == []


@COMMON
@given(st.lists(STATEMENTS, max_size=4), EXPRESSIONS)
def test_findings_are_the_same_each_time_and_have_no_control_characters(statements, returned):
    source = HEAD + "".join(f"    {line}\n" for line in [*statements, f"return {returned}"])
    found = compile_source(source).findings
    assert found == compile_source(source).findings
    for one in found:
        assert (one.what + one.why).isprintable()
        assert one.instead.replace("\n", "").isprintable()


TRICKS = [
    "\\x1b[31m",
    "\\u202e",
    "\\u200d",
    "\\t",
    "\\n",
    "\\x00",
    "\\ud800",
    "\u00ad",
    "\u0301",
    "\U0001f469\u200d\u2695\ufe0f",
    "\t",
]


@pytest.mark.parametrize("trick", TRICKS, ids=ascii)
def test_a_finding_shows_tricks_in_the_text_as_escapes(trick):
    steps = [
        f'x = user["{trick}"]',
        f'x = api.get("https://a.example/{trick}?{trick}={trick}", timeout=3)',
        f'x = api.get("c", "{trick}")',
        f'return message("a", url="{trick}")',
    ]
    for step in steps:
        for one in compile_source(f"def status(user, session, api):\n    {step}\n").findings:
            assert (one.what + one.why).isprintable(), one
            assert one.instead.replace("\n", "").isprintable(), one


def repeated(text, number=3_000):
    return "".join(text.format(n=n, m=n + 1) for n in range(number))


#: Texts that would make a careless analysis slow or deep.
HOSTILE = {
    "a chain of names": "    a0 = session\n" + repeated("    a{m} = a{n}\n", 900) + "    a900.name\n",
    "a chain of calls": "    a0 = api.get\n" + repeated("    a{m} = a{n}('c', '/a')\n", 700),
    "a circle of names": repeated("    a{n} = a{m}\n", 900) + "    a900 = a0\n",
    "many mistakes in a line": "    x = [" + "user['id'], " * 2_000 + "]\n",
    "many mistakes with long names": "    x = [" + f"user.{'x' * 900}, " * 30 + "]\n",
    "a long name": f"    x = user.{'a' * 30_000}\n",
    "a long key": f"    x = user['{'a' * 7_000}']\n",
    "a long address": f"    x = api.get('https://a.example/{'?a=b&' * 1_500}')\n",
    "many keywords": "    x = message('a', " + ", ".join(f"k{n}=1" for n in range(2_000)) + ")\n",
    "deep attributes": "    x = user" + ".attributes" * 45 + "\n",
    "deep branches": "".join("    " * n + "if user.id:\n" for n in range(1, 40)) + "    " * 40 + "return None\n",
    "deep conditions": "    x = " + "user.id if user.id else (" * 40 + "user" + ")" * 40 + "\n    x.name\n",
    "many tries": repeated("    try:\n        x = api.get('c', '/a').json()\n    except ValueError:\n        x = user.name\n", 150),
    "many branches": repeated("    if user.id:\n        x = {n}\n    elif session.id:\n        x = user\n", 400) + "    x.name\n",
    "calls of each other": "    f0(user)\n    def f0(x):\n        return f1(x)\n"
    + repeated("    def f{m}(x):\n        return f{n}(x) or f{m}(x)\n", 500),
    "one function called everywhere": "    def f(x, y=1):\n        return x\n" + repeated("    f(user, y=f(session))\n", 900),
    "many kinds": "    x = 1\n" + "    x = 'a'\n    x = None\n    x = user\n    x = 1.5\n    x = []\n" * 300 + "    x.name\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_checked_in_bounded_time_with_a_bounded_report(name):
    source = "def status(user, session, api):\n" + HOSTILE[name] + "    return hidden()\n"
    assert len(source.encode()) <= 32_500
    began = time.process_time()
    found = compile_source(source).findings
    assert time.process_time() - began < 3
    assert len(found) <= 200
    for one in found:
        assert len(one.what) + len(one.why) + len(one.instead) < 40_000
