"""The SAML identity provider of an implementation, its certificates, and our own keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.errors import RuleViolation
from records.identity import saml_providers as saml
from records.identity.saml_providers import SamlDraft, SamlProvider
from records.people import users
from records.secretbox import SecretBox
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import begin, differences, note, refuse_development

SAVED = "saml.saved"
REMOVED = "saml.removed"
KEYS_PUBLISHED = "saml.key.published"
KEYS_SWITCHED = "saml.key.switched"
KEYS_REPLACED = "saml.key.replaced"
#: The decisions about a certificate: the rule, and the action of the audit entry.
DECISIONS = {
    "accept": (saml.accept, "saml.certificate.accepted"),
    "refuse": (saml.refuse, "saml.certificate.refused"),
    "retire": (saml.retire, "saml.certificate.retired"),
}
#: Whether the people of a provider are the same people when another provider replaces it.
SAME_PEOPLE, OTHER_PEOPLE = "same", "other"


@dataclass(frozen=True)
class ProviderEntry:
    """A provider as an administrator enters it.

    `proposed` are certificates (PEM) that come only from its metadata, and wait for a decision. `people` says whether the
    people of an earlier provider, which this one replaces, are the same people.
    """

    draft: SamlDraft
    proposed: tuple[str, ...] = ()
    people: str = ""


def save(  # noqa: PLR0913 - what a provider is made of
    db: Session, box: SecretBox, owner: Implementation, entry: ProviderEntry, by: AuditContext, *, environment: str
) -> AfterCommit[SamlProvider]:
    """Connect a provider, or change the one that is connected. Raises RuleViolation with every fault."""
    begin(db, owner, by, SAVED)
    refuse_development(environment, wanted=entry.draft.development)
    present = saml.find(db, owner)
    before, old = described(present), present.entity_id if present else ""
    if old not in ("", entry.draft.entity_id) and entry.people not in (SAME_PEOPLE, OTHER_PEOPLE):
        raise RuleViolation("people", "must be answered, because the entity ID has changed")
    active = _active(db, present)
    with db.begin_nested() as attempt:
        saved = saml.save(db, box, owner, entry.draft, by.actor)
        detail = differences(before, described(saved))
        new = saml.propose(db, saved, entry.proposed)
        if new:
            detail["waiting"] = [each.sha256 for each in new]
        if _active(db, saved) != active:
            detail["certificates"] = _active(db, saved)
        if not detail:
            attempt.rollback()
            return unchanged(owner.slug, saved)
    if old and old != saved.entity_id:
        handed = users.hand_over(db, owner, old, saved.entity_id) if entry.people == SAME_PEOPLE else 0
        detail["people"] = {"are": entry.people, "handed over": handed}
    note(db, owner.slug, SAVED, by, target=saved.entity_id, detail=detail)
    return AfterCommit(owner.slug, saved)


def change(
    db: Session, box: SecretBox, owner: Implementation, values: Mapping[str, Any], by: AuditContext
) -> AfterCommit[None]:
    """Change some values of the provider, such as its attributes or its policy. Its certificates stay as they are."""
    begin(db, owner, by, SAVED)
    provider = connected(db, owner)
    before = described(provider)
    with db.begin_nested() as attempt:
        saml.save(db, box, owner, SamlDraft(**{**before, **values}), by.actor)
        detail = differences(before, described(provider))
        if not detail:
            attempt.rollback()
            return unchanged(owner.slug, None)
    note(db, owner.slug, SAVED, by, target=provider.entity_id, detail=detail)
    return AfterCommit(owner.slug, None)


def remove(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
    """Remove the provider with its certificates. People, their roles and our keys stay."""
    begin(db, owner, by, REMOVED)
    entity_id = connected(db, owner).entity_id
    saml.remove(db, owner)
    note(db, owner.slug, REMOVED, by, target=entity_id)
    return AfterCommit(owner.slug, None)


def decide(db: Session, owner: Implementation, fingerprint: str, decision: str, by: AuditContext) -> AfterCommit[None]:
    """Accept, refuse or retire a certificate. Raises RuleViolation if that cannot be decided about it."""
    rule, action = DECISIONS[decision]
    begin(db, owner, by, action)
    decided = rule(db, connected(db, owner), fingerprint, by.actor)
    note(db, owner.slug, action, by, target=decided.sha256)
    return AfterCommit(owner.slug, None)


def publish_keys(db: Session, box: SecretBox, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
    """Make our next keys and publish their certificates. If that was done already, it is not a change."""
    begin(db, owner, by, KEYS_PUBLISHED)
    provider = connected(db, owner)
    if saml.sp_keys(db, box, owner).next_signing is not None:
        return unchanged(owner.slug, None)
    saml.roll_sp_key(db, box, provider)
    note(db, owner.slug, KEYS_PUBLISHED, by)
    return AfterCommit(owner.slug, None)


def switch_keys(db: Session, box: SecretBox, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
    """Replace our present keys by the next ones. Raises RuleViolation if there are no next ones."""
    begin(db, owner, by, KEYS_SWITCHED)
    saml.switch_sp_key(db, box, connected(db, owner))
    note(db, owner.slug, KEYS_SWITCHED, by)
    return AfterCommit(owner.slug, None)


def replace_keys(db: Session, box: SecretBox, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
    """Delete our keys and make new ones, if they cannot be opened any more or somebody else may have them."""
    begin(db, owner, by, KEYS_REPLACED)
    saml.new_sp_keys(db, box, owner)
    note(db, owner.slug, KEYS_REPLACED, by)
    return AfterCommit(owner.slug, None)


def described(provider: SamlProvider | None) -> dict[str, Any]:
    """Return everything about a provider but its certificates; without a provider, each value is None."""
    names = [name for name in SamlDraft.__dataclass_fields__ if name != "certificates"]
    return {name: getattr(provider, name, None) for name in names}


def connected(db: Session, owner: Implementation) -> SamlProvider:
    """Return the provider. Raises RuleViolation without one."""
    found = saml.find(db, owner)
    if found is None:
        raise RuleViolation("provider", "is not connected: it may have been removed")
    return found


def _active(db: Session, provider: SamlProvider | None) -> list[str]:
    return [each.sha256 for each in saml.certificates(db, provider, state="active")] if provider else []
