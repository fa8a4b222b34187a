"""`nonlocal`: variables of the functions around, and nothing else."""

import pytest

from sandbox.language import compile_source

ACCEPTED = {
    "a counter": ("[add(), add()]", "", "n = 0\ndef add():\n    nonlocal n\n    n += 1\n    return n", "[1, 2]"),
    "through two functions": (
        "n",
        "",
        "n = 0\ndef outer():\n    def inner():\n        nonlocal n\n        n = 5\n    inner()\nouter()",
        "5",
    ),
    "several names, also with an underscore": (
        "[a, _b]",
        "",
        "a = _b = 0\ndef change():\n    nonlocal a, _b\n    a, _b = 1, 2\nchange()",
        "[1, 2]",
    ),
    "a parameter": (
        "f(1)",
        "def f(n):\n    def g():\n        nonlocal n\n        n += 1\n    g()\n    return n",
        "",
        "2",
    ),
    "a walrus in a comprehension": (
        "n",
        "",
        "n = 0\ndef f():\n    nonlocal n\n    return [n := k for k in (1, 2, 3)]\nf()",
        "3",
    ),
    "an item in place": (
        "d",
        "",
        "d = {}\ndef f():\n    nonlocal d\n    d['a'] = 1\n    d |= {'b': 2}\nf()",
        "{'a': 1, 'b': 2}",
    ),
    "an error's name": (
        "e",
        "",
        "e = 1\ndef f():\n    nonlocal e\n    try:\n        raise ValueError\n    except ValueError as e:\n        pass\n    e = 2\nf()",
        "2",
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_function_may_change_a_variable_of_one_around_it(name, say):
    expression, before, inside, text = ACCEPTED[name]
    assert say(expression, before=before, inside=inside) == text


@pytest.mark.parametrize(
    ("steps", "rule"),
    [
        ("def g():\n    nonlocal message\n    message = 1", "own-name"),
        ("def g():\n    nonlocal _getattr_\n    _getattr_ = 1", "underscore-name"),
        ("def g():\n    nonlocal __builtins__", "underscore-name"),
        ("def g():\n    nonlocal nowhere\n    nowhere = 1", "python-syntax"),
        ("nonlocal user", "python-syntax"),
        ("global user", "global"),
    ],
)
def test_names_of_the_sandbox_and_of_the_module_are_none_of_them(steps, rule):
    body = "".join(f"    {line}\n" for line in steps.splitlines())
    compilation = compile_source(f"def status(user, session, api):\n{body}    return hidden()\n")
    assert compilation.code is None
    assert rule in {one.rule for one in compilation.findings}
    assert all(one.line > 1 for one in compilation.findings)


def test_a_variable_that_an_inner_function_changes_is_not_followed_by_the_check():
    source = """
def status(user, session, api):
    shown = None
    def choose():
        nonlocal shown
        shown = message("a")
    choose()
    return shown
"""
    assert compile_source(source).findings == ()
