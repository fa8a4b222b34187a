"""The form of the settings of scanning and attendance. Its fields come from `records.tenants.implementation_settings`."""

from __future__ import annotations

from records.tenants import implementation_settings as table
from web.forms.base_form import BaseForm
from web.forms.setting_fields import with_settings


@with_settings(table.ATTENDANCE)
class AttendanceForm(BaseForm):
    """Who sees the button for scanning where and when, and how minutes are counted."""


@with_settings(table.RETENTION)
class RetentionForm(BaseForm):
    """For how long names, scans, refused scans and devices are kept."""
