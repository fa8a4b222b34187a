"""How an implementation leaves: archived, which can be undone, then removed for ever.

The rule is the records' (`records.changes.retirement`), the same as for the command line.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, url_for

from records import DbSession, Implementation, RuleViolation
from records.audit import AuditContext
from records.changes import retirement as changes
from records.changes.after_commit import AfterCommit
from web.console.commits import by_page, commit_to, environment
from web.console.settings.retirement.forms import ReasonForm, RemoveForm
from web.console.settings.views_base import blueprint, looking, page
from web.permissions import Permission, needs
from web.redirects import see_other


@blueprint.get("/retirement")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def retirement(implementation: str) -> Response:
    """Offer what can be done now: archive, or restore and remove, with what a removal would take."""
    return _page(implementation, RemoveForm(formdata=None))


@blueprint.post("/retirement/archive")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def archive(implementation: str) -> Response:
    """Take the implementation out of use. Its logins end."""
    form = RemoveForm()
    return _decided(implementation, form, changes.archive, "The implementation is archived. It can be restored.")


@blueprint.post("/retirement/restore")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def restore(implementation: str) -> Response:
    """Serve it again."""
    form = RemoveForm()

    def rule(db: DbSession, found: Implementation, by: AuditContext) -> AfterCommit[None]:
        return changes.restore(db, found, by, environment=environment())

    return _decided(implementation, form, rule, "The implementation is served again. People have to log in again.")


@blueprint.post("/retirement/remove")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def remove(implementation: str) -> Response:
    """Remove an archived implementation for ever."""
    form = RemoveForm()

    def rule(db: DbSession, found: Implementation, by: AuditContext) -> AfterCommit[None]:
        return changes.remove(db, found, by, typed=form.slug.value)

    return _decided(implementation, form, rule, f"{implementation} is removed. Its audit entries stay.", gone=True)


def _decided(
    slug: str,
    form: RemoveForm,
    rule: Callable[[DbSession, Implementation, AuditContext], AfterCommit[None]],
    said: str,
    *,
    gone: bool = False,
) -> Response:
    """Let the rule act; faults are shown on the page."""
    try:
        commit_to(slug, lambda db, found: rule(db, found, by_page(form.reason.value)))
    except RuleViolation as refused:
        form.refuse(refused)
        return _page(slug, form)
    flash(said)
    return see_other(url_for("console.home") if gone else url_for("console.overview", implementation=slug))


def _page(slug: str, form: ReasonForm) -> Response:
    with looking(slug) as (db, found):
        return page("retirement.html", found, title="Archive or remove", form=form, counts=changes.preview(db, found))
