"""Reading one scan as a device sends it, and the codes of the reasons for which a scan is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from records import fields
from records.people import badge_id

#: How a badge was read.
ENTRIES: Final = ("camera", "keyboard", "wedge", "search")
DIRECTIONS: Final = ("in", "out")
LONGEST_NAME: Final = 200
_REQUIRED: Final = ("id", "session", "badge_id", "last_name", "first_name", "scanned_at", "entry")
MEMBERS: Final = frozenset({*_REQUIRED, "direction"})
#: The id of a scan.
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class ScanRefusal(StrEnum):
    """Why a scan is refused."""

    MALFORMED = "malformed"  #: not an object, or a member is missing
    UNKNOWN_MEMBER = "unknown_member"
    BAD_ID = "bad_id"
    BAD_SESSION = "bad_session"
    BAD_BADGE_ID = "bad_badge_id"
    BAD_NAME = "bad_name"
    BAD_TIME = "bad_time"
    BAD_DIRECTION = "bad_direction"
    BAD_ENTRY = "bad_entry"
    ID_TAKEN = "id_taken"  #: another scan is stored under this id
    UNKNOWN_SESSION = "unknown_session"
    OTHER_SESSION = "other_session"  #: the sender may not scan there
    TOO_OLD = "too_old"
    IN_THE_FUTURE = "in_the_future"
    OUTSIDE_WINDOW = "outside_window"  #: before or after the window of the device
    REVOKED = "revoked"  #: made after the role or the device was revoked


#: The reasons in words, for people.
REFUSAL_WORDS: Final = {
    ScanRefusal.MALFORMED: "It is not an object with all members.",
    ScanRefusal.UNKNOWN_MEMBER: "It has a member that is not known. Nothing of that is kept.",
    ScanRefusal.BAD_ID: "Its id is not a UUID.",
    ScanRefusal.BAD_SESSION: "Its session cannot be an ID.",
    ScanRefusal.BAD_BADGE_ID: "Its badge ID is empty, longer than 100 characters, or has control characters.",
    ScanRefusal.BAD_NAME: "A name is no text, longer than 200 characters, or has control characters.",
    ScanRefusal.BAD_TIME: "Its time is not a time with an offset (RFC 3339).",
    ScanRefusal.BAD_DIRECTION: "Its direction is neither in nor out.",
    ScanRefusal.BAD_ENTRY: "Its entry is not known.",
    ScanRefusal.ID_TAKEN: "Another scan is stored under this id.",
    ScanRefusal.UNKNOWN_SESSION: "The agenda never had this session.",
    ScanRefusal.OTHER_SESSION: "Its sender may not scan at this session.",
    ScanRefusal.TOO_OLD: "It was made more than 60 days ago.",
    ScanRefusal.IN_THE_FUTURE: "It was made more than 10 minutes in the future.",
    ScanRefusal.OUTSIDE_WINDOW: "It was made outside the window of the device.",
    ScanRefusal.REVOKED: "It was made after the role or the device was revoked.",
}


class ScanRefused(ValueError):
    """A scan is refused. `reason` is why."""

    def __init__(self, reason: ScanRefusal) -> None:
        self.reason = reason
        super().__init__(REFUSAL_WORDS[reason])


@dataclass(frozen=True, slots=True)
class SentScan:
    """A scan that could be read. The badge ID is normalised, the time in UTC, the direction "" without one."""

    id: str
    session: str
    badge_id: str
    last_name: str
    first_name: str
    scanned_at: datetime
    direction: str
    entry: str


def read_scan(value: Any) -> SentScan:
    """Read one scan of a batch. Raises ScanRefused with the first reason."""
    if not isinstance(value, Mapping):
        raise ScanRefused(ScanRefusal.MALFORMED)
    if not value.keys() <= MEMBERS:
        raise ScanRefused(ScanRefusal.UNKNOWN_MEMBER)
    if any(name not in value for name in _REQUIRED):
        raise ScanRefused(ScanRefusal.MALFORMED)
    scan_id = value["id"].lower() if isinstance(value["id"], str) else ""
    _require(UUID.fullmatch(scan_id), ScanRefusal.BAD_ID)
    session = value["session"]
    _require(isinstance(session, str) and fields.SESSION_ID.fullmatch(session), ScanRefusal.BAD_SESSION)
    badge = _badge(value["badge_id"])
    last_name, first_name = _name(value["last_name"]), _name(value["first_name"])
    scanned_at = read_moment(value["scanned_at"])
    if scanned_at is None:
        raise ScanRefused(ScanRefusal.BAD_TIME)
    direction, entry = value.get("direction"), value["entry"]
    _require(direction is None or direction in DIRECTIONS, ScanRefusal.BAD_DIRECTION)
    _require(entry in ENTRIES, ScanRefusal.BAD_ENTRY)
    return SentScan(scan_id, session, badge, last_name, first_name, scanned_at, direction or "", entry)


def read_moment(value: Any) -> datetime | None:
    """Read an RFC 3339 time with its offset, in whole microseconds; None for anything else."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) and len(value) <= 64 else None
    if found is None:
        return None
    day, time, fraction, zone = found.groups()
    try:
        whole = f"{day}T{time}.{(fraction or '0').ljust(6, '0')}{'+00:00' if zone in 'Zz' else zone}"
        return datetime.fromisoformat(whole).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _badge(value: Any) -> str:
    plain = isinstance(value, str) and "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    badge = badge_id.acceptable(value) if plain else ""
    _require(badge, ScanRefusal.BAD_BADGE_ID)
    return badge


def _name(value: Any) -> str:
    try:
        return str(_name_line(unicodedata.normalize("NFC", value) if isinstance(value, str) else value))
    except ValueError:
        raise ScanRefused(ScanRefusal.BAD_NAME) from None


def _require(holds: object, reason: ScanRefusal) -> None:
    if not holds:
        raise ScanRefused(reason)


_name_line = fields.line(LONGEST_NAME)
