"""Trust: how what a provider publishes about itself is read before it gets into the records, and how it is kept up.

Metadata says by whose word people are let in. So it is read here as follows, and `records.changes.saml_metadata` says what
of it counts:

1. It reads as metadata of one provider, with the hardened parser, and has not expired (`metadata.read_idp_metadata`).
2. Later metadata must be of the same provider. Another entity ID is another provider, and is refused here. Of a
   federation's metadata that of the one provider is taken.

Metadata is fetched by `OutboundRequests`: https, public addresses, no redirects, 2 MB at most.

    given = ProvidedMetadata(upload)                                             # or:
    given = ProvidedMetadata(fetch_metadata(outreach, url), url=url)             # outside of a transaction
    with database.session() as db:
        after = import_metadata(db, box, implementation, given, by, environment=environment)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from records import Database, DbSession, Implementation, RuleViolation, SamlProvider, SecretBox
from records.audit import AuditContext
from records.changes import saml_metadata
from records.changes.after_commit import AfterCommit
from records.changes.saml_metadata import MetadataChange, PublishedProvider
from records.identity import saml_providers as saml
from records.tenants import implementations
from runner.powers.outbound_requests import OutboundRequestFailed, OutboundRequests
from web.auth.saml.protocol.messages.metadata import BadMetadata, IdpMetadata, read_idp_metadata

#: What a provider's server is asked for.
ACCEPT = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8"

#: Bytes of metadata which are read.
MOST_BYTES = 2 * 1024 * 1024

_OK = 200


class MetadataRefused(Exception):
    """Metadata was not taken. The text is one sentence or more for whoever brought it."""


@dataclass(frozen=True)
class ProvidedMetadata:
    """Metadata which an administrator brings."""

    xml: bytes = field(repr=False)
    url: str | None = None  #: where it was fetched from, to be fetched again; None leaves that as it is
    development: bool = False  #: allows addresses of this machine


@dataclass(frozen=True)
class FetchedMetadata:
    """Metadata of a provider that is connected, as it was fetched again."""

    slug: str
    published: PublishedProvider


def import_metadata(  # noqa: PLR0913 - whose metadata, and who brings it
    db: DbSession,
    box: SecretBox,
    implementation: Implementation,
    given: ProvidedMetadata,
    by: AuditContext,
    *,
    environment: str,
) -> AfterCommit[MetadataChange]:
    """Take metadata which an administrator brings. Raises `MetadataRefused` with the reason."""
    present = saml.find(db, implementation)
    found = _read(given.xml, present.entity_id if present else None)  # 1., 2.
    published = _published(found, given.xml, url=given.url, development=given.development)
    try:
        return saml_metadata.import_provider(db, box, implementation, published, by, environment=environment)
    except RuleViolation as refused:
        raise MetadataRefused(f"The metadata cannot be used: {refused}.") from None


def fetch_metadata(outreach: OutboundRequests, url: str) -> bytes:
    """Fetch metadata. Raises `MetadataRefused` with the reason. Never inside a transaction: it may take seconds."""
    try:
        fetched = outreach.fetch(url, max_body=MOST_BYTES, accept=ACCEPT)
    except OutboundRequestFailed as failed:
        raise MetadataRefused(f"The metadata could not be fetched: {failed.text}") from None
    if fetched.status != _OK:
        raise MetadataRefused(f"The metadata could not be fetched: the server answered with status {fetched.status}.")
    return fetched.body


def fetch_again(database: Database, outreach: OutboundRequests, slug: str) -> FetchedMetadata:
    """Fetch the metadata of an implementation's provider, for `refresh`. Raises `MetadataRefused` with the reason."""
    with database.reading() as db:
        _, present = _provider(db, slug)
    if not present.metadata_url:
        raise MetadataRefused("Its metadata was uploaded, so there is no address to fetch it from.")
    xml = fetch_metadata(outreach, present.metadata_url)
    return FetchedMetadata(slug, _published(_read(xml, present.entity_id), xml))  # 1., 2.


def refresh(db: DbSession, fetched: FetchedMetadata, by: AuditContext) -> AfterCommit[MetadataChange]:
    """Compare with what was fetched. Raises `MetadataRefused` with the reason.

    It changes nothing that lets anybody in: new certificates wait, changed addresses are only reported.
    """
    implementation, present = _provider(db, fetched.slug)
    if present.entity_id != fetched.published.entity_id:
        raise MetadataRefused("The provider was changed in the meantime. Try again.")
    try:
        return saml_metadata.refresh_provider(db, implementation, fetched.published, by)
    except RuleViolation as refused:
        raise MetadataRefused(f"The metadata cannot be used: {refused}.") from None


def _read(xml: bytes, entity_id: str | None) -> IdpMetadata:
    if len(xml) > MOST_BYTES:
        raise MetadataRefused(
            "The metadata is larger than 2 MB. Use that of the one provider, not of a whole federation."
        )
    try:
        return read_idp_metadata(xml, entity_id)
    except BadMetadata as error:
        raise MetadataRefused(str(error)) from None


def _published(
    found: IdpMetadata, xml: bytes, *, url: str | None = None, development: bool = False
) -> PublishedProvider:
    def is_signed_by(believed: Sequence[str]) -> bool:
        try:
            read_idp_metadata(xml, found.entity_id, signed_by=list(believed))
        except BadMetadata:
            return False
        return True

    return PublishedProvider(
        entity_id=found.entity_id,
        sso_url=found.sso_url,
        slo_url=found.slo_url,
        certificates=found.certificates,
        is_signed_by=is_signed_by,
        url=url,
        development=development,
    )


def _provider(db: DbSession, slug: str) -> tuple[Implementation, SamlProvider]:
    implementation = implementations.find(db, slug)
    present = saml.find(db, implementation) if implementation else None
    if implementation is None or present is None:
        raise MetadataRefused(f"{slug} has no identity provider.")
    return implementation, present
