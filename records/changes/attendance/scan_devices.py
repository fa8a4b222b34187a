"""Making and revoking devices that scan, and pairing phones with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from records.attendance import device_pairing, devices
from records.attendance.devices import DeviceDraft, ScanDevice
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.errors import RuleViolation
from records.tenants.implementations import Implementation

MADE = "scan_device.made"
REVOKED = "scan_device.revoked"
CODE_MADE = "scan_device.code_made"
PAIRED = "scan_device.paired"


@dataclass(frozen=True)
class MadeDevice:
    """A new device and the text of its token, which is shown once and stored nowhere."""

    device: ScanDevice
    text: str = field(repr=False)


@dataclass(frozen=True)
class PairingCode:
    """A device that waits for its phone, and the code, which is shown once and stored nowhere."""

    device: ScanDevice
    code: str = field(repr=False)


@dataclass(frozen=True)
class PairedPhone:
    """A device that has its phone, and the text of its token, which only the phone gets."""

    device: ScanDevice
    text: str = field(repr=False)


def make(db: Session, owner: Implementation, draft: DeviceDraft, by: AuditContext) -> AfterCommit[MadeDevice]:
    """Make a device. Raises RuleViolation with every fault."""
    lock(db, owner)
    device, text = devices.make(db, owner, draft, by=by.actor)
    note(db, owner.slug, MADE, by, target=device.name, detail=_about(device))
    return AfterCommit(owner.slug, MadeDevice(device, text), announced=False)


def make_for_phone(
    db: Session, owner: Implementation, draft: DeviceDraft, by: AuditContext
) -> AfterCommit[PairingCode]:
    """Make a device that waits for its phone. Raises RuleViolation with every fault."""
    lock(db, owner)
    device, _ = devices.make(db, owner, draft, by=by.actor)
    code = device_pairing.first_code(db, device)
    note(db, owner.slug, MADE, by, target=device.name, detail=_about(device) | {"for": "a phone"})
    return AfterCommit(owner.slug, PairingCode(device, code), announced=False)


def renew_code(db: Session, owner: Implementation, name: str, by: AuditContext) -> AfterCommit[PairingCode]:
    """Make another code for a device that waits for its phone. Raises RuleViolation."""
    lock(db, owner)
    device = _device(db, owner, name)
    code = device_pairing.new_code(db, device)
    note(db, owner.slug, CODE_MADE, by, target=device.name)
    return AfterCommit(owner.slug, PairingCode(device, code), announced=False)


def pair(db: Session, typed: str) -> AfterCommit[PairedPhone]:
    """Give a device to the phone on which its code was entered, once. Raises PairingRefused.

    No person of the implementation need be logged in on the phone: the code is the proof, and its maker answers for it.
    """
    owner = db.get_one(Implementation, device_pairing.device_of(db, typed).implementation_id)
    lock(db, owner)
    db.expire_all()
    device = device_pairing.device_of(db, typed)  # again, now that no other phone can come in between
    text = device_pairing.pair(db, device)
    note(db, owner.slug, PAIRED, AuditContext(device.made_by), target=device.name)
    return AfterCommit(owner.slug, PairedPhone(device, text), announced=False)


def revoke(db: Session, owner: Implementation, name: str, by: AuditContext) -> AfterCommit[ScanDevice]:
    """Revoke a device, for ever. Scans that it made before count, also if they arrive later. A revoked one is no change."""
    lock(db, owner)
    device = _device(db, owner, name)
    if not devices.revoke(db, device, by.actor):
        return unchanged(owner.slug, device)
    note(db, owner.slug, REVOKED, by, target=device.name)
    return AfterCommit(owner.slug, device, announced=False)


def _device(db: Session, owner: Implementation, name: str) -> ScanDevice:
    device = devices.by_name(db, owner, name)
    if device is None:
        raise RuleViolation("name", f"{name} is not a device of {owner.slug}")
    return device


def _about(device: ScanDevice) -> dict[str, Any]:
    return {
        "sessions": device.sessions,
        "begins_at": device.begins_at.isoformat(timespec="seconds"),
        "ends_at": device.ends_at.isoformat(timespec="seconds"),
    }
