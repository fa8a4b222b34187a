"""`session-status saml`: identity providers, as an operator looks after them.

`saml refresh` is for a timer: it fetches what providers publish, and its exit status says whether somebody has to act.
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
@click.option("--json", "as_json", is_flag=True, help="One JSON object; keys are never shown.")
def show(implementation: str, *, as_json: bool) -> None:
    """Show both sides: our addresses for the provider, and the provider with its certificates."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        found = shown(db, here, owner)
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
    print_table(heads, rows, empty="No certificate is known yet.")


@saml_group.command(
    "import",
    epilog=examples("session-status saml import aha26 idp-metadata.xml"),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reports_errors(MetadataRefused)
def import_file(implementation: str, file: Path) -> None:
    """Connect an identity provider by its metadata, or bring newer metadata of the one that is connected.

    Exit status: 1 when a new certificate waits; accept it in the console if the provider confirms its fingerprint.
    """
    with open_context() as here:
        given = ProvidedMetadata(file.read_bytes())
        upkeep = here.commit(lambda db: imported(db, here, implementation, given)).value
    tell(implementation, upkeep)
    if upkeep.attention:
        raise SystemExit(ANSWER_IS_NO)


def imported(
    db: DbSession, here: CommandContext, implementation: str, given: ProvidedMetadata
) -> AfterCommit[MetadataChange]:
    """Take metadata into the records."""
    owner = find_implementation(db, implementation)
    return import_metadata(db, here.box, owner, given, audit_context(), environment=here.settings.environment)


@saml_group.command("refresh", epilog=examples("session-status saml refresh", "session-status saml refresh aha26"))
@click.argument("implementation", required=False, type=ImplementationId())
def refresh_all(implementation: str | None) -> None:
    """Fetch providers' metadata again and compare: of one implementation, or of all that name an address for it.

    It lets nobody in who could not come in before: new certificates wait for an administrator, changed addresses are
    told. Certificates that end within 30 days are told as well, the providers' and our own. Exit status: 0 nothing to
    do; 1 somebody has to act, or a provider's metadata could not be had.
    """
    with open_context() as here:
        if not here.settings.redis_url:
            raise CommandFailed("This needs the store: set REDIS_URL, or start `session-status up`.")
        with here.database.reading() as db:
            slugs = [find_served(db, implementation).slug] if implementation else with_address(db)
            attention = tell_expiring(db, implementation)
        with closing(OutboundRequests.open(here.settings)) as outreach:
            for slug in slugs:
                attention |= refreshed(here, outreach, slug)
    if not slugs:
        click.echo("No identity provider has an address for its metadata.")
    if attention:
        raise SystemExit(ANSWER_IS_NO)


@saml_group.command("new-key", epilog=examples("session-status saml new-key aha26"))
@click.argument("implementation", type=ImplementationId())
@click.confirmation_option(prompt="Its identity provider has to read our metadata anew. Make new keys?")
def new_key(implementation: str) -> None:
    """Throw our SAML keys away and make others, for when they do not open any more or may be known to somebody.

    It takes effect at once: a provider that checks our signature or encrypts for us has to read our metadata anew
    before people can log in. Keys that are still good are better changed in the console, without a gap.
    """
    with open_context() as here:
        by = audit_context()
        here.commit(lambda db: changes.replace_keys(db, here.box, find_implementation(db, implementation), by))
    click.echo(f"Made new keys. Let the identity provider of {implementation} read our metadata anew (`saml show`).")


@saml_group.command("remove", epilog=examples("session-status saml remove aha26"))
@click.argument("implementation", type=ImplementationId())
@click.confirmation_option(prompt="Nobody can log in by it any more. Remove the identity provider?")
def remove(implementation: str) -> None:
    """Remove the identity provider with its certificates. People, roles and our own keys stay.

    For one that must not be there, such as that of development in production. People whom it brought in are not let in
    by another one until an administrator hands them over in the console.
    """
    with open_context() as here:
        here.commit(lambda db: removed(db, implementation))
    click.echo(f"Removed the identity provider of {implementation}.")


def removed(db: DbSession, implementation: str) -> AfterCommit[None]:
    """Remove the identity provider. Raises CommandFailed if there is none."""
    owner = find_implementation(db, implementation)
    if saml.find(db, owner) is None:
        raise CommandFailed(f"{implementation} has no identity provider.")
    return changes.remove(db, owner, audit_context())


def refreshed(here: CommandContext, outreach: OutboundRequests, slug: str) -> bool:
    """Refresh one, and say what came of it; whether somebody has to act."""
    try:
        fetched = fetch_again(here.database, outreach, slug)
        upkeep = here.commit(lambda db: refresh(db, fetched, audit_context())).value
    except MetadataRefused as refused:
        click.echo(f"{slug}: {refused}", err=True)
        return True
    tell(slug, upkeep)
    return upkeep.attention


def tell_expiring(db: DbSession, implementation: str | None) -> bool:
    """Print which certificates end soon, of one implementation or of all; whether there are any."""
    owners = {one.id: one for one in served(db) if implementation in (None, one.slug)}
    ends = [
        (one.implementation_id, "a certificate of its identity provider", one.not_after) for one in saml.expiring(db)
    ]
    ends += [(one.implementation_id, f"our {one.use} certificate", one.not_after) for one in saml.own_expiring(db)]
    told = [(owners[owner], words, end) for owner, words, end in ends if owner in owners]
    for owner, words, end in told:
        click.echo(f"{owner.slug}: {words} is good until {TimeFormatter.of(owner).exact(end)}.")
    return bool(told)


def served(db: DbSession) -> list[Implementation]:
    """All implementations but the archived ones, whose providers concern nobody."""
    return [one for one in implementations.every(db) if one.archived_at is None]


def tell(slug: str, upkeep: MetadataChange) -> None:
    """Print what came of metadata."""
    for words in upkeep.words:
        click.echo(f"{slug}: {words}")


def with_address(db: DbSession) -> list[str]:
    """The implementations whose provider names an address for its metadata."""
    found = ((one, saml.find(db, one)) for one in served(db))
    return [one.slug for one, provider in found if provider and provider.metadata_url]


def shown(db: DbSession, here: CommandContext, owner: Implementation) -> dict[str, Any]:
    """Both sides, without any key."""
    base = f"{here.settings.public_url.rstrip('/')}/saml/{owner.slug}"
    provider = saml.find(db, owner)
    names = ("entity_id", "sso_url", "slo_url", "metadata_url", "subject_attribute")
    theirs = {name: getattr(provider, name) if provider else "" for name in names}
    ours = {"our_entity_id": f"{base}/metadata", "our_acs_url": f"{base}/acs", "our_slo_url": f"{base}/slo"}
    return {**ours, **theirs}


def certificate_json(one: SamlCertificate) -> dict[str, str]:
    """A certificate as JSON values."""
    return {
        "state": one.state,
        "not_after": one.not_after.isoformat(),
        "subject": one.subject,
        "sha256": fingerprint_text(one.sha256),
    }
