"""One cause has one finding: what follows from a refused import, an unknown name or a refused class adds none.

And a finding about the whole text has a place in it that helps, never the first character of the first line.
"""

from __future__ import annotations

import ast
import re

import pytest
from RestrictedPython.transformer import RestrictingNodeTransformer

from sandbox.language import compile_source
from sandbox.language.check.policy import LanguagePolicy
from sandbox.language.rules.findings import Findings

#: name -> a whole script, with « before the place of each finding.
CAUSES = {
    "a refused import": """
import «requests

def status(user, session, api):
    answer = requests.get("https://a.example", timeout=5)
    if answer.status_code == 200 and answer.headers:
        for row in answer.content:
            return message(row.shoe_size)
    try:
        answer.raise_for_status()
    except requests.exceptions.HTTPError as problem:
        api.log(problem)
    return hidden()
""",
    "a refused import whose values are kept at module level": """
from datetime import datetime
import «pytz

TZ = pytz.timezone("America/Chicago")
ZONES = [TZ]

def status(user, session, api):
    return message(api.now().astimezone(TZ).isoformat())
""",
    "a star import of the types": """
«from session_status import *

def status(user, session, api):
    return message(user.id)
""",
    "a refused module under another name": """
import «os.path as p

def status(user, session, api):
    return message(p.environ["HOME"] + p.sep.foo)
""",
    "a refused name of a module": """
from datetime import «dtatetime

def status(user, session, api):
    return message(dtatetime.nowish().shoe_size)
""",
    "a module that is not imported and not offered": """
def status(user, session, api):
    return message(«os.environ["HOME"])
""",
    "a module that is not imported": """
def status(user, session, api):
    return message(«json.dump_all(user.id))
""",
    "a name that is not defined": """
def status(user, session, api):
    rows = «fetch("/a")
    for row in rows:
        api.log(row.shoe_size)
    return hidden()
""",
    "a refused class": """
«class Row:
    pass

def status(user, session, api):
    row = Row()
    return message(row.shoe_size)
""",
    "files": """
def status(user, session, api):
    «with «open("a.txt") as file:
        text = file.readline()
    return message(text.shoe_size)
""",
    "typing at run time": """
from typing import NamedTuple

def status(user, session, api):
    row = «NamedTuple("row", [])
    return message(row.shoe_size)
""",
    "arguments in another order": """
«def status(session, user, api):
    return message(user.first_name + session.title + session["x"])
""",
    "a generator": """
def status(user, session, api):
    «yield message("a")
    return hidden()
""",
    "an alias of typing": """
from typing import Dict

Row = Dict[str, str]

def status(user, session, api):
    rows = «Row()
    rows.update(user.attributes)
    return hidden()
""",
    "a class of typing": """
from typing import NamedTuple

«class Row(NamedTuple):
    name: str

def status(user, session, api):
    return hidden()
""",
    "a class of no one in a pattern": """
def status(user, session, api):
    match user.id:
        case «Color.RED | Color.BLUE(x):
            return hidden()
    return hidden()
""",
    "two causes": """
import «os
import «requests

def status(user, session, api):
    return message(requests.get(os.environ["URL"]).content)
""",
}


def places(text):
    """The text without its marks, and their lines and columns."""
    found = []
    while "«" in text:
        before, _, after = text.partition("«")
        found.append((before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1))
        text = before + after
    return text, found


def test_a_name_that_the_script_binds_itself_is_no_consequence_of_a_dropped_import():
    source = """
from typing import Any

def status(user, session, api):
    Any = api.get("c", "/a").json()
    return message(Any.shoe_size)
"""
    assert [(one.rule, one.line) for one in compile_source(source).findings] == [("attribute", 6)]


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_is_reported_and_its_consequences_are_not(name):
    source, wanted = places(CAUSES[name])
    found = compile_source(source).findings
    assert [(one.line, one.column) for one in found] == wanted, found


#: name -> a text that is refused as a whole, and the line of its finding.
WHOLE = {
    "without status": ("import json\nX = 1\n\n\n", 2),
    "deep brackets": ("X = 1\nY = " + "(" * 300 + ")" * 300 + "\n", 2),
    "deep expression": ("X = 1\n\n\nY = " + "-" * 60 + "1\n", 4),
    "deeper than Python reads": ("X = 1\n\nY = " + "[" * 5_000 + "]" * 5_000 + "\n", 3),
    "many operators": ("X = 1\n\nY = " + "-" * 20_000 + "1\n", 3),
    "too long": ("X = 1\n" * 6_000, 5_334),
    "too many parts": ("X = [" + "a," * 100 + "]\nY = [" + "a," * 11_000 + "]\nZ = [" + "a," * 100 + "]\n", 2),
    "a name that is not ASCII in a text that cannot be read": ("X = 1\nprénom = = 2\n", 2),
    "deep branches": ("".join(" " * n + "if 1:\n" for n in range(110)), 101),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_finding_about_the_whole_text_stands_where_it_helps(name):
    text, line = WHOLE[name]
    found = compile_source(text).findings
    assert found
    assert all((one.line, one.column) != (1, 1) for one in found), found
    assert line in {one.line for one in found}, found


@pytest.mark.parametrize(
    "steps",
    [
        "class A: pass",
        "x = 1j",
        "yield 1",
        "x = y @ y",
        "f(*a)",
        "x._y = 1",
        "with a as b: pass",
        "global a",
        "x **= 2",
    ],
)
def test_the_second_check_names_no_class_of_a_syntax_tree(steps):
    source = f"def status(user, session, api):\n    {steps}\n"
    findings = Findings(source)
    LanguagePolicy(findings).visit(ast.parse(source))
    for one in findings.sorted():
        words = set(
            re.findall(r"[A-Za-z]+", one.what.partition("`")[0] + one.what.rpartition("`")[2] + one.why + one.instead)
        )
        assert not words & {name for name, kind in vars(ast).items() if isinstance(kind, type) and name[0].isupper()}, (
            one
        )
        assert "ctx" not in words
        assert (one.line, one.column) != (1, 1)


def test_the_words_of_restricted_python_are_not_shown():
    """Its own texts name classes of the syntax tree; this is where they would come in."""
    assert LanguagePolicy.error is not RestrictingNodeTransformer.error
    findings = Findings("x = 1\ny = 2\n")
    LanguagePolicy(findings).error(
        ast.Name("y", ast.Store(), lineno=2, col_offset=0), "Attribute Store ctx are not allowed."
    )
    [one] = findings.sorted()
    assert (one.line, one.column, one.what) == (2, 1, "`y = 2` is not available in scripts.")
