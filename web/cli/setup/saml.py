"""`session-status saml`: identity providers, for operators.

`saml refresh` is for a timer: it fetches the metadata of providers, and its exit status says whether someone has to act.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from records import DbSession, Implementation, SamlCertificate
from records.changes import saml as changes
from records.changes.after_commit import AfterCommit
from records.changes.saml_metadata import MetadataChange
from records.identity import saml_providers as saml
from records.identity.certificates import fingerprint_text
from records.tenants import implementations
from runner.powers.outbound_requests import OutboundRequests
from web.auth.saml.metadata_import import MetadataRefused, ProvidedMetadata, fetch_again, import_metadata, refresh
from web.cli.common.audit_context import audit_context
from web.cli.common.context import CommandContext, find_implementation, find_served, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed, reports_errors
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_json, print_pairs, print_table
from web.time_format import TimeFormatter


@click.group(
    "saml",
    epilog=examples(
        "session-status saml show aha26",
        "session-status saml import aha26 idp-metadata.xml",
        "session-status saml refresh",
    ),
)
def saml_group() -> None:
    """Show, import and refresh identity providers (SAML)."""


@saml_group.command("show", epilog=examples("session-status saml show aha26"))
@click.argument("implementation", type=ImplementationId())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; keys are never shown.")
def show(implementation: str, *, as_json: bool) -> None:
    """Show our addresses for the identity provider, and the provider with its certificates."""
    with open_context() as context, context.database.reading() as db:
        owner = find_implementation(db, implementation)
        found = shown(db, context, owner)
        provider = saml.find(db, owner)
        certificates = saml.certificates(db, provider) if provider else []
    if as_json:
        print_json(found | {"certificates": [certificate_json(one) for one in certificates]})
        return
    print_pairs(found, {})
    click.echo()
    clock = TimeFormatter.of(owner)
    rows = [(one.state, clock.digits(one.not_after), one.subject, fingerprint_text(one.sha256)) for one in certificates]
    heads = ("certificate", f"until ({clock.zone})", "subject", "SHA-256")
    print_table(heads, rows, empty="There is no certificate yet.")


@saml_group.command(
    "import",
    epilog=examples("session-status saml import aha26 idp-metadata.xml"),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reports_errors(MetadataRefused)
def import_file(implementation: str, file: Path) -> None:
    """Connect an identity provider by its metadata, or import newer metadata of the connected one.

    Exit status: 1 if a new certificate is waiting. Accept it in the console after the provider has confirmed its fingerprint.
    """
    with open_context() as context:
        provided = ProvidedMetadata(file.read_bytes())
        upkeep = context.commit(lambda db: imported(db, context, implementation, provided)).value
    print_change(implementation, upkeep)
    if upkeep.attention:
        raise SystemExit(ANSWER_IS_NO)


def imported(
    db: DbSession, context: CommandContext, implementation: str, provided: ProvidedMetadata
) -> AfterCommit[MetadataChange]:
    """Import metadata."""
    owner = find_implementation(db, implementation)
    return import_metadata(db, context.box, owner, provided, audit_context(), environment=context.settings.environment)


@saml_group.command("refresh", epilog=examples("session-status saml refresh", "session-status saml refresh aha26"))
@click.argument("implementation", required=False, type=ImplementationId())
def refresh_all(implementation: str | None) -> None:
    """Fetch the metadata of identity providers and compare it: of one implementation, or of all with a metadata address.

    This never admits more people: new certificates wait for an administrator, and changed addresses are only reported.
    Certificates that expire within 30 days are reported too, the providers' and our own. Exit status: 0 nothing to do; 1
    someone has to act, or the metadata of a provider could not be fetched.
    """
    with open_context() as context:
        if not context.settings.redis_url:
            raise CommandFailed("This command needs the store: set REDIS_URL, or start `session-status up`.")
        with context.database.reading() as db:
            slugs = [find_served(db, implementation).slug] if implementation else with_address(db)
            attention = print_expiring(db, implementation)
        with closing(OutboundRequests.open(context.settings)) as outbound:
            for slug in slugs:
                attention |= refreshed(context, outbound, slug)
    if not slugs:
        click.echo("No identity provider has a metadata address.")
    if attention:
        raise SystemExit(ANSWER_IS_NO)


@saml_group.command("new-key", epilog=examples("session-status saml new-key aha26"))
@click.argument("implementation", type=ImplementationId())
@click.confirmation_option(prompt="The identity provider must read our metadata again afterwards. Make new keys?")
def new_key(implementation: str) -> None:
    """Replace our SAML keys, if they can no longer be decrypted or may have been exposed.

    The change takes effect at once: a provider that verifies our signatures or encrypts for us must read our metadata again
    before people can log in. To replace working keys without an interruption, use the console.
    """
    with open_context() as context:
        by = audit_context()
        context.commit(lambda db: changes.replace_keys(db, context.box, find_implementation(db, implementation), by))
    click.echo(f"Made new keys. Let the identity provider of {implementation} read our metadata again (`saml show`).")


@saml_group.command("remove", epilog=examples("session-status saml remove aha26"))
@click.argument("implementation", type=ImplementationId())
@click.confirmation_option(prompt="No one will be able to log in by it. Remove the identity provider?")
def remove(implementation: str) -> None:
    """Remove the identity provider with its certificates. People, roles and our own keys stay.

    Use this for a provider that must not be there, for example the development one in production. People who logged in by it
    cannot log in by another provider until an administrator hands them over in the console.
    """
    with open_context() as context:
        context.commit(lambda db: removed(db, implementation))
    click.echo(f"Removed the identity provider of {implementation}.")


def removed(db: DbSession, implementation: str) -> AfterCommit[None]:
    """Remove the identity provider. Raises CommandFailed if there is none."""
    owner = find_implementation(db, implementation)
    if saml.find(db, owner) is None:
        raise CommandFailed(f"{implementation} has no identity provider.")
    return changes.remove(db, owner, audit_context())


def refreshed(context: CommandContext, outbound: OutboundRequests, slug: str) -> bool:
    """Refresh one provider and print the result; return whether someone has to act."""
    try:
        fetched = fetch_again(context.database, outbound, slug)
        upkeep = context.commit(lambda db: refresh(db, fetched, audit_context())).value
    except MetadataRefused as refused:
        click.echo(f"{slug}: {refused}", err=True)
        return True
    print_change(slug, upkeep)
    return upkeep.attention


def print_expiring(db: DbSession, implementation: str | None) -> bool:
    """Print which certificates expire soon, of one implementation or of all; return whether there are any."""
    owners = {one.id: one for one in served(db) if implementation in (None, one.slug)}
    ends = [
        (one.implementation_id, "a certificate of its identity provider", one.not_after) for one in saml.expiring(db)
    ]
    ends += [(one.implementation_id, f"our {one.use} certificate", one.not_after) for one in saml.own_expiring(db)]
    expiring = [(owners[owner], words, end) for owner, words, end in ends if owner in owners]
    for owner, words, end in expiring:
        click.echo(f"{owner.slug}: {words} expires at {TimeFormatter.of(owner).exact(end)}.")
    return bool(expiring)


def served(db: DbSession) -> list[Implementation]:
    """Return all implementations except archived ones."""
    return [one for one in implementations.every(db) if one.archived_at is None]


def print_change(slug: str, upkeep: MetadataChange) -> None:
    """Print the result of an import or a refresh."""
    for words in upkeep.words:
        click.echo(f"{slug}: {words}")


def with_address(db: DbSession) -> list[str]:
    """Return the implementations whose provider has a metadata address."""
    found = ((one, saml.find(db, one)) for one in served(db))
    return [one.slug for one, provider in found if provider and provider.metadata_url]


def shown(db: DbSession, context: CommandContext, owner: Implementation) -> dict[str, Any]:
    """Return both sides as values, without keys."""
    base = f"{context.settings.public_url.rstrip('/')}/saml/{owner.slug}"
    provider = saml.find(db, owner)
    names = ("entity_id", "sso_url", "slo_url", "metadata_url", "subject_attribute")
    theirs = {name: getattr(provider, name) if provider else "" for name in names}
    ours = {"our_entity_id": f"{base}/metadata", "our_acs_url": f"{base}/acs", "our_slo_url": f"{base}/slo"}
    return {**ours, **theirs}


def certificate_json(one: SamlCertificate) -> dict[str, str]:
    """Return a certificate as JSON values."""
    return {
        "state": one.state,
        "not_after": one.not_after.isoformat(),
        "subject": one.subject,
        "sha256": fingerprint_text(one.sha256),
    }
