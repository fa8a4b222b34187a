"""The page for how long attendance is kept, with a preview of what goes and when.

If new terms would delete something at once, they are saved only by somebody who has seen what goes.
"""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime

from flask import Response, request

from records import RuleViolation
from records.attendance.retention import keeping
from records.attendance.retention.keeping import KeepingTerms
from records.tenants import implementation_settings as table
from web.console.commits import commit_to
from web.console.settings.attendance.forms import RetentionForm
from web.console.settings.general.views import ABOVE, change_settings
from web.console.settings.views_base import blueprint, looking, page, saved
from web.forms.setting_fields import names_on
from web.permissions import Permission, needs

#: The value of the button that saves nothing.
PREVIEW = "preview"


@blueprint.get("/settings/retention")
@needs(Permission.SEE_SETTINGS)
def retention(implementation: str) -> Response:
    """Show for how long names, refused scans and devices are kept, and what goes when."""
    with looking(implementation) as (_, found):
        form = RetentionForm(formdata=None, obj=found)
    return _page(implementation, form, KeepingTerms.of(found))


@blueprint.post("/settings/retention")
@needs(Permission.CHANGE_SETTINGS)
def save_retention(implementation: str) -> Response:
    """Store it, or show what would go. What would delete something at once is shown first."""
    form = RetentionForm()
    values = form.values(*names_on(table.RETENTION))
    try:
        terms = KeepingTerms.of({name: table.BY_NAME[name].check(value) for name, value in values.items()})
    except ValueError:
        terms = None  # the rule says at which field, and why
    if terms is not None and (request.form.get("act") == PREVIEW or _is_unseen(implementation, terms)):
        return _page(implementation, form, terms, unsaved=True)
    try:
        change = commit_to(implementation, lambda db, found: change_settings(db, found, values))
        return saved(change, "Saved. What is due goes within an hour.", "retention", implementation)
    except RuleViolation as refused:
        form.refuse(refused)
    return _page(implementation, form, None)


def _is_unseen(implementation: str, terms: KeepingTerms) -> bool:
    """Say whether these are new terms that delete something at once, which the person has not seen."""
    if request.form.get("act") == _mark(terms):
        return False
    with looking(implementation) as (db, found):
        lines = keeping.preview(db, found, terms, datetime.now(UTC))
        return terms != KeepingTerms.of(found) and any(each.now for each in lines)


def _page(implementation: str, form: RetentionForm, terms: KeepingTerms | None, *, unsaved: bool = False) -> Response:
    with looking(implementation) as (db, found):
        lines = keeping.preview(db, found, terms or KeepingTerms.of(found), datetime.now(UTC))
        return page(
            "retention.html",
            found,
            title="Retention",
            above=ABOVE,
            form=form,
            lines=lines,
            unsaved=unsaved,
            confirming=_mark(terms) if terms else "",
            has_agenda=keeping.event_ends(db, found) is not None,
        )


def _mark(terms: KeepingTerms) -> str:
    """Return what the button says that saves terms whose effect was shown."""
    return "-".join(str(days) for days in astuple(terms))
