"""Runs scripts in this process, without the jail: what the language alone must stop is stopped here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.language import compile_source, execute, warm

SCRIPT_INPUT = {
    "user": {
        "id": "u-1",
        "username": "ann",
        "user_type": "attendee",
        "first_name": "Ann",
        "last_name": "Lee",
        "badge_id": "B7",
        "attributes": {"email": "ann@example.org", "tags": ["vip", "speaker"], "address": {"city": "Paris"}},
    },
    "session": {
        "id": "s-9",
        "title": "Hearts & Minds",
        "starts_at": "2026-05-04T09:00:00+02:00",
        "ends_at": "2026-05-04T10:00:00+02:00",
        "location": "Hall 1",
        "credits": "1.0",
        "attributes": {"nid": 42},
    },
    "settings": {"host": "https://cme.example.org", "rooms": ["A", "B"]},
    "now": "2026-05-04T07:30:00Z",
    "return_url": "https://app.example.org/r/t0ken",
    "scans": [],
}


@pytest.fixture(scope="session", autouse=True)
def warmed() -> Iterator[None]:
    before = os.environ.get("TZ")
    warm()
    yield
    if before is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def calls() -> list[tuple[str, dict[str, Any]]]:
    """What the script asked the outside for."""
    return []


@pytest.fixture
def run(calls) -> Callable[..., Any]:
    """Compile a script, which must be accepted, and run it; `answer` is what each call gets."""

    def run_source(source: str, *, answer: dict[str, Any] | None = None, **given: Any) -> Any:
        compilation = compile_source(source)
        assert compilation.code is not None, compilation.findings

        def call(what: str, arguments: dict[str, Any]) -> dict[str, Any]:
            calls.append((what, arguments))
            return {} if what == "log" else answer or {"status": 200, "headers": {}, "text": "{}"}

        return execute(compilation.code, {**SCRIPT_INPUT, **given}, call)

    return run_source


@pytest.fixture
def say(run) -> Callable[..., Any]:
    """The text of the message whose expression is given, evaluated inside `status`."""

    def say_expression(expression: str, *, before: str = "", inside: str = "", **options: Any) -> str:
        steps = "".join(f"    {line}\n" for line in inside.splitlines())
        source = f"{before}\ndef status(user, session, api):\n{steps}    return message(str({expression}))\n"
        return run(source, **options)["text"]

    return say_expression


@pytest.fixture
def rules() -> Callable[[str], set[str]]:
    """The rules of the errors in a script."""

    def rules_of(source: str) -> set[str]:
        return {finding.rule for finding in compile_source(source).findings if finding.severity == "error"}

    return rules_of
