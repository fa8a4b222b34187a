"""The forms that upload, preview and import a list of attendees, and search it."""

from __future__ import annotations

from wtforms import HiddenField

from web.forms.base_form import BaseForm
from web.forms.fields import UploadField, YesNoField
from web.forms.filter_form import FilterField, FilterForm


class RosterUploadForm(BaseForm):
    """The organizer's file."""

    file = UploadField("List of attendees", description="An Excel workbook (.xlsx) or a CSV file, up to 8 MB.")


class RosterImportForm(BaseForm):
    """The import of the previewed file. `upload` is its SHA-256."""

    upload = HiddenField()
    remove = YesNoField("Remove the people whom the file does not contain")


class RosterSearchForm(FilterForm):
    """The search field of the list."""

    q = FilterField("Name or badge ID")
