"""Names with one underscore: the script's own, and those that stay the sandbox's."""

import pytest

from sandbox.language import compile_source
from sandbox.language.check.constructs.own_names import is_reserved
from sandbox.language.run.guard_table import GUARDS
from sandbox.language.tracing.probes import PROBES

OWN = {
    "a function": ("_twice(2)", "def _twice(n):\n    return n * 2", "", "4"),
    "a constant": ("_LIMIT", "_LIMIT = 3", "", "3"),
    "a variable, a parameter and a loop target": (
        "_sum",
        "",
        "def _f(_n, *_more, _k=1, **_rest):\n    return _n + _k\n_sum = 0\nfor _i in [1, 2]:\n    _sum += _f(_i)",
        "5",
    ),
    "an import": (
        "_json.dumps([_d('1')])",
        "import json as _json\nfrom decimal import Decimal as _D",
        "_d = len",
        "[1]",
    ),
    "a comprehension and a lambda": ("[(lambda _x: _x + 1)(_n) for _n in (1, 2)]", "", "", "[2, 3]"),
    "an error": ("_text", "", "try:\n    raise ValueError('a')\nexcept ValueError as _e:\n    _text = str(_e)", "a"),
    "a walrus and an unpacking": ("[_a, _b, _rest]", "", "if (_a := 1):\n    _b, *_rest = [2, 3]", "[1, 2, [3]]"),
    "the underscore alone": ("_", "", "_ = 7", "7"),
}


@pytest.mark.parametrize("name", OWN)
def test_a_script_may_name_its_own_things_with_one_underscore(name, say):
    expression, before, inside, text = OWN[name]
    assert say(expression, before=before, inside=inside) == text


@pytest.mark.parametrize("name", [*GUARDS, *PROBES, "_import_", "_print", "_tmp", "_tmp0", "_apply_", "__x", "__a__"])
def test_names_of_the_sandbox_can_be_neither_bound_nor_read(name, rules):
    assert is_reserved(name)
    for steps in (
        f"{name} = 1",
        f"x = {name}",
        f"def {name}():\n        pass",
        f"f = lambda {name}: 1",
        f"import json as {name}",
        f"x = [1 for {name} in [1]]",
    ):
        assert "underscore-name" in rules(f"def status(user, session, api):\n    {steps}\n    return hidden()\n")


@pytest.mark.parametrize(
    ("steps", "rule"),
    [
        ("x = dict(_a=1)", "keyword"),
        ("x = user._id", "underscore-attribute"),
        ("from json import _default_decoder", "import-name"),
        ("import json\n    x = json._default_decoder", "underscore-attribute"),
        ("x = _unknown", "unknown-name"),
        ("_ = len\n    x = _('a')", "underscore-call"),
    ],
)
def test_what_is_not_the_scripts_own_is_refused(steps, rule):
    findings = compile_source(f"def status(user, session, api):\n    {steps}\n    return hidden()\n").findings
    assert [one.rule for one in findings] == [rule]
