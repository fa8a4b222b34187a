"""The page for the settings of scanning and attendance."""

from __future__ import annotations

from flask import Response

from records import Implementation, RuleViolation
from records.attendance import scan_permission
from records.tenants import implementation_settings as table
from web.console.commits import commit_to
from web.console.settings.attendance.forms import AttendanceForm
from web.console.settings.general.views import ABOVE, change_settings
from web.console.settings.views_base import LONG_FORM, blueprint, looking, page, saved
from web.forms.setting_fields import names_on
from web.permissions import Permission, needs, takes


@blueprint.get("/settings/attendance")
@needs(Permission.SEE_SETTINGS)
def attendance(implementation: str) -> Response:
    """Show the settings of scanning and attendance."""
    with looking(implementation) as (db, found):
        form = AttendanceForm(formdata=None, obj=found)
        return _attendance_page(found, form, scan_permission.has_scanners(db, found))


@blueprint.post("/settings/attendance")
@needs(Permission.CHANGE_SETTINGS)
@takes(body=LONG_FORM)
def save_attendance(implementation: str) -> Response:
    """Store them. Faults are shown at their fields, with what was typed."""
    form = AttendanceForm()
    try:
        values = form.values(*names_on(table.ATTENDANCE))
        change = commit_to(implementation, lambda db, found: change_settings(db, found, values))
        return saved(change, "The settings are saved and apply from now on.", "attendance", implementation)
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (db, found):
        return _attendance_page(found, form, scan_permission.has_scanners(db, found))


def _attendance_page(found: Implementation, form: AttendanceForm, has_scanners: bool) -> Response:  # noqa: FBT001 - what is known, not a switch
    return page("attendance.html", found, title="Attendance", above=ABOVE, form=form, has_scanners=has_scanners)
