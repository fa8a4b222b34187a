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
from records.tenants.implementation_settings import SETTINGS as SETTINGS_OF_IMPLEMENTATIONS
from records.tenants.run_budgets import BUDGETS
from runner.explanations.run_terms import RUN_WORDS
from runner.settings.declaration import Setting
from runner.settings.operator_settings import SETTINGS
from sandbox import API_LEVEL, LEVELS, OFFERED, RECORDS, SIGNATURES, WITHHELD
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
        "A script names the level that it was written for with `API_LEVEL = 1`; without that it is level 1.\n",
        "| level | what is different from the level before |",
        "|---|---|",
        *(f"| {level.number} | {cell(level.summary)} |" for level in LEVELS.values()),
        "",
        "How to write one: [the author's guide](authors.md).\n",
        *script_api(),
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


#: Kind of value -> what authors know it as, where the kind's own name does not say it.
KINDS = {
    "FrozenDict": "dict, frozen",
    "datetime": "time with a zone",
    "str": "text",
    "Message": "message",
    "int": "whole number",
    "bool": "True or False",
} | {record.kind: record.label for record in RECORDS.values()}


def kinds_shown(kinds: frozenset[str]) -> str:
    """The kinds of a value in words; None last."""
    names = sorted(kinds, key=lambda kind: (kind == "None", kind))
    return " or ".join(KINDS.get(kind, kind) for kind in names) or "any value"


def script_api() -> list[str]:
    """The functions and values of the script API, with arguments and kinds, as the check knows them."""
    lines = ["## The script API\n", "`script check` refuses calls and fields that are not as follows.\n"]
    lines += ["| function | returns | what it does |", "|---|---|---|"]
    for one in SIGNATURES.values():
        lines.append(f"| `{cell(one.text)}` | {cell(kinds_shown(one.result))} | {cell(one.note)} |")
    lines += ["", "| value | field | kind |", "|---|---|---|"]
    for record in RECORDS.values():
        plain = {name: kinds for name, kinds in record.fields.items() if not kinds & SIGNATURES.keys()}
        lines += [f"| {record.label} | `{name}` | {cell(kinds_shown(kinds))} |" for name, kinds in plain.items()]
    return [*lines, ""]


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


#: How the option is shown in the names of commands that ask a service.
SERVICE = "--service ADDRESS"


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


def over_http() -> Iterator[tuple[str, click.Context]]:
    """Every command that asks a service, with the context that it has when it is called with --service."""
    root = click.Context(
        commands, info_name=f"session-status {SERVICE}", terminal_width=100, **commands.context_settings
    )
    root.params["service"] = "https://status.example.org"
    yield from _over_http(commands, root)


def _over_http(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Context]]:
    entries = getattr(group, "entries", None)
    for name in group.list_commands(context):
        if entries is None or entries[name].over_http:
            found = group.get_command(context, name)
            assert found is not None
            below = click.Context(found, parent=context, info_name=name, terminal_width=100, **found.context_settings)
            if isinstance(found, click.Group):
                yield from _over_http(found, below)
            else:
                yield below.command_path, below


def commands_page() -> str:
    """The help text of every command."""
    lines = ["# Commands\n", NOTE]
    for name, context in [*each_command(commands, "session-status"), *over_http()]:
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
