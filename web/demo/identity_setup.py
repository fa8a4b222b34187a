"""Connects the demo, and the service's staff, to the development identity provider, and gives its people their roles.

This is done once for each of the two: later changes in the console stay, and so does another identity provider. Only the
addresses follow the development identity provider to another port.
"""

from __future__ import annotations

from records import DbSession, Implementation, SamlDraft, SamlProvider, SecretBox, roles
from records.audit import AuditContext
from records.changes import grants
from records.changes import saml as saml_changes
from records.changes.grants import GrantDraft
from records.changes.saml import ProviderEntry
from records.identity import saml_providers as saml
from records.maintenance.development_stand_ins import UP
from records.storage.environment_mark import DEVELOPMENT
from records.tenants import implementations
from web.devidp.identity import ENTITY_ID, Identity

#: The provider's names of these properties; the others have their usual names.
ATTRIBUTES = {"username": ["uid"], "user_type": ["userType"], "badge_id": ["badgeId"]}

#: the grants of the demo and of the staff: a sample person for each role
DEMO_GRANTS = (
    GrantDraft(roles.SCANNER, "user type", "staff"),
    GrantDraft(roles.ORGANIZER, "username", "nvandijk"),
    GrantDraft(roles.AUTHOR, "username", "tferreira"),
)
STAFF_GRANTS = (
    GrantDraft(roles.REVIEWER, "username", "isolberg"),
    GrantDraft(roles.ADMINISTRATOR, "username", "gokonkwo"),
)


def connect_all(db: DbSession, box: SecretBox, demo: Implementation, identity: Identity) -> None:
    """Connect the demo and the staff. The subject in the demo is the member number, by which the vendors know people."""
    connect(db, box, demo, draft(identity, subject_attribute="memberNumber"), DEMO_GRANTS)
    connect(db, box, implementations.staff(db), draft(identity), STAFF_GRANTS)


def connect(
    db: DbSession, box: SecretBox, implementation: Implementation, wanted: SamlDraft, granted: tuple[GrantDraft, ...]
) -> None:
    """Connect one implementation, unless it has another provider or nothing has changed."""
    present = saml.find(db, implementation)
    if present is not None and present.entity_id != ENTITY_ID:
        return
    if present is None or present.sso_url != wanted.sso_url or is_other_key(db, present, wanted):
        saml_changes.save(db, box, implementation, ProviderEntry(wanted), AuditContext(UP), environment=DEVELOPMENT)
    if present is None:
        grants.add(db, implementation, granted, AuditContext(UP))


def is_other_key(db: DbSession, present: SamlProvider, wanted: SamlDraft) -> bool:
    """Say whether the identity provider signs with an unknown key, because its folder was emptied."""
    return not {one.pem for one in saml.certificates(db, present, state="active")} >= set(wanted.certificates)


def draft(identity: Identity, *, subject_attribute: str = "") -> SamlDraft:
    """The development identity provider as an administrator would enter it."""
    return SamlDraft(
        entity_id=ENTITY_ID,
        sso_url=identity.sso_url,
        slo_url=identity.slo_url,
        certificates=(identity.certificate_pem,),
        metadata_url=f"{identity.url}/metadata",
        attribute_map=saml.ATTRIBUTE_MAP | ATTRIBUTES,
        subject_attribute=subject_attribute,
        development=True,
    )
