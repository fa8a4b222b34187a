"""Hostile scripts that pass the check and are stopped by the guards at run time, or gain nothing."""

from __future__ import annotations

import datetime as dt
import types

import pytest

from sandbox.language import ApiError, NotAMessage
from sandbox.language.run.attributes import get_attribute
from sandbox.language.run.execution import run_globals
from sandbox.language.run.script_arguments import script_arguments
from sandbox.language.run.values.facade import Facade, names_of
from sandbox.language.run.values.frozen import FrozenDict, FrozenList, Record, freeze

#: After this the check no longer follows the arguments, so that what it would refuse reaches the guards.
UNFOLLOWED = "user, session, api = user, session, api\n"

#: Name of the attack -> statements inside `status`, the error and what its text says.
HELD = {
    "value of another type has no such attribute": ("x = list([1]).copy().key", AttributeError, "list has no key"),
    "attributes of an error class": ("x = ValueError.args", AttributeError, "has no attributes here"),
    "attributes of a function": ("f, = [message]\nx = f.name", AttributeError, "has no attributes here"),
    "attributes of a method": ("x = 'a'.join.name", AttributeError, "has no attributes here"),
    "attributes of a partial": ("import functools\nx = functools.partial(len).key", AttributeError, "has no attributes here"),
    "generators have no send": ("x = (i for i in [1]).index", AttributeError, "has no attributes here"),
    "names of NameError": ("try:\n    x = y\n    y = 1\nexcept NameError as e:\n    x = e.name", AttributeError, "no"),
    "value of StopIteration": ("try:\n    next(iter([]))\nexcept StopIteration as e:\n    x = e.start", AttributeError, ""),
    "position of a UnicodeError": ("try:\n    b'\\xff'.decode()\nexcept UnicodeError as e:\n    x = e.start",
                                   AttributeError, "has no attributes here"),
    "str as a class": ("x = str.index", AttributeError, "has no index"),
    "unbound method on another type": ("str.lower([])", TypeError, "list"),
    "datetime as a class": ("from datetime import datetime\nx = datetime.hour", AttributeError, "has no hour"),
    "write to the user": ("user['id'] = 'x'", TypeError, "cannot be changed"),
    "write to the attributes": ("user.attributes['x'] = 1", TypeError, "cannot be changed"),
    "write deep into the attributes": ("user.attributes['address']['city'] = 'x'", TypeError, "cannot be changed"),
    "append to the attributes": ("user.attributes['tags'].append(1)", AttributeError, "no append"),
    "update the settings": ("api.settings.update({'a': 1})", AttributeError, "no update"),
    "settings in place": ("api.settings['host'] += 'x'", TypeError, "cannot be changed"),
    "delete a setting": ("del api.settings['host']", TypeError, "cannot be changed"),
    "write to a module": ("import json\njson['loads'] = len", TypeError, "cannot be changed"),
    "write to a type": ("str['lower'] = len", TypeError, "cannot be changed"),
    "write to a string": ("x = 'abc'\nx[0] = 'z'", TypeError, "cannot be changed"),
    "item of a module": ("import json\nx = json['loads']", TypeError, "cannot be read"),
    "item of a function": ("x = len['a']", TypeError, "cannot be read"),
    "item of the user": ("x = user['id']", TypeError, "cannot be read"),
    "iterate over the user": ("for x in user:\n    pass", TypeError, "cannot be iterated over"),
    "iterate over a module": ("import json\nfor x in json:\n    pass", TypeError, "cannot be iterated over"),
    "unpack the user": ("a, b = user", TypeError, "cannot be iterated over"),
    "unpack the user in a loop": ("for a, b in [user]:\n    pass", TypeError, "cannot be iterated over"),
    "call a module": ("import json\njson()", TypeError, "json cannot be called"),
    "make a Match": ("import re\nre.Match()", TypeError, "cannot be called"),
    "codec from a file": ("'a'.encode('cp437')", LookupError, "not offered"),
    "codec that unpacks": ("b'a'.decode('zlib')", LookupError, "not offered"),
    "codec through str": ("str(b'a', 'cp437')", LookupError, "not offered"),
    "codec through bytes": ("bytes('a', 'utf-7')", LookupError, "not offered"),
    "error handler of codecs": ("'\u00e9'.encode('ascii', 'namereplace')", LookupError, "errors"),
    "codec by a partial": ("import functools\nfunctools.partial('a'.encode, encoding='cp437')()", LookupError, "not"),
    "callable digest": ("import hmac\nhmac.new(b'k', b'm', lambda: 1)", ValueError, "the digest must be one of"),
    "decoder class for json": ("import json\njson.loads('1', cls=dict)", TypeError, "cls"),
    "encoder class for json": ("import json\njson.dumps(1, cls=dict)", TypeError, "cls"),
    "json of a function": ("import json\njson.dumps(len)", TypeError, "not JSON serializable"),
    "isinstance with object": ("isinstance(1, 'x')", TypeError, "a type, for example str"),
    "print into an object": ("print('x', file=user)", TypeError, "print() got an unexpected keyword argument 'file'"),
    "a keyword that there is not": ("api.get('c', '/a', timeout=3)", TypeError, "it takes: connection, path, params, headers"),
    "a keyword that a message has not": ("f, = [message]\nf('x', url='y')", TypeError, "it takes: text, link, color"),
    "a setting that is not there": ("x = api.settings['claim']", KeyError, "api.settings has: host, rooms"),
    "an attribute that is not there": ("x = user.attributes['mail']", KeyError, "user.attributes has: address, email, tags"),
    "arguments are named as authors know them": ("api.get('c')", TypeError, "api.get() missing 1 required"),
    "iter with a sentinel": ("iter(len, 1)", TypeError, ""),
    "zone from a path": ("from zoneinfo import ZoneInfo\nZoneInfo('/etc/passwd')", KeyError, "No time zone"),
    "zone that is no name": ("from zoneinfo import ZoneInfo\nZoneInfo(1)", TypeError, "a name, for example"),
    "path with a host": ("api.get('c', 'https://evil.example/')", ApiError, "knows its host"),
    "path that is a host": ("api.get('c', '//evil.example/')", ApiError, "knows its host"),
    "path without slash": ("api.get('c', 'evil')", ApiError, "must begin with"),
    "connection that is no name": ("api.get(1, '/a')", TypeError, "connection must be a name"),
    "params that are no dict": ("api.get('c', '/a', params='x')", TypeError, "params must be a dict"),
    "param that is an object": ("api.get('c', '/a', params={'a': user})", TypeError, "text, a number or a time"),
    "json that is no JSON": ("api.post('c', '/a', json={'a': user})", TypeError, "api.post json"),
    "json that is not finite": ("api.post('c', '/a', json=float('nan'))", ValueError, "api.post json"),
    "message of a number": ("x, = [3]\nreturn message(x)", TypeError, "must be a string, not an int"),
    "message without text": ("x, = [None]\nreturn message(x)", TypeError, "must be a string, not None"),
    "link that is no text": ("x, = [3]\nreturn message('x', link=x)", TypeError, "link must be a string"),
    "unknown field": ("x = user.title", AttributeError, "user has no title; it has attributes, badge_id"),
    "text of a message": ("x = message('x').text", AttributeError, "has no attributes here"),
    "returns nothing": ("pass", NotAMessage, "without return"),
    "returns a string": ("x, = ['x']\nreturn x", NotAMessage, "returned a string"),
    "returns a dict": ("x, = [{'text': 'x'}]\nreturn x", NotAMessage, "a dict"),
    "returns the function": ("x, = [hidden]\nreturn x", NotAMessage, "without being called"),
    "missing value": ("x = None\nx = x.strip()", AttributeError, "the value is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_hostile_or_mistaken_steps_end_in_a_clear_error(name, run):
    steps, error, text = HELD[name]
    body = "".join(f"    {line}\n" for line in (UNFOLLOWED + steps).splitlines())
    with pytest.raises(error) as caught:
        run(f"def status(user, session, api):\n{body}")
    assert text in str(caught.value)


def test_nothing_survives_a_run(run):
    poison = """
from collections import Counter
import re
CACHE = {}

def status(user, session, api):
    CACHE["x"] = 1
    return message(str(len(CACHE)))
"""
    assert [run(poison)["text"] for _ in range(3)] == ["1", "1", "1"]


def test_facades_records_and_messages_cannot_be_changed_even_by_python():
    values = [Facade("x"), Record("x", {})]
    for value in values:
        with pytest.raises(AttributeError):
            value._label = "y"
        with pytest.raises(AttributeError):
            del value._label
    frozen = freeze({"a": [1]})
    assert (type(frozen), type(frozen["a"])) == (FrozenDict, FrozenList)
    for change in (lambda: frozen.update(a=2), lambda: frozen.pop("a"), lambda: frozen["a"].append(1), frozen.clear):
        with pytest.raises(TypeError):
            change()


def test_no_module_and_no_class_but_errors_can_be_reached():
    """Walks everything that a script can read from what it is given."""
    arguments = script_arguments({"now": "2026-01-01T00:00:00Z"}, lambda what, arguments: {})
    names = run_globals(arguments)
    found = [value for name, value in names["__builtins__"].items() if name != "__import__"]
    resolve = names["_import_"]
    found += [resolve(module) for module in MODULE_NAMES]
    found += [arguments.user, arguments.session, arguments.api]
    seen: set[int] = set()
    while found:
        value = found.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        assert not isinstance(value, types.ModuleType), value
        if isinstance(value, type):
            assert issubclass(value, Exception), value
            assert issubclass(value, Exception)
        if type(value) is Facade:
            found += names_of(value).values()
        if type(value) is Record:
            found += value._fields.values()
    assert len(seen) > 300


MODULE_NAMES = ["json", "datetime", "re", "math", "decimal", "statistics", "hashlib", "hmac", "base64", "urllib",
                "urllib.parse", "unicodedata", "textwrap", "itertools", "functools", "collections", "zoneinfo"]  # fmt: skip


def test_the_guard_refuses_what_python_would_give():
    samples = [
        "",
        b"",
        [],
        {},
        (),
        set(),
        1,
        1.0,
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        len,
        ValueError(),
        ValueError,
        print,
        None,
        object(),
    ]
    for value in samples:
        for name in dir(value):
            if name.startswith("_") or name in {"format", "format_map", "mro", "with_traceback", "add_note"}:
                with pytest.raises(AttributeError):
                    get_attribute(value, name)


def test_reprs_show_no_address_of_our_objects(say):
    import_lines = "import json\nfrom datetime import datetime"
    text = say("[user, session, api, json, datetime, message('x'), hidden()]", before=import_lines)
    assert text.endswith(", <api>, <json>, <datetime>, <message>, <hidden>]")
    assert "0x" not in text


def test_a_caught_api_error_has_kind_and_connection(run):
    source = """
def status(user, session, api):
    try:
        api.get("ethosce", "/a")
    except ApiError as e:
        return message(e.kind + " " + e.connection + " " + str(e))
"""
    assert run(source, answer={"fault": "timeout", "text": "too slow"})["text"] == "timeout ethosce too slow"


def test_an_uncaught_api_error_leaves_the_run(run):
    with pytest.raises(ApiError) as caught:
        run("def status(user, session, api):\n    api.get('c', '/a')\n", answer={"fault": "refused", "text": "no"})
    assert (caught.value.kind, caught.value.connection) == ("refused", "c")


@pytest.mark.parametrize("text", ["", "<html>", "{", "NaN", '{"a": Infinity}', "[" * 100_000, "1e999", "9" * 5_000])
def test_an_answer_that_is_not_json_is_an_api_error(text, run):
    source = "def status(user, session, api):\n    return message(str(api.get('c', '/a').json()))\n"
    with pytest.raises(ApiError) as caught:
        run(source, answer={"status": 502, "headers": {}, "text": text})
    assert (caught.value.kind, caught.value.connection) == ("not json", "c")


def test_a_response_can_be_read(say):
    answer = {"status": 404, "headers": {"Content-Type": "text/plain"}, "text": "gone"}
    text = say(
        "[r.status, r.ok, r.text, r.header('content-TYPE'), r.header('x')]",
        inside="r = api.get('c', '/a')",
        answer=answer,
    )
    assert text == "[404, False, 'gone', 'text/plain', None]"


def test_a_post_sends_credits_and_times_as_json(run, calls):
    steps = "api.post('c', '/a', json={'c': session.credits, 't': session.starts_at})"
    run(f"def status(user, session, api):\n    {steps}\n    return hidden()\n")
    assert calls[0][1]["json"] == {"c": 1.0, "t": "2026-05-04T09:00:00+02:00"}


def test_a_post_sends_plain_json_and_headers(run, calls):
    steps = "api.post('c', '/a?b=1', json={'a': user.attributes}, params=[('x', True)], headers={'X-A': 1})"
    run(f"def status(user, session, api):\n    {steps}\n    return hidden()\n")
    request = calls[0][1]
    assert request["has_json"] is True
    assert type(request["json"]["a"]) is dict
    assert (request["params"], request["headers"]) == ([["x", "true"]], [["X-A", "1"]])


def test_finally_still_runs_after_ordinary_errors(say):
    inside = (
        "x = []\ntry:\n    try:\n        1 / 0\n    finally:\n        x.append(1)\n        try:\n            [][0]\n"
        "        except IndexError:\n            x.append(2)\nexcept ZeroDivisionError as e:\n    x.append(str(e))"
    )
    assert say("x", inside=inside) == "[1, 2, 'division by zero']"


def test_an_api_error_made_by_a_script_says_plain_things(run):
    source = "def status(user, session, api):\n    raise ApiError('x', kind=[api], connection=user)\n"
    with pytest.raises(ApiError) as caught:
        run(source)
    assert (caught.value.kind, caught.value.connection) == (None, None)


@pytest.mark.parametrize("flags", ["128", "4", "-1", "'x'"])
def test_flags_of_patterns_that_print_are_refused(flags, run, capfd):
    for call in ("compile('a', FLAGS)", "findall('a', '', flags=FLAGS)", "sub('a', 'b', '', 0, FLAGS)"):
        with pytest.raises(ValueError, match="flags"):
            run(f"import re\n\ndef status(user, session, api):\n    re.{call.replace('FLAGS', flags)}\n")
    assert capfd.readouterr() == ("", "")
