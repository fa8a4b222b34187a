"""A script is read alike by every Python: grammar that came after the oldest is refused, in Python's own words."""

from __future__ import annotations

import ast
import sys

import pytest

from sandbox.language import compile_source
from sandbox.language.check.names import ScriptNames
from sandbox.language.check.policy import LanguagePolicy
from sandbox.language.check.syntax_check import SyntaxChecker
from sandbox.language.rules.findings import Findings

#: By the version which brought it: a script that says it.
NEWER = {
    "a type statement": ((3, 12), "type Names = list"),
    "a type statement with parameters": ((3, 12), "type Names[T] = list[T]"),
    "a type parameter of a function": ((3, 12), "def named[T](value):\n    return value"),
    "a type parameter with a bound that runs code": ((3, 12), "def named[T: exec('1')](value):\n    return value"),
    "a type parameter of a class": ((3, 12), "class Names[T]:\n    pass"),
    "a default of a type parameter": ((3, 13), "def named[T = int](value):\n    return value"),
    "a template string": ((3, 14), 'NAMES = t"{__import__}"'),
    "a raw template string": ((3, 14), "NAMES = rt'''{1}'''"),
    "error types without parentheses": (
        (3, 14),
        "def named():\n    try:\n        return 1\n    except KeyError, ValueError:\n        return 2",
    ),
    "groups of errors without parentheses": (
        (3, 14),
        "def named():\n    try:\n        return 1\n    except* KeyError, ValueError:\n        pass",
    ),
}
STATUS = "\n\ndef status(user, session, api):\n    return hidden()\n"

#: What 3.12 began to read in f-strings.
NEWER_F_STRINGS = {
    "its own quotes in a field": '''f"{user.attributes["name"]}"''',
    "its own long quotes in a field": '''f"""{user.attributes["""name"""]}"""''',
    "an f-string in its own quotes": '''f"{f"{user.id}"}"''',
    "a string in the quotes of the f-string around both": """f'{f"{'a'}"}'""",
    "a string in a format, in its own quotes": '''f"{user.id:{">3"}}"''',
    "a backslash in a string of a field": r"""f"{'\n'.join([user.id])}" """,
    "a backslash in an f-string of a field": r"""f"{f'\n{user.id}'}" """,
    "a backslash at the end of a field's line": "f'''{user.id + \\\n'a'}'''",
    "a comment in a field": "f'''{user.id # the name\n}'''",
    "a field of several lines between single quotes": 'f"{\nuser.id\n}"',
    "a space behind a conversion": 'f"{user.id!r }"',
    "a format in a format in a format": 'f"{user.id:{user.id:{user.id}}}"',
    "a star": 'f"{*[user.id]}"',
    "the second of two strings side by side": """'a' f"{"b"}" """,
}
#: What looks alike and is read by all.
F_STRINGS = {
    "other quotes": """f"{'a'}" """,
    "quotes between long ones": '''f"""{"a"} {'b'} " """''',
    "an f-string in an f-string": """f"{f'{user.id}'}" """,
    "a backslash beside a field": r"""f"\n{user.id}\"\N{BULLET}\\" """,
    "a backslash in a format": r"""f"{user.id:\x20>3}" """,
    "a backslash at the end of a line": "f'a\\\nb{user.id}'",
    "a number sign beside a field and in a string": """f"# {'#'} #" """,
    "a field of several lines between long quotes": "f'''{\nuser.id\n}'''",
    "a conversion and a format": 'f"{user.id!r:>3} {user.id !s}"',
    "a format with a field": 'f"{user.id:>{1 + 2}}"',
    "doubled braces": 'f"{{{user.id}}} {{\\n}}"',
    "several values": 'f"{1, 2} {*[3], 4}"',
    "a raw one": r"""rf"\d{user.id}\{user.id}" """,
    "strings side by side": """'a' f"{'b'}" "c" """,
    "an assignment's name": 'f"{user.id=}"',
}


def returning(expression):
    return f"def status(user, session, api):\n    return message({expression})\n"


@pytest.mark.parametrize("name", NEWER)
def test_newer_grammar_is_refused_in_words_of_python(name):
    since, source = NEWER[name]
    compilation = compile_source(source + STATUS)
    assert compilation.code is None
    (finding,) = compilation.findings
    assert (finding.rule, finding.why) == ("python-syntax", "The text is not valid Python 3.11.")
    if sys.version_info >= since:
        assert f"only supported in Python {since[0]}.{since[1]} and greater" in finding.what


@pytest.mark.parametrize("name", NEWER)
def test_newer_grammar_is_refused_by_the_review_and_by_the_policy_alone(name):
    """As if the parser had let it pass; what leaves no mark in the tree means the same as the older spelling."""
    since, source = NEWER[name]
    if sys.version_info < since:
        with pytest.raises(SyntaxError):
            ast.parse(source)
        return
    reviewed, transformed = Findings(source), Findings(source)
    tree = ast.parse(source)
    SyntaxChecker(reviewed, ScriptNames(tree)).visit(tree)
    LanguagePolicy(transformed).visit(ast.parse(source))
    assert (reviewed.refused, transformed.refused) == (("without parentheses" not in name) or "groups" in name,) * 2


@pytest.mark.parametrize("name", NEWER_F_STRINGS)
def test_an_f_string_that_only_newer_pythons_read_is_refused_where_it_stands(name):
    compilation = compile_source(returning(NEWER_F_STRINGS[name]))
    assert compilation.code is None
    assert {finding.rule for finding in compilation.findings} == {"python-syntax"}
    assert all(finding.what.startswith("Python cannot read this: ") for finding in compilation.findings)
    assert compilation.findings[0].line == 2 or sys.version_info < (3, 12)


@pytest.mark.parametrize("name", F_STRINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_an_f_string_that_every_python_reads_is_taken(name, end):
    compilation = compile_source(returning(F_STRINGS[name]).replace("\n", end))
    assert [finding for finding in compilation.findings if finding.severity == "error"] == []
    assert compilation.code is not None


def test_a_star_in_a_field_is_refused_by_the_policy_alone():
    """Python's parser lets it pass from 3.12 on, and the guard around the field would make it the star of a call."""
    tree = ast.parse(returning('f"{[user.id]}"'))
    (field,) = [node for node in ast.walk(tree) if isinstance(node, ast.FormattedValue)]
    field.value = ast.copy_location(ast.Starred(field.value, ast.Load()), field.value)
    findings = Findings("")
    LanguagePolicy(findings).visit(tree)
    assert findings.refused


def test_a_return_inside_finally_is_one_finding_and_no_warning_of_python(recwarn):
    """Python 3.14 warns of it as well."""
    steps = "    try:\n        return hidden()\n    finally:\n        return hidden()\n"
    findings = compile_source(f"def status(user, session, api):\n{steps}").findings
    assert [(finding.rule, finding.line) for finding in findings] == [("finally-exit", 5)]
    assert not list(recwarn)


@pytest.mark.parametrize(
    ("text", "words"),
    [(r"\d", r"Python warns: invalid escape sequence '\d'."), (r"\%", r"Python warns: invalid escape sequence '\%'.")],
)
def test_a_warning_of_an_escape_has_the_same_words_on_every_python(text, words):
    findings = compile_source(returning(f'"{text}"')).findings
    assert [(finding.rule, finding.what) for finding in findings] == [("python-warning", words)]


@pytest.mark.parametrize("name", ["annotatoins", "match", "annotations, braces"])
def test_a_future_that_no_python_knows_is_refused_by_every_python(name, rules):
    source = f"from __future__ import {name}{STATUS}"
    assert rules(source) == {"python-syntax"}


def test_a_future_that_every_python_knows_is_taken(rules):
    assert rules(f"from __future__ import annotations, generator_stop{STATUS}") == set()
