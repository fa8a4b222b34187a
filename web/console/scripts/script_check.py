"""Checks a text against its implementation for a page. A worker compiles it in its jail; this process starts none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from records import DbSession, Implementation
from runner.checks.script_checks import ChecksUnavailable
from runner.trials.implementation_facts import facts_of
from runner.trials.script_review import ScriptReview
from runner.trials.submission import secrets_of, without_own_secrets
from web.auth.services import AuthServices
from web.console.layout.page_frame import signed_in


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
    """Check a text against an implementation, so that it can be handed in."""
    return _checked(db, owner, source, AuthServices.here().script_checks.review)


def look(db: DbSession, owner: Implementation, source: str) -> PageCheck:
    """Do the same with a text that never changes, for a look at it: one that was checked already costs no check."""
    return _checked(db, owner, source, AuthServices.here().script_checks.look)


def _checked(db: DbSession, owner: Implementation, source: str, checked: Callable[..., ScriptReview]) -> PageCheck:
    try:
        review = checked(source, facts_of(db, owner), by=signed_in().actor)
    except ChecksUnavailable as away:
        return PageCheck(fault=str(away))
    review = without_own_secrets(source, review, secrets_of(db, AuthServices.here().box, owner))
    return PageCheck(review, findings=review.findings)
