"""What an implementation lacks for a version, with the command that sets each thing; said before a version is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from records import DbSession
from records.changes.after_commit import AfterCommit
from records.changes.scripts.readiness import NeedsLacking, Without
from records.tenants.script_needs import Lack
from web.cli.common.context import CommandContext
from web.cli.common.errors import CommandFailed
from web.cli.common.terminal_text import plain

T = TypeVar("T")

#: What sets each kind of thing.
COMMANDS = {
    "setting": "session-status implementation set {slug} script_settings='{{...}}'",
    "connection": "session-status connection add {slug} {name} (or set, if it is there)",
    "link host": "session-status implementation set {slug} link_hosts=... (all hosts, with {name})",
}

anyway_option = click.option(
    "--anyway", is_flag=True, help="Also if IMPLEMENTATION lacks what the version needs; the audit entry says so."
)


def without_of(*, review: bool, needs: bool) -> Without:
    """Return what a version may lack, from the options of a command."""
    return (Without.REVIEW if review else Without.NOTHING) | (Without.NEEDS if needs else Without.NOTHING)


def lack_lines(slug: str, lacks: Sequence[Lack]) -> str:
    """Format what is lacking: the fault, its effect, and what to do."""
    lines = []
    for one in lacks:
        command = COMMANDS[one.kind].format(slug=slug, name=plain(one.name))
        lines += [f"  {plain(one.what)} {one.effect}", f"    {command}"]
    return "\n".join(lines)


def commit_ready(here: CommandContext, slug: str, change: Callable[[DbSession], AfterCommit[T]]) -> AfterCommit[T]:
    """Make a change that shows a version. Raises CommandFailed with what is lacking, and what to do about it."""
    try:
        return here.commit(change)
    except NeedsLacking as refused:
        told = (
            f"Nothing was changed, because {slug} lacks what this version needs:\n{lack_lines(slug, refused.lacks)}\n"
        )
        raise CommandFailed(f"{told}Set it first, or add --anyway.") from None
