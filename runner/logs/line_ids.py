"""The ids in every log line: of the request that the thread answers, or of the run that it makes.

The service makes both. No request header can set one, so a stranger cannot put lines under somebody else's id.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_REQUEST: ContextVar[str] = ContextVar("request", default="")
_RUN: ContextVar[str] = ContextVar("run", default="")


def new_request_id() -> str:
    """Return a random id for a request."""
    return secrets.token_hex(8)


@contextmanager
def of_request(request_id: str) -> Iterator[None]:
    """Let the lines of this thread carry the id of a request."""
    yield from _within(_REQUEST, request_id)


@contextmanager
def of_run(run_id: str) -> Iterator[None]:
    """Let the lines of this thread carry the id of a run."""
    yield from _within(_RUN, run_id)


def present() -> dict[str, str]:
    """Return the current ids, by their names in a line."""
    found = {"request": _REQUEST.get(), "run": _RUN.get()}
    return {name: value for name, value in found.items() if value}


def _within(variable: ContextVar[str], value: str) -> Iterator[None]:
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)
