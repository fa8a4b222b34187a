"""`session-status script new`: a folder in which an author can begin at once."""

from __future__ import annotations

from pathlib import Path

import click

from runner.trials.author_project import TYPES, project_files
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.output_files import write_within
from web.cli.common.terminal_text import plain


@click.command(
    "new", epilog=examples("session-status script new my_script", "session-status script new my_script --types")
)
@click.argument("folder", metavar="FOLDER")
@click.option("--types", "only_types", is_flag=True, help="Only write the types again, into a folder that is there.")
def new_script(folder: str, *, only_types: bool) -> None:
    """Make a folder with a script, its cases, types for editors, and a check for your own repository.

    FOLDER must not exist, or be empty: nothing is overwritten. Continue with script dev FOLDER.
    """
    place = Path(folder)
    if only_types:
        _renew_types(place)
        return
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise CommandFailed(f"{folder}: this is there already, and not an empty folder. Nothing was written.")
    for name, text in project_files().items():
        write_within(place, name, text)
    click.echo(f"Made {plain(folder)}. Look at it: session-status script dev {plain(folder)}")


def _renew_types(place: Path) -> None:
    if not place.is_dir():
        raise CommandFailed(f"{place}: there is no such folder.")
    for name in TYPES:
        write_within(place, name, project_files()[name])
        click.echo(f"Wrote {plain(str(place / name))}.")
