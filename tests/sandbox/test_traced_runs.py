"""Traced runs: the same outcome as a live run, bounded reports, and no way to deceive the broker with a forged one."""

import json
from dataclasses import replace

import pytest

from sandbox import RunLimits
from sandbox.outcomes import OutcomeKind
from tests.sandbox.boxes import SCRIPT_INPUT, Vendor, indented, traced
from tests.support import ROOT

EXAMPLES = sorted((ROOT / "scripts" / "examples").glob("*/script.py"))


def with_attributes(**attributes):
    return replace(SCRIPT_INPUT, session={**SCRIPT_INPUT.session, "attributes": attributes})


BODIES = [
    'return message("Hello " + user.first_name, link="https://example.org/" + session.id)',
    "return hidden()",
    "x, = [None]\nreturn x",
    'return api.get("v", "/x").json()["missing"]',
    'return message(sorted({"b", "a"})[0] if 1 < 2 < 3 and not [] else "no")',
    'x, *y = [1, 2, 3]\nassert y == [2, 3]\nd = {"n": 1}\nd["n"] += 1\nreturn message(f"{d!r:>10}")',
    'try:\n    raise ValueError("a")\nexcept ValueError as e:\n    return message(str(e))\nfinally:\n    api.log("end")',
    'for n in range(3):\n    if n == 1:\n        continue\nelse:\n    return message("else")\nreturn hidden()',
    'while True:\n    return message("once")',
    'return message(", ".join(str(n) for n in range(5) if n % 2 if n > 1))',
    "import re\nreturn message(re.sub(r'(a)', r'\\1\\1', 'abc') if 'abc'.startswith(('a', 'b')) else 'x')",
    "x, = [message]\nreturn x",
    'raise ApiError("x")',
    "return message(str(max(map(len, ['a', 'bb']))))",
]


@pytest.mark.parametrize("body", BODIES)
def test_a_run_with_probes_ends_as_a_run_without(product, body):
    live = product.run(body)
    probed = traced(product, indented(body)).outcome
    assert (probed.kind, probed.value, probed.log) == (live.kind, live.value, live.log)
    if "[message]" not in body:  # which the recorder replaces, so that the hint is another
        assert probed.error == live.error


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_end_with_probes_as_without(product, path):
    given = json.loads((path.parent / "input.json").read_text())
    answers = json.loads(
        (path.parent / "answers.json").read_text() if (path.parent / "answers.json").exists() else "[]"
    )
    script_input = replace(
        SCRIPT_INPUT,
        user={"attributes": {}, **given["user"]},
        session={"attributes": {}, **given["session"]},
        settings=given.get("settings", {}),
        now=given["now"],
        scans=given.get("scans", []),
    )
    text = json.dumps(answers[0].get("json", {})) if answers else "{}"
    live = product.sandbox.run(
        product.sandbox.check(path.read_text()).code, script_input, powers=Vendor(text), limits=RunLimits()
    )
    probed = traced(product, path.read_text(), Vendor(text), script_input).outcome
    assert (probed.kind, probed.value, probed.log, probed.error) == (live.kind, live.value, live.log, live.error)


def test_the_code_of_a_live_run_has_no_probe(product):
    source = indented('if user.id == "u1":\n    return message("a")\nreturn hidden()')
    before = product.sandbox.check(source).code
    product.sandbox.instrument(source)
    after = product.sandbox.check(source).code
    assert before == after
    assert b"_probe_" not in after


def test_a_trace_tells_lines_tests_comparisons_and_reads(product):
    source = indented('if session.attributes.get("kind") == "live":\n    return message("Live")\nreturn hidden()')
    trace = traced(product, source, script_input=with_attributes(kind="dead")).trace
    assert trace.lines == {1, 2, 4}
    (comparison,) = trace.comparisons
    assert (comparison.name, comparison.how, comparison.left.text, comparison.right.text) == ("Eq", "<", "dead", "live")
    assert [(read.place, read.key, read.state) for read in trace.reads][-1] == (
        ("session", "attributes"),
        "kind",
        "text",
    )
    assert {outcome for _, outcome in trace.tests} == {False}


def test_the_line_of_the_message_is_told(product):
    trace = traced(product, indented('text = "a"\nreturn message(\n    text\n)')).trace
    assert trace.message_line == 3


def test_a_script_that_never_ends_is_ended_where_it_is_and_the_child_goes_on(product):
    source = indented(
        'while session.attributes.get("on"):\n    try:\n        x = 1\n    except Exception:\n        x = 2\nreturn hidden()'
    )
    made = product.sandbox.instrument(source).script
    with product.sandbox.traced_runs(made, limits=RunLimits(), child_wall_s=10.0) as child:
        endless = child.run(with_attributes(on=1), Vendor())
        ended = child.run(SCRIPT_INPUT, Vendor())
    assert endless.outcome.kind is OutcomeKind.TIMED_OUT
    assert endless.outcome.error.line in (2, 3, 4)
    assert endless.trace.used_up == "steps"
    assert ended.outcome.kind is OutcomeKind.RETURNED


def test_a_script_that_calls_without_end_is_ended_and_its_trace_is_kept(product):
    end = traced(product, indented('while True:\n    api.get("v", "/x")'))
    assert (end.outcome.kind, end.outcome.error.line, end.trace.used_up) == (OutcomeKind.CALL_REFUSED, 3, "call")
    assert end.outcome.usage.calls == 10


def test_a_script_that_logs_without_end_is_ended_by_its_lines_and_surplus_log_lines_are_dropped(product):
    end = traced(product, indented('while True:\n    api.log("x")'))
    assert (end.outcome.kind, end.trace.used_up) == (OutcomeKind.TIMED_OUT, "steps")
    assert len(end.outcome.log) == RunLimits().log_lines + 1
    assert end.outcome.log[-1] == f"(further lines were dropped: a run may log {RunLimits().log_lines})"


def test_a_script_that_eats_memory_ends_its_child_only(product):
    source = indented('rows = []\nwhile session.attributes.get("on"):\n    rows.append("a" * 1000000)\nreturn hidden()')
    end = traced(product, source, script_input=with_attributes(on=1))
    assert end.outcome.kind is OutcomeKind.OUT_OF_MEMORY
    assert traced(product, source).outcome.kind is OutcomeKind.RETURNED


def test_a_result_that_is_too_large_keeps_its_trace(product):
    end = traced(product, indented('return message("a" * 20000)'), runs=2)
    assert (end.outcome.kind, end.trace.message_line) == (OutcomeKind.TOO_MUCH_OUTPUT, 2)


def test_memory_of_earlier_runs_is_free_again(product):
    source = indented('text = "a" * 20000000\ndef keep():\n    return keep, text\nreturn hidden() if keep() else None')
    made = product.sandbox.instrument(source).script
    with product.sandbox.traced_runs(made, limits=RunLimits(), child_wall_s=10.0) as child:
        ends = [child.run(SCRIPT_INPUT, Vendor()).outcome.kind for _ in range(12)]
    assert ends == [OutcomeKind.RETURNED] * 12


def test_json_that_a_script_reads_again_and_again_is_not_kept(product):
    answer = json.dumps(["x" * 100_000])
    source = indented('answer = api.get("v", "/x")\nfor n in range(2000):\n    x = len(answer.json())\nreturn hidden()')
    end = traced(product, source, Vendor(answer))
    assert end.outcome.kind is OutcomeKind.RETURNED, end.outcome.error


def test_a_trace_of_characters_of_many_bytes_fits_in_its_frame(product):
    big = "big = '\\x01' * 120\nmany = [big + str(n) for n in range(12)]\nfew = [n for n in range(12)]\n"
    comparisons = [f"x = many == {n}" for n in range(26)] + [f"x = few == [{n}] * 12" for n in range(100)]
    end = traced(product, indented(big + "\n".join([*comparisons, *["x = 1"] * 1000]) + "\nreturn hidden()"))
    assert end.outcome.kind is OutcomeKind.RETURNED, end.outcome.error
    assert end.trace.comparisons


def test_nothing_of_one_run_is_seen_by_the_next(product):
    source = "SEEN = []\n" + indented("SEEN.append(1)\nreturn message(str(len(SEEN)))")
    assert traced(product, source, runs=3).outcome.value["text"] == "1"


def test_a_script_cannot_name_a_probe(product):
    for name in ("_probe_line_", "_probe_truth_", "_probe_operand_"):
        assert not product.sandbox.check(indented(f"{name}(1)\nreturn hidden()")).ok
        assert product.sandbox.instrument(indented(f"{name}(1)\nreturn hidden()")).script is None


def test_a_trace_stays_small_whatever_a_script_compares(product):
    body = 'big = "x" * 100000\nfor n in range(3000):\n    if big + str(n) in {big: 1} or n == 5:\n        x = big.startswith(big)\nreturn hidden()'
    trace = traced(product, indented(body)).trace
    assert sum(len(one.left.text) + len(one.right.text) for one in trace.comparisons) < 50_000


def test_a_text_that_is_refused_gets_a_finding_and_no_code(product):
    made = product.sandbox.instrument("import os\ndef status(user, session, api):\n    return hidden()\n")
    assert made.script is None
    assert made.finding is not None


def test_a_text_that_no_file_can_hold_gets_a_finding(product):
    assert product.sandbox.instrument("\ud800").finding.rule == "source-not-text"
    assert product.sandbox.instrument("#" * 2_000_000).finding.rule == "source-too-long"


HONEST = {
    "odd texts": 'for text in ("\\x00", "\\ud800" * 300, "\\U0001f600" * 300, "\\u202e", ""):\n    x = text == "a" or text in {text: 1}',
    "odd numbers": 'from decimal import Decimal\nfor n in (1e308 * 10, -0.0, Decimal("NaN"), Decimal("1E+99999"), 7 * 100000000000000000 * 100000000000000000):\n    x = n == 1 or [n] == [1]',
    "odd types": "import datetime as dt\nx = dt.date(1, 1, 1) < dt.date(2, 1, 1) or dt.time(1) < dt.time(2) or (dt.timedelta(1) > dt.timedelta(2)) or status is hidden or {1: 2} == {} or {1, 'a'} == frozenset([None])",
    "many places": 'rows = api.get("v", "/x").json()\nfor row in rows:\n    x = row["n"] == 1',
    "long keys": 'd = api.get("v", "/x").json()[0]\nfor n in range(400):\n    x = d.get("k\\ud800\\x00" * 200 + str(n))',
    "deep places": 'd = api.get("v", "/x").json()[0]["deep"]\nwhile d:\n    d = d[0]',
    "odd keys": 'rows = api.get("v", "/x").json()\nfor key in (True, -1, 3999, 4500, -4999):\n    x = rows[key]\nx = rows[0].get(None, rows[0].get(1.5))',
    "many lines": "\n".join(["x = 1"] * 3000),
    "many tests": "\n".join(["x = 1 if user.id == session.id and not x0 else 0".replace("x0", "[]")] * 400),
    "misuse": '\nfor n in range(90):\n    try:\n        t, = [str(n)]\n        x = ("t" + t).nothing if n % 2 else t["a"]\n    except Exception:\n        x = 1',
    "long format": "x = '" + "%A" * 99 + "'\nfrom datetime import datetime",
}


@pytest.mark.parametrize("name", HONEST)
def test_what_an_honest_script_makes_a_child_report_is_no_forgery(product, name):
    deep = []
    for _ in range(60):
        deep = [deep]
    answer = json.dumps([{"n": n, "deep": deep if n == 0 else 0} for n in range(5000)])
    body = HONEST[name].replace(".nothing", ".casefold().lower().get") if name == "misuse" else HONEST[name]
    made = product.sandbox.instrument(indented(body + "\nreturn hidden()"))
    if made.script is None:
        assert not product.sandbox.check(indented(body + "\nreturn hidden()")).ok
        pytest.fail(f"the check refuses it: {made.finding}")
    end = traced(product, indented(body + "\nreturn hidden()"), Vendor(answer))
    assert not end.outcome.alarm, end.outcome.error
    assert end.outcome.kind is OutcomeKind.RETURNED, end.outcome.error
    assert end.trace is not None
