"""Checking a script: hostile texts get a finding, and no part of them is compiled in the broker."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import replace
from zoneinfo import available_timezones

import pytest

from sandbox import API_LEVEL, OFFERED, RUNTIME_KEY, WITHHELD, OutcomeKind, RunLimits, Sandbox, Severity, check_protocol
from sandbox.check_protocol import CHECK_LIMITS
from sandbox.outcomes import MIB
from tests.sandbox.boxes import SCRIPT_INPUT, Box, Vendor, indented
from tests.sandbox.child_memory import child_memory

GOOD = indented('return message("Claim 1.0 CE credit", link="https://cme.example.org/claim/" + session.id)')


def test_a_good_script_is_checked_once_and_runs_often(product):
    checked = product.sandbox.check(GOOD)
    assert (checked.ok, checked.findings, checked.api_level) == (True, (), API_LEVEL)
    assert checked.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    for _ in range(3):
        outcome = product.sandbox.run(checked.code, SCRIPT_INPUT, powers=Vendor())
        assert outcome.value == {
            "text": "Claim 1.0 CE credit",
            "link": "https://cme.example.org/claim/s1",
            "color": None,
        }


def test_code_of_one_zygote_runs_in_another(product):
    checked = product.sandbox.check(GOOD)
    with Sandbox() as other:
        assert other.run(checked.code, SCRIPT_INPUT, powers=Vendor()).kind is OutcomeKind.RETURNED
        assert other.report.runtime == product.sandbox.report.runtime == RUNTIME_KEY


def test_a_forbidden_script_gets_findings_and_no_code(product):
    checked = product.sandbox.check("import os\n" + GOOD)
    assert not checked.ok
    assert any(finding.severity is Severity.ERROR and finding.line == 1 for finding in checked.findings)


HOSTILE_TEXTS = {
    "not_python": "def status(:",
    "nothing": "",
    "a_zero_character": "x = 1\0\n" + GOOD,
    "deep_brackets": "x = " + "(" * 5000 + ")" * 5000 + "\n" + GOOD,
    "deep_operators": "x = " + "-" * 50_000 + "1\n" + GOOD,
    "a_long_chain": "x = " + "+".join(["1"] * 60_000) + "\n" + GOOD,
    "a_huge_constant": "x = '" + "a" * 900_000 + "'\n" + GOOD,
    "a_huge_power": "x = 9 ** 9 ** 9 ** 9\n" + GOOD,
    "deep_indentation": "".join(" " * n + "if 1:\n" for n in range(300)),
    "many_errors": "import os\n" * 3000 + GOOD,
    "a_coding_cookie": "# -*- coding: utf-7 -*-\n" + GOOD,
    "a_nested_f_string": "x = " + "f'{" * 60 + "1" + "}'" * 60 + "\n" + GOOD,
}


@pytest.mark.parametrize("source", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
def test_a_hostile_text_earns_a_finding(product, source):
    checked = product.sandbox.check(source)
    assert not checked.ok
    assert checked.findings
    assert all(finding.line >= 1 and finding.column >= 1 for finding in checked.findings)


def test_a_text_without_end_is_not_even_read(product):
    finding = product.sandbox.check("#\n" + "#" * 2**20).findings[0]
    assert (finding.rule, finding.line, finding.column) == ("source-too-long", 2, 2**20 - 1)


def test_half_characters_are_no_text(product):
    checked = product.sandbox.check("x = '\ud800'\n" + GOOD)
    found = checked.findings[0]
    assert (found.rule, found.line, found.column) == ("source-not-text", 1, 6)
    assert len(checked.sha256) == 64


COMPILER_ATTACKS = {
    "check-timed-out": ("TIME", "while True: pass"),
    "check-out-of-memory": ("MEMORY", "x = []\nwhile True: x.append('a' * 100000)"),
    "check-crashed": ("CRASH", "import os; os.abort()"),
    "check-failed": ("FAILED", "raise ValueError('the compiler broke')"),
    "check-too-much-output": ("OUTPUT", "x"),
}


@pytest.mark.parametrize("rule", COMPILER_ATTACKS)
def test_a_compiler_that_falls_for_a_text_is_only_a_finding(raw, rule, monkeypatch):
    if rule == "check-timed-out":
        # Only here: on a slow machine, what uses up memory may use up so short a time first.
        monkeypatch.setattr(check_protocol, "CHECK_LIMITS", replace(CHECK_LIMITS, cpu_s=0.2))
        monkeypatch.setattr("sandbox.broker.CHECK_LIMITS", replace(CHECK_LIMITS, cpu_s=0.2))
    name, body = COMPILER_ATTACKS[rule]
    checked = raw.sandbox.check(f"#ATTACK {name}\n{body}")
    assert [finding.rule for finding in checked.findings] == [rule]
    assert not checked.ok
    assert not checked.alarm


def test_a_check_that_crashed_is_told_where_the_script_is_nested_most_deeply(raw):
    checked = raw.sandbox.check("#ATTACK CRASH\nimport os\nos.abort()\n" + "x = 1\n" * 9 + "y = " + "[" * 30 + "]" * 30)
    assert (checked.findings[0].line, checked.findings[0].column) == (13, 34)


def test_a_compiler_that_makes_a_forbidden_call_is_told_as_such(raw):
    checked = raw.sandbox.check("#ATTACK CALL\nimport os; os.fork()")
    assert checked.alarm
    assert not checked.ok
    assert checked.findings[0].rule == "check-alarm"
    assert "system call" in checked.findings[0].why


def test_what_is_offered_and_withheld_is_listed():
    assert OFFERED
    assert WITHHELD


def test_an_endless_script_of_the_real_language_ends(product):
    assert product.run("while True:\n    x = 1\nreturn hidden()", cpu_s=0.1).kind is OutcomeKind.TIMED_OUT


def test_swallowed_faults_of_the_real_language_still_end(product):
    body = "while True:\n    try:\n        api.get('v', '/x')\n    except:\n        pass\nreturn hidden()"
    assert product.run(body, calls=2).kind is OutcomeKind.CALL_REFUSED


def test_hidden_is_no_message_and_another_answer_is_raised(product):
    assert product.run("return hidden()").value is None
    outcome = product.run("said, = ['hello']\nreturn said")
    assert (outcome.kind, outcome.error.type) == (OutcomeKind.RAISED, "NotAMessage")


def test_an_exception_names_the_line_of_the_script(product):
    outcome = product.run("x = {}\nreturn message(x['missing'])")
    assert (outcome.kind, outcome.error.type, outcome.error.line) == (OutcomeKind.RAISED, "KeyError", 3)


def test_an_exception_names_every_function_on_its_way(product):
    source = "def first(data):\n    return second(data, lambda: data['list'])\n\ndef second(data, read):\n    return read()\n\n"
    checked = product.sandbox.check(source + indented("return message(first({}))"))
    outcome = product.sandbox.run(checked.code, SCRIPT_INPUT, powers=Vendor())
    assert outcome.error.chain == (("status", 8), ("first", 2), ("second", 5), ("<lambda>", 2))
    assert outcome.error.line == 2


def test_a_deep_call_chain_is_cut_in_its_middle(product):
    outcome = product.run("def again(n):\n    return again(n + 1)\nreturn message(again(1))")
    assert len(outcome.error.chain) == 20
    assert outcome.error.chain[0][0] == "status"
    assert outcome.error.chain[-1] == ("again", outcome.error.line)


def test_surplus_log_lines_are_dropped_with_a_note_and_the_run_goes_on(product):
    outcome = product.run("for n in range(9):\n    api.log(n)\n    print(n)\nreturn message('done')", log_lines=3)
    assert (outcome.kind, outcome.value["text"]) == (OutcomeKind.RETURNED, "done")
    assert outcome.log == ("0", "0", "1", "(further lines were dropped: a run may log 3)")
    assert outcome.usage.log_lines == 3


def test_memory_of_the_real_language_is_limited(product):
    body = "x = []\nwhile True:\n    x.append('a' * 100000)\nreturn hidden()"
    assert product.run(body, memory_bytes=16 * 1024 * 1024).kind is OutcomeKind.OUT_OF_MEMORY


def test_endless_recursion_of_the_real_language_is_raised(product):
    outcome = product.run("def again(n):\n    return again(n + 1)\nreturn message(again(1))")
    assert outcome.error.type == "RecursionError"


def test_every_time_zone_works_without_files():
    zones = sorted(available_timezones())[::40]
    source = "from datetime import datetime\nfrom zoneinfo import ZoneInfo\n" + indented(
        "names = "
        + repr(zones)
        + "\nn = 0\nfor name in names:\n    if api.now().astimezone(ZoneInfo(name)).utcoffset() is not None:\n        n = n + 1\nreturn message(str(n))"
    )
    with Sandbox() as sandbox:
        checked = sandbox.check(source)
        assert checked.ok, checked.findings
        assert sandbox.run(checked.code, SCRIPT_INPUT, powers=Vendor()).value["text"] == str(len(zones))


def test_what_is_given_must_be_plain(product):
    checked = product.sandbox.check(GOOD)
    with pytest.raises((TypeError, ValueError)):
        product.sandbox.run(checked.code, replace(SCRIPT_INPUT, settings={"x": float("nan")}), powers=Vendor())
    assert Box(product.sandbox).run("return message('x')").kind is OutcomeKind.RETURNED


def test_code_that_is_no_code_is_an_outcome(product):
    outcome = product.sandbox.run(b"garbage", SCRIPT_INPUT, powers=Vendor())
    assert outcome.kind in {OutcomeKind.RAISED, OutcomeKind.CRASHED}
    assert not outcome.alarm


def test_a_run_sees_its_own_time_and_not_that_of_the_prelude(product):
    source = "from datetime import datetime, UTC\n" + indented(
        "return message(datetime.now(UTC).isoformat() + ' ' + api.now().isoformat())"
    )
    code = product.sandbox.check(source).code
    for now in ("2026-05-01T10:30:00+00:00", "2031-01-01T00:00:00+00:00"):
        outcome = product.sandbox.run(code, replace(SCRIPT_INPUT, now=now), powers=Vendor())
        assert outcome.value["text"] == f"{now} {now}"


@pytest.mark.parametrize("wrong", [{"cpu_s": 0}, {"wall_s": -1}, {"memory_bytes": 0}, {"cpu_s": float("nan")}], ids=str)
def test_a_limit_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="more than 0"):
        RunLimits(**wrong)


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only root may look into a jailed child")
def test_a_child_costs_a_few_megabytes(product):
    measured = child_memory(product.sandbox)
    assert 0 < measured["child_private_dirty_bytes"] < 8 * MIB
    assert measured["child_rss_bytes"] < 40 * MIB


NAMES = [f"n{number:03}" for number in range(250)]


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (['"claim_url"', '"a b"', '"ünïcode"'], ("a b", "claim_url", "ünïcode")),
        ([f'"{name}"' for name in NAMES], tuple(NAMES[:200])),
        (['"' + "x" * 200 + '"', '"' + "y" * 201 + '"'], ("x" * 200,)),
        ([r'"\ud800"', r'"\ud801"', r'"a\0b"', '""', r'"\u202e"'], ()),
    ],
    ids=["plain", "many", "long", "no names"],
)
def test_whatever_settings_an_honest_script_reads_its_check_is_no_forgery(product, read, told):
    body = [f"x = api.settings[{name}]" for name in read]
    checked = product.sandbox.check(indented("\n".join([*body, 'return message("x")'])))
    assert not checked.alarm
    assert checked.settings == told
