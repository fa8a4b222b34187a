"""The forms that upload, preview and import an agenda file."""

from __future__ import annotations

from wtforms import HiddenField

from records.agenda.dates import AUTO, DAY_FIRST, ISO, MONTH_FIRST
from web.forms.base_form import BaseForm
from web.forms.fields import ChoiceField, UploadField, YesNoField

ORDERS = (
    (AUTO, "Work it out from the file, and ask me if that is not possible"),
    (MONTH_FIRST, "Month first: 7/15/2026 9:00 AM"),
    (DAY_FIRST, "Day first: 15/7/2026 09:00"),
    (ISO, "Year first: 2026-07-15 09:00"),
)


class UploadForm(BaseForm):
    """The organizer's file, and how its dates are written."""

    file = UploadField("Agenda file", description="An Excel workbook (.xlsx) or a CSV file, up to 8 MB.")
    dates = ChoiceField("How its dates are written", choices=ORDERS, default=AUTO)


class OrderForm(BaseForm):
    """Another order in which to read the dates of the stored file."""

    dates = ChoiceField("How its dates are written", choices=ORDERS[1:])


class ImportForm(BaseForm):
    """The import of the previewed file. `upload` is its SHA-256, `dates` the order in which its dates were read."""

    upload = HiddenField()
    dates = HiddenField()
    retire = YesNoField("Retire the sessions that the file does not contain")
