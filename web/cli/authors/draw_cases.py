"""Draws the results of cases for people: what passed, what differs, what is not covered."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from records.plurals import counted
from web.cli.common.render import INDENT, block
from web.cli.common.terminal_text import plain


def draw_cases(told: Mapping[str, Any]) -> str:
    """The result of one script, as `script test --json` gives it."""
    total = told["passed"] + told["failed"]
    color = "red" if told["failed"] else "green"
    head = click.style(f"{told['passed']} of {counted(total, 'case')} passed", fg=color, bold=True)
    lines = [f"{plain(told['file'])}: {head}"]
    for case in told["cases"]:
        lines += _case_lines(case)
    lines += _message_lines(told["messages"])
    lines += _coverage_lines(told["coverage"])
    for answer in told["unused_answers"]:
        call = f"{answer['connection']} {answer['method']} {answer['path']}"
        lines += block("unused", f"no case asked for this recorded answer: {plain(call)}")
    return "\n".join(lines)


def _case_lines(case: Mapping[str, Any]) -> Iterable[str]:
    mark = click.style("passed", fg="green") if case["passed"] else click.style("FAILED", fg="red", bold=True)
    yield f"{INDENT}{mark}   {plain(case['name'])}"
    if case["error"]:
        yield f"{INDENT}         {plain(case['error'])}"
    for unknown in case.get("ignored", ()):
        yield f"{INDENT}         ignored in INPUT: {plain(unknown)}"
    for one in case["difference"]:
        yield f"{INDENT}         {plain(one['what'])}"
        yield f"{INDENT}           expected {_shown(one['expected'])}"
        yield f"{INDENT}           got      {_shown(one['got'])}"
    error = (case["got"] or {}).get("error")
    if error and not case["passed"]:
        place = f"line {error['line']}: " if error["line"] else ""
        yield f"{INDENT}         {place}{plain(error['type'])}: {plain(error['text'])}"


def _message_lines(messages: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for message in messages:
        button = f"[ {message['text']} ]" if message["link"] else message["text"]
        yield from block("message", f"{plain(button)}   ({plain(', '.join(message['cases']))})")


def _coverage_lines(coverage: Mapping[str, Any]) -> Iterable[str]:
    if not coverage["lines"]:
        return
    covered = len(coverage["lines"]) - len(coverage["missed"])
    yield from block("covered", f"{covered} of {counted(len(coverage['lines']), 'line')}")
    if coverage["missed"]:
        yield from block("missed", f"no case reaches {lines_shown(coverage['missed'])}")
    for name in coverage.get("incomplete", ()):
        yield from block("missed", f"not counted: what {plain(name)} reaches, because its run with probes broke off")
    missed = set(coverage["missed"])
    for line, target in coverage["branches_missed"]:
        if line == target and line not in missed:
            yield from block("missed", f"no case takes one of the two ways in line {line}")
        elif line not in missed and target not in missed:
            where = f"to line {target}" if target > 0 else "to the end of the function"
            yield from block("missed", f"no case goes from line {line} {where}")


def lines_shown(lines: Sequence[int]) -> str:
    """Line numbers with ranges: "line 4", "lines 4-6, 9"."""
    ranges = []
    for _, group in itertools.groupby(enumerate(lines), lambda pair: pair[1] - pair[0]):
        numbers = [line for _, line in group]
        ranges.append(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")
    return f"{'line' if len(lines) == 1 else 'lines'} {', '.join(ranges)}"


def _shown(value: Any) -> str:
    return plain(json.dumps(value, ensure_ascii=False))
