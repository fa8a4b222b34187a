"""A request for a status, as it is asked, and as it is once its implementation and session are known."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.logins.ended_logins import EndedLoginCheck, ended_login_check
from runner.queues.order_lists import OrderDraft

from .cache import MARGIN_S
from .snapshots import ImplementationSnapshot, SeenVersion
from .visibility import HidingRule


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


@dataclass(frozen=True, slots=True)
class ResolvedRequest:
    """A request whose implementation and session are known. `session` is the one whose status is shown."""

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

    @property
    def order(self) -> OrderDraft:
        """The order of a run that finds the status."""
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
        )
