"""A group whose commands are loaded when they are called: a command should not wait for the imports of all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from web.import_pause import import_pause

from .errors import CommandFailed, CommandGroup
from .service_option import service_of


@dataclass(frozen=True)
class CommandEntry:
    """A command of the group. `help` is the first sentence of its help text, for the list of commands."""

    name: str
    target: str  #: "module:attribute"
    help: str
    subcommands: tuple[str, ...] = ()  #: targets in other modules that belong to this command, which is a group
    over_http: str = ""  #: the target with --service; "" for a command that works on the database only
    offline: bool = False  #: it needs no database and no service, so --service changes nothing

    def load(self, *, service: bool = False) -> click.Command:
        """Import the command, with its subcommands. With `service`, the one over HTTP; raises CommandFailed if there is none."""
        if service and not self.offline:
            if not self.over_http:
                raise CommandFailed(f"{self.name} works on the database of the service itself, and not over --service.")
            return _load(self.over_http)
        command = _load(self.target)
        for target in self.subcommands:
            assert isinstance(command, click.Group)
            command.add_command(_load(target))
        return command


class LazyCommandGroup(CommandGroup):
    """Loads its commands from a table of entries."""

    def __init__(self, *args: Any, entries: Sequence[CommandEntry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = {entry.name: entry for entry in entries}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in alphabetical order."""
        return sorted(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None if there is none of this name."""
        entry = self.entries.get(cmd_name)
        return entry.load(service=service_of(ctx) is not None) if entry else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.entries[name].help) for name in self.list_commands(ctx)])


def _load(target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    with import_pause():
        command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command)
    return command
