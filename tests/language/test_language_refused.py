"""Hostile scripts that are refused before they run: each names the rule which must refuse it."""

from __future__ import annotations

import ast

import pytest

from sandbox.language import compile_source
from sandbox.language.findings import Findings
from sandbox.language.policy import Policy

#: Name of the attack -> the rule, and steps inside `status`.
INSIDE = {
    "dunder walk": ("underscore-attribute", "x = ().__class__.__bases__[0].__subclasses__()"),
    "globals of a function": ("underscore-attribute", "x = status.__globals__"),
    "globals of a method": ("underscore-attribute", "x = message.__func__.__globals__"),
    "builtins name": ("underscore-name", "x = __builtins__"),
    "import name": ("withheld-name", "x = __import__('os')"),
    "code swap": ("attribute-assign", "status.__code__ = (lambda: 0).__code__"),
    "traceback of an error": ("underscore-attribute", "try:\n    1/0\nexcept Exception as e:\n    x = e.__traceback__"),
    "context of an error": ("underscore-attribute", "try:\n    1/0\nexcept Exception as e:\n    x = e.__context__"),
    "traceback frame": ("attribute", "x = user.tb_frame"),
    "generator frame": ("attribute", "x = (i for i in [1]).gi_frame.f_back"),
    "generator code": ("attribute", "x = (i for i in [1]).gi_code"),
    "frame globals": ("attribute", "x = user.f_globals"),
    "mro of str": ("attribute", "x = str.mro()[1]"),
    "with_traceback": ("attribute", "x = ValueError().with_traceback(None)"),
    "object of an attribute error": ("attribute", "try:\n    user.x\nexcept AttributeError as e:\n    x = e.obj"),
    "getattr": ("withheld-name", "x = getattr(user, 'id')"),
    "hasattr": ("withheld-name", "x = hasattr(user, 'id')"),
    "setattr": ("withheld-name", "setattr(user, 'id', 1)"),
    "type": ("withheld-name", "x = type('X', (), {})"),
    "object": ("withheld-name", "x = object()"),
    "eval": ("withheld-name", "eval('1')"),
    "exec": ("withheld-name", "exec('1')"),
    "alias of exec": ("withheld-name", "e = exec"),
    "compile": ("withheld-name", "compile('1', 'f', 'eval')"),
    "open": ("withheld-name", "open('/etc/passwd')"),
    "vars": ("withheld-name", "x = vars(user)"),
    "globals": ("withheld-name", "x = globals()"),
    "locals": ("withheld-name", "x = locals()"),
    "id gives an address": ("withheld-name", "x = id(user)"),
    "hash gives an address": ("withheld-name", "x = hash(user)"),
    "BaseException": ("withheld-name", "try:\n    pass\nexcept BaseException:\n    pass"),
    "SystemExit": ("withheld-name", "raise SystemExit"),
    "KeyboardInterrupt": ("withheld-name", "raise KeyboardInterrupt"),
    "MemoryError": ("withheld-name", "try:\n    pass\nexcept MemoryError:\n    pass"),
    "super": ("withheld-name", "x = super()"),
    "memoryview": ("withheld-name", "x = memoryview(b'')"),
    "pow": ("withheld-name", "x = pow(9, 9)"),
    "format with an attribute": ("format-field", "x = '{0.__class__}'.format(user)"),
    "format with an item": ("format-field", "x = '{0[0]}'.format(user)"),
    "format with an attribute in the width": ("format-field", "x = '{:{0.id}}'.format(user)"),
    "format unbound": ("format-template", "x = str.format('{0.__class__}', user)"),
    "format of a variable": ("format-template", "t = '{0.id}'\nx = t.format(user)"),
    "format as a value": ("format-template", "x = '{0.id}'.format"),
    "format as a sort key": ("format-template", "x = sorted(['a'], key='{0.__class__}'.format)"),
    "format of a joined template": ("format-template", "x = ('{0.' + 'id}').format(user)"),
    "format of an f-string": ("format-template", "x = f'{{0.id}}'.format(user)"),
    "format_map": ("attribute", "x = '{a}'.format_map({'a': 1})"),
    "f-string attribute walk": ("underscore-attribute", "x = f'{user.__class__}'"),
    "f-string in a width": ("underscore-attribute", "x = f'{1:{user.__class__}}'"),
    "star call": ("star-call", "f = len\nx = f(*[[]])"),
    "double star call": ("star-call", "x = dict(**{'_a': 1})"),
    "underscore keyword": ("keyword", "x = dict(_getattr_=1)"),
    "class": ("class", "class A:\n    pass"),
    "str subclass that lies": ("class", "class S(str):\n    def startswith(self, x):\n        return True"),
    "yield": ("yield", "def g():\n    yield 1"),
    "yield from": ("yield", "def g():\n    yield from [1]"),
    "with": ("with", "with user as u:\n    pass"),
    "decorator": ("decorator", "@len\ndef g():\n    pass"),
    "global": ("global", "global message"),
    "global guard": ("global", "global _getattr_"),
    "nonlocal": ("global", "def g():\n    nonlocal user"),
    "async def": ("async", "async def g():\n    pass"),
    "async generator expression": ("async", "x = (i async for i in [1])"),
    "match": ("match", "match user:\n    case _:\n        pass"),
    "except star": ("except-star", "try:\n    pass\nexcept* ValueError:\n    pass"),
    "return in finally swallows": ("finally-exit", "try:\n    pass\nfinally:\n    return hidden()"),
    "break in finally swallows": ("finally-exit", "while True:\n    try:\n        pass\n    finally:\n        break"),
    "continue in finally": ("finally-exit", "for i in [1]:\n    try:\n        pass\n    finally:\n        continue"),
    "return in a loop in finally": ("finally-exit", "try:\n    pass\nfinally:\n    for i in [1]:\n        return 1"),
    "break in the else of a loop in finally": (
        "finally-exit",
        (
            "for j in [1]:\n    try:\n        pass\n    finally:\n        for i in []:\n            pass\n        else:\n"
            "            break"
        ),
    ),
    "power": ("power", "x = 9 ** 9 ** 9"),
    "power in place": ("power", "x = 9\nx **= 9"),
    "power of an item": ("power", "x = [9]\nx[0] **= 9"),
    "left shift": ("left-shift", "x = 1 << 9999999"),
    "left shift in place": ("left-shift", "x = 1\nx <<= 99"),
    "matrix": ("matrix", "x = 1 @ 2"),
    "complex": ("complex-number", "x = 1j"),
    "huge number": ("large-number", "x = 9999999999999999999999"),
    "long string": ("long-string", "x = '" + "a" * 9000 + "'"),
    "guard as parameter": ("underscore-name", "def g(_getattr_):\n    pass"),
    "guard as positional-only parameter": ("underscore-name", "def g(_getattr_, /):\n    pass"),
    "guard as keyword-only parameter": ("underscore-name", "def g(*, _write_):\n    pass"),
    "guard as star parameter": ("underscore-name", "def g(*_getiter_):\n    pass"),
    "guard as double star parameter": ("underscore-name", "def g(**_getiter_):\n    pass"),
    "guard as lambda parameter": ("underscore-name", "g = lambda _getattr_, /: 1"),
    "guard as loop target": ("underscore-name", "for _getattr_ in [1]:\n    pass"),
    "guard as comprehension target": ("underscore-name", "x = [1 for _getattr_ in [1]]"),
    "guard as walrus target": ("underscore-name", "x = (_getattr_ := 1)"),
    "guard as unpacking target": ("underscore-name", "(a, *_write_) = [1]"),
    "guard as error name": ("underscore-name", "try:\n    pass\nexcept Exception as _getattr_:\n    pass"),
    "guard as import name": ("underscore-name", "import json as _getattr_"),
    "guard as from-import name": ("underscore-name", "from json import loads as _getattr_"),
    "guard as function": ("underscore-name", "def _getattr_(a, b):\n    pass"),
    "guard read": ("underscore-name", "x = _getattr_"),
    "guard called": ("underscore-name", "x = _getattr_(user, '__class__')"),
    "guard deleted": ("underscore-name", "del _getattr_"),
    "builtins entry deleted": ("underscore-name", "del __builtins__"),
    "roles name": ("underscore-name", "a__roles__ = 1"),
    "rebound message": ("own-name", "message = len"),
    "rebound message as parameter": ("own-name", "def g(message):\n    pass"),
    "rebound ApiError": ("own-name", "ApiError = Exception"),
    "rebound with_query in a loop": ("own-name", "for with_query in []:\n    pass"),
    "underscore called": ("underscore-call", "_ = len\nx = _('a')"),
    "attribute written": ("attribute-assign", "user.id = 'x'"),
    "attribute deleted": ("attribute-assign", "del user.id"),
    "attribute changed in place": ("attribute-assign", "user.id += 'x'"),
    "attribute as loop target": ("attribute-assign", "for user.id in [1]:\n    pass"),
    "computed default": ("default", "def g(a=len('x')):\n    pass"),
    "chained unpacking": ("chained-unpacking", "x = a, b = 1, 2"),
    "import os": ("import", "import os"),
    "import in disguise": ("import", "import os as json"),
    "from os": ("import", "from os import path"),
    "module behind a module": ("import-name", "import json\nx = json.codecs"),
    "from module behind a module": ("import-name", "from json import codecs"),
    "sys behind statistics": ("import-name", "from statistics import sys"),
    "namedtuple makes classes": ("import-name", "from collections import namedtuple"),
    "context of decimal": ("import-name", "from decimal import getcontext"),
    "relative import": ("relative-import", "from . import x"),
    "star import": ("star-import", "from json import *"),
    "urllib.request": ("import", "import urllib.request"),
    "collections.abc": ("import", "import collections.abc"),
}


@pytest.mark.parametrize("name", INSIDE)
def test_hostile_steps_are_refused_with_their_rule(name, rules):
    rule, steps = INSIDE[name]
    body = "".join(f"    {line}\n" for line in steps.splitlines())
    source = f"def status(user, session, api):\n{body}    return hidden()\n"
    assert rule in rules(source)


#: What the second check must refuse alone. The rest fails at run time, because what it names is not there.
TWICE = {
    "underscore-attribute", "underscore-name", "class", "yield", "with", "decorator", "global", "async", "match",
    "except-star", "star-call", "power", "left-shift", "matrix", "complex-number", "attribute-assign", "keyword",
    "format-field", "format-template", "star-import",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, (rule, _) in INSIDE.items() if rule in TWICE])
def test_the_policy_refuses_without_the_review(name):
    body = "".join(f"    {line}\n" for line in INSIDE[name][1].splitlines())
    source = f"def status(user, session, api):\n{body}    return hidden()\n"
    findings = Findings(source)
    Policy(findings).visit(ast.parse(source))
    assert findings.refused


GOOD = 'def status(user, session, api):\n    return message("x")\n'

#: Name of the attack -> the rule, and the whole source.
WHOLE = {
    "loop at module level": ("module-steps", "for i in [1]:\n    pass\n" + GOOD),
    "call at module level": ("module-steps", "print('x')\n" + GOOD),
    "computed constant": ("module-steps", "X = sorted([2, 1])\n" + GOOD),
    "comprehension at module level": ("module-steps", "X = [i for i in range(9)]\n" + GOOD),
    "lambda at module level": ("module-steps", "X = lambda: 1\n" + GOOD),
    "clock at module level": ("module-steps", "from datetime import datetime\nX = datetime.now()\n" + GOOD),
    "main guard": ("main-guard", GOOD + 'if __name__ == "__main__":\n    status(1, 2, 3)\n'),
    "no status": ("no-status", "def other(user):\n    return 1\n"),
    "empty": ("no-status", ""),
    "status of two arguments": ("status-arguments", "def status(user, session):\n    return hidden()\n"),
    "status with default": ("status-arguments", "def status(user, session, api=None):\n    return hidden()\n"),
    "status with star": ("status-arguments", "def status(user, session, api, *a):\n    return hidden()\n"),
    "status swapped": ("status-arguments", "def status(session, user, api):\n    return hidden()\n"),
    "status twice": ("name-twice", GOOD + GOOD),
    "constant replaces status": ("name-twice", GOOD + "status = 1\n"),
    "import replaces status": ("name-twice", GOOD + "import json as status\n"),
    "unknown level": ("api-level", "API_LEVEL = 2\n" + GOOD),
    "level as truth": ("api-level", "API_LEVEL = True\n" + GOOD),
    "bidi override in a string": ("invisible-character", GOOD + 'X = "a\u202eb"\n'),
    "bidi isolate in a comment": ("invisible-character", GOOD + "# a\u2066b\n"),
    "zero width space in a string": ("invisible-character", GOOD + 'X = "a\u200bb"\n'),
    "tag character": ("invisible-character", GOOD + 'X = "a\U000e0041b"\n'),
    "soft hyphen": ("invisible-character", GOOD + 'X = "a\u00adb"\n'),
    "hangul filler as a name": ("invisible-character", GOOD + "\u3164 = 1\n"),
    "line separator": ("invisible-character", GOOD + "# a\u2028X = 1\n"),
    "escape character": ("control-character", GOOD + 'X = "\x1b[2J"\n'),
    "form feed": ("control-character", GOOD + "\x0c\n"),
    "null character": ("control-character", GOOD + "\0"),
    "lone carriage return hides a line": ("lone-return", GOOD + "# harmless\rX = 1\n"),
    "byte order mark": ("byte-order-mark", "\ufeff" + GOOD),
    "half a character": ("not-text", GOOD + 'X = "\ud800"\n'),
    "coding cookie": ("coding", "# coding: utf-7\n" + GOOD),
    "coding cookie in the second line": ("coding", "#!/usr/bin/python\n# -*- coding: rot13 -*-\n" + GOOD),
    "joiner between ASCII letters": ("joiner", GOOD + 'X = "ad\u200dmin"\n'),
    "joiner in a comment": ("joiner", GOOD + "# \u0645\u200c\u0646\n"),
    "joiner at the edge of a string": ("joiner", GOOD + 'X = "\u0645\u200c"\n'),
    "joiner doubled": ("joiner", GOOD + 'X = "\u0645\u200c\u200c\u0646"\n'),
    "full width exec": ("ascii-name", GOOD + "def g():\n    \uff45xec('1')\n"),
    "full width dunder": ("ascii-name", GOOD + "def g(a):\n    a.__\uff43lass__\n"),
    "full width underscores": ("python-syntax", GOOD + "def g(a):\n    a.\uff3f\uff3fclass\uff3f\uff3f\n"),
    "full width name in an f-string": ("ascii-name", GOOD + "def g(a):\n    return f'{\uff41}'\n"),
    "full width keyword": ("ascii-name", GOOD + "def g(a):\n    return dict(\uff41=1)\n"),
    "full width import": ("ascii-name", "import \uff4ason\n" + GOOD),
    "full width parameter": ("ascii-name", GOOD + "def g(\uff41):\n    return 1\n"),
    "cyrillic name": ("ascii-name", GOOD + "\u0430 = 1\n"),
    "cyrillic status": ("ascii-name", "def st\u0430tus(user, session, api):\n    return hidden()\n"),
    "too long": ("too-long", "#" * 33_000),
    "deep brackets": ("too-complex", "X = " + "[" * 150 + "]" * 150 + "\n" + GOOD),
    "deep signs": ("too-complex", "X = " + "-" * 3_000 + "1\n" + GOOD),
    "deep attributes": ("too-complex", GOOD + "def g(a):\n    a" + ".a" * 10_000 + "\n"),
    "long sum": ("too-complex", GOOD + "X = 1" + "+1" * 5_000 + "\n"),
    "deep elif": (
        "too-complex",
        GOOD + "def g(a):\n    if a:\n        pass\n" + "    elif a:\n        pass\n" * 900,
    ),
    "many parts": ("too-complex", GOOD + "X = [" + "-1," * 9_000 + "]\n"),
    "finally within finally doubles the code": (
        "too-complex",
        GOOD
        + "def g():\n"
        + "".join(" " * i + " try:\n" + " " * i + "  g()\n" + " " * i + " finally:\n" for i in range(45))
        + " " * 60
        + "g()\n",
    ),
    "number of many digits": ("python-syntax", GOOD + "X = " + "9" * 5_000 + "\n"),
    "return at module level": ("module-steps", "return 1\n"),
    "break outside a loop": ("python-syntax", "def status(user, session, api):\n    break\n"),
    "await at module level": ("async", "await x\n" + GOOD),
    "unclosed": ("python-syntax", "def status(user, session, api:\n    return\n"),
    "not python": ("python-syntax", "<?php echo 1 ?>"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_hostile_files_are_refused_with_their_rule(name, rules):
    rule, source = WHOLE[name]
    assert rule in rules(source)


@pytest.mark.parametrize("name", [*INSIDE, *WHOLE])
def test_refused_scripts_have_no_code_and_every_finding_says_all(name):
    _, source = (INSIDE | WHOLE)[name]
    findings = compile_source(source)
    assert findings.code is None
    for finding in findings.findings:
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.what
        assert finding.why
        assert finding.instead
        assert "{name}" not in finding.what + finding.why + finding.instead


def test_all_findings_are_reported_at_once_in_the_order_of_the_text():
    source = "import os\nimport requests\n\ndef status(user, session, api):\n    x = 2 ** 3\n    user.id = 1\n    open('x')\n"
    found = [(finding.line, finding.rule) for finding in compile_source(source).findings]
    assert found == [(1, "import"), (2, "import"), (5, "power"), (6, "attribute-assign"), (7, "withheld-name")]


def test_steps_at_module_level_are_one_finding_with_the_lines_indented():
    source = 'name = "Ann"\nx = api.get("a", "/b")\nif x.ok:\n    print(name)\n'
    steps = [finding for finding in compile_source(source).findings if finding.rule == "module-steps"]
    assert len(steps) == 1
    assert steps[0].line == 2
    assert (
        'def status(user, session, api):\n    x = api.get("a", "/b")\n    if x.ok:\n        print(name)'
        in steps[0].instead
    )
    assert "no-status" not in {finding.rule for finding in compile_source(source).findings}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import requests\n", "api.get"),
        ("import os\n", "api.settings"),
        ("import logging\n", "api.log"),
        ("import time\n", "asked again"),
        ("from time import sleep\n", "asked again"),
        ("import random\n", "hashlib"),
        ("from typing import cast\n\ndef f(x):\n    return cast(str, x)\n", "typing"),
        ("def f(u):\n    return hasattr(u, 'x')\n", "attributes.get"),
        ("def f(u):\n    return json.loads(u)\n", "import json"),
        ("def f(u):\n    return timedelta(days=u)\n", "from datetime import timedelta"),
        ("def f(u):\n    return massage(u)\n", "Did you mean message?"),
        ("def f(r):\n    return r.status_code\n", "response.status"),
        ("def f(r):\n    return r.headers['x']\n", "response.header("),
        ("def f(t):\n    return t.format(1)\n", "f-string"),
        ("def f(u):\n    return u.email\n", "attributes.get"),
        ("import json\n\ndef f(u):\n    return json.load(u)\n", "loads"),
        ("def f(x):\n    return x ** 2\n", "x * x"),
        ("def f(x, *a):\n    return x(*a)\n", "Write the arguments out"),
        ("def f(x):\n    with x:\n        pass\n", "plainly"),
    ],
)
def test_the_finding_names_the_replacement(source, words):
    text = " ".join(f"{finding.what} {finding.why} {finding.instead}" for finding in compile_source(source).findings)
    assert words in text


def test_a_syntax_error_has_its_line_and_column():
    finding = compile_source("def status(user, session, api):\n    x = = 1\n").findings[0]
    assert (finding.rule, finding.line, finding.column) == ("python-syntax", 2, 9)


def test_columns_count_characters_not_bytes():
    finding = compile_source('def status(user, session, api):\n    x = "\u00e9\u00e9\u00e9", open(1)\n').findings[0]
    assert (finding.line, finding.column) == (2, 16)


def test_a_python_warning_is_a_finding_and_prints_nothing(capfd):
    source = (
        'def status(user, session, api):\n    if user is "x":\n        return hidden()\n    return message("\\d")\n'
    )
    compilation = compile_source(source)
    assert compilation.code is not None
    assert {finding.rule for finding in compilation.findings} == {"python-warning"}
    assert {finding.line for finding in compilation.findings} == {2, 4}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("hidden", ["x = 2 ** 3", "x = user.__class__", "class A:\n        pass", "import os"])
def test_many_notes_do_not_hide_an_error(hidden):
    notes = "    try:\n        x = 1\n    except:\n        x = 2\n" * 400
    compilation = compile_source(f"def status(user, session, api):\n{notes}    {hidden}\n    return hidden()\n")
    assert compilation.code is None
    assert {finding.severity for finding in compilation.findings} == {"note", "error"}


def test_many_errors_are_cut_and_still_refuse():
    compilation = compile_source("def status(user, session, api):\n" + "    x = 2 ** 3\n" * 900)
    assert compilation.code is None
    assert len(compilation.findings) == 200
