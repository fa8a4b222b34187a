"""`session-status connection`: the vendor systems which an implementation's script calls by name.

A secret is typed at a prompt, piped in, or taken from an environment variable; never an argument, because arguments
are seen by every user of the machine and stay in the shell's history.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import click

from records import AUTH_KINDS, METHODS, Connection, ConnectionDraft, DbSession
from records.changes import connections as changes
from records.changes import operations
from records.changes.after_commit import AfterCommit
from records.maintenance import resealing
from records.plurals import counted
from records.tenants import connections
from runner.health.start_checks import secret_in_words, what_to_do
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, CommandContext, find_implementation, open_context
from web.cli.common.errors import CommandFailed, listed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_json, print_table

#: what the secret of each kind of credential is called
SECRETS = {
    "basic": "Password",
    "bearer": "Token",
    "api_key_header": "API key",
    "api_key_parameter": "API key",
    "oauth2_client_credentials": "Client secret",
}


@click.group(
    "connection",
    epilog=examples(
        "session-status connection add aha26 ethosce --base-url https://cme.example.org \\",
        "    --auth basic --auth-field user=restws --path-prefix /course_credit_awarded.json",
        "session-status connection set aha26 ethosce --timeout 2",
        "session-status connection list aha26",
    ),
)
def connection() -> None:
    """Add, show, change and remove vendor connections."""


def options(command: Callable[..., None]) -> Callable[..., None]:
    """The options which describe a connection; all are optional, so that `set` can change one alone."""
    for option in (
        click.option("--base-url", metavar="URL", help="https address which every path is put behind."),
        click.option("--auth", "auth_kind", type=click.Choice(list(AUTH_KINDS)), help="Kind of credential."),
        click.option(
            "--auth-field",
            "auth_fields",
            multiple=True,
            metavar="NAME=VALUE",
            help="What is not secret: user (basic), name (API keys), token_url, client_id, scope (OAuth2).",
        ),
        click.option("--secret-stdin", is_flag=True, help="Read the secret from standard input."),
        click.option("--secret-env", metavar="VARIABLE", help="Take the secret from this environment variable."),
        click.option("--new-secret", is_flag=True, help="Ask for a new secret (with `set`)."),
        click.option(
            "--method", "methods", multiple=True, type=click.Choice(METHODS), help="Allowed; may be repeated."
        ),
        click.option(
            "--path-prefix", "path_prefixes", multiple=True, metavar="/PATH", help="Allowed; may be repeated."
        ),
        click.option("--follow-redirects/--no-follow-redirects", default=None, help="Each hop is checked anew."),
        click.option("--timeout", "timeout_s", type=float, metavar="SECONDS", help="Of one call."),
        click.option("--cache", "cache_s", type=int, metavar="SECONDS", help="How long answers to GET are kept."),
        click.option("--rate", "rate_per_s", type=float, metavar="PER-SECOND", help="Most calls a second."),
        click.option("--concurrency", type=int, metavar="CALLS", help="Most calls at the same time."),
        click.option("--max-body", "max_body_bytes", type=int, metavar="BYTES", help="Largest answer."),
        click.option(
            "--development/--no-development", default=None, help="Leads to this machine; never in production."
        ),
    ):
        command = option(command)
    return command


@connection.command(
    "add",
    epilog=examples(
        "session-status connection add aha26 survey --base-url https://api.survey.example.com/v2 \\",
        "    --auth api_key_header --auth-field name=X-Api-Key --secret-env SURVEY_KEY --method GET --method POST",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("name")
@options
def add(implementation: str, name: str, **given: Any) -> None:
    """Add a connection; the script calls it by NAME. The secret is asked for, or comes from --secret-stdin/--secret-env."""
    if not given["base_url"]:
        raise CommandFailed("Where does it lead? Give --base-url https://…")
    draft = changed(ConnectionDraft(name=name, base_url=""), given)
    with open_context() as here:
        refuse_development(here, draft)
        with here.database.reading() as db:
            owner = find_implementation(db, implementation)
            if connections.find(db, owner, name):
                raise CommandFailed(
                    f"{implementation} has a connection {name!r} already. Change it with `connection set`."
                )
            changes.refuse_taken(db, owner, name)  # before the secret is asked for
        sealed = replace(draft, secret=secret_for(draft.auth_kind, given, wanted=draft.auth_kind != "none"))
        save(here, implementation, sealed, changes.add)
    click.echo(f'Added the connection {name}. In the script: api.get({name!r}, "/path")')


@connection.command(
    "set",
    epilog=examples(
        "session-status connection set aha26 ethosce --timeout 2 --cache 20",
        "session-status connection set aha26 ethosce --new-secret",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("name")
@options
def change(implementation: str, name: str, **given: Any) -> None:
    """Change a connection. Another host, account or kind of credential needs the secret again: it is not sent elsewhere."""
    with open_context() as here:
        with here.database.reading() as db:
            present = find_connection(db, implementation, name)
        draft = changed(draft_of(present), given)
        refuse_development(here, draft)
        again = draft.auth_kind != "none" and (given["new_secret"] or connections.must_be_typed_again(present, draft))
        sealed = replace(draft, secret=secret_for(draft.auth_kind, given, wanted=again))
        made = save(here, implementation, sealed, changes.change)
    click.echo(f"Changed the connection {name}." if made else UNCHANGED)


def save(
    here: CommandContext, implementation: str, draft: ConnectionDraft, rule: Callable[..., AfterCommit[Connection]]
) -> bool:
    """Save the draft by the rule; say whether anything was changed."""

    def change(db: DbSession) -> AfterCommit[Connection]:
        owner = find_implementation(db, implementation)
        return rule(db, here.box, owner, draft, audit_context(), environment=here.settings.environment)

    return here.commit(change).made


def refuse_development(here: CommandContext, draft: ConnectionDraft) -> None:
    """Raise CommandFailed in production for a connection of development, with which the next process would not start."""
    if here.settings.production and draft.development:
        raise CommandFailed(
            "A connection for development cannot be saved in production. With `set`, take that off: --no-development."
        )


@connection.command("list")
@click.argument("implementation", type=ImplementationId())
@click.option("--json", "as_json", is_flag=True, help="A JSON list; secrets are never shown.")
def list_all(implementation: str, *, as_json: bool) -> None:
    """List the connections of an implementation."""
    with open_context() as here, here.database.reading() as db:
        found = [shown(one) for one in connections.every(db, find_implementation(db, implementation))]
    if as_json:
        print_json(found)
        return
    rows = [
        (one["name"], one["base_url"], one["auth_kind"], " ".join(one["methods"]), " ".join(one["path_prefixes"]))
        for one in found
    ]
    empty = f"{implementation} has no connection yet: session-status connection add {implementation} NAME --base-url …"
    print_table(("name", "address", "credential", "methods", "paths"), rows, empty=empty)


@connection.command("remove")
@click.argument("implementation", type=ImplementationId())
@click.argument("name")
@click.confirmation_option(prompt="Its secret is forgotten, and scripts that call it will fail. Remove it?")
def remove(implementation: str, name: str) -> None:
    """Remove a connection and forget its secret. Asks once; --yes does not ask."""
    with open_context() as here:
        here.commit(lambda db: removed(db, implementation, name))
    click.echo(f"Removed the connection {name}.")


def removed(db: DbSession, implementation: str, name: str) -> AfterCommit[None]:
    """Remove a connection. Raises CommandFailed which names those that are there."""
    find_connection(db, implementation, name)
    return changes.remove(db, find_implementation(db, implementation), name, audit_context())


@connection.command("reseal", epilog=examples("session-status connection reseal"))
def reseal() -> None:
    """Seal the secrets of all implementations anew with the present key.

    After it, keys in SESSION_STATUS_SECRET_KEYS_OLD are not needed for secrets any more.
    """
    with open_context() as here:
        count = here.commit(lambda db: resealed(db, here)).value
    click.echo(f"Sealed {counted(count, 'secret')} with the present key.")


def resealed(db: DbSession, here: CommandContext) -> AfterCommit[int]:
    """Seal all secrets with the present key. Raises CommandFailed if no key opens one of them."""
    closed = resealing.unreadable_secrets(db, here.box)
    if closed:
        faults = (f"  - no key opens {secret_in_words(one)}. {what_to_do(one)}" for one in closed)
        raise CommandFailed("\n".join(["Nothing was changed:", *faults]))
    return operations.reseal(db, here.box, audit_context())


def find_connection(db: DbSession, implementation: str, name: str) -> Connection:
    """The connection of this name. Raises CommandFailed which names those that are there."""
    owner = find_implementation(db, implementation)
    found = connections.find(db, owner, name)
    if found is None:
        known = listed(one.name for one in connections.every(db, owner))
        raise CommandFailed(f"{implementation} has no connection {name!r}. It has: {known}.")
    return found


def shown(found: Connection) -> dict[str, Any]:
    """Everything about a connection but its secret."""
    return {"name": found.name, **changes.described(found)}


def draft_of(found: Connection) -> ConnectionDraft:
    """The connection as it is, ready to be changed."""
    values: dict[str, Any] = shown(found)
    values |= {name: tuple(values[name]) for name in ("methods", "path_prefixes")}
    return ConnectionDraft(**values)


def changed(draft: ConnectionDraft, given: dict[str, Any]) -> ConnectionDraft:
    """The draft with those options which were given."""
    names = {field.name for field in fields(ConnectionDraft)} - {"auth_fields"}
    wanted = {name: value for name, value in given.items() if name in names and value not in (None, ())}
    if given["auth_kind"] not in (None, draft.auth_kind):
        wanted["auth_fields"] = {}
    if given["auth_fields"]:
        wanted["auth_fields"] = wanted.get("auth_fields", draft.auth_fields) | pairs(given["auth_fields"])
    return replace(draft, **wanted)


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE as a dict. Raises CommandFailed for anything else."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise CommandFailed(f"--auth-field {text!r} is not NAME=VALUE, for example user=restws.")
        found[name] = value
    return found


def secret_for(kind: str, given: dict[str, Any], *, wanted: bool) -> str | None:
    """The secret, from where the options say; at a terminal it is asked for when it is wanted."""
    if given["secret_env"]:
        secret = os.environ.get(given["secret_env"])
        if not secret:
            raise CommandFailed(
                f"The environment variable {given['secret_env']} is not set, so there is no secret in it."
            )
        return secret
    if given["secret_stdin"]:
        return sys.stdin.readline().rstrip("\r\n") or None
    if not wanted:
        return None
    if not sys.stdin.isatty():
        raise CommandFailed(
            "There is no terminal to ask for the secret. Pipe it in with --secret-stdin, or use --secret-env."
        )
    return str(click.prompt(SECRETS[kind], hide_input=True, err=True))
