"""Archiving, restoring and removing an implementation: one rule for every edge.

An archived implementation is kept with everything, but is not served: apps and login pages answer as if it did not exist,
and no script runs for it. Removing deletes everything of it except its audit entries, which only name it.

The order of a removal, in one transaction of the caller:

1. It is not the staff implementation, and it is archived: an implementation in use is never removed.
2. The person has typed its whole slug.
3. What will be deleted is counted, for the preview and for the audit entry.
4. Its row is deleted, and all its other rows with it (ON DELETE CASCADE), which is checked.
5. The audit entry, last.

After the commit the logins are ended, the cached statuses dropped and the slug announced (`runner.status.commit_effects`).
"""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.columns import Base, utc_now
from records.errors import RuleViolation
from records.maintenance import development_stand_ins
from records.people.users import User
from records.storage import environment_mark
from records.tenants.implementations import STAFF, Implementation

from . import entries
from .after_commit import AfterCommit
from .entries import note

ARCHIVED, RESTORED, REMOVED = "implementation.archived", "implementation.restored", "implementation.removed"
#: Words for the rows of each table that belongs to an implementation. A test checks that no table is missing.
CALLED = {
    "users": ("user", "users"),
    "sessions": ("session of the agenda", "sessions of the agenda"),
    "agenda_uploads": ("agenda file that is not imported yet", "agenda files that are not imported yet"),
    "agenda_imports": ("import of the agenda, with what undoes it", "imports of the agenda, with what undoes them"),
    "connections": ("connection with its secret", "connections with their secrets"),
    "scripts": ("script", "scripts"),
    "versions": ("script version", "script versions"),
    "version_codes": ("compiled version", "compiled versions"),
    "drafts": ("draft of a script", "drafts of scripts"),
    "submissions": ("submission", "submissions"),
    "reviews": ("review", "reviews"),
    "review_comments": ("comment of a review", "comments of reviews"),
    "deployments": ("deployment", "deployments"),
    "author_tokens": ("author token", "author tokens"),
    "runs": ("run with its trace", "runs with their traces"),
    "kept_answers": ("run with the answers of vendors", "runs with the answers of vendors"),
    "prepared_runs": ("preparation of facts", "preparations of facts"),
    "rehearsals": ("rehearsal of a version", "rehearsals of versions"),
    "rehearsal_examples": ("example of a rehearsal", "examples of rehearsals"),
    "replayed_runs": ("run that was tried again", "runs that were tried again"),
    "notices": ("notice", "notices"),
    "mails": ("mail", "mails"),
    "mail_choices": ("choice of mails", "choices of mails"),
    "badge_setups": ("badge format", "badge formats"),
    "badge_examples": ("example of a badge", "examples of badges"),
    "badge_images": ("image of a badge", "images of badges"),
    "scan_ledger": ("scan or correction", "scans and corrections"),
    "scan_names": ("scan with names", "scans with names"),
    "scan_ledger_heads": ("end of the ledger of scans", "ends of the ledger of scans"),
    "scan_devices": ("device that scans", "devices that scan"),
    "roster_people": ("person of the attendee list", "people of the attendee list"),
    "roster_uploads": ("attendee list that is not imported yet", "attendee lists that are not imported yet"),
    "webhooks": ("webhook with its secrets", "webhooks with their secrets"),
    "webhook_messages": ("message of a webhook", "messages of a webhook"),
    "facts": ("fact about a person", "facts about people"),
    "hook_secrets": ("secret of those who push facts", "secrets of those who push facts"),
    "attendance_decisions": ("decision about attendance", "decisions about attendance"),
    "attendance_disputes": ("dispute about attendance", "disputes about attendance"),
    "report_bases": ("agenda that reports are made with", "agendas that reports are made with"),
    "refused_scans": ("refused scan", "refused scans"),
    "grants": ("role given", "roles given"),
    "saml_providers": ("identity provider", "identity providers"),
    "saml_certificates": ("certificate of the identity provider", "certificates of the identity provider"),
    "saml_sp_keys": ("pair of our own SAML keys", "pairs of our own SAML keys"),
    "external_logins": ("External Authentication with its secret", "External Authentications with their secrets"),
    "administrator_links": ("one-time link of an administrator", "one-time links of administrators"),
}


def archive(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
    """Take an implementation out of use, but keep everything. Raises RuleViolation for that of staff, and for an archived one."""
    _lock(db, owner)
    if owner.archived_at is not None:
        raise RuleViolation("implementation", f"{owner.slug} is archived already")
    owner.archived_at = utc_now()
    db.flush()
    note(db, owner.slug, ARCHIVED, by, target=owner.slug)
    return _retired(owner.slug, _subjects(db, owner))


def restore(db: Session, owner: Implementation, by: AuditContext, *, environment: str) -> AfterCommit[None]:
    """Serve an archived implementation again. Earlier logins stay ended.

    Raises RuleViolation for one that is not archived, and in production for one with development stand-ins: running processes
    would serve it although none would start with it.
    """
    _lock(db, owner)
    if owner.archived_at is None:
        raise RuleViolation("implementation", f"{owner.slug} is not archived")
    found = development_stand_ins.of_implementation(db, owner) if environment == environment_mark.PRODUCTION else []
    if found:
        what = "; ".join(f"{' '.join(filter(None, (one.kind, one.name)))} {one.fault}" for one in found)
        raise RuleViolation("implementation", f"{owner.slug} contains development stand-ins: {what}")
    owner.archived_at = None
    db.flush()
    note(db, owner.slug, RESTORED, by, target=owner.slug)
    return _retired(owner.slug, _subjects(db, owner))


def preview(db: Session, owner: Implementation) -> dict[str, int]:
    """Count what a removal would delete, in words; what there is none of is left out."""
    counts = {name: _count(db, name, owner.id) for name in CALLED}
    return {CALLED[name][count != 1]: count for name, count in counts.items() if count}


def remove(db: Session, owner: Implementation, by: AuditContext, *, typed: str) -> AfterCommit[None]:
    """Remove an archived implementation and everything that belongs to it, permanently. `typed`: the whole slug."""
    # 1.
    _lock(db, owner)
    if owner.archived_at is None:
        raise RuleViolation("implementation", f"{owner.slug} is in use: archive it first")
    # 2.
    if typed != owner.slug:
        raise RuleViolation("slug", f"must be typed in full: {owner.slug}")
    # 3.
    gone = preview(db, owner)
    retired, row = _retired(owner.slug, _subjects(db, owner)), owner.id
    # 4.
    db.expunge(owner)
    db.execute(delete(Implementation).where(Implementation.id == row).execution_options(synchronize_session=False))
    left = [name for name in CALLED if _count(db, name, row)]
    if left:
        raise RuleViolation("implementation", f"rows are left in {', '.join(left)}: nothing was removed")
    # 5.
    note(db, retired.slug, REMOVED, by, target=retired.slug, detail={"gone": gone})
    return retired


def _lock(db: Session, owner: Implementation) -> None:
    """Lock the implementation, and read it again. Raises RuleViolation for that of staff, and for a removed one."""
    if owner.slug == STAFF:
        raise RuleViolation("implementation", "staff is where reviewers and administrators log in: it stays")
    entries.lock(db, owner)


def _retired(slug: str, subjects: tuple[str, ...]) -> AfterCommit[None]:
    return AfterCommit(slug, None, subjects=subjects, retired=True)


def _subjects(db: Session, owner: Implementation) -> tuple[str, ...]:
    return tuple(db.scalars(select(User.subject).where(User.implementation_id == owner.id)))


def _count(db: Session, name: str, implementation_id: int) -> int:
    table = Base.metadata.tables[name]
    mine = select(func.count()).select_from(table).where(table.c.implementation_id == implementation_id)
    return db.scalar(mine) or 0
