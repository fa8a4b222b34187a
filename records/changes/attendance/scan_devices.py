"""Making and revoking devices that scan."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from records.attendance import devices
from records.attendance.devices import DeviceDraft, ScanDevice
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.errors import RuleViolation
from records.tenants.implementations import Implementation

MADE = "scan_device.made"
REVOKED = "scan_device.revoked"


@dataclass(frozen=True)
class MadeDevice:
    """A new device and the text of its token, which is shown once and stored nowhere."""

    device: ScanDevice
    text: str = field(repr=False)


def make(db: Session, owner: Implementation, draft: DeviceDraft, by: AuditContext) -> AfterCommit[MadeDevice]:
    """Make a device. Raises RuleViolation with every fault."""
    lock(db, owner)
    device, text = devices.make(db, owner, draft, by=by.actor)
    detail = {
        "sessions": device.sessions,
        "begins_at": device.begins_at.isoformat(timespec="seconds"),
        "ends_at": device.ends_at.isoformat(timespec="seconds"),
    }
    note(db, owner.slug, MADE, by, target=device.name, detail=detail)
    return AfterCommit(owner.slug, MadeDevice(device, text), announced=False)


def revoke(db: Session, owner: Implementation, name: str, by: AuditContext) -> AfterCommit[ScanDevice]:
    """Revoke a device, for ever. Scans that it made before count, also if they arrive later. A revoked one is no change."""
    lock(db, owner)
    device = devices.by_name(db, owner, name)
    if device is None:
        raise RuleViolation("name", f"{name} is not a device of {owner.slug}")
    if not devices.revoke(db, device, by.actor):
        return unchanged(owner.slug, device)
    note(db, owner.slug, REVOKED, by, target=device.name)
    return AfterCommit(owner.slug, device, announced=False)
