"""How an implementation leaves: archived, which can be undone, then removed for ever.

The rule is the records' (`records.maintenance.archiving`), the same as for the command line; what it leaves to the store, logins and
cached statuses, is done after the commit.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, current_app, flash, url_for

from records import DbSession, Implementation, RuleViolation
from records.maintenance import archiving
from records.maintenance.archiving import AfterCommit, AuditContext
from web.auth.services import AuthServices
from web.console.layout import page_frame
from web.console.settings.retirement.forms import ReasonForm, RemoveForm
from web.console.settings.views_base import actor, blueprint, looking, page
from web.permissions import Permission, needs
from web.redirects import see_other

#: Where the application keeps what ends logins and drops cached statuses; it says whether the store did all of it.
RETIRE = "retire"
AWAY = "The store did not answer: logins from before may still be there, and end by themselves within 12 hours."


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
    return _decided(implementation, form, archiving.archive, "The implementation is archived. It can be restored.")


@blueprint.post("/retirement/restore")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def restore(implementation: str) -> Response:
    """Serve it again."""
    form = RemoveForm()
    environment = "production" if AuthServices.here().config.production else "development"

    def rule(db: DbSession, found: Implementation, by: AuditContext) -> AfterCommit:
        return archiving.restore(db, found, by, environment=environment)

    return _decided(implementation, form, rule, "The implementation is served again. People have to log in again.")


@blueprint.post("/retirement/remove")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def remove(implementation: str) -> Response:
    """Remove an archived implementation for ever."""
    form = RemoveForm()

    def rule(db: DbSession, found: Implementation, by: AuditContext) -> AfterCommit:
        return archiving.remove(db, found, by, typed=form.slug.value)

    return _decided(implementation, form, rule, f"{implementation} is removed. Its audit entries stay.", gone=True)


def _decided(
    slug: str,
    form: RemoveForm,
    rule: Callable[[DbSession, Implementation, AuditContext], AfterCommit],
    said: str,
    *,
    gone: bool = False,
) -> Response:
    """Let the rule act in one transaction, then do what it leaves to the store; faults are shown on the page."""
    entrance = AuthServices.here()
    try:
        with entrance.database.session() as db:
            retired = rule(db, page_frame.implementation_named(db, slug), AuditContext(actor(), form.reason.value))
    except RuleViolation as refused:
        form.refuse(refused)
        return _page(slug, form)
    if not current_app.extensions[RETIRE](retired):
        flash(AWAY, "note")
    entrance.changed(slug)
    flash(said)
    return see_other(url_for("console.home") if gone else url_for("console.overview", implementation=slug))


def _page(slug: str, form: ReasonForm) -> Response:
    with looking(slug) as (db, found):
        return page("retirement.html", found, title="Archive or remove", form=form, counts=archiving.preview(db, found))
