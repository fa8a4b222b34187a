"""`session-status connection`: the vendor systems that an implementation's script calls by name.

A secret is typed at a prompt, piped in, or read from an environment variable. It is never an argument, because arguments are
visible to all users of the machine and stay in the shell history.
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
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_json, print_table
from web.cli.setup.connection_health import health_in_words, healths_of, retry
from web.cli.setup.connection_lookup import find_connection
from web.time_format import TimeFormatter

#: The name of the secret, for each kind of credential.
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


connection.add_command(retry)


def connection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that describe a connection. All are optional, so that `set` can change a single one."""
    for option in (
        click.option("--base-url", metavar="URL", help="https address; each path is appended to it."),
        click.option("--auth", "auth_kind", type=click.Choice(list(AUTH_KINDS)), help="Kind of credential."),
        click.option(
            "--auth-field",
            "auth_fields",
            multiple=True,
            metavar="NAME=VALUE",
            help="Fields that are not secret: user (basic), name (API keys), token_url, client_id, scope (OAuth2).",
        ),
        click.option("--secret-stdin", is_flag=True, help="Read the secret from standard input."),
        click.option("--secret-env", metavar="VARIABLE", help="Read the secret from this environment variable."),
        click.option("--new-secret", is_flag=True, help="Ask for a new secret (with `set`)."),
        click.option(
            "--method", "methods", multiple=True, type=click.Choice(METHODS), help="Allowed method; may be repeated."
        ),
        click.option(
            "--path-prefix", "path_prefixes", multiple=True, metavar="/PATH", help="Allowed path; may be repeated."
        ),
        click.option("--follow-redirects/--no-follow-redirects", default=None, help="Each redirect is checked."),
        click.option("--timeout", "timeout_s", type=float, metavar="SECONDS", help="Limit for one call."),
        click.option("--cache", "cache_s", type=int, metavar="SECONDS", help="How long answers to GET are cached."),
        click.option("--rate", "rate_per_s", type=float, metavar="PER-SECOND", help="Most calls per second."),
        click.option("--concurrency", type=int, metavar="CALLS", help="Most calls at the same time."),
        click.option("--max-body", "max_body_bytes", type=int, metavar="BYTES", help="Largest answer."),
        click.option("--development/--no-development", default=None, help="May call this machine; not for production."),
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
@connection_options
def add(implementation: str, name: str, **options: Any) -> None:
    """Add a connection, which the script calls by NAME. Asks for the secret unless --secret-stdin or --secret-env is given."""
    if not options["base_url"]:
        raise CommandFailed("The address is missing. Give --base-url https://…")
    draft = changed(ConnectionDraft(name=name, base_url=""), options)
    with open_context() as context:
        refuse_development(context, draft)
        with context.database.reading() as db:
            owner = find_implementation(db, implementation)
            if connections.find(db, owner, name):
                raise CommandFailed(
                    f"{implementation} already has a connection {name!r}. Change it with `connection set`."
                )
            changes.refuse_taken(db, owner, name)  # before the secret is asked for
        sealed = replace(draft, secret=secret_for(draft.auth_kind, options, wanted=draft.auth_kind != "none"))
        save(context, implementation, sealed, changes.add)
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
@connection_options
def change(implementation: str, name: str, **options: Any) -> None:
    """Change a connection. A new host, account or kind of credential requires the secret again, so that it is not sent elsewhere."""
    with open_context() as context:
        with context.database.reading() as db:
            present = find_connection(db, implementation, name)
        draft = changed(draft_of(present), options)
        refuse_development(context, draft)
        again = draft.auth_kind != "none" and (options["new_secret"] or connections.must_be_typed_again(present, draft))
        sealed = replace(draft, secret=secret_for(draft.auth_kind, options, wanted=again))
        made = save(context, implementation, sealed, changes.change)
    click.echo(f"Changed the connection {name}." if made else UNCHANGED)


def save(
    context: CommandContext, implementation: str, draft: ConnectionDraft, rule: Callable[..., AfterCommit[Connection]]
) -> bool:
    """Save the draft with a rule; say whether anything was changed."""

    def change(db: DbSession) -> AfterCommit[Connection]:
        owner = find_implementation(db, implementation)
        return rule(db, context.box, owner, draft, audit_context(), environment=context.settings.environment)

    return context.commit(change).made


def refuse_development(context: CommandContext, draft: ConnectionDraft) -> None:
    """Raise CommandFailed in production for a connection for development, because no process would start with it."""
    if context.settings.production and draft.development:
        raise CommandFailed(
            "A connection for development cannot be saved in production. To change one, use `set` with --no-development."
        )


@connection.command("list")
@click.argument("implementation", type=ImplementationId())
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; secrets are never shown.")
def list_all(implementation: str, *, as_json: bool) -> None:
    """List the connections of an implementation, and how their vendors are now."""
    with open_context() as context:
        with context.database.reading() as db:
            owner = find_implementation(db, implementation)
            found = [shown(one) for one in connections.every(db, owner)]
            slug, clock = owner.slug, TimeFormatter.of(owner)
        healths = healths_of(context, slug, [one["name"] for one in found])
    if as_json:
        known = [health.as_json() if health else None for health in healths]
        print_json([one | {"health": health} for one, health in zip(found, known, strict=True)])
        return
    rows = [
        (one["name"], one["base_url"], one["auth_kind"], " ".join(one["methods"]), " ".join(one["path_prefixes"]), now)
        for one, now in zip(found, (health_in_words(each, clock) for each in healths), strict=True)
    ]
    empty = f"{implementation} has no connection yet: session-status connection add {implementation} NAME --base-url …"
    print_table(("name", "address", "credential", "methods", "paths", f"now ({clock.zone})"), rows, empty=empty)


@connection.command("remove")
@click.argument("implementation", type=ImplementationId())
@click.argument("name")
@click.confirmation_option(prompt="Its secret is deleted, and scripts that call it will fail. Remove it?")
def remove(implementation: str, name: str) -> None:
    """Remove a connection and its secret. Asks for confirmation unless --yes is given."""
    with open_context() as context:
        context.commit(lambda db: removed(db, implementation, name))
    click.echo(f"Removed the connection {name}.")


def removed(db: DbSession, implementation: str, name: str) -> AfterCommit[None]:
    """Remove a connection. Raises CommandFailed, which lists the existing ones."""
    find_connection(db, implementation, name)
    return changes.remove(db, find_implementation(db, implementation), name, audit_context())


@connection.command("reseal", epilog=examples("session-status connection reseal"))
def reseal() -> None:
    """Encrypt the secrets of all implementations again, with the current key.

    Afterwards, secrets no longer need the keys in SESSION_STATUS_SECRET_KEYS_OLD.
    """
    with open_context() as context:
        count = context.commit(lambda db: resealed(db, context)).value
    click.echo(f"Encrypted {counted(count, 'secret')} with the current key.")


def resealed(db: DbSession, context: CommandContext) -> AfterCommit[int]:
    """Encrypt all secrets with the current key. Raises CommandFailed if one of them cannot be decrypted."""
    closed = resealing.unreadable_secrets(db, context.box)
    if closed:
        faults = (f"  - no key decrypts {secret_in_words(one)}. {what_to_do(one)}" for one in closed)
        raise CommandFailed("\n".join(["Nothing was changed:", *faults]))
    return operations.reseal(db, context.box, audit_context())


def shown(found: Connection) -> dict[str, Any]:
    """Return a connection as JSON values, without its secret."""
    return {"name": found.name, **changes.described(found)}


def draft_of(found: Connection) -> ConnectionDraft:
    """Return a draft with the current values of a connection."""
    values: dict[str, Any] = shown(found)
    values |= {name: tuple(values[name]) for name in ("methods", "path_prefixes")}
    return ConnectionDraft(**values)


def changed(draft: ConnectionDraft, options: dict[str, Any]) -> ConnectionDraft:
    """Return the draft with the given options."""
    names = {field.name for field in fields(ConnectionDraft)} - {"auth_fields"}
    wanted = {name: value for name, value in options.items() if name in names and value not in (None, ())}
    if options["auth_kind"] not in (None, draft.auth_kind):
        wanted["auth_fields"] = {}
    if options["auth_fields"]:
        wanted["auth_fields"] = wanted.get("auth_fields", draft.auth_fields) | pairs(options["auth_fields"])
    return replace(draft, **wanted)


def pairs(arguments: tuple[str, ...]) -> dict[str, str]:
    """Convert NAME=VALUE arguments to a dict. Raises CommandFailed for any other form."""
    found = {}
    for text in arguments:
        name, equals, value = text.partition("=")
        if not equals:
            raise CommandFailed(f"--auth-field {text!r} is not NAME=VALUE, for example user=restws.")
        found[name] = value
    return found


def secret_for(kind: str, options: dict[str, Any], *, wanted: bool) -> str | None:
    """Return the secret from the source in the options, or from a prompt if it is required."""
    if options["secret_env"]:
        secret = os.environ.get(options["secret_env"])
        if not secret:
            raise CommandFailed(f"The environment variable {options['secret_env']} is not set or empty.")
        return secret
    if options["secret_stdin"]:
        return sys.stdin.readline().rstrip("\r\n") or None
    if not wanted:
        return None
    if not sys.stdin.isatty():
        raise CommandFailed("There is no terminal to prompt for the secret. Use --secret-stdin or --secret-env.")
    return str(click.prompt(SECRETS[kind], hide_input=True, err=True))
