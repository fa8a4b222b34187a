"""No C code runs a script's code: everything offered is called with a function and a generator that check their caller.

A new name in the tables is tested automatically. What may run a script's code from C is listed below, with the reason why
it cannot be re-entered, and with a script that tries to.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import json.scanner
import sys
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import language
from sandbox.language.offered import ATTRIBUTES, BUILTIN_NAMES, MODULES, TYPE_NAMES
from sandbox.language.run.attributes import get_attribute
from sandbox.language.run.execution import run_globals
from sandbox.language.run.guard_table import GUARDS
from sandbox.language.run.guards.c_calls import safe_c_function
from sandbox.language.run.script_arguments import script_arguments
from sandbox.language.run.values.containers import OrderedDict, defaultdict
from sandbox.language.run.values.facade import Facade, names_of
from sandbox.language.run.values.frozen import freeze

NAMES = run_globals(script_arguments({"now": "2026-01-01T00:00:00Z"}, lambda what, arguments: {}))
BUILTINS = NAMES["__builtins__"]


@dataclass(frozen=True)
class Callback:
    """One place where C code runs a script's code, why it may, and what a script that enters it again gets."""

    safe_because: str
    script: str
    says: str


AGAIN = """
def status(user, session, api):
    held = []
    def again(x=None):
        try:
            return STEP
        except Exception as e:
            said.append(repr(e))
            return 0
    said = []
    held.append(again(i) for i in [1, 2])
    value = TRY
    return message(f"{value} {said}"[:100])
"""


def _again(step: str, attempt: str) -> str:
    return AGAIN.replace("STEP", step).replace("TRY", attempt)


RUNNING = "ValueError('generator already executing')"
#: Code object of the sandbox -> the C function in it that runs a script's code.
CALLBACKS = {
    "advance": Callback(
        "next() has no state of its own; the generator which it runs refuses to be entered again",
        _again("next(held[0])", "next(held[0])"),
        f'0 ["{RUNNING}"]',
    ),
    "_keys": Callback(
        "cmp_to_key: min, max and list.sort compare the sandbox's own objects in a list that no script can reach",
        "from functools import cmp_to_key\n"
        + _again("rows.clear()", "sorted(rows, key=cmp_to_key(lambda a, b: again() or b - a))").replace(
            "    said = []", "    said = []\n    rows = [1, 3, 2]"
        ),
        "[3, 2, 1] []",
    ),
    "in": Callback(
        "`x in generator` compares with nothing but the generator's next value, and comparing runs no script's code",
        _again("7 in held[0]", "7 in held[0]"),
        f'False ["{RUNNING}", "{RUNNING}"]',
    ),
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_what_c_code_still_runs_cannot_be_entered_again(name, run):
    callback = CALLBACKS[name]
    assert callback.safe_because
    assert run(callback.script)["text"] == callback.says


class Probe:
    """Makes functions and generators that note from which code they are run."""

    def __init__(self):
        self.callers = []

    def function(self, *args, **kwargs):
        self.callers.append(sys._getframe(1))
        return args[0] if args else 1

    def generator(self):
        return (self._item(i) for i in range(3))

    def _item(self, i):
        self.callers.append(sys._getframe(1).f_back)
        return (i, i)


DATA = ([3, 1, 2], "ab", {"a": 1}, [("a", 1)], b"ab", 2, '{"a": [1, 1.5]}', [object()])
KEYWORDS = ("key", "default", "object_hook", "parse_int", "parse_float", "func", "predicate", "mycmp")


def _attempts(probe):
    """Arguments in which a function or a generator takes every place."""
    yield (probe.function,), {}
    yield (probe.generator(),), {}
    for data in DATA:
        yield (probe.function, data), {}
        yield (data, probe.function), {}
        yield (probe.generator(), data), {}
        yield (data, probe.generator()), {}
        yield ([probe.generator()], data), {}
        yield (data, probe.function, "aa"), {}
        yield (data, data, probe.function), {}
        yield (data, [probe.generator()]), {}
        yield (data, data, probe.generator()), {}
        for word in KEYWORDS:
            for arguments in ((data,), (data, 2), (2, data)):
                yield arguments, {word: probe.function}
    yield ([probe.generator()],), {}
    yield (probe.function, probe.generator(), probe.generator()), {}


def _use(value, depth=0):
    """What a script could do with the answer: go through it, call it, read items from it."""
    if depth > 2:
        return
    if type(value) is type(i for i in ()):
        for number, item in _numbered(value):
            _use(item, depth + 1)
            if number == 3:
                break
    elif type(value) in {type(_use), Facade}:
        for arguments in ((), (1,), ([1],)):
            with contextlib.suppress(Exception):
                value(*arguments)
    elif type(value) is defaultdict:
        _called(GUARDS["_getitem_"], (value, "missing"), {})


def _numbered(values):
    number = 0
    with contextlib.suppress(Exception):
        for value in values:
            number += 1
            yield number, value


def _called(function, arguments, words):
    with contextlib.suppress(Exception):
        return function(*arguments, **words)
    return None


def _tried(function):
    """The code that ran a script's code when everything was put into every place of `function`."""
    probe = Probe()
    for arguments, words in _attempts(probe):
        _use(_called(function, arguments, words))
    return {(frame.f_code.co_filename, frame.f_code.co_name) for frame in probe.callers}


OURS = str(Path(language.__file__).parent)
#: The sandbox's code that calls C functions that a script names; if it is the caller, no other Python code was between.
THROUGH_C = {(f"{OURS}/run/guards/c_calls.py", "call")}


#: Python code that runs hooks itself: the decoder of JSON in its Python form, and this test where it goes through answers.
IN_PYTHON = {(json.decoder.__file__, "JSONObject"), (json.scanner.__file__, "_scan_once"), (__file__, "_numbered")}


def _from_c(callers):
    """The callers that are C code, or the standard library, which hands on to C code what it likes."""
    return {
        caller for caller in callers if caller in THROUGH_C or not (caller[0].startswith(OURS) or caller in IN_PYTHON)
    }


def _functions():
    for name in BUILTIN_NAMES:
        yield name, BUILTINS[name]
        for member in TYPE_NAMES.get(name, ()):
            yield f"{name}.{member}", names_of(BUILTINS[name])[member]
    for module in MODULES:
        for name, value in names_of(NAMES["_import_"](module)).items():
            if callable(value) and not isinstance(value, type):
                yield f"{module}.{name}", value
            if type(value) is Facade:
                yield from ((f"{module}.{name}.{member}", each) for member, each in names_of(value).items())


FUNCTIONS = dict(_functions())


@pytest.mark.parametrize("name", [name for name, value in FUNCTIONS.items() if callable(value)])
def test_no_function_runs_a_script_from_c_code(name):
    assert not _from_c(_tried(FUNCTIONS[name]))


SAMPLES = {
    "Counter": lambda: Counter("aab"), "OrderedDict": lambda: OrderedDict(a=1), "defaultdict": lambda: defaultdict(list, a=1),
    "deque": lambda: deque([1, 2]), "dict": lambda: {"a": 1}, "frozen dict": lambda: freeze({"a": 1}),
    "frozen list": lambda: freeze([1]), "frozenset": lambda: frozenset([1]), "list": lambda: [2, 1],
    "set": lambda: {1, 2}, "str": lambda: "ab", "bytes": lambda: b"ab", "tuple": lambda: (1, 2),
    "Pattern": lambda: names_of(NAMES["_import_"]("re"))["compile"]("a"),
}  # fmt: skip


@pytest.mark.parametrize(("where", "name"), [(where, name) for where in SAMPLES for name in ATTRIBUTES[where]])
def test_no_method_runs_a_script_from_c_code(where, name):
    def method(*args, **kwargs):
        value = SAMPLES[where]()
        found = get_attribute(value, name)
        return found(*args, **kwargs)

    assert not _from_c(_tried(method))


@pytest.mark.parametrize("symbol", ["%", "|", "&", "^", "-"])
def test_no_operator_runs_a_script_from_c_code(symbol):
    probe = Probe()
    for value in ("%s", {"a": 1}.keys(), {"a": 1}.items(), {1}, [1], {"a": 1}, Counter("a"), deque([1])):
        for pair in ((value, probe.generator()), (probe.generator(), value)):
            _called(GUARDS["_operate_"], (symbol, *pair), {})
        _called(GUARDS["_inplacevar_"], (symbol + "=", value, probe.generator()), {})
    pairs = [probe.generator()]
    for value in ({"a": 1}, OrderedDict(a=1), defaultdict(list, a=1)):
        _called(GUARDS["_inplacevar_"], (symbol + "=", value, pairs), {})
    assert probe.callers or symbol == "%"
    assert {frame.f_code.co_name for frame in probe.callers} <= {"<listcomp>", "drained", "update"}


@pytest.mark.parametrize("name", [name for name, value in FUNCTIONS.items() if callable(value)])
def test_no_function_gives_a_c_iterator_that_runs_code(name):
    probe = Probe()
    for arguments, words in _attempts(probe):
        result = _called(FUNCTIONS[name], arguments, words)
        for value in result if type(result) is tuple else (result,):
            assert type(value) not in LAZY_IN_C


LAZY_IN_C = {map, filter, zip, enumerate, reversed, functools.partial, type(iter(int, 1))} | {
    kind for kind in vars(itertools).values() if isinstance(kind, type)
}


@pytest.mark.parametrize("function", [sorted, "".join, [].extend, {}.update, min, sum, safe_c_function(sorted)])
def test_the_net_sees_c_code_that_runs_a_script(function):
    assert _from_c(_tried(function))
