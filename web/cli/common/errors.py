"""Errors of commands: a plain sentence, never a traceback, for every mistake that a person can make.

Exit status: 0 success; 1 the command ran, and the result is negative (findings, a failed run, faults in a file to import, a
problem); 2 the command could not run (its input cannot be used).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

from .terminal_text import plain_lines

P = ParamSpec("P")
R = TypeVar("R")

ANSWER_IS_NO = 1


class CommandFailed(click.ClickException):
    """A command could not run. The text says what is wrong, where, and what to do."""

    exit_code = 2

    def show(self, file: object = None) -> None:  # noqa: ARG002 - always to stderr
        """Print the text, which may quote a file or its name."""
        click.echo(f"session-status: {plain_lines(self.message)}", err=True)


class CommandGroup(click.Group):
    """All commands. If any of them cannot use a file, the error is CommandFailed."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. An OSError without a file name is a bug and is not converted."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if not isinstance(error.filename, str | bytes):
                raise
            file = click.format_filename(error.filename)
            raise CommandFailed(f"{file}: this file cannot be used: {error.strerror}.") from error


def reports_errors(*kinds: type[Exception]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Convert exceptions whose text is for people to CommandFailed."""

    def decorate(command: Callable[P, R]) -> Callable[P, R]:
        @wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return command(*args, **kwargs)
            except kinds as error:
                raise CommandFailed(str(error)) from error

        return run

    return decorate


def listed(names: Iterable[str]) -> str:
    """Return `a, b and c`, for sentences; "none yet" for an empty list."""
    *first, last = [*sorted(names)] or ["none yet"]
    return f"{', '.join(first)} and {last}" if first else last
