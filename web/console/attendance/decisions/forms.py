"""The forms of decisions and corrections. What their fields may hold is decided by the records."""

from __future__ import annotations

from types import MappingProxyType

from wtforms import HiddenField

from records.attendance.questions import disputes
from records.attendance.scan_parsing import REFUSAL_WORDS, ScanRefusal
from records.changes.attendance.scans import LONGEST_REASON
from web.forms.base_form import BaseForm
from web.forms.fields import ChoiceField, DropdownField, LineField
from web.forms.filter_form import FilterField, FilterForm

REASON_HELP = "It is kept with the scans, for those who ask later."


class QuestionForm(BaseForm):
    """The answer to a question. `seen` names the scans that the person looked at."""

    choice = ChoiceField("Decision")
    reason = LineField("Reason", description=REASON_HELP, longest=LONGEST_REASON)
    seen = HiddenField()


class VoidForm(BaseForm):
    """Why a scan is voided."""

    reason = LineField("Reason", description=REASON_HELP, longest=LONGEST_REASON)
    seen = HiddenField()


class AddScanForm(BaseForm):
    """A scan that was not made. `scan` is its id, so that a form that is sent twice adds one."""

    fields_of = MappingProxyType({"id": "scan"})

    session = DropdownField("Session")
    badge_id = LineField("Badge ID", longest=100)
    at = LineField("When", description="Such as 14:05, or 2026-05-04 14:05, in the time zone of the event.", longest=40)
    direction = DropdownField("Direction", choices=[("", "None, or in"), ("in", "In"), ("out", "Out")])
    last_name = LineField("Last name", description="Without names, those of the user with this badge ID.", longest=200)
    first_name = LineField("First name", longest=200)
    reason = LineField("Reason", description=REASON_HELP, longest=LONGEST_REASON)
    replaces = HiddenField("Voided scan")
    scan = HiddenField("Scan")


class AnswerForm(BaseForm):
    """The answer to a dispute."""

    answer = LineField("Answer", description="The person reads it on their own page.", longest=disputes.LONGEST)


class ScanFilterForm(FilterForm):
    """Which scans are listed."""

    session = FilterField("Session ID")
    badge = FilterField("Badge ID")


class RefusedFilterForm(FilterForm):
    """Which refused scans are listed."""

    session = FilterField("Session ID")
    badge = FilterField("Badge ID")
    reason = DropdownField(
        "Why", choices=[("", "All reasons"), *((each.value, REFUSAL_WORDS[each]) for each in ScanRefusal)]
    )
