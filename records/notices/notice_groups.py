"""The groups of notices: about each, a person chooses together whether and when they want mail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class MailTiming(StrEnum):
    """When a person wants to be told by mail."""

    ONCE = "once"
    DAILY = "daily"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class NoticeGroup:
    """Kinds about which a person chooses together whether they want mail."""

    name: str
    label: str
    help: str
    usual: MailTiming  #: what holds for a person who has not chosen: at once for what asks them to act


GROUPS: Final = (
    NoticeGroup(
        name="review",
        label="Scripts that wait for a review",
        help="A script was handed in.",
        usual=MailTiming.ONCE,
    ),
    NoticeGroup(
        name="answer",
        label="Changes requested, and comments",
        help="About scripts that you handed in, and reviews in which you took part.",
        usual=MailTiming.ONCE,
    ),
    NoticeGroup(
        name="decision",
        label="Approved, rejected, withdrawn",
        help="About scripts that you handed in, and reviews in which you took part.",
        usual=MailTiming.NONE,
    ),
    NoticeGroup(
        name="version",
        label="What users see",
        help="A version was staged, activated or taken back, or scripts run again.",
        usual=MailTiming.NONE,
    ),
    NoticeGroup(
        name="alarm",
        label="Stopped, or in trouble",
        help="A version was suspended, the service took one back, all scripts were stopped, a webhook was given up, or a vendor has "
        "been slow or failing for ten minutes.",
        usual=MailTiming.ONCE,
    ),
    NoticeGroup(
        name="expiry",
        label="Ends soon",
        help="Your author tokens, and certificates of identity providers that you look after.",
        usual=MailTiming.ONCE,
    ),
    NoticeGroup(
        name="attendance",
        label="People say that their attendance is wrong",
        help="They wait for your answer. After an event there may be many.",
        usual=MailTiming.DAILY,
    ),
)
GROUP_BY_NAME: Final = MappingProxyType({group.name: group for group in GROUPS})
#: The group that no other may crowd out.
ALARM: Final = "alarm"
