"""How the command line says no: a plain sentence, never a traceback, for everything a person can get wrong.

Exit status: 0 all is well; 1 the command did its work and the answer is no (findings, a run that failed, faults in a
file to import, something ill); 2 the command could not do its work (what was given cannot be used).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")

ANSWER_IS_NO = 1


class CommandFailed(click.ClickException):
    """What is wrong, where, and what to do about it, in sentences."""

    exit_code = 2

    def show(self, file: object = None) -> None:  # noqa: ARG002 - always to stderr
        """Print it as it is."""
        click.echo(f"session-status: {self.message}", err=True)


class CommandGroup(click.Group):
    """All commands. A file that a command cannot use is a complaint, whichever command it is."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. An OSError without a file's name is ours, and stays what it is."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if not isinstance(error.filename, str | bytes):
                raise
            file = click.format_filename(error.filename)
            raise CommandFailed(f"{file}: it cannot be used: {error.strerror}.") from error


def reports_errors(*kinds: type[Exception]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Turn exceptions that carry a sentence for people into complaints."""

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
    """`a, b and c`, for sentences; "none yet" when there is nothing to list."""
    *first, last = [*sorted(names)] or ["none yet"]
    return f"{', '.join(first)} and {last}" if first else last
