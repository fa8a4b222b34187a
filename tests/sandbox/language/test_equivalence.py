"""The functions that are written in Python for scripts return what CPython's own return."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections import OrderedDict, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.language.run.guards.dict_functions import translate
from sandbox.language.run.standard_library import builtin_iterators, sorting
from sandbox.language.run.standard_library.functools_offered import FUNCTOOLS
from sandbox.language.run.standard_library.itertools_offered import ITERTOOLS
from sandbox.language.run.standard_library.json_offered import dumps, loads
from sandbox.language.run.standard_library.regular_expressions import substitute_counted
from sandbox.language.run.values import containers
from sandbox.language.run.values.value_text import formatted, representation_of, text_of

COMMON = settings(deadline=None, max_examples=100, derandomize=True)
NUMBERS = st.lists(st.integers(-3, 3), max_size=6)
TEXTS = st.text(alphabet="abAB ", max_size=6)
SMALL = st.integers(0, 5)


def outcome(function, *args, **words):
    """The first values of what a function gives, or the type of what it raises."""
    try:
        result = function(*args, **words)
        if isinstance(result, tuple):
            return [list(itertools.islice(each, 12)) if hasattr(each, "__next__") else each for each in result]
        return list(itertools.islice(result, 12)) if hasattr(result, "__next__") else result
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return type(error).__name__


def is_odd(value):
    return value % 2


CALLS = {
    "accumulate": lambda f, a, b, n: outcome(f, a),
    "chain": lambda f, a, b, n: outcome(f, a, b),
    "combinations": lambda f, a, b, n: outcome(f, a, n),
    "combinations_with_replacement": lambda f, a, b, n: outcome(f, a, n),
    "compress": lambda f, a, b, n: outcome(f, a, b),
    "count": lambda f, a, b, n: outcome(f, n, 2),
    "cycle": lambda f, a, b, n: outcome(f, a),
    "dropwhile": lambda f, a, b, n: outcome(f, is_odd, a),
    "filterfalse": lambda f, a, b, n: [outcome(f, is_odd, a), outcome(f, None, a)],
    "islice": lambda f, a, b, n: [outcome(f, iter(a), n), outcome(f, a, *b[:3]), outcome(f, a, n, None, 2)],
    "pairwise": lambda f, a, b, n: outcome(f, a),
    "permutations": lambda f, a, b, n: outcome(f, a[:4]),
    "product": lambda f, a, b, n: [outcome(f, a, b), outcome(f, a[:2], repeat=2)],
    "repeat": lambda f, a, b, n: [outcome(f, 1, n), outcome(f, 1)],
    "starmap": lambda f, a, b, n: outcome(f, max, [(1, each) for each in a]),
    "takewhile": lambda f, a, b, n: outcome(f, is_odd, a),
    "tee": lambda f, a, b, n: outcome(f, a, n),
    "zip_longest": lambda f, a, b, n: outcome(f, a, b, fillvalue=n),
}


def test_every_function_of_itertools_is_compared():
    assert set(CALLS) | {"groupby"} == set(ITERTOOLS)


@COMMON
@given(NUMBERS, NUMBERS, SMALL)
def test_itertools_is_pythons(a, b, n):
    for name, call in CALLS.items():
        assert call(ITERTOOLS[name], a, b, n) == call(getattr(itertools, name), a, b, n), name


@COMMON
@given(NUMBERS, SMALL, st.booleans(), st.booleans())
def test_groups_are_pythons_however_they_are_read(values, taken, late, keyed):
    def read(groupby):
        kept, seen = [], []
        for key, group in groupby(values, is_odd if keyed else None):
            kept.append(group)
            seen.append((key, list(itertools.islice(group, taken)) if not late else None))
        return seen, [list(group) for group in kept]

    assert read(ITERTOOLS["groupby"]) == read(itertools.groupby)


@COMMON
@given(NUMBERS, SMALL)
def test_what_an_iterator_leaves_is_what_pythons_leaves(values, n):
    for name, args in (("islice", (n,)), ("islice", (1, n)), ("islice", (n, 1)), ("islice", (0, n, 2))):
        left = []
        for module in (ITERTOOLS, vars(itertools)):
            source = iter(values)
            left.append((list(module[name](source, *args)), list(source)))
        assert left[0] == left[1]
    for ours, python in ((builtin_iterators.zipped, zip), (ITERTOOLS["zip_longest"], itertools.zip_longest)):
        left = []
        for function in (ours, python):
            first, second = iter(values), iter(values[:n])
            left.append((list(function(first, second)), list(first), list(second)))
        assert left[0] == left[1]


@COMMON
@given(NUMBERS, NUMBERS, st.booleans())
def test_lazy_builtins_are_pythons(a, b, strict):
    assert outcome(builtin_iterators.zipped, a, b, strict=strict) == outcome(zip, a, b, strict=strict)
    assert outcome(builtin_iterators.mapped, max, a, b) == outcome(map, max, a, b)
    assert outcome(builtin_iterators.mapped, str, a) == outcome(map, str, a)
    assert outcome(builtin_iterators.filtered, None, a) == outcome(filter, None, a)
    assert outcome(builtin_iterators.enumerated, a, 3) == outcome(enumerate, a, 3)
    assert outcome(builtin_iterators.backwards, a) == outcome(reversed, a)
    assert (builtin_iterators.is_any(a), builtin_iterators.is_all(a)) == (any(a), all(a))


@COMMON
@given(st.lists(st.tuples(st.integers(0, 3), st.integers()), max_size=8), st.booleans())
def test_sorting_and_choosing_are_pythons(rows, backwards):
    def compare(a, b):
        return a[0] - b[0]

    def key(row):
        return -row[0]

    for own, python in ((key, key), (sorting.cmp_to_key(compare), functools.cmp_to_key(compare)), (None, None)):
        words = {"key": own, "reverse": backwards}
        expected = sorted(rows, key=python, reverse=backwards)
        assert sorting.sorted_copy(rows, **words) == expected
        copy = list(rows)
        sorting.sort(copy, **words)
        assert copy == expected
        assert outcome(sorting.smallest, rows, key=own) == outcome(min, rows, key=python)
        assert outcome(sorting.largest, rows, key=own, default=1) == outcome(max, rows, key=python, default=1)
        assert outcome(sorting.largest, *rows, key=own) == outcome(max, *rows, key=python)


@COMMON
@given(st.sampled_from(["a", "a*", "(a)|b", "^", r"\b", "(?=a)"]), TEXTS, st.integers(-1, 3))
def test_substituting_by_a_function_is_pythons(pattern, text, count):
    compiled = re.compile(pattern)

    def replace(match):
        return f"<{match.group()}>" if match.start() % 3 else None

    assert substitute_counted(compiled, replace, text, count) == compiled.subn(replace, text, count)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@COMMON
@given(JSON, st.sampled_from([None, 2]))
def test_json_with_hooks_is_pythons(value, indent):
    text = json.dumps(value)
    hooks = {"object_hook": lambda found: [found], "parse_int": lambda number: "i" + number}
    assert loads(text, **hooks) == json.loads(text, **hooks)
    assert loads(text.encode()) == json.loads(text)
    holder = [value, {1, 2}, (value, {"x": frozenset()})]
    assert dumps(holder, default=sorted, indent=indent) == json.dumps(holder, default=sorted, indent=indent)


def test_json_that_contains_itself_is_refused_with_a_hook_too():
    circle: list[object] = []
    circle.append(circle)
    assert outcome(dumps, circle, default=str) == outcome(json.dumps, circle, default=str) == "ValueError"
    assert outcome(dumps, {1, 2}, default=lambda value: value) == "ValueError"


@COMMON
@given(NUMBERS, st.booleans())
def test_reduce_and_partial_are_pythons(values, start):
    initial = (10,) if start else ()
    assert outcome(FUNCTOOLS["reduce"], max, values, *initial) == outcome(functools.reduce, max, values, *initial)
    ours, python = FUNCTOOLS["partial"](dict, a=1), functools.partial(dict, a=1)
    assert ours(b=2, a=3) == python(b=2, a=3)


@COMMON
@given(st.dictionaries(TEXTS, SMALL, max_size=4), st.dictionaries(TEXTS, SMALL, max_size=4), st.booleans())
def test_ordered_dicts_are_pythons(first, second, last):
    ours, python = containers.OrderedDict(first), OrderedDict(first)
    for key in list(first)[:2]:
        ours.move_to_end(key, last)
        python.move_to_end(key, last)
    assert list(ours.items()) == list(python.items())
    assert list((ours | second).items()) == list((python | second).items())
    assert (ours == containers.OrderedDict(second)) == (python == OrderedDict(second))
    assert (ours == second, ours != first) == (python == second, python != first)
    assert (ours == 1, ours != 1, ours == None, ours == [*first]) == (False, True, False, False)  # noqa: E711 -- as scripts may
    assert outcome(ours.popitem, last) == outcome(python.popitem, last)
    assert list(ours.items()) == list(python.items())


@COMMON
@given(TEXTS)
def test_default_dicts_are_pythons(text):
    ours, python = containers.defaultdict(list), defaultdict(list)
    for place, letter in enumerate(text):
        containers.value_of(ours, letter).append(place)
        python[letter].append(place)
    assert ours == python
    assert translate(text, containers.defaultdict(lambda: None, {97: "x"})) == text.translate(
        defaultdict(lambda: None, {97: "x"})
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(max_size=3) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@COMMON
@given(VALUES)
def test_texts_of_values_are_pythons(value):
    assert (text_of(value), representation_of(value)) == (str(value), repr(value))
    assert (text_of(ValueError(value)), repr(KeyError(value))) == (str(ValueError(value)), repr(KeyError(value)))
    assert outcome(formatted, value, ">6") == outcome(format, value, ">6")
