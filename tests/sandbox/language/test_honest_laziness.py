"""Iterators of honest scripts behave as in Python: what is left of them, what they see of what they fill, where they end."""

from __future__ import annotations

import pytest

SOURCE = """
from collections import Counter, OrderedDict, defaultdict, deque
from itertools import chain, dropwhile
from urllib.parse import urlencode
import re
import textwrap

def asked(api, number):
    return api.get("vendor", f"/{number}").status + number

def status(user, session, api):
    rows, out, seen, table = [1, 2, 1, 3], [], {1}, {}
    it = (x for x in rows)
STEPS
    return message(str(said))
"""

#: Steps that end in `said` -> what Python says.
STEPS = {
    "for x in chain(it):\n    break\nsaid = list(it)": "[2, 1, 3]",
    "said = (next(chain(it, [None])), list(it))": "(1, [2, 1, 3])",
    "for x in chain.from_iterable([it]):\n    break\nsaid = list(it)": "[2, 1, 3]",
    "first = next(dropwhile(lambda x: x < 2, it))\nsaid = list(it)": "[1, 3]",
    "out.extend(x for x in rows if x not in out)\nsaid = out": "[1, 2, 3]",
    "out += (x for x in rows if x not in out)\nsaid = out": "[1, 2, 3]",
    "out = deque()\nout.extend(x for x in rows if x not in out)\nsaid = list(out)": "[1, 2, 3]",
    "out = deque()\nout.extendleft(x for x in rows if x not in out)\nsaid = list(out)": "[3, 2, 1]",
    "seen.update(x + 1 for x in [1, 2] if x in seen)\nsaid = sorted(seen)": "[1, 2, 3]",
    "table.update((x, len(table)) for x in rows)\nsaid = table": "{1: 2, 2: 1, 3: 2}",
    "table |= ((x, len(table)) for x in rows)\nsaid = table": "{1: 2, 2: 1, 3: 2}",
    "table |= [('a', 1)]\nsaid = table": "{'a': 1}",
    "said = dict.fromkeys('ab', {None, 1})['b'] == {None, 1}": "True",
    "said = [m.start() for m in re.compile('a').finditer('aaa', pos=1, endpos=2)]": "[1]",
    "try:\n    re.finditer('a', None)\n    said = 'late'\nexcept TypeError:\n    said = 'early'": "early",
    "said = '%(a)s, %(b)s and %% %(c)d' % defaultdict(int, a='x')": "x, 0 and % 0",
    "said = '%(a)s %(b)s' % defaultdict(lambda: '?', a='x')": "x ?",
    "said = 'abc'.translate(defaultdict(None, {97: 'x'}))": "xbc",
    "said = urlencode('') + urlencode({})": "",
    "said = textwrap.indent('a\\n\\nb', '- ') + textwrap.indent('a\\nb', '+ ', lambda line: line == 'b')": "- a\n\n- ba\n+ b",
    "try:\n    said = OrderedDict() | 5\nexcept TypeError as e:\n    said = 'unsupported' in str(e)": "True",
}


@pytest.mark.parametrize("steps", STEPS)
def test_an_honest_script_says_what_it_says_in_python(steps, run):
    inside = "\n".join(f"    {line}" for line in steps.split("\n"))
    assert run(SOURCE.replace("STEPS", inside))["text"] == STEPS[steps]


@pytest.mark.parametrize(
    ("steps", "number"),
    [
        ("any(asked(api, n) > 201 for n in rows)", 2),
        ("{201, 202}.isdisjoint(asked(api, n) for n in rows)", 1),
        ("frozenset([201]).issuperset(asked(api, n) for n in rows)", 2),
        ("next(chain((asked(api, n) for n in rows), [1]))", 1),
        ("202 in (asked(api, n) for n in rows)", 2),
    ],
)
def test_no_call_is_made_that_python_would_not_make(steps, number, run, calls):
    run(SOURCE.replace("STEPS", f"    said = {steps}"))
    assert len(calls) == number
