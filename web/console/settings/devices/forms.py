"""The form that makes a device for a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from records.attendance.devices import DeviceDraft
from records.errors import RuleViolation
from web.forms.base_form import BaseForm
from web.forms.fields import LineField, LinesField, WholeNumberField
from web.time_format import moment

#: Hours for which a device may scan, and what the form proposes.
LONGEST_HOURS: Final = 60 * 24
USUAL_HOURS: Final = 12


class DeviceForm(BaseForm):
    """A phone as a person asks for it."""

    fields_of = MappingProxyType({"begins_at": "begins", "ends_at": "hours"})

    name = LineField(
        "Name",
        description="Such as Hall B left. Reports tell its scans by it, and no other device can have it later.",
        longest=64,
    )
    sessions = LinesField(
        "Sessions at which it scans", description="One ID a line. Without any, it scans at all sessions."
    )
    begins = LineField(
        "From",
        description="Such as 08:00 or 2026-05-04 08:00, in the time zone of the conference. If it is empty: from now on.",
        longest=40,
    )
    hours = WholeNumberField("For", unit="hours", description=f"1 to {LONGEST_HOURS}.")

    def draft(self, zone: str) -> DeviceDraft:
        """Return what was asked for. Raises RuleViolation for a time that cannot be read."""
        now = datetime.now(UTC)
        try:
            begins_at = moment(self.begins.value, zone, now) if self.begins.value else now
        except ValueError:
            raise RuleViolation("begins_at", "must be a time such as 08:00 or 2026-05-04 08:00") from None
        hours = self.hours.value
        if not isinstance(hours, int) or not 1 <= hours <= LONGEST_HOURS:
            raise RuleViolation("ends_at", f"must be 1 to {LONGEST_HOURS}")
        return DeviceDraft(self.name.value, begins_at, begins_at + timedelta(hours=hours), tuple(self.sessions.value))
