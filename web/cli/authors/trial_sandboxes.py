"""Opens the sandbox of a command, and does the work for several files side by side in it.

Where there is no jail (macOS), or with SESSION_STATUS_JAIL=off, scripts run in a plain child process, and the command says
so. That is for authors with their own scripts on their own machine. No server reads this variable: its settings refuse it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from runner.trials.trial import TrialSandbox, TrialSandboxLostError, TrialSandboxUnsafeError
from web.cli.common.errors import CommandFailed

T = TypeVar("T")

JAIL = "SESSION_STATUS_JAIL"

allow_weak_option = click.option(
    "--allow-weak",
    is_flag=True,
    help="Continue although the jail is not secure on this machine (macOS, some containers). Only for scripts you trust.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object for each file, each on one line."
)
files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")


@contextmanager
def open_sandbox(*, allow_weak: bool) -> Iterator[TrialSandbox]:
    """Start the jail. Raises CommandFailed if this machine cannot, or if the jail ends meanwhile."""
    reason = why_no_jail()
    if reason:
        click.echo(
            f"No jail: {reason}. Scripts run in a plain child process; run only scripts that you trust.", err=True
        )
    try:
        with TrialSandbox(allow_weak=allow_weak, plain_child=bool(reason)) as sandbox:
            yield sandbox
    except TrialSandboxUnsafeError as error:
        raise CommandFailed(
            f"Scripts cannot run on this machine: {error}\n"
            "`session-status doctor` shows details. To continue nevertheless, with scripts you trust, use --allow-weak."
        ) from error
    except TrialSandboxLostError as error:
        raise CommandFailed(
            f"The jail ended and did not start again: {error}\n"
            "The script is not at fault. Try again; if it happens again, see whether this machine has enough memory."
        ) from error


def why_no_jail() -> str:
    """Say why scripts run without a jail here; "" if they run in it. Raises CommandFailed for an unclear wish."""
    wish = os.environ.get(JAIL, "").strip()
    if wish not in ("", "off"):
        raise CommandFailed(f"{JAIL} can only be off, or not set.")
    if wish:
        return f"{JAIL} is off"
    return "" if sys.platform == "linux" else "this system has none"


def side_by_side(work: Callable[[Any], T], items: Sequence[Any]) -> Iterable[T]:
    """Do the work for all items, in one thread for each processor; return the results in the order of the items."""
    with ThreadPoolExecutor(
        max_workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    ) as pool:
        yield from pool.map(work, items)
