"""Writes the reference pages from the code, so that they cannot disagree with it: `make docs`.

A test compares the pages with what this would write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click

from records import Implementation, roles
from records.tenants.implementation_settings import BUDGETS
from records.tenants.implementation_settings import SETTINGS as SETTINGS_OF_IMPLEMENTATIONS
from runner.explanations.run_terms import RUN_WORDS
from runner.settings.declaration import Setting
from runner.settings.operator_settings import SETTINGS
from sandbox import API_LEVEL, OFFERED, WITHHELD
from web.cli import main as commands

DOCS = Path(__file__).parent
NOTE = "<!-- Written by docs/reference.py from the code; change the code, then `make docs`. -->\n"
HEADINGS = {
    "names": "Names, without an import",
    "exceptions": "Exceptions",
    "module": "Modules, after `import`",
    "value": "What may be read from a value",
    "type": "What may be read from a type",
}
WITHHELD_HEADINGS = {
    "syntax": "Ways of writing",
    "name": "Names",
    "module": "Modules",
    "attribute": "Attributes",
}


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def script_reference() -> str:
    """Everything offered to scripts and everything withheld, with reasons."""
    lines = [
        "# What a script may use\n",
        NOTE,
        f"Level {API_LEVEL} of the script API. What is not named here does not exist for a script.\n",
        "How to write one: [the author's guide](authors.md).\n",
        "## Offered\n",
    ]
    for kind, heading in HEADINGS.items():
        lines += [f"### {heading}\n", "| of | names | note |", "|---|---|---|"]
        for entry in (one for one in OFFERED if one.kind == kind):
            names = " ".join(f"`{name}`" for name in entry.names)
            lines.append(f"| {cell(entry.where)} | {cell(names)} | {cell(entry.note)} |")
        lines.append("")
    lines.append("## Withheld\n")
    for kind, heading in WITHHELD_HEADINGS.items():
        lines += [f"### {heading}\n", "| withheld | why | write instead |", "|---|---|---|"]
        for refusal in (one for one in WITHHELD if one.kind == kind):
            lines.append(f"| `{cell(refusal.name)}` | {cell(refusal.why)} | {cell(refusal.instead)} |")
        lines.append("")
    return "\n".join(lines)


def shown_default(setting: Setting) -> str:
    value = setting.default
    if setting.secret or value in ("", None, (), frozenset()):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`"


def settings_page() -> str:
    """Every setting with its default, unit and help."""
    lines = [
        "# Settings\n",
        NOTE,
        "Read once, from the environment, when a process starts. All faults are reported together.\n",
        "| setting | default | unit | what it does |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{one.name}` | {shown_default(one)} | {one.unit} | {cell(one.help)} |" for one in SETTINGS]
    return "\n".join([*lines, ""])


def implementation_settings_page() -> str:
    """Every setting of an implementation, as pages and commands name it."""
    columns = Implementation.__table__.columns
    lines = [
        "# Settings of an implementation\n",
        NOTE,
        "Set in the console, or by `session-status implementation set IMPLEMENTATION NAME=VALUE`. They count at once.\n",
        "| name | in the console | default | what it is |",
        "|---|---|---|---|",
    ]
    for one in SETTINGS_OF_IMPLEMENTATIONS:
        default = columns[one.name].default
        value = "" if default is None else "{}" if default.arg is dict else getattr(default, "arg", "")
        shown = "" if callable(value) or value == "" else f"`{json.dumps(value)}`" if value != "{}" else "`{}`"
        words = f"{shown} {one.unit}".strip() if shown else ""
        choices = (
            f"One of: {', '.join(f'`{name}` ({said.lower()})' for name, said in one.choices)}." if one.choices else ""
        )
        lines.append(f"| `{one.name}` | {cell(one.label)} | {words} | {cell(f'{one.help} {choices}'.strip())} |")
    lines += ["", "## Budgets of a run: `limits`\n", "| name | in the console | unit there |", "|---|---|---|"]
    lines += [f"| `{one.name}` | {one.label or 'by command only'} | {one.unit} |" for one in BUDGETS]
    return "\n".join([*lines, ""])


def each_command(
    command: click.Command, name: str, above: click.Context | None = None
) -> Iterator[tuple[str, click.Context]]:
    """Every command below this one, with the context that it has when it is called."""
    context = click.Context(command, parent=above, info_name=name, terminal_width=100, **command.context_settings)
    yield context.command_path, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from each_command(found, below, context)


def commands_page() -> str:
    """The help text of every command."""
    lines = ["# Commands\n", NOTE]
    for name, context in each_command(commands, "session-status"):
        lines += [f"## `{name}`\n", "```", context.get_help(), "```", ""]
    return "\n".join(lines)


def roles_page() -> str:
    """The page about roles, with its two tables as the table of roles has them."""
    return with_tables("roles.md", roles=table_of_roles(), permissions=table_of_permissions())


def glossary() -> str:
    """The glossary, with the words of runs as the legend of the lists of runs has them."""
    rows = [f"| {word} | {cell(meaning)} |" for word, meaning in RUN_WORDS]
    return with_tables("glossary.md", runs=["| word | meaning |", "|---|---|", *rows])


def with_tables(name: str, **tables: list[str]) -> str:
    """A page that is written by hand, except for the tables between its marks."""
    page = (DOCS / name).read_text()
    for mark, table in tables.items():
        start = page.index("\n", page.index(f"<!-- {mark}: ")) + 1
        page = page[:start] + "\n".join(["", *table, "", ""]) + page[page.index("<!-- end -->", start) :]
    return page


def table_of_roles() -> list[str]:
    rows = [f"| {role.name} | {role.scope} | {cell(role.meaning)} |" for role in roles.TABLE]
    return ["| role | holds | what it is for |", "|---|---|---|", *rows]


def table_of_permissions() -> list[str]:
    """Which role has which permission. Roles without any have no column."""
    holders = [role for role in roles.TABLE if role.may]
    rows = [["permission", *(role.name for role in holders), "fresh"], ["---"] * (len(holders) + 2)]
    for permission in roles.Permission:
        if permission is not roles.Permission.ANYONE:
            marks = [permission in role.may for role in holders] + [permission in roles.FRESH]
            rows.append([permission, *("yes" if mark else "" for mark in marks)])
    return [re.sub(" +", " ", f"| {' | '.join(row)} |") for row in rows]


PAGES = {
    "script-reference.md": script_reference,
    "settings.md": settings_page,
    "implementation-settings.md": implementation_settings_page,
    "commands.md": commands_page,
    "roles.md": roles_page,
    "glossary.md": glossary,
}


if __name__ == "__main__":
    for name, write in PAGES.items():
        (DOCS / name).write_text(write())
