"""Checks a text against its implementation for a page. The text is compiled in the jail, never in this process."""

from __future__ import annotations

from dataclasses import dataclass, field

from records import DbSession, Implementation
from runner.trials.implementation_facts import facts_of
from runner.trials.script_checks import ChecksUnavailable
from runner.trials.submission import secrets_of, without_own_secrets
from runner.trials.trial import ScriptReview
from web.auth.services import AuthServices


@dataclass(frozen=True)
class PageCheck:
    """The result of a check for a page: the review, or why there is none."""

    review: ScriptReview | None = None
    fault: str = ""
    findings: tuple[object, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether the text may be handed in."""
        return self.review is not None and self.review.ok


def check(db: DbSession, owner: Implementation, source: str) -> PageCheck:
    """Check a text against an implementation."""
    services = AuthServices.here()
    try:
        review = services.script_checks.review(source, facts_of(db, owner))
    except ChecksUnavailable as away:
        return PageCheck(fault=str(away))
    review = without_own_secrets(source, review, secrets_of(db, services.box, owner))
    return PageCheck(review, findings=review.findings)
