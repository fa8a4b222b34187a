"""Adding an implementation, and changing its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from records import fields
from records.audit import AuditContext
from records.errors import FieldFault, RuleViolation
from records.tenants import implementations
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import begin, differences, note

ADDED = "implementation.added"
CHANGED = "settings.changed"
#: A change of the limit on mapped roles has its own action, because auditors search for it.
BOUND, BOUNDS = "grants.bound", "mapped_roles"


@dataclass(frozen=True)
class SettingsTerms:
    """What a person may set. `most` are the operator's budgets of a run, by the names of `implementations.LIMITS`."""

    most: Mapping[str, float]
    trusted: bool = True  #: may send people to hosts that are not among the link hosts


@dataclass(frozen=True)
class ImplementationDraft:
    """An implementation as a person enters it."""

    slug: str
    name: str
    time_zone: str = "UTC"
    settings: Mapping[str, Any] = field(default_factory=dict)


def add(
    db: Session, draft: ImplementationDraft, by: AuditContext, *, terms: SettingsTerms
) -> AfterCommit[Implementation]:
    """Add an implementation. Raises RuleViolation with every fault."""
    fields.refuse(_budget_faults(draft.settings, {}, terms, ()))
    made = implementations.create(db, draft.slug, draft.name, draft.time_zone, **draft.settings)
    detail = {"name": made.name, "time_zone": made.time_zone, **differences({}, _stored(made, draft.settings))}
    note(db, made.slug, ADDED, by, target=made.slug, detail=detail)
    return AfterCommit(made.slug, made)


def change(  # noqa: PLR0913 - whose settings, to what, by whom, and what is known of the values already
    db: Session,
    owner: Implementation,
    values: Mapping[str, Any],
    by: AuditContext,
    *,
    terms: SettingsTerms,
    faults: Sequence[FieldFault] = (),
) -> AfterCommit[None]:
    """Change settings. Raises RuleViolation with every fault; `faults` are those that the edge found in what it read."""
    begin(db, owner, by, BOUND if set(values) == {BOUNDS} else CHANGED)
    before = _stored(owner, values)
    found = [*_host_faults(owner, values, terms), *_budget_faults(values, owner.limits, terms, faults), *faults]
    try:
        implementations.update(db, owner, **values)
    except RuleViolation as refused:
        raise RuleViolation(refused.field, refused.reason, more=[*refused.faults[1:], *found]) from None
    if found:
        raise RuleViolation(found[0].field, found[0].reason, more=found[1:])
    detail = differences(before, _stored(owner, values))
    bound = {BOUNDS: detail.pop(BOUNDS)} if BOUNDS in detail else {}
    for action, changes in ((CHANGED, detail), (BOUND, bound)):
        if changes:
            note(db, owner.slug, action, by, detail=changes)
    return AfterCommit(owner.slug, None) if detail or bound else unchanged(owner.slug, None)


def _stored(owner: Implementation, names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(owner, name) for name in names}


def _host_faults(owner: Implementation, values: Mapping[str, Any], terms: SettingsTerms) -> list[FieldFault]:
    """Return a fault if people would be sent to a host that is not trusted after each login."""
    trusted = {None, *owner.link_hosts, _host(owner.session_url)}
    if terms.trusted or _host(values.get("session_url", "")) in trusted:
        return []
    reason = "must lead to one of the link hosts; an administrator can add the host there"
    return [FieldFault("session_url", reason)]


def _host(address: object) -> str | None:
    try:
        return urlsplit(address).hostname if isinstance(address, str) else None
    except ValueError:  # the rule of the field reports it
        return None


def _budget_faults(
    values: Mapping[str, Any], present: Mapping[str, Any], terms: SettingsTerms, known: Sequence[FieldFault]
) -> list[FieldFault]:
    """Return a fault for each new budget that is more than the operator allows, except those with a `known` fault."""
    limits = values.get("limits")
    named = {fault.field for fault in known}
    wanted = limits.items() if isinstance(limits, Mapping) else ()
    return [
        FieldFault(
            "limits", f"{name} must be at most {terms.most[name]:g}: the operator of this service allows no more"
        )
        for name, value in wanted
        if name in terms.most and name not in named and value != present.get(name)
        if isinstance(value, int | float) and value > terms.most[name]
    ]
