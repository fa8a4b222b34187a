"""Each refused construct has one finding, at its own place, in Python's terms; its parts have none."""

from __future__ import annotations

import ast
import re
import sys

import pytest

from sandbox.language import compile_source
from sandbox.language.check.names import ScriptNames
from sandbox.language.check.syntax_check import SyntaxChecker
from sandbox.language.rules.findings import Findings
from sandbox.language.rules.syntax_rules import SYNTAX

#: name -> the rule, what the finding must say, and steps inside `status`, with « before the place of the finding.
REFUSED = {
    "with": ("with", "`with` is", "«with user as u:\n    pass"),
    "with two items": ("with", "`with` is", "«with user as u, session as s:\n    pass"),
    "class": ("class", "`class` is", "«class A:\n    pass"),
    "class in a branch": ("class", "`class` is", "if user.id:\n    «class A(str):\n        x = 1"),
    "global": ("global", "`global` is", "«global seen"),
    "nonlocal": ("own-name", "message is redefined", "def inner():\n    «nonlocal message"),
    "yield": ("yield", "`yield` is", "x = «yield 1"),
    "yield from": ("yield", "`yield from` is", "x = [(«yield from [1])]"),
    "async def": ("async", "`async def` is", "«async def inner():\n    pass"),
    "async for": ("async", "`async for` is", "«async for x in user.id:\n    pass"),
    "async with": ("async", "`async with` is", "«async with user as u:\n    pass"),
    "await": ("async", "`await` is", "x = «await user"),
    "async comprehension": ("async", "`async for` is", "x = [a async for «a in user.id]"),
    "match of a class": ("match-pattern", "a class reads", "match user.id:\n    case «str(x) if x:\n        pass"),
    "match of a class of no one": ("match-pattern", "a class reads", "match user.id:\n    case «Color.RED(x):\n        pass"),
    "match of an attribute": ("match-pattern", "only with a text", "match user.id:\n    case «session.id:\n        pass"),
    "match of a dotted key": ("match-pattern", "a key must", "match {}:\n    case {«session.id: 1}:\n        pass"),
    "match with a case below all": ("match-pattern", "never reached", "match 1:\n    case «x:\n        pass\n    case 1:\n        pass"),
    "match of a name twice": ("match-pattern", "bound twice", "match [1]:\n    case «[x, x]:\n        pass"),
    "match of a key twice": ("match-pattern", "same key", "match {}:\n    case {'a': 1, «'a': 2}:\n        pass"),
    "match of two stars": ("match-pattern", "one part", "match [1]:\n    case «[*x, *y]:\n        pass"),
    "match of names in a choice": ("match-pattern", "must not bind", "match [1]:\n    case «[x] | [_, x]:\n        pass"),
    "except*": ("except-star", "`except*` is", "try:\n    pass\n«except* ValueError:\n    pass"),
    "return in finally": ("finally-exit", "`return` inside `finally`", "try:\n    pass\nfinally:\n    «return hidden()"),
    "break in finally": (
        "finally-exit",
        "`break` inside `finally`",
        "for x in [1]:\n    try:\n        pass\n    finally:\n        «break",
    ),
    "decorator": ("decorator", "Decorators (`@name`) are", "@«len\ndef inner():\n    pass"),
    "power": ("power", "`**`", "x = «2 ** 3"),
    "power in place": ("power", "`**`", "x = 2\n«x **= 3"),
    "left shift": ("left-shift", "`<<`", "x = «1 << 3"),
    "matrix": ("matrix", "`@`", "x = «user @ user"),
    "star call": ("star-call", "`*` and `**`", "x = sorted(«*[1, 2])"),
    "double star call": ("star-call", "`*` and `**`", "x = dict(**«{'a': 1})"),
    "complex number": ("complex-number", "Complex numbers", "x = «1j"),
    "star unpacking": ("star-unpacking", "*(a, b)", "«*(a, b), c = [1, 2, 3]"),
    "chained unpacking": ("chained-unpacking", "several targets", "«a = b, c = (1, 2)"),
    "slice step": ("slice-step", "slice with a step", "x = [1, 2]\n«x[::2] = [3]"),
    "attribute": ("attribute-assign", "An attribute is assigned", "«user.id = 1"),
    "attribute that is deleted": ("attribute-assign", "An attribute is assigned or deleted", "del «user.id"),
    "underscore name": ("underscore-name", "_x_", "«_x_ = 1"),
    "underscore attribute": ("underscore-attribute", "_id", "x = «user._id"),
    "underscore keyword": ("keyword", "_a", "x = dict(«_a=1)"),
    "call of _": ("underscore-call", "_ is called", "_ = len\nx = «_('a')"),
    "our own name": ("own-name", "message", "«message = 'a'"),
    "unknown attribute": ("attribute", "shoe_size", "x = api.get('a', '/b').json()\ny = «x.shoe_size"),
    "format of a name": ("format-template", "format", "t = 'a'\nx = «t.format(1)"),
    "format field": ("format-field", "{0.id}", "x = «'{0.id}'.format(user)"),
    "format arguments": ("format-arguments", "do not match", "x = «'{} {}'.format(1)"),
    "default": ("default", "default value", "def inner(a=«len('x')):\n    pass"),
}  # fmt: skip

#: The same, of Pythons that this one may be older than.
LATER = {
    "type alias": ("type-alias", "`type` is", "«type Name = str", (3, 12)),
    "generic type alias": ("type-alias", "`type` is", "«type Names[T] = list[T]", (3, 12)),
    "generic function": ("type-parameter", "`[T]`", "def inner[«T](x):\n    return x", (3, 12)),
    "bounded generic function": ("type-parameter", "`[T]`", "def inner[«T: str, *R, **P](x):\n    return x", (3, 12)),
    "template string": ("template-string", '`t"…"`', "x = «t'{user.id!r:>{user.id}}'", (3, 14)),
}
WHOLE = {
    "import *": ("star-import", "`from json import *` is", "«from json import *\n"),
    "module level with": ("with", "`with` is", "«with open('x') as f:\n    pass\n"),
    "module level async for": ("async", "`async for` is", "«async for x in []:\n    pass\n"),
    "module level decorator": ("decorator", "`@name`", "@«len\ndef other():\n    pass\n"),
}
#: What authors write, and may: no finding.
ALLOWED = {
    "walrus": "if (n := len(user.id)) > 3:\n    print(n)",
    "lambda": "x = sorted([2, 1], key=lambda n: -n)",
    "assert": "assert user.id, 'who?'",
    "del": "x = {'a': 1}\ndel x['a']\ny = 1\ndel y",
    "annotation": "x: int = 1",
    "try finally": "try:\n    x = 1\nexcept ValueError as e:\n    raise\nelse:\n    pass\nfinally:\n    x = 2",
    "while else": "while False:\n    pass\nelse:\n    pass",
    "star in a list": "first, *rest = [*[1, 2], 3]",
    "nested function": "def inner(a, /, b=1, *c, d=(), **e):\n    return a\nx = inner(1)",
}
#: Where a finding about the whole file stands is not asked here.
OF_THE_FILE = {"no-status", "module-steps"}


def inside(steps):
    body = "".join(f"    {line}\n" for line in steps.splitlines())
    return f"def status(user, session, api):\n{body}    return hidden()\n"


def marked(text):
    """The text without its mark, and the line and column of the mark."""
    before, _, after = text.partition("«")
    return before + after, (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)


def has_one_finding(text, rule, words):
    """Whether the text has this finding at its mark, and no other."""
    source, place = marked(text)
    found = [one for one in compile_source(source).findings if one.rule not in OF_THE_FILE]
    assert [(one.rule, one.line, one.column) for one in found] == [(rule, *place)]
    assert words in found[0].what
    assert found[0].instead
    assert not node_names(f"{found[0].what} {found[0].why} {found[0].instead}")


def node_names(text):
    """Names of classes of the ast module in a text, but for those that are a word of English."""
    known = {name for name, kind in vars(ast).items() if isinstance(kind, type) and issubclass(kind, ast.AST)}
    return {name for name in known & set(re.findall(r"\w+", text)) if re.search(r"[a-z][A-Z]|_|item|handler", name)}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_inside_a_function_has_one_finding_at_its_own_place(name):
    rule, words, steps = REFUSED[name]
    has_one_finding(inside(steps), rule, words)


@pytest.mark.parametrize("name", LATER)
def test_what_a_later_python_brings_is_not_the_grammar_of_scripts_on_any_python(name):
    _, _, steps, _ = LATER[name]
    (finding,) = compile_source(inside(steps.replace("«", ""))).findings
    assert (finding.rule, finding.why) == ("python-syntax", "The text is not valid Python 3.11.")


@pytest.mark.parametrize("name", LATER)
def test_what_a_later_python_brings_has_one_finding_at_its_own_place_even_if_the_parser_let_it_pass(name):
    rule, words, steps, since = LATER[name]
    source, place = marked(inside(steps))
    if sys.version_info < since:
        with pytest.raises(SyntaxError):
            ast.parse(source)
        return
    tree, findings = ast.parse(source), Findings(source)
    SyntaxChecker(findings, ScriptNames(tree)).visit(tree)
    (finding,) = findings.sorted()
    assert (finding.rule, finding.line, finding.column) == (rule, *place)
    assert words in finding.what


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_refused_at_module_level_has_one_finding_at_its_own_place(name):
    rule, words, text = WHOLE[name]
    source, place = marked(text + "\ndef status(user, session, api):\n    return hidden()\n")
    found = [one for one in compile_source(source).findings if one.rule == rule]
    assert [(one.line, one.column) for one in found] == [place]
    assert words in found[0].what
    assert not [one for one in compile_source(source).findings if one.rule == "syntax"]


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_has_no_finding(name):
    assert compile_source(inside(ALLOWED[name])).findings == ()


def test_every_rule_of_syntax_has_its_place_in_these_tables():
    tried = {rule for rule, *_ in (*REFUSED.values(), *LATER.values(), *WHOLE.values())}
    assert set(SYNTAX) - tried == {"syntax"}


def test_syntax_that_has_no_rule_yet_is_refused_with_its_own_text_and_place():
    class Invented(ast.stmt):
        _fields = ("parts",)

    class Part(ast.AST):
        _fields = ()

    source = inside("x = 1\nunless user.id: a very long line of some later Python")
    tree = ast.parse(inside("x = 1\npass"))
    tree.body[0].body[1] = Invented([Part()], lineno=3, col_offset=4)
    findings = Findings(source)
    SyntaxChecker(findings, ScriptNames(tree)).visit(tree)
    [found] = findings.sorted()
    assert (found.rule, found.line, found.column) == ("syntax", 3, 5)
    assert found.what == "`unless user.id: a very long li…` is not available in scripts."
