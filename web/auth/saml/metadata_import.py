"""Import and refresh of a provider's metadata.

Metadata decides whose signatures are trusted. It is read here as follows; `records.changes.saml_metadata` decides what is
stored:

1. It is valid metadata of one provider, read with the hardened parser, and has not expired (`metadata.read_idp_metadata`).
2. Later metadata must be of the same provider: another entity ID is refused. From the metadata of a federation, only the
   part of this provider is used.

Metadata is fetched by `OutboundRequests`: https, public addresses, no redirects, 2 MB at most.

    provided = ProvidedMetadata(upload)                                             # or:
    provided = ProvidedMetadata(fetch_metadata(outbound, url), url=url)             # outside of a transaction
    with database.session() as db:
        after = import_metadata(db, box, implementation, provided, by, environment=environment)
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

#: The Accept header for fetching metadata.
ACCEPT = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8"

#: Most bytes of metadata.
MOST_BYTES = 2 * 1024 * 1024

_OK = 200


class MetadataRefused(Exception):
    """The metadata was refused. The text, one or more sentences, is for the person who provided it."""


@dataclass(frozen=True)
class ProvidedMetadata:
    """Metadata that an administrator provides."""

    xml: bytes = field(repr=False)
    url: str | None = None  #: where it was fetched from, for refreshing it; None leaves the stored address unchanged
    development: bool = False  #: allows addresses on this machine


@dataclass(frozen=True)
class FetchedMetadata:
    """Refreshed metadata of a connected provider."""

    slug: str
    published: PublishedProvider


def import_metadata(  # noqa: PLR0913 - whose metadata, and who provides it
    db: DbSession,
    box: SecretBox,
    implementation: Implementation,
    provided: ProvidedMetadata,
    by: AuditContext,
    *,
    environment: str,
) -> AfterCommit[MetadataChange]:
    """Import metadata that an administrator provides. Raises `MetadataRefused` with the reason."""
    present = saml.find(db, implementation)
    found = _read(provided.xml, present.entity_id if present else None)  # 1., 2.
    published = _published(found, provided.xml, url=provided.url, development=provided.development)
    try:
        return saml_metadata.import_provider(db, box, implementation, published, by, environment=environment)
    except RuleViolation as refused:
        raise MetadataRefused(f"The metadata cannot be used: {refused}.") from None


def fetch_metadata(outbound: OutboundRequests, url: str) -> bytes:
    """Fetch metadata. Raises `MetadataRefused` with the reason. Never inside a transaction: it may take seconds."""
    try:
        fetched = outbound.fetch(url, max_body=MOST_BYTES, accept=ACCEPT)
    except OutboundRequestFailed as failed:
        raise MetadataRefused(f"The metadata could not be fetched: {failed.text}") from None
    if fetched.status != _OK:
        raise MetadataRefused(f"The metadata could not be fetched: the server answered with status {fetched.status}.")
    return fetched.body


def fetch_again(database: Database, outbound: OutboundRequests, slug: str) -> FetchedMetadata:
    """Fetch the metadata of an implementation's provider, for `refresh`. Raises `MetadataRefused` with the reason."""
    with database.reading() as db:
        _, present = _provider(db, slug)
    if not present.metadata_url:
        raise MetadataRefused("The metadata was uploaded, so there is no address to fetch it from.")
    xml = fetch_metadata(outbound, present.metadata_url)
    return FetchedMetadata(slug, _published(_read(xml, present.entity_id), xml))  # 1., 2.


def refresh(db: DbSession, fetched: FetchedMetadata, by: AuditContext) -> AfterCommit[MetadataChange]:
    """Compare the stored provider with the fetched metadata. Raises `MetadataRefused` with the reason.

    This never admits more people: new certificates wait for an administrator, and changed addresses are only reported.
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
            "The metadata is larger than 2 MB. Use the metadata of the provider alone, not of a whole federation."
        )
    try:
        return read_idp_metadata(xml, entity_id)
    except BadMetadata as error:
        raise MetadataRefused(str(error)) from None


def _published(
    found: IdpMetadata, xml: bytes, *, url: str | None = None, development: bool = False
) -> PublishedProvider:
    def is_signed_by(certificates: Sequence[str]) -> bool:
        try:
            read_idp_metadata(xml, found.entity_id, signed_by=list(certificates))
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
