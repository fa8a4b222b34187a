"""A request for a status, as it is asked, and as it is once its implementation and session are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from runner.logins.ended_logins import EndedLoginCheck, LoginEnded, ended_login_check
from runner.queues.order_lists import OrderDraft

from .cache import MARGIN_S, StatusCache
from .snapshots import ImplementationSnapshot, SeenVersion, SessionSnapshot, SnapshotLookup
from .visibility import HidingRule, hiding_rule, is_scanned, seconds_until_shown


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Who asks about what: the implementation's slug, the user's subject, the session's id.

    `login` and `since` describe the login of the request; `LoginEnded` is raised if it has ended. Without a login the
    request has another proof, such as a signed return address. Requests with two logins of one user are equal.
    """

    implementation: str
    user: str
    session: str
    login: str = field(default="", compare=False)
    since: int = field(default=0, compare=False)
    staff: bool = field(default=False, compare=False)  #: staff ask, not the user

    @property
    def login_check(self) -> EndedLoginCheck | None:
        """What to read to know whether the login has ended; None without a login."""
        return ended_login_check(self.implementation, self.user, self.login, self.since) if self.login else None


class ResolvedRequest(NamedTuple):
    """A request whose implementation and session are known. `session` is the one whose status is shown.

    A tuple, because each request makes one, and a frozen dataclass of this size takes four times as long.
    """

    implementation: ImplementationSnapshot
    user: str
    session: str
    asked_for: str  #: the session of the request
    seen: SeenVersion
    edition: str  #: of implementation and session, for which an answer is valid
    key: str
    rule: HidingRule | None  #: that hides the message
    hidden_s: int | None  #: 0: shown; otherwise as `seconds_until_shown`
    login_check: EndedLoginCheck | None
    staff: bool  #: as in `StatusRequest`

    def order(self, starts: str) -> OrderDraft:
        """Return the order of a run that finds the status; `starts` is as in `OrderDraft`."""
        owner = self.implementation
        return OrderDraft(
            implementation=owner.slug,
            user=self.user,
            session=self.session,
            version=self.seen.sha256,
            edition=self.edition,
            staff=self.staff,
            most=owner.concurrency,
            lock_ms=int((owner.run_seconds(self.seen) + MARGIN_S) * 1000),
            starts=starts,
        )


def resolve(request: StatusRequest, snapshots: SnapshotLookup) -> ResolvedRequest:
    """Find out what the request is about, as it is now.

    Raises `LoginEnded` for the login of a removed implementation that had the same slug, and what the snapshots raise.
    """
    slug, user = request.implementation, request.user
    implementation = snapshots.implementation(slug)
    if request.login and request.since < implementation.since:
        raise LoginEnded
    asked_for = snapshots.session(slug, request.session)
    now = datetime.now(UTC)
    seen = implementation.seen_by(user)
    rule = _rule(snapshots, implementation, user, asked_for, now)
    shown = snapshots.shown_for(implementation, asked_for)
    edition = f"{seen.edition}-{shown.edition}"
    key = StatusCache.key(slug, user, shown.id, edition)
    hidden_s = seconds_until_shown(rule, implementation, asked_for, now) if rule else 0
    login_check, staff = request.login_check, request.staff
    return ResolvedRequest(
        implementation, user, shown.id, asked_for.id, seen, edition, key, rule, hidden_s, login_check, staff
    )


def _rule(
    snapshots: SnapshotLookup,
    implementation: ImplementationSnapshot,
    user: str,
    session: SessionSnapshot,
    now: datetime,
) -> HidingRule | None:
    if is_scanned(implementation, session, now) and snapshots.is_scanner(implementation.slug, user):
        return HidingRule.SCANS
    user_type = snapshots.user_type(implementation.slug, user) if implementation.user_types else ""
    return hiding_rule(implementation, implementation.seen_by(user), session, user_type, now)
