"""The one table of notices: what is told, to whom, in which words, and where it leads.

The words are the same on the page and in a mail. They name people and numbers only: no reason, note, comment or line of
a script, because a mail is read in places that we do not know. A kind is found by the action of an audit entry; an action
that is not listed here gives no notice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from records.roles import Permission

from .notice_groups import ALARM, GROUPS, NoticeGroup


class Audience(StrEnum):
    """Who is told, in the order in which one of them is chosen as the reason for a person to whom several apply."""

    OWNER = "owner"
    AUTHOR = "author"
    PARTICIPANT = "participant"
    REVIEWER = "reviewer"
    ORGANIZER = "organizer"
    KEEPER = "keeper"


#: Without this permission, a person does not belong to the audience any more: nothing is sent or shown to them.
NEEDED: Final = MappingProxyType(
    {
        Audience.OWNER: Permission.MAKE_TOKENS,
        Audience.AUTHOR: Permission.SEE_SCRIPTS,
        Audience.PARTICIPANT: Permission.SEE_SCRIPTS,
        Audience.REVIEWER: Permission.REVIEW_SCRIPTS,
        Audience.ORGANIZER: Permission.SEE_RUNS,
        Audience.KEEPER: Permission.CHANGE_TRUST,
    }
)
#: Why a person is told, as the last sentence of a mail.
REASONS: Final = MappingProxyType(
    {
        Audience.OWNER: "the author token belongs to you",
        Audience.AUTHOR: "you handed in this script",
        Audience.PARTICIPANT: "you took part in this review",
        Audience.REVIEWER: "you review scripts",
        Audience.ORGANIZER: "you organize this conference",
        Audience.KEEPER: "you look after its identity provider",
    }
)


@dataclass(frozen=True, kw_only=True)
class NoticeKind:
    """One kind of notice.

    `words` and `todo` may contain {by}, {submission}, {version}, {share}, {token}, {use}, {date}, {connection}, {state} and
    {since}.
    """

    name: str  #: the action of the audit entry, where there is one
    group: str
    told: tuple[Audience, ...]
    words: str  #: what happened: the line on the page, and the subject of a mail
    todo: str  #: what follows from it, as a sentence
    place: str  #: where it leads: "submission", "version", "scripts", "tokens", "provider", "attendance", "webhook" or "connections"


_LIVE: Final = (Audience.AUTHOR, Audience.REVIEWER, Audience.ORGANIZER)
_TALK: Final = (Audience.AUTHOR, Audience.PARTICIPANT)
#: What the watch takes back has the same action as what a person takes back, and another actor.
BY_THE_WATCH: Final = "script.reverted by the watch"
TOKEN_ENDS, PROVIDER_CERTIFICATE_ENDS, OWN_CERTIFICATE_ENDS = "token.ends", "certificate.ends", "own certificate.ends"

VENDOR_TROUBLE: Final = "connection.in_trouble"

TABLE: Final = (
    NoticeKind(
        name="script.submitted",
        group="review",
        told=(Audience.REVIEWER,),
        words="{by} handed in version {version} for review",
        todo="It waits for a review.",
        place="submission",
    ),
    NoticeKind(
        name="script.withdrawn",
        group="decision",
        told=_TALK,
        words="{by} withdrew submission {submission} (version {version})",
        todo="Nothing is left to review.",
        place="submission",
    ),
    NoticeKind(
        name="review.changes_requested",
        group="answer",
        told=_TALK,
        words="{by} requested changes to submission {submission} (version {version})",
        todo="Read what to change, then hand the script in again.",
        place="submission",
    ),
    NoticeKind(
        name="review.approved",
        group="decision",
        told=_TALK,
        words="{by} approved submission {submission} (version {version})",
        todo="It can be staged or activated.",
        place="submission",
    ),
    NoticeKind(
        name="review.rejected",
        group="decision",
        told=_TALK,
        words="{by} rejected submission {submission} (version {version})",
        todo="Its page says why.",
        place="submission",
    ),
    NoticeKind(
        name="review.commented",
        group="answer",
        told=_TALK,
        words="{by} commented on submission {submission} (version {version})",
        todo="Read the comment, and answer it.",
        place="submission",
    ),
    NoticeKind(
        name="script.staged",
        group="version",
        told=_LIVE,
        words="{by} staged version {version} for {share} % of the users",
        todo="All others see the active version.",
        place="version",
    ),
    NoticeKind(
        name="script.widened",
        group="version",
        told=_LIVE,
        words="{by} staged version {version} for more users: {share} %",
        todo="All others see the active version.",
        place="version",
    ),
    NoticeKind(
        name="script.activated",
        group="version",
        told=_LIVE,
        words="{by} activated version {version}",
        todo="All users see it.",
        place="version",
    ),
    NoticeKind(
        name="script.rolled_back",
        group="version",
        told=_LIVE,
        words="{by} rolled back to version {version}",
        todo="All users see it.",
        place="version",
    ),
    NoticeKind(
        name="script.reverted",
        group="version",
        told=_LIVE,
        words="{by} took version {version} back",
        todo="Its users see the active version again.",
        place="version",
    ),
    NoticeKind(
        name=BY_THE_WATCH,
        group="alarm",
        told=_LIVE,
        words="{by} took version {version} back, because its runs failed too often",
        todo="Its users see the active version again. Find out why its runs failed.",
        place="version",
    ),
    NoticeKind(
        name="script.suspended",
        group="alarm",
        told=_LIVE,
        words="{by} suspended version {version}",
        todo="No user sees it until it is reinstated. Find out why it was suspended.",
        place="version",
    ),
    NoticeKind(
        name="prepare.failing",
        group="alarm",
        told=_LIVE,
        words="The prepare function of version {version} keeps failing",
        todo="Users see messages from facts that were prepared earlier, or from calls for each user. Find out why it fails.",
        place="version",
    ),
    NoticeKind(
        name="script.reinstated",
        group="version",
        told=_LIVE,
        words="{by} reinstated version {version}",
        todo="It can be staged or activated again.",
        place="version",
    ),
    NoticeKind(
        name="scripts.stopped",
        group="alarm",
        told=_LIVE,
        words="{by} stopped all scripts",
        todo="Users see the fallback text, or nothing, until the scripts run again.",
        place="scripts",
    ),
    NoticeKind(
        name="scripts.continued",
        group="version",
        told=_LIVE,
        words="{by} let the scripts run again",
        todo="Users see their messages again.",
        place="scripts",
    ),
    NoticeKind(
        name=TOKEN_ENDS,
        group="expiry",
        told=(Audience.OWNER,),
        words="Your author token “{token}” ends on {date}",
        todo="Make a new one, and use it in place of this one.",
        place="tokens",
    ),
    NoticeKind(
        name=PROVIDER_CERTIFICATE_ENDS,
        group="expiry",
        told=(Audience.KEEPER,),
        words="A certificate of the identity provider expires on {date}",
        todo="Look for a new certificate of the provider, and accept it.",
        place="provider",
    ),
    NoticeKind(
        name=OWN_CERTIFICATE_ENDS,
        group="expiry",
        told=(Audience.KEEPER,),
        words="Our {use} certificate for the identity provider expires on {date}",
        todo="Publish the next keys, and switch to them once the provider knows them.",
        place="provider",
    ),
    NoticeKind(
        name="attendance.disputed",
        group="attendance",
        told=(Audience.ORGANIZER,),
        words="{by} says that their attendance is wrong",
        todo="Read what they say, correct the scans if they are right, and answer.",
        place="attendance",
    ),
    NoticeKind(
        name="webhook.given_up",
        group="alarm",
        told=(Audience.ORGANIZER,),
        words="{by} switched the webhook off, because its address failed",
        todo="Another system is told of no scans until it is switched on again. Then it is told of all that it missed.",
        place="webhook",
    ),
    NoticeKind(
        name=VENDOR_TROUBLE,
        group="alarm",
        told=(Audience.ORGANIZER,),
        words="The vendor system “{connection}” has been {state} since {since}",
        todo="Users see the last known messages. Look at the page of connections, and ask the vendor.",
        place="connections",
    ),
)
BY_NAME: Final = MappingProxyType({kind.name: kind for kind in TABLE})


def crowding(group: str) -> tuple[str, ...]:
    """Return the kinds that share a bound with a group: alarms with alarms only, so that no flood of others hides one."""
    return tuple(kind.name for kind in TABLE if (kind.group == ALARM) == (group == ALARM))


def groups_for(audiences: Collection[str]) -> tuple[NoticeGroup, ...]:
    """Return the groups that can concern a person who belongs to these audiences."""
    named = {kind.group for kind in TABLE if not set(audiences).isdisjoint(kind.told)}
    return tuple(group for group in GROUPS if group.name in named)
