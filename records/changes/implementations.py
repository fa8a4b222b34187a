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
#: What bounds the roles that a provider's word gives has an action of its own, because auditors look for it.
BOUND, BOUNDS = "grants.bound", "mapped_roles"


@dataclass(frozen=True)
class SettingsTerms:
    """What a person may set. `most` are the operator's budgets of a run, by the names of `implementations.LIMITS`."""

    most: Mapping[str, float]
    trusted: bool = True  #: may lead people to hosts that are not among the link hosts


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
    fields.refuse(_over_the_operators(draft.settings, {}, terms, ()))
    made = implementations.create(db, draft.slug, draft.name, draft.time_zone, **draft.settings)
    told = differences({}, _stored(made, draft.settings))
    detail = {"name": made.name, "time_zone": made.time_zone, **told}
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
    found = [*_strange_host(owner, values, terms), *_over_the_operators(values, owner.limits, terms, faults), *faults]
    try:
        implementations.update(db, owner, **values)
    except RuleViolation as refused:
        raise RuleViolation(refused.field, refused.reason, more=[*refused.faults[1:], *found]) from None
    if found:
        raise RuleViolation(found[0].field, found[0].reason, more=found[1:])
    detail = differences(before, _stored(owner, values))
    bound = {BOUNDS: detail.pop(BOUNDS)} if BOUNDS in detail else {}
    for action, told in ((CHANGED, detail), (BOUND, bound)):
        if told:
            note(db, owner.slug, action, by, detail=told)
    return AfterCommit(owner.slug, None) if detail or bound else unchanged(owner.slug, None)


def _stored(owner: Implementation, names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(owner, name) for name in names}


def _strange_host(owner: Implementation, values: Mapping[str, Any], terms: SettingsTerms) -> list[FieldFault]:
    """Return what is wrong with where people are led after each login: as with any link, a host that is not trusted."""
    trusted = {None, *owner.link_hosts, _host(owner.session_url)}
    if terms.trusted or _host(values.get("session_url", "")) in trusted:
        return []
    reason = "leads to a host that is not among the link hosts; an administrator can add it there"
    return [FieldFault("session_url", reason)]


def _host(address: object) -> str | None:
    try:
        return urlsplit(address).hostname if isinstance(address, str) else None
    except ValueError:  # the rule says so
        return None


def _over_the_operators(
    values: Mapping[str, Any], present: Mapping[str, Any], terms: SettingsTerms, known: Sequence[FieldFault]
) -> list[FieldFault]:
    """Return which new budgets are more than the operator allows, but for those that are `known` to be wrong."""
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
