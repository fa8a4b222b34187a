"""The tables of what is offered and withheld are exact."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from argparse import Namespace
from collections import Counter, deque
from decimal import Decimal
from urllib.parse import urlparse, urlsplit

import pytest

from sandbox.language import OFFERED, WITHHELD, ApiError, compile_source
from sandbox.language.check.names import PREDEFINED_NAMES
from sandbox.language.rules.syntax_rules import RULES
from sandbox.language.run.attributes import get_attribute
from sandbox.language.run.execution import run_globals
from sandbox.language.run.guard_table import GUARDS
from sandbox.language.run.script_arguments import script_arguments
from sandbox.language.run.standard_library.time_zones import make_zone
from sandbox.language.run.values.containers import OrderedDict, defaultdict
from sandbox.language.run.values.facade import Facade, names_of
from sandbox.language.run.values.frozen import Record, freeze
from sandbox.language.run.values.named_tuples import named_tuple

ARGUMENTS = script_arguments(
    {"now": "2026-01-01T00:00:00Z"}, lambda what, arguments: {"status": 200, "headers": {}, "text": ""}
)
NAMES = run_globals(ARGUMENTS)
BY_WHERE = {(entry.kind, entry.where): set(entry.names) for entry in OFFERED}


def test_the_given_names_are_the_offered_ones():
    offered = BY_WHERE["names", "sandbox"] | BY_WHERE["names", "Python"] | BY_WHERE["exceptions", "Python"]
    assert set(NAMES["__builtins__"]) == offered | {"__import__"}
    assert offered == PREDEFINED_NAMES


def test_the_globals_hold_nothing_but_guards():
    assert set(NAMES) == {"__builtins__", "__name__", "_import_", *GUARDS}


@pytest.mark.parametrize("module", sorted(where for kind, where in BY_WHERE if kind == "module"))
def test_a_module_has_exactly_the_offered_names(module):
    offered = BY_WHERE["module", module]
    if not offered:
        assert compile_source(f"import {module}\n\n{GOOD}").code is not None
        return
    facade = NAMES["_import_"](module)
    found = set()
    for name, value in names_of(facade).items():
        found.add(name)
        if type(value) is Facade and module != "urllib":
            found |= {f"{name}.{member}" for member in names_of(value)}
    assert found == offered


GOOD = "def status(user, session, api):\n    return hidden()\n"


@pytest.mark.parametrize("name", sorted(where for kind, where in BY_WHERE if kind == "type"))
def test_a_type_has_exactly_the_offered_names(name):
    assert set(names_of(NAMES["__builtins__"][name])) == BY_WHERE["type", name]


def test_types_without_an_entry_have_no_names():
    for name, value in NAMES["__builtins__"].items():
        if type(value) is Facade and ("type", name) not in BY_WHERE:
            assert not names_of(value)


def test_records_have_exactly_the_offered_fields():
    response = ARGUMENTS.api._fields["get"]("c", "/a")
    records = {
        "user": ARGUMENTS.user,
        "session": ARGUMENTS.session,
        "api": ARGUMENTS.api,
        "response": response,
        "scans": ARGUMENTS.api._fields["scans"](),
    }
    for where, record in records.items():
        assert type(record) is Record
        assert set(record._fields) == BY_WHERE["value", where]


SAMPLES = {
    "Counter": "Counter()", "Decimal": "Decimal(1)", "DecimalTuple": "Decimal(1).as_tuple()",
    "Match": "re.match('', '')", "OrderedDict": "OrderedDict()", "Pattern": "re.compile('')",
    "ParseResult": "urlparse('https://a.example/')", "SplitResult": "urlsplit('https://a.example/')",
    "named tuple": "named_tuple('Row', 'a')(1)",
    "ZoneInfo": "ZoneInfo('UTC')", "bytes": "b''", "date": "date.min", "datetime": "datetime.min",
    "defaultdict": "defaultdict(list)", "deque": "deque()", "dict": "{}", "digest": "hashlib.md5()", "float": "1.0",
    "frozen dict": "user.attributes", "frozen list": "user.attributes['tags']", "frozenset": "frozenset()",
    "int": "True", "isocalendar": "date.min.isocalendar()", "list": "[]", "range": "range(1)", "set": "set()",
    "str": "''", "time": "time.min", "timedelta": "timedelta()", "timezone": "timezone.utc", "tuple": "()",
    "exception": "ValueError()", "ApiError": "ApiError()",
}  # fmt: skip

RECORDS = {"user", "session", "api", "response", "scans"}


def test_there_is_a_sample_of_every_offered_value():
    assert {where for kind, where in BY_WHERE if kind == "value"} == set(SAMPLES) | RECORDS


FROZEN = freeze({"tags": []})
REAL = {
    "urlparse": urlparse, "urlsplit": urlsplit, "named_tuple": named_tuple,
    "re": re, "hashlib": hashlib, "Counter": Counter, "OrderedDict": OrderedDict, "defaultdict": defaultdict,
    "deque": deque, "date": dt.date, "datetime": dt.datetime, "time": dt.time, "timedelta": dt.timedelta,
    "timezone": dt.timezone, "Decimal": Decimal, "ZoneInfo": make_zone, "ApiError": ApiError,
    "user": Namespace(attributes=FROZEN),
}  # fmt: skip


@pytest.mark.parametrize("where", SAMPLES)
def test_a_value_has_exactly_the_offered_attributes(where):
    value = eval(SAMPLES[where], dict(REAL))
    for name in BY_WHERE["value", where]:
        get_attribute(value, name)
    for name in set(dir(value)) - BY_WHERE["value", where]:
        with pytest.raises(AttributeError):
            get_attribute(value, name)


@pytest.mark.parametrize("entry", [entry for entry in WITHHELD if entry.kind == "name"], ids=lambda entry: entry.name)
def test_a_withheld_name_is_refused_with_its_reason(entry):
    assert entry.name not in PREDEFINED_NAMES
    findings = compile_source(f"def status(user, session, api):\n    return {entry.name}\n").findings
    assert [finding.instead for finding in findings] == [entry.instead]


@pytest.mark.parametrize("entry", [entry for entry in WITHHELD if entry.kind == "module"], ids=lambda entry: entry.name)
def test_a_withheld_module_is_refused_with_its_reason(entry):
    findings = compile_source(f"import {entry.name} as m\n\n{GOOD}").findings
    assert [finding.instead for finding in findings] == [entry.instead]


@pytest.mark.parametrize(
    "entry", [entry for entry in WITHHELD if entry.kind == "attribute"], ids=lambda entry: entry.name
)
def test_a_withheld_attribute_is_refused_with_its_reason(entry):
    findings = compile_source(f"def status(user, session, api):\n    return user.{entry.name}\n").findings
    assert [finding.instead for finding in findings] == [entry.instead]


def test_every_entry_and_every_rule_has_its_words():
    for entry in WITHHELD:
        assert entry.why
        assert entry.instead
    for rule in RULES.values():
        assert rule.what
        assert rule.why
        assert rule.instead
