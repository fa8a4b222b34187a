"""The forms by which an agenda file is uploaded, looked at and imported."""

from __future__ import annotations

from wtforms import HiddenField

from records.agenda.dates import AUTO, DAY_FIRST, ISO, MONTH_FIRST
from web.forms.base_form import BaseForm
from web.forms.fields import ChoiceField, UploadField, YesNoField

ORDERS = (
    (AUTO, "The file shows it: ask me if it does not"),
    (MONTH_FIRST, "Month first: 7/15/2026 9:00 AM"),
    (DAY_FIRST, "Day first: 15/7/2026 09:00"),
    (ISO, "Year first: 2026-07-15 09:00"),
)


class UploadForm(BaseForm):
    """The organizer's file. `file` comes before the choice, as people think of it."""

    file = UploadField("Agenda file", description="An Excel workbook (.xlsx) or a CSV file, up to 8 MB.")
    dates = ChoiceField("How its dates are written", choices=ORDERS, default=AUTO)


class OrderForm(BaseForm):
    """Another way to read the dates of the file that waits."""

    dates = ChoiceField("How its dates are written", choices=ORDERS[1:])


class ImportForm(BaseForm):
    """The import of the file that was looked at. `upload` is its SHA-256, `dates` how it was read."""

    upload = HiddenField()
    dates = HiddenField()
    retire = YesNoField("Retire the sessions that the file does not name")
