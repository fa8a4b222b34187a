"""External Authentication of an implementation: saving and removing it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.errors import RuleViolation
from records.identity import external_auth as external
from records.identity.external_auth import ExternalAuth, ExternalAuthDraft
from records.secretbox import SecretBox
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import begin, differences, note, refuse_development

SAVED = "external.saved"
REMOVED = "external.removed"


def save(  # noqa: PLR0913 - what it is made of
    db: Session, box: SecretBox, owner: Implementation, draft: ExternalAuthDraft, by: AuditContext, *, environment: str
) -> AfterCommit[ExternalAuth]:
    """Save it; another kind replaces the present one. Raises RuleViolation with every fault."""
    begin(db, owner, by, SAVED, draft.kind)
    refuse_development(environment, wanted=draft.development)
    before = _audit_values(external.find(db, owner), box)
    with db.begin_nested() as attempt:
        saved = external.save(db, box, owner, draft, by.actor)
        detail = differences(before, {**_audit_values(saved, box), "secret": draft.secret})
        if not detail:
            attempt.rollback()
            return unchanged(owner.slug, saved)
    note(db, owner.slug, SAVED, by, target=saved.kind, detail=detail)
    return AfterCommit(owner.slug, saved)


def remove(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
    """Remove it with its secret. Raises RuleViolation if none is set."""
    begin(db, owner, by, REMOVED)
    present = external.find(db, owner)
    if present is None:
        raise RuleViolation("kind", "is not set: it may have been removed")
    kind = present.kind
    external.remove(db, owner)
    note(db, owner.slug, REMOVED, by, target=kind)
    return AfterCommit(owner.slug, None)


def _audit_values(row: ExternalAuth | None, box: SecretBox) -> dict[str, Any]:
    """Return what an audit entry may show; more people can read it than the page.

    The template and the query of an address may contain a vendor's key, so they are replaced by marks.
    """
    if row is None:
        return {}
    values = dict(row.fields)
    for name in [name for name in values if name.endswith("url")]:
        address, _, query = values[name].partition("?")
        values[name] = f"{address}?{box.mark(query)}" if query else address
    if "template" in values:
        values["template"] = box.mark(json.dumps(values["template"], sort_keys=True))
    return {"kind": row.kind, "development": row.development, **values}
