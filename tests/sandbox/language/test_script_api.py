"""The table of the script API is what a run has: the same names, arguments, defaults and kinds of fields."""

from __future__ import annotations

import inspect

import pytest

from sandbox.language.run.api import call_functions
from sandbox.language.run.script_arguments import prepare_api, script_arguments
from sandbox.language.run.values import messages
from sandbox.language.script_api import EXAMPLES, RECORDS, SIGNATURES
from tests.sandbox.language.conftest import SCRIPT_INPUT

ANSWER = {"status": 200, "headers": {"a": "b"}, "text": "{}"}
ARGUMENTS = script_arguments(
    {**SCRIPT_INPUT, "session": {**SCRIPT_INPUT["session"], "parent_id": "p"}, "facts_at": "2026-05-04T09:00:00Z",
     "scans": [{"at": "2026-05-04T09:00:00Z", "direction": "in"}, {"at": "2026-05-04T09:30:00Z", "direction": "out"}]},
    lambda what, arguments: ANSWER,
)  # fmt: skip
API = ARGUMENTS.api._fields
RESPONSE = API["get"]("c", "/a")
FUNCTIONS = {
    **{f"Api.{name}": API[name] for name in ("get", "post", "log", "now", "return_url", "scans")},
    "Response.json": RESPONSE._fields["json"],
    "Response.header": RESPONSE._fields["header"],
    "message": messages.message,
    "hidden": messages.hidden,
    "with_query": messages.with_query,
}


def test_every_function_of_a_run_is_in_the_table():
    assert set(FUNCTIONS) == set(SIGNATURES) == set(EXAMPLES)


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_a_function_takes_what_the_table_says(kind):
    signature, function = SIGNATURES[kind], inspect.unwrap(FUNCTIONS[kind])
    found = list(inspect.signature(function).parameters.values())
    plain = [one for one in found if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    assert [one.name for one in plain] == [one.name for one in signature.parameters]
    for one, wanted in zip(plain, signature.parameters, strict=True):
        assert (one.default is one.empty) == (wanted.default is None)
        assert wanted.default is None or repr(one.default) == wanted.default
        assert (one.kind is not one.POSITIONAL_ONLY) == wanted.keyword
        assert (one.kind is not one.KEYWORD_ONLY) == wanted.positional
    assert [one.name for one in found if one.kind is one.VAR_POSITIONAL] == [signature.values] * bool(signature.values)
    assert [one.name for one in found if one.kind is one.VAR_KEYWORD] == [signature.named] * bool(signature.named)


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("User", ARGUMENTS.user),
        ("Session", ARGUMENTS.session),
        ("Api", ARGUMENTS.api),
        ("PrepareApi", prepare_api(ARGUMENTS.api)),
        ("Response", RESPONSE),
        ("Scans", API["scans"]()),
    ],
)
def test_a_field_has_the_kind_that_the_table_says(kind, record):
    for name, kinds in RECORDS[kind].fields.items():
        value = record._fields[name]
        if kinds & SIGNATURES.keys():
            assert callable(value)
        else:
            assert type(value).__name__ in kinds, name


def test_log_and_print_differ_only_in_what_print_also_accepts():
    functions = call_functions(lambda what, arguments: {})
    functions["log"]("a", 1, sep="-")
    with pytest.raises(TypeError, match="it takes: sep"):
        functions["log"]("a", end="")
