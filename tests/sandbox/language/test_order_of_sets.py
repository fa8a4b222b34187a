"""Attacks on where objects lie: the order of a set, read from a text, an error, or code that goes through it unguarded.

The hash of None, of NaN, of a short range and of a function is made from an address (before 3.12; NaN and functions for
ever); a few thousand numbers around it tell the whole of it.
"""

from __future__ import annotations

import sys

import pytest

ORDER = """
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from urllib.parse import urlencode
import base64
import json
import re
import statistics

NUMBERS = range(1000, 1200)

def text_of_error(attempt):
    try:
        attempt()
    except Exception as e:
        return "|".join([str(e), repr(e), str(e.args)])

def status(user, session, api):
    odd = ODD
    s = {odd, *NUMBERS}
    t = text_of_error
    seen = SEEN
    if isinstance(seen, str):
        parts = [re.findall("1[01][0-9][0-9]", part) for part in seen.split("|")]
    else:
        parts = [[x for x in seen if isinstance(x, int)]]
    return message(str(all(found == sorted(found) for found in parts)))
"""
#: What is seen of a set: numbers whose order is their own, if the place of the odd one is not told.
SEEN = {
    "str": "str(s)", "repr": "repr([s])", "f-string": "f'{s}'", "f-string with a conversion": "f'{(s,)!r:>9}'",
    "percent": "'%s' % (s,)", "format of a literal": "'{}'.format(s)", "ascii": "ascii({'a': s})",
    "text of a frozenset": "str(frozenset(s))", "text in a container": "str(deque([s]))",
    "text in a default dict": "str(defaultdict(list, a=s))", "text of a view": "str({1: s}.values())",
    "error": "str(ValueError(s))", "error of a look-up": "t(lambda: {}[frozenset(s)])",
    "error of remove": "t(lambda: set().remove(frozenset(s)))", "error of pop": "t(lambda: {}.pop(frozenset(s)))",
    "error of list.index": "t(lambda: [].index(s))", "error of deque.index": "t(lambda: deque().index([s]))",
    "error of deque.remove": "t(lambda: deque().remove(s))", "key in percent": "'%s' % {frozenset(s): 1}", "error of range.index": "t(lambda: range(3).index((s,)))", "error of a record's list": "t(lambda: user.attributes['tags'].index(s))",
    "error of JSON made by hand": "str(json.JSONDecodeError(s, '', 0))", "arguments of it": "str(json.JSONDecodeError(s, '', 0).args)",
    "error of a pattern made by hand": "str(re.error(s, 'a', 0))", "error of quantiles": "t(lambda: statistics.quantiles([1, 2], method=[s]))",
    "assertion of base64": "t(lambda: base64.b64encode(b'a', [s]))", "assertion of base32": "t(lambda: base64.b32decode('AA', False, [s, 1]))",
    "address": "urlencode({'a': s})", "address of several": "urlencode({'a': [s]}, doseq=True)",
    "in place": "grown([], s)", "deque in place": "list(grown(deque(), s))", "slice": "sliced(s)",
    "item by star": "starred(s)", "JSON": "json.loads(json.dumps(s, default=lambda x: [y for y in x if isinstance(y, int)]))",
}  # fmt: skip
HELP = """
def grown(values, more):
    values += more
    return values

def sliced(more):
    values = []
    values[0:0] = more
    return values

def starred(more):
    values = {}
    values[*more] = 1
    return list(values)[0]
"""


#: From 3.12 on the hash of None, and with it that of a range, is the same everywhere.
BY_ADDRESS_ONCE = ["None", "range(0)", "range(5, 6)"] if sys.version_info < (3, 12) else []


@pytest.mark.parametrize("odd", ["float('nan')", "status", "Decimal('NaN')", *BY_ADDRESS_ONCE])
@pytest.mark.parametrize("seen", SEEN)
def test_what_is_seen_of_a_set_does_not_tell_where_something_lies(seen, odd, run):
    source = HELP + ORDER.replace("ODD", odd).replace("SEEN", SEEN[seen])
    assert run(source)["text"] == "True"


def test_the_text_of_an_honest_set_is_as_ever(say):
    assert (
        say("[{None}, {1}, frozenset([2]), set(), {range(0)}]") == "[{None}, {1}, frozenset({2}), set(), {range(0, 0)}]"
    )
    assert say("{float('nan'), 'a'}") == "{nan, 'a'}"
    assert say("frozenset([float('nan'), 'a'])") == "frozenset({nan, 'a'})"


def test_an_error_that_wrote_an_address_has_no_text(say):
    steps = "try:\n    base64.b64encode(b'a', [session, len])\n    x = ''\nexcept Exception as e:\n    x = str(e)"
    assert "0x" not in say("x", before="import base64", inside=steps)


def test_an_error_keeps_a_text_that_only_looks_like_an_address(say):
    assert say("ValueError('stopped at 0x80070005')") == "stopped at 0x80070005"


def test_a_helpful_error_about_a_function_keeps_its_text(say):
    steps = "try:\n    sum(len)\nexcept TypeError as e:\n    x = str(e)"
    assert say("x", inside=steps) == "'builtin_function_or_method' object is not iterable"


def test_emptying_a_set_by_pop_takes_little_time(say):
    assert say("len(s)", inside="s = set(range(3000))\nwhile s:\n    s.pop()") == "0"
