"""The ground under every settings page: whose settings they are, who changes them, and what a change always does.

A change is one transaction with its audit entry; after the commit all processes are told, so that it counts at once. A
form that is saved as it was shown is no change: nothing is written and nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from records import DbSession, Implementation, RuleViolation, audit
from records.people import actors
from records.tenants import implementations
from web.auth.services import AuthServices
from web.console.layout import page_frame
from web.console.layout.page_frame import Link
from web.console.settings.forms import SettingsForm
from web.redirects import see_other

#: Bytes of a form with long texts: everything that the records would take, written in percent signs.
LONG_FORM = 512 * 1024

#: What is said when a form is saved as it was shown.
UNCHANGED = "Nothing was changed."

blueprint = Blueprint("console_settings", __name__, url_prefix="/console/implementations/<implementation>")


@contextmanager
def looking(slug: str) -> Iterator[tuple[DbSession, Implementation]]:
    """Read what belongs to an implementation."""
    with AuthServices.here().database.reading() as db:
        # Before all else: what comes while the page is made is news to it.
        newest = audit.recent(db, implementation=slug, limit=1)
        g.as_of = newest[0].number if newest else 0
        yield db, page_frame.implementation_named(db, slug)


@dataclass
class SettingsChange:
    """A change under way; `action`, `target` and `detail` are what the audit entry will say.

    `made` is whether anything was changed, known when the change is over.
    """

    db: DbSession
    implementation: Implementation
    action: str
    target: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    made: bool = True


@contextmanager
def saving(slug: str, action: str, *, target: str = "") -> Iterator[SettingsChange]:
    """Save a form of values. Its `detail` is what differs: if nothing does, all stays as it was, and `made` is False."""
    with changing(slug, action, target=target, saves=True) as change:
        yield change


@contextmanager
def changing(
    slug: str, action: str, *, target: str = "", announced: bool = True, saves: bool = False
) -> Iterator[SettingsChange]:
    """Change something of an implementation: all of it with its audit entry, or nothing. Then everybody is told.

    `announced` is False for what leaves no trace in any status, such as a test. `saves`: see `saving`.
    """
    entrance = AuthServices.here()
    with entrance.database.session() as db:
        change = SettingsChange(db, page_frame.implementation_named(db, slug), action, target)
        if announced:
            refuse_overtaken(change)
        yield change
        if saves and not change.detail:
            db.rollback()
            change.made = False
            return
        audit.append(
            db, actor=actor(), action=change.action, target=change.target, implementation=slug, detail=change.detail
        )
    if announced:
        entrance.changed(slug)


def refuse_overtaken(change: SettingsChange) -> None:
    """Refuse a form which lay open while somebody changed the same: it would put everything back that they changed.

    So a link host or an address of the app that was just taken away does not return by somebody's old page.
    """
    implementations.lock(change.db, change.implementation)
    change.db.refresh(change.implementation)  # somebody may have changed it while we waited
    as_of = known_as_of()
    if as_of is None:
        return  # no form that shows what there is
    same = {"action": change.action, "target": change.target, "implementation": change.implementation.slug}
    newer = audit.newest_by_another_actor(change.db, as_of, actor=actor(), **same)
    if newer is not None:
        who = actors.in_words(change.db, newer.actor)
        raise RuleViolation("form", f"was overtaken by a change of {who}. Load the page again, then make your change")


def known_as_of() -> int | None:
    """Return the number of the newest audit entry that the page of this form knew; None for a form that does not say."""
    as_of = request.form.get("as_of", "")
    # Digits that every database's number has.
    return int(as_of) if as_of.isascii() and as_of.isdigit() and len(as_of) < 16 else None  # noqa: PLR2004


def actor() -> str:
    """Return by which name the audit entries know who is signed in."""
    return page_frame.signed_in().actor


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return old and new of what differs. Never call it with a secret."""
    return {name: [before[name], after[name]] for name in after if before[name] != after[name]}


def refuse_development(*, wanted: bool) -> None:
    """Refuse what leads to this machine itself where that is not for development. Pages do not offer it there."""
    if wanted and AuthServices.here().config.production:
        raise RuleViolation("development", "is for development only")


def done(said: str, endpoint: str, implementation: str, **more: Any) -> Response:
    """Say what happened, on the next page; "" when that has been said."""
    if said:
        flash(said)
    return see_other(address(endpoint, implementation, **more))


def saved(change: SettingsChange, said: str, endpoint: str, implementation: str, **more: Any) -> Response:
    """Say that a form of values was saved, or that nothing was changed, on the next page."""
    return done(said if change.made else UNCHANGED, endpoint, implementation, **more)


def address(endpoint: str, implementation: str, **more: Any) -> str:
    """Return the address of a settings page."""
    return url_for(f"console_settings.{endpoint}", implementation=implementation, **more)


def page(
    template: str,
    implementation: Implementation,
    *,
    title: str,
    form: SettingsForm | None = None,
    below: tuple[tuple[str, str], ...] = (),
    **more: Any,
) -> Response:
    """Draw a settings page. `below` are the pages above it, as words and endpoint. A form with faults is no success."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.complaints else HTTPStatus.OK
    if form is not None and not form.as_of.data:
        form.as_of.data = g.as_of
    crumbs = tuple(Link(words, address(endpoint, implementation.slug)) for words, endpoint in below)
    return page_frame.page(
        f"console/settings/{template}",
        title=title,
        implementation=implementation,
        crumbs=crumbs,
        status=status,
        form=form,
        **more,
    )


def ask(implementation: Implementation, title: str, told: list[str], *, verb: str, back: str) -> Response:
    """Ask once before something that cannot be undone: what will happen to whom, and the way back."""
    return page("ask.html", implementation, title=title, told=told, verb=verb, back=back)
