"""What is read from the text of a script for traced runs: lines, branches, texts, examples of patterns."""

import ast
import re
import time

import pytest

from sandbox import language
from sandbox.language.tracing.outline import outline_of
from sandbox.language.tracing.pattern_examples import example_of
from sandbox.language.tracing.recorder import MAX_STEPS, BudgetReached, Recorder
from sandbox.language.tracing.text_templates import templates_of

SOURCE = '''"""A docstring is no line."""
LIMIT = 3


def status(user, session, api):
    """Nor is this one."""
    if user.id:
        for n in range(LIMIT):
            if n == 1:
                break
        else:
            return hidden()
    while True:
        return message("a")
'''


def branches(source):
    return {(one.line, one.entered, one.left) for one in outline_of(ast.parse(source)).branches.values()}


def test_lines_are_the_first_lines_of_statements_without_docstrings():
    assert outline_of(ast.parse(SOURCE)).lines == (2, 5, 7, 8, 9, 10, 12, 13, 14)


def test_branches_lead_to_the_next_statement_or_out_of_the_function():
    assert branches(SOURCE) == {(7, 8, 13), (8, 9, 12), (9, 10, 8)}
    assert branches("def f(x):\n    if x:\n        g()\n") == {(2, 3, -1)}
    assert branches("def f(x):\n    try:\n        if x:\n            g()\n    finally:\n        h()\n") == {(3, 4, 6)}
    assert branches("def f(x):\n    if x:\n        g()\n    elif y:\n        h()\n    k()\n") == {(2, 3, 4), (4, 5, 6)}


def test_a_test_that_cannot_change_is_no_branch():
    assert branches("def f(x):\n    while True:\n        g()\n") == set()


def traced(source, **attributes):
    made = language.instrument(source)
    recorder = Recorder()
    given = {"user": {"id": "1"}, "session": {"id": "2", "attributes": attributes}, "now": "2026-01-02T10:00:00+00:00"}
    value, line = language.execute_traced(made.code, given, lambda _what, _content: {}, recorder)
    return made, value, line, recorder.report()


def test_each_branch_is_told_when_it_is_taken():
    made, _, _, report = traced(SOURCE)
    taken = {(made.sites[site].line, outcome) for site, outcome in report["tests"] if made.sites[site].entered}
    assert taken == {(7, 1), (8, 1), (9, 0), (9, 1)}


def test_a_loop_that_ends_by_itself_takes_its_other_branch():
    source = "def status(user, session, api):\n    for n in [1]:\n        x = n\n    return hidden()\n"
    _, _, _, report = traced(source)
    assert report["tests"] == [[0, 0], [0, 1]]


def test_operands_are_looked_at_once_each_and_in_order():
    source = """
def status(user, session, api):
    seen = []
    def step(n):
        seen.append(n)
        return n
    x = step(1) < step(2) < step(0) < step(9)
    return message(str(seen) + str(x))
"""
    assert traced(source)[1]["text"] == "[1, 2, 0]False"


def test_a_budget_that_is_used_up_cannot_be_caught():
    source = """
def status(user, session, api):
    while True:
        try:
            x = 1
        except Exception:
            x = 2
        finally:
            x = 3
"""
    with pytest.raises(BudgetReached):
        traced(source)


def test_the_steps_of_a_run_are_bounded():
    made = language.instrument("def status(user, session, api):\n    while True:\n        x = 1\n")
    recorder = Recorder()
    with pytest.raises(BudgetReached):
        language.execute_traced(made.code, {"now": "2026-01-02T10:00:00+00:00"}, lambda *_: {}, recorder)
    assert recorder.report()["steps"] == MAX_STEPS + 1


@pytest.mark.parametrize(
    ("text", "templates"),
    [
        ('"Fixed"', {("Fixed",)}),
        ('f"Claim {session.credits} CE"', {("Claim ", None, " CE")}),
        ('"Claim " + str(n) + " CE"', {("Claim ", None, " CE")}),
        ('"Claim %s of %d%%" % (a, b)', {("Claim ", None, " of ", None, "%")}),
        ('"Claim {} {x:.1f}{{}}".format(a, x=b)', {("Claim ", None, " ", None, "{}")}),
        ('"Open" if user.id else "Closed"', {("Open",), ("Closed",)}),
        ("LABELS[user.id]", {("One",), ("Two",)}),
        ('LABELS.get(user.id, "None")', {("One",), ("Two",), ("None",)}),
        ('label(user) + "!"', {("A!",), ("B ", None, "!")}),
        ("session.title", {(None,)}),
        ("f'{TITLE}: {n}'", {("Event: ", None)}),
    ],
)
def test_the_text_of_a_message_is_taken_apart(text, templates):
    source = f"""
TITLE = "Event"
LABELS = {{"1": "One", "2": "Two"}}
def label(user):
    if user.id:
        return "A"
    return f"B {{user.username}}"
def status(user, session, api):
    return message({text})
"""
    ((_, found),) = templates_of(ast.parse(source)).items()
    assert set(found) == templates


def test_parameters_and_variables_are_followed():
    source = """
def shown(word, color=None):
    text = "It is " + word
    return message(text, color=color)
def status(user, session, api):
    return shown("late") if user.id else shown(word="early")
"""
    ((_, found),) = templates_of(ast.parse(source)).items()
    assert set(found) == {("It is late",), ("It is early",)}


def test_a_text_that_follows_from_itself_is_a_hole():
    source = "def f(x):\n    return f(x)\ndef status(user, session, api):\n    t = f(1)\n    return message(t)\n"
    assert list(templates_of(ast.parse(source)).values()) == [((None,),)]


@pytest.mark.parametrize(
    "pattern",
    [r"[A-Z]{2}-(\d{4})", r"^VIP", r"(?:a|b)+c?", r"\w+@\w+\.org", r"[^0-9]x", r"(\s*)z$", r".{3}", "[0-9a-f]{8}"],
)
def test_the_example_of_a_pattern_matches(pattern):
    assert re.search(pattern, example_of(pattern))


@pytest.mark.parametrize(
    "pattern", ["(", "a{1000000}", "(" * 200 + ")" * 200, "[z", "(((((a{80}){80}){80}){80}){80}){80}"]
)
def test_a_hostile_pattern_has_a_short_example_or_none(pattern):
    assert len(example_of(pattern)) <= 80


def test_a_script_of_many_calls_in_circles_is_read_quickly():
    calls = "\n".join(f"    f{n % 40}(a{n % 7}, x)" for n in range(400))
    functions = "".join(f"def f{n}(x, y):\n{calls}\n    return message(x + y)\n" for n in range(40))
    started = time.process_time()
    assert len(templates_of(ast.parse(functions))) == 40
    assert time.process_time() - started < 20
