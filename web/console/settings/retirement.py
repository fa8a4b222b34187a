"""The page that archives an implementation, which can be undone, and then removes it permanently.

The rule is `records.changes.retirement`, the same as for the command line.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, url_for

from records import DbSession, Implementation, RuleViolation
from records.audit import AuditContext
from records.changes import retirement as changes
from records.changes.after_commit import AfterCommit
from web.console.commits import by_page, commit_to, environment
from web.console.settings.views_base import blueprint, looking, page
from web.forms.base_form import BaseForm
from web.forms.fields import LineField
from web.permissions import Permission, needs
from web.redirects import see_other


class RetirementForm(BaseForm):
    """The reason, and for a removal the implementation's ID, typed in full."""

    reason = LineField("Reason", description="It is stored in the audit entry.")
    slug = LineField("ID in addresses", description="Type the ID in full to delete everything that is listed above.")


@blueprint.get("/retirement")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def retirement(implementation: str) -> Response:
    """Offer to archive it; or, once it is archived, to restore or remove it, with what a removal deletes."""
    return _page(implementation, RetirementForm(formdata=None))


@blueprint.post("/retirement/archive")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def archive(implementation: str) -> Response:
    """Archive the implementation. Its logins end."""
    form = RetirementForm()
    return _retire(implementation, form, changes.archive, "The implementation is archived. It can be restored.")


@blueprint.post("/retirement/restore")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def restore(implementation: str) -> Response:
    """Restore an archived implementation."""
    form = RetirementForm()

    def rule(db: DbSession, found: Implementation, by: AuditContext) -> AfterCommit[None]:
        return changes.restore(db, found, by, environment=environment())

    return _retire(implementation, form, rule, "The implementation is served again. People have to log in again.")


@blueprint.post("/retirement/remove")
@needs(Permission.RETIRE_IMPLEMENTATIONS, fresh=True)
def remove(implementation: str) -> Response:
    """Remove an archived implementation permanently."""
    form = RetirementForm()

    def rule(db: DbSession, found: Implementation, by: AuditContext) -> AfterCommit[None]:
        return changes.remove(db, found, by, typed=form.slug.value)

    return _retire(implementation, form, rule, f"{implementation} is removed. Its audit entries stay.", gone=True)


def _retire(
    slug: str,
    form: RetirementForm,
    rule: Callable[[DbSession, Implementation, AuditContext], AfterCommit[None]],
    notice: str,
    *,
    gone: bool = False,
) -> Response:
    """Make the change of a rule; faults are shown on the page."""
    try:
        commit_to(slug, lambda db, found: rule(db, found, by_page(form.reason.value)))
    except RuleViolation as refused:
        form.refuse(refused)
        return _page(slug, form)
    flash(notice)
    return see_other(url_for("console.home") if gone else url_for("console.overview", implementation=slug))


def _page(slug: str, form: RetirementForm) -> Response:
    with looking(slug) as (db, found):
        return page("retirement.html", found, title="Archive or remove", form=form, counts=changes.preview(db, found))
