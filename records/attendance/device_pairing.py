"""Pairing a phone with a device: a code that is shown once hands the device's token to the phone that has it first.

The code is short, because it may have to be typed. So it is valid for ten minutes only, and once; only its hash is stored.
A device has one code at a time: a new one replaces it. After the pairing there is no other code: a phone that lost its token
gets a device of its own, so that the scans of the two can be told apart.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.columns import utc_now
from records.errors import RuleViolation
from records.tenants.implementations import Implementation

from . import devices
from .devices import ScanDevice

#: How long a code is valid.
LASTS: Final = timedelta(minutes=10)
#: The characters of a code: none that looks like another one.
LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
#: How many there are: 59 bits, in groups of four for people.
LENGTH: Final = 12
_GROUP: Final = 4


class PairingState(StrEnum):
    """Whether a device has a phone."""

    NONE = "none"  #: its token was handed out in another way, or its code ran out
    WAITING = "waiting"
    PAIRED = "paired"


class PairingRefused(RuleViolation):
    """A code pairs nothing. The reason is for the person who has it."""


def state_of(device: ScanDevice) -> PairingState:
    """Say whether a device waits for its phone, or has it."""
    if device.paired_at is not None:
        return PairingState.PAIRED
    is_waiting = device.code_ends_at is not None and utc_now() < device.code_ends_at
    return PairingState.WAITING if is_waiting else PairingState.NONE


def new_code(db: Session, device: ScanDevice) -> str:
    """Make a code for a device; an earlier one is not valid any more. Raises RuleViolation if the device takes none."""
    if device.revoked_at is not None or utc_now() >= device.ends_at:
        raise RuleViolation("name", "must be that of a device that may still scan")
    if device.paired_at is not None or device.code_hash is None:
        raise RuleViolation("name", "must be that of a device without a phone. Make another device for another phone")
    return _give_code(db, device)


def first_code(db: Session, device: ScanDevice) -> str:
    """Make the code of a device that was just made. Its token is given to no one before it is paired."""
    return _give_code(db, device)


def device_of(db: Session, typed: str) -> ScanDevice:
    """Return the device that a code would pair. Raises PairingRefused."""
    device = db.scalar(select(ScanDevice).where(ScanDevice.code_hash == _hash(typed)))
    if device is None or device.code_ends_at is None or _is_archived(db, device):
        raise PairingRefused("code", "is not known. Check it, or ask for a new one")
    if device.paired_at is not None:
        raise PairingRefused("code", "was used already, and works once only. Ask for a new one")
    if utc_now() >= device.code_ends_at:
        raise PairingRefused("code", "is older than ten minutes. Ask for a new one")
    if device.revoked_at is not None or utc_now() >= device.ends_at:
        raise PairingRefused("code", "is of a device that may not scan any more. Ask for another one")
    return device


def pair(db: Session, device: ScanDevice) -> str:
    """Give a device to the phone that asks, and return its token. The caller has locked the implementation."""
    text = devices.renew_token(device)
    device.paired_at = utc_now()
    db.flush()
    return text


def shown(code: str) -> str:
    """Return a code in groups, as people read it."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def _is_archived(db: Session, device: ScanDevice) -> bool:
    return db.get_one(Implementation, device.implementation_id).archived_at is not None


def _give_code(db: Session, device: ScanDevice) -> str:
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    device.code_hash, device.code_ends_at = _hash(code), utc_now() + LASTS
    db.flush()
    return code


def _hash(typed: str) -> str:
    """Hash a code, however its letters were typed. Other characters are left out."""
    code = "".join(letter for letter in typed.upper()[: 4 * LENGTH] if letter in LETTERS)
    return hashlib.sha256(f"pairing {code}".encode()).hexdigest()
