"""Opens the sandbox of a command, and does the work for several files side by side in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from runner.trials.trial import TrialSandbox, TrialSandboxUnsafeError
from web.cli.common.errors import CommandFailed

T = TypeVar("T")

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
    """Start the jail. Raises CommandFailed if this machine cannot."""
    try:
        with TrialSandbox(allow_weak=allow_weak) as sandbox:
            yield sandbox
    except TrialSandboxUnsafeError as error:
        raise CommandFailed(
            f"Scripts cannot run on this machine: {error}\n"
            "`session-status doctor` shows details. To continue nevertheless, with scripts you trust, use --allow-weak."
        ) from error


def side_by_side(work: Callable[[Any], T], items: Sequence[Any]) -> Iterable[T]:
    """Do the work for all items, in one thread for each processor; return the results in the order of the items."""
    with ThreadPoolExecutor(
        max_workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    ) as pool:
        yield from pool.map(work, items)
