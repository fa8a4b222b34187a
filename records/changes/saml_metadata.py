"""Taking over what a provider publishes about itself.

Metadata decides whose statements let people in. So it is only taken over as far as a person has decided that:

1. An administrator enters the first metadata of an implementation: everything in it is taken over.
2. A new certificate waits until an administrator accepts it, wherever the metadata comes from. If the metadata is signed
   with an active certificate, a sentence says so, to help the administrator; it decides nothing.
3. A changed address is taken over if an administrator imports the metadata; fetched metadata only reports it.
4. A certificate that is missing now is reported. Only an administrator retires it.

`web.auth.saml.metadata_import` reads the document, and refuses a document that is not metadata of this provider.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.identity import saml_providers as saml
from records.identity.certificates import fingerprint_text
from records.identity.saml_providers import SamlDraft, SamlProvider
from records.plurals import counted
from records.secretbox import SecretBox
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import begin, note, refuse_development
from .saml import connected, described

IMPORTED = "saml.metadata.imported"
REFRESHED = "saml.metadata.refreshed"
_ADDRESSES = {"sso_url": "login address", "slo_url": "logout address"}


@dataclass(frozen=True)
class PublishedProvider:
    """A provider as its metadata describes it."""

    entity_id: str
    sso_url: str
    slo_url: str
    certificates: tuple[str, ...]  #: PEM
    #: whether the metadata is signed with one of these certificates (PEM)
    is_signed_by: Callable[[Sequence[str]], bool] = field(repr=False, default=lambda _: False)
    url: str | None = None  #: where it can be fetched again; None leaves that as it is
    development: bool = False  #: allows addresses of this machine


@dataclass(frozen=True)
class MetadataChange:
    """The result of metadata; `words` are sentences for a page or a terminal."""

    entity_id: str
    words: tuple[str, ...]
    waiting: tuple[str, ...] = ()  #: SHA-256 of the new certificates, which an administrator has to judge
    changed: bool = False  #: whether anything in the records is different now
    attention: bool = False  #: whether somebody has to do something


def import_provider(  # noqa: PLR0913 - what a provider is made of
    db: Session, box: SecretBox, owner: Implementation, found: PublishedProvider, by: AuditContext, *, environment: str
) -> AfterCommit[MetadataChange]:
    """Take over metadata that an administrator imports. Raises RuleViolation with every fault."""
    begin(db, owner, by, IMPORTED)
    refuse_development(environment, wanted=found.development)
    present = saml.find(db, owner)
    if present is None:
        saml.save(db, box, owner, _first(found), by.actor)  # 1.
        return _noted(db, owner, IMPORTED, MetadataChange(found.entity_id, _welcome(found), changed=True), by)
    draft = _moved(present, found)
    if draft is not None:
        saml.save(db, box, owner, draft, by.actor)  # 3.
    new = _propose(db, present, found)
    words, waiting = _report(db, present, found, taken=draft is not None), _waiting(db, present)
    change = MetadataChange(
        found.entity_id, words, new, changed=bool(draft is not None or new), attention=bool(waiting)
    )
    return _noted(db, owner, IMPORTED, change, by)


def refresh_provider(
    db: Session, owner: Implementation, found: PublishedProvider, by: AuditContext
) -> AfterCommit[MetadataChange]:
    """Compare with metadata that was fetched. This never lets in anyone who could not log in before (2., 3.)."""
    begin(db, owner, by, REFRESHED)
    present = connected(db, owner)
    new = _propose(db, present, found)
    moved = any(getattr(found, name) != getattr(present, name) for name in _ADDRESSES)
    words, waiting = _report(db, present, found), _waiting(db, present)
    change = MetadataChange(found.entity_id, words, new, changed=bool(new), attention=bool(waiting) or moved)
    return _noted(db, owner, REFRESHED, change, by)


def _noted(
    db: Session, owner: Implementation, action: str, change: MetadataChange, by: AuditContext
) -> AfterCommit[MetadataChange]:
    if not change.changed:
        return unchanged(owner.slug, change)
    detail = {"words": list(change.words), "waiting": list(change.waiting)}
    note(db, owner.slug, action, by, target=change.entity_id, detail=detail)
    return AfterCommit(owner.slug, change)


def _welcome(found: PublishedProvider) -> tuple[str, ...]:
    certificates = counted(len(found.certificates), "certificate")
    return (f"The provider {found.entity_id} is connected, with {certificates}.",)


def _first(found: PublishedProvider) -> SamlDraft:
    return SamlDraft(
        entity_id=found.entity_id,
        sso_url=found.sso_url,
        slo_url=found.slo_url,
        certificates=found.certificates,
        metadata_url=found.url or "",
        development=found.development,
    )


def _moved(present: SamlProvider, found: PublishedProvider) -> SamlDraft | None:
    """Return the provider with its new addresses; None if they have not changed. Its certificates stay as they are."""
    url = present.metadata_url if found.url is None else found.url
    if (found.sso_url, found.slo_url, url) == (present.sso_url, present.slo_url, present.metadata_url):
        return None
    more = {"sso_url": found.sso_url, "slo_url": found.slo_url, "metadata_url": url}
    return SamlDraft(**{**described(present), **more, "development": present.development or found.development})


def _propose(db: Session, present: SamlProvider, found: PublishedProvider) -> tuple[str, ...]:
    # 2.
    return tuple(one.sha256 for one in saml.propose(db, present, found.certificates))


def _waiting(db: Session, present: SamlProvider) -> tuple[str, ...]:
    """Return all certificates that wait for a decision, including those from earlier metadata."""
    return tuple(one.sha256 for one in saml.certificates(db, present, state="waiting"))


def _report(db: Session, present: SamlProvider, found: PublishedProvider, *, taken: bool = False) -> tuple[str, ...]:
    """Return the differences, in sentences. If the addresses were `taken` over, `present` has them already."""
    waiting = _waiting(db, present)
    words = [f"A new certificate waits for an administrator: SHA-256 {fingerprint_text(one)}." for one in waiting]
    if taken:
        words.append("The addresses were taken over from the metadata.")
    words += [
        f"The {name} is {getattr(found, attribute) or 'missing'} in the metadata, and {getattr(present, attribute) or 'missing'} "
        "here: import the metadata to take it over."
        for attribute, name in _ADDRESSES.items()
        if getattr(found, attribute) != getattr(present, attribute)
    ]
    named, active = {_bare(pem) for pem in found.certificates}, saml.certificates(db, present, state="active")
    words += [  # 4.
        f"The certificate with SHA-256 {fingerprint_text(one.sha256)} is not in the metadata any more: retire it when it is no longer used."
        for one in active
        if _bare(one.pem) not in named
    ]
    if waiting and found.is_signed_by([one.pem for one in active]):
        words.append("The metadata is signed with a certificate that is active here.")
    return tuple(words) or ("Nothing has changed.",)


def _bare(pem: str) -> str:
    """Return a certificate's base64 without line breaks and other text."""
    return "".join(line.strip() for line in pem.splitlines() if not line.startswith("-----"))
