"""Hostile scripts that are refused before they run: each names the rule which must refuse it."""

from __future__ import annotations

import ast

import pytest

from sandbox.language import compile_source
from sandbox.language.check.policy import LanguagePolicy
from sandbox.language.rules.findings import Findings
from tests.sandbox.language.hostile import INSIDE, WHOLE


@pytest.mark.parametrize("name", INSIDE)
def test_hostile_steps_are_refused_with_their_rule(name, rules):
    rule, steps = INSIDE[name]
    body = "".join(f"    {line}\n" for line in steps.splitlines())
    source = f"def status(user, session, api):\n{body}    return hidden()\n"
    assert rule in rules(source)


#: What the second check must refuse alone. The rest fails at run time, because what it names is not there.
TWICE = {
    "underscore-attribute", "underscore-name", "class", "yield", "with", "decorator", "global", "async", "match-pattern",
    "except-star", "star-call", "power", "left-shift", "matrix", "complex-number", "attribute-assign", "keyword",
    "format-field", "format-template", "star-import",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, (rule, _) in INSIDE.items() if rule in TWICE])
def test_the_policy_refuses_without_the_review(name):
    body = "".join(f"    {line}\n" for line in INSIDE[name][1].splitlines())
    source = f"def status(user, session, api):\n{body}    return hidden()\n"
    findings = Findings(source)
    LanguagePolicy(findings).visit(ast.parse(source))
    assert findings.refused


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
    source = "import os\nimport requests\n\ndef status(user, session, api):\n    x = 2 ** 3\n    user.id = 1\n    open('x')\n    return hidden()\n"
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
        ("import time\n", "asks for the status again"),
        ("from time import sleep\n", "asks for the status again"),
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
        ("def f(x):\n    with x:\n        pass\n", "directly"),
    ],
)
def test_the_finding_names_the_replacement(source, words):
    text = " ".join(f"{finding.what} {finding.why} {finding.instead}" for finding in compile_source(source).findings)
    assert words in text


def test_a_syntax_error_has_its_line_and_column():
    finding = compile_source("def status(user, session, api):\n    x = = 1\n").findings[0]
    assert (finding.rule, finding.line, finding.column) == ("python-syntax", 2, 9)


def test_columns_count_characters_not_bytes():
    finding = compile_source(
        'def status(user, session, api):\n    x = "\u00e9\u00e9\u00e9", open(1)\n    return x[1]\n'
    ).findings[0]
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
