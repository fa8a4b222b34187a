"""Formats the results of checks and runs for people, with the message as the app would show it.

On a terminal, the message has its colour; elsewhere, brackets mark a button and the colour is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from records.plurals import counted

from .terminal_text import plain

if TYPE_CHECKING:
    from records.people.actors import Actor  # it loads the tables

MIB = 1024 * 1024
INDENT = "    "


def draw_findings(file: str, findings: Sequence[Mapping[str, Any]]) -> str:
    """Format all findings of one file as `file:line:column`, which editors can open."""
    return "\n".join(line for finding in findings for line in finding_lines(file, finding))


def person_words(key: str, person: Actor | None) -> str:
    """Format the key of a person with their name; any other key is returned as it is."""
    return plain(f"{person.name} ({key})" if person else key)


def finding_lines(file: str, finding: Mapping[str, Any]) -> Iterable[str]:
    """Format a finding: what is wrong, why, and what to write instead."""
    tint = {"error": "red", "warning": "yellow"}.get(finding["severity"], "blue")
    mark = click.style(plain(finding["severity"]), fg=tint)
    place = plain(f"{file}:{finding['line']}:{finding['column']}")
    yield f"{place}: {mark}: {plain(finding['what'])}  [{plain(finding['rule'])}]"
    if finding["why"]:
        yield from block("why:", finding["why"])
    if finding["instead"]:
        yield from block("instead:", finding["instead"])


def block(label: str, text: str, *, width: int = 9) -> Iterable[str]:
    """Format a text with a label; further lines are indented. `width` is that of the label, including a space."""
    first, *rest = text.splitlines() or [""]
    yield f"{INDENT}{label:<{width - 1}} {plain(first)}"
    yield from (f"{INDENT}{'':<{width}}{plain(line)}" for line in rest)


def draw_trial(trial: Mapping[str, Any]) -> str:
    """Format a trial run: how it ended, the message as the app would show it, and what happened during the run."""
    lines = [f"{click.style(plain(trial['file']), bold=True)}: {ending(trial)}"]
    if trial.get("findings"):
        return "\n".join([*lines, draw_findings(trial["file"], trial["findings"])])
    if trial["outcome"] == "returned":
        lines += ["", *message_lines(trial["message"]), ""]
    if trial["error"]:
        lines += error_lines(trial["error"])
    lines += happened(trial)
    return "\n".join([*lines, f"{INDENT}used     {used(trial['usage'])}"])


def happened(trial: Mapping[str, Any]) -> Iterable[str]:
    """Format what happened during a run: warnings, calls, and log lines."""
    for warning in trial["warnings"]:
        yield from block("warning", warning)
    for call in trial["calls"]:
        yield from block("call", call_line(call))
    for line in trial["log"]:
        yield from block("log", line)


def ending(trial: Mapping[str, Any]) -> str:
    """Format the outcome in its colour."""
    return click.style(trial["outcome"], fg="green" if trial["outcome"] == "returned" else "red")


def message_lines(message: Mapping[str, Any] | None) -> Iterable[str]:
    """Format the message as the app shows it: a button in brackets, or plain text."""
    if message is None:
        yield f"{INDENT}(hidden: the app shows nothing)"
        return
    color, text = rgb(message["color"]), plain(message["text"])
    if message["link"]:
        yield INDENT + click.style(f"[ {text} ]", fg="white" if color else None, bg=color)
        yield f"{INDENT}leads to {plain(message['link'])}"
    else:
        yield INDENT + click.style(text, fg=color)
    if message["color"]:
        yield f"{INDENT}colour {plain(message['color'])}"


def rgb(color: str | None) -> tuple[int, int, int] | None:
    """Convert `#rrggbb` to numbers."""
    return None if color is None else (int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16))


def error_lines(error: Mapping[str, Any]) -> Iterable[str]:
    """Format where and how a script failed."""
    place = f"line {error['line']}: " if error["line"] else ""
    yield from block("error", f"{place}{error['type']}: {error['text']}")
    chain = error.get("chain") or ()  # runs of earlier releases have none
    if len(chain) > 1:
        yield from block("way", " -> ".join(f"{function} (line {line})" for function, line in chain))


def call_line(call: Mapping[str, Any]) -> str:
    """Format one call and its result."""
    query = call.get("query") or ""
    target = call["path"] + (f"?{query}" if isinstance(query, str) and query else "")
    end = call.get("status") or call.get("fault") or "no answer"
    more = [f"{call['ms']:.0f} ms"] if isinstance(call.get("ms"), int | float) else []
    more += [counted(call["bytes"], "byte")] if isinstance(call.get("bytes"), int) else []
    more += ["from the cache"] if call.get("from_cache") else []
    more += ["same answer as in the previous run"] if call.get("same") else []
    remarks = f" ({', '.join(more)})" if more else ""
    return f"{call['connection']} {call['method']} {target} -> {end}{remarks}"


def used(usage: Mapping[str, Any]) -> str:
    """Format what a run used, with units."""
    return (
        f"{usage['ms']:.1f} ms, {usage['cpu_ms']:.1f} ms of CPU, {usage['memory'] / MIB:.1f} MiB, "
        f"{counted(usage['bytes'], 'byte')} read"
    )
