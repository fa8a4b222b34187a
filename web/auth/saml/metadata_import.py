"""Trust: how what a provider publishes about itself gets into the records, and how it is kept up.

Metadata says by whose word people are let in. So what is read from it counts only as far as somebody answers for it:

1. It reads as metadata of one provider, with the hardened parser, and has not expired (`metadata.read_idp_metadata`).
2. The first metadata of an implementation is an administrator's act: everything in it is taken.
3. Later metadata must be of the same provider. Another entity ID is another provider, and is refused here. Of a
   federation's metadata that of the one provider is taken.
4. A new certificate waits until an administrator has accepted it, wherever the metadata came from. That the metadata
   is signed with one which is believed already is said, and helps whoever decides; it decides nothing.
5. A changed address is taken when an administrator brings the metadata; fetched metadata only reports it.
6. A certificate which is missing now is reported. Taking it away is an administrator's act.

Metadata is fetched by `OutboundRequests`: https, public addresses, no redirects, 2 MB at most.

    brought = Brought(upload, by=member.name)                                    # or:
    brought = Brought(fetch_metadata(outreach, url), by=member.name, url=url)    # outside of a transaction
    with database.session() as db:
        upkeep = import_metadata(db, box, implementation, brought)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from records import Database, DbSession, Implementation, RuleViolation, SamlDraft, SamlProvider, SecretBox, audit
from records.identity import saml_providers as saml
from records.identity.certificates import fingerprint_text
from records.plurals import counted
from records.tenants import implementations
from runner.powers.outbound_requests import OutboundRequestFailed, OutboundRequests
from web.auth.saml.protocol.messages.metadata import BadMetadata, IdpMetadata, read_idp_metadata

#: What a provider's server is asked for.
ACCEPT = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8"

#: Bytes of metadata which are read.
MOST_BYTES = 2 * 1024 * 1024

_OK = 200
_ADDRESSES = {"sso_url": "login address", "slo_url": "logout address"}


class MetadataRefused(Exception):
    """Metadata was not taken. The text is one sentence or more for whoever brought it."""


@dataclass(frozen=True)
class ProvidedMetadata:
    """Metadata which an administrator brings."""

    xml: bytes = field(repr=False)
    by: str  #: who answers for it
    url: str | None = None  #: where it was fetched from, to be fetched again; None leaves that as it is
    development: bool = False  #: allows addresses of this machine; to be refused in production


@dataclass(frozen=True)
class MetadataChange:
    """What came of metadata: `words` are sentences for a page or a terminal."""

    entity_id: str
    words: tuple[str, ...]
    waiting: tuple[str, ...] = ()  #: SHA-256 of the new certificates, which an administrator has to judge
    changed: bool = False  #: whether anything in the records is different now
    attention: bool = False  #: whether somebody has to do something


def import_metadata(
    db: DbSession, box: SecretBox, implementation: Implementation, brought: ProvidedMetadata
) -> MetadataChange:
    """Take metadata which an administrator brings, and write the audit entry. Raises `MetadataRefused` with the reason."""
    present = saml.find(db, implementation)
    found = _read(brought.xml, present.entity_id if present else None)  # 1., 3.
    draft = _first(found, brought) if present is None else _changed(present, found, brought)
    try:
        if draft is not None:
            saml.save(db, box, implementation, draft, brought.by)
        new = _propose(db, present, found) if present else ()
    except RuleViolation as refused:
        raise MetadataRefused(f"The metadata cannot be used: {refused}.") from None
    words = _welcome(found) if present is None else _report(db, present, found, draft)
    waiting = _waiting(db, present) if present else ()
    if present and waiting:
        words += _vouched(db, present, brought.xml)
    upkeep = MetadataChange(found.entity_id, words, new, changed=bool(draft or new), attention=bool(waiting))
    _note(db, implementation, upkeep, by=brought.by, action="saml.metadata.imported")
    return upkeep


def fetch_metadata(outreach: OutboundRequests, url: str) -> bytes:
    """Fetch metadata. Raises `MetadataRefused` with the reason. Never inside a transaction: it may take seconds."""
    try:
        fetched = outreach.fetch(url, max_body=MOST_BYTES, accept=ACCEPT)
    except OutboundRequestFailed as failed:
        raise MetadataRefused(f"The metadata could not be fetched: {failed.text}") from None
    if fetched.status != _OK:
        raise MetadataRefused(f"The metadata could not be fetched: the server answered with status {fetched.status}.")
    return fetched.body


def refresh(database: Database, outreach: OutboundRequests, slug: str, *, by: str) -> MetadataChange:
    """Fetch the metadata of an implementation's provider and compare. Raises `MetadataRefused` with the reason.

    It changes nothing that lets anybody in: new certificates wait, changed addresses are only reported.
    """
    with database.reading() as db:
        _, present = _provider(db, slug)
    if not present.metadata_url:
        raise MetadataRefused("Its metadata was uploaded, so there is no address to fetch it from.")
    xml = fetch_metadata(outreach, present.metadata_url)
    found = _read(xml, present.entity_id)  # 1., 3.
    with database.session() as db:
        implementation, present = _provider(db, slug)
        if present.entity_id != found.entity_id:
            raise MetadataRefused("The provider was changed in the meantime. Try again.")
        try:
            new = _propose(db, present, found)
        except RuleViolation as refused:
            raise MetadataRefused(f"The metadata cannot be used: {refused}.") from None
        words, waiting = _report(db, present, found, None), _waiting(db, present)
        if waiting:
            words += _vouched(db, present, xml)
        moved = any(getattr(found, name) != getattr(present, name) for name in _ADDRESSES)
        upkeep = MetadataChange(found.entity_id, words, new, changed=bool(new), attention=bool(waiting) or moved)
        if new:
            _note(db, implementation, upkeep, by=by, action="saml.metadata.refreshed")
    return upkeep


def _read(xml: bytes, entity_id: str | None) -> IdpMetadata:
    if len(xml) > MOST_BYTES:
        raise MetadataRefused(
            "The metadata is larger than 2 MB. Use that of the one provider, not of a whole federation."
        )
    try:
        return read_idp_metadata(xml, entity_id)
    except BadMetadata as error:
        raise MetadataRefused(str(error)) from None


def _provider(db: DbSession, slug: str) -> tuple[Implementation, SamlProvider]:
    implementation = implementations.find(db, slug)
    present = saml.find(db, implementation) if implementation else None
    if implementation is None or present is None:
        raise MetadataRefused(f"{slug} has no identity provider.")
    return implementation, present


def _first(found: IdpMetadata, brought: ProvidedMetadata) -> SamlDraft:
    # 2.
    return SamlDraft(
        entity_id=found.entity_id,
        sso_url=found.sso_url,
        slo_url=found.slo_url,
        certificates=found.certificates,
        metadata_url=brought.url or "",
        development=brought.development,
    )


def _changed(present: SamlProvider, found: IdpMetadata, brought: ProvidedMetadata) -> SamlDraft | None:
    """Return the provider with its new addresses; None if they are the old ones. Its certificates stay as they are."""
    # 5.
    url = present.metadata_url if brought.url is None else brought.url
    if (found.sso_url, found.slo_url, url) == (present.sso_url, present.slo_url, present.metadata_url):
        return None
    return SamlDraft(
        entity_id=present.entity_id,
        sso_url=found.sso_url,
        slo_url=found.slo_url,
        metadata_url=url,
        attribute_map=present.attribute_map,
        subject_attribute=present.subject_attribute,
        accept_response_signature=present.accept_response_signature,
        allow_cbc=present.allow_cbc,
        allow_unsolicited=present.allow_unsolicited,
        development=present.development or brought.development,
    )


def _propose(db: DbSession, present: SamlProvider, found: IdpMetadata) -> tuple[str, ...]:
    # 4.
    return tuple(one.sha256 for one in saml.propose(db, present, found.certificates))


def _welcome(found: IdpMetadata) -> tuple[str, ...]:
    certificates = counted(len(found.certificates), "certificate")
    return (f"The provider {found.entity_id} is connected, with {certificates}.",)


def _waiting(db: DbSession, present: SamlProvider) -> tuple[str, ...]:
    """Return all that wait, also those which an earlier look at the metadata found: somebody still has to decide."""
    return tuple(one.sha256 for one in saml.certificates(db, present, state="waiting"))


def _vouched(db: DbSession, present: SamlProvider, xml: bytes) -> tuple[str, ...]:
    believed = [one.pem for one in saml.certificates(db, present, state="active")]
    try:
        read_idp_metadata(xml, present.entity_id, signed_by=believed)
    except BadMetadata:
        return ()
    return ("The metadata is signed with a certificate that is believed already.",)


def _report(db: DbSession, present: SamlProvider, found: IdpMetadata, taken: SamlDraft | None) -> tuple[str, ...]:
    """Return what is different, in sentences. After `taken` was saved, `present` has its values already."""
    words = [
        f"A new certificate waits for an administrator: SHA-256 {fingerprint_text(one)}."
        for one in _waiting(db, present)
    ]
    if taken is not None:
        words.append("Its addresses were taken over from the metadata.")
    words += [
        f"Its {name} is {getattr(found, attribute) or 'none'} now, and {getattr(present, attribute) or 'none'} here: "
        "import the metadata by hand to take it over."
        for attribute, name in _ADDRESSES.items()
        if getattr(found, attribute) != getattr(present, attribute)
    ]
    named = {_bare(pem) for pem in found.certificates}
    words += [  # 6.
        f"The certificate with SHA-256 {fingerprint_text(one.sha256)} is not in the metadata any more: retire it when nobody needs it."
        for one in saml.certificates(db, present, state="active")
        if _bare(one.pem) not in named
    ]
    return tuple(words) or ("Nothing has changed.",)


def _bare(pem: str) -> str:
    """Return a certificate without what its writer may choose."""
    return "".join(line.strip() for line in pem.splitlines() if not line.startswith("-----"))


def _note(db: DbSession, implementation: Implementation, upkeep: MetadataChange, *, by: str, action: str) -> None:
    detail = {"words": list(upkeep.words), "waiting": list(upkeep.waiting)}
    audit.append(
        db, actor=by, action=action, target=upkeep.entity_id, implementation=implementation.slug, detail=detail
    )
