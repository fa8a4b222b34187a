"""The forms by which an implementation is archived, restored and removed."""

from __future__ import annotations

from web.forms.base_form import BaseForm
from web.forms.fields import LineField


class ReasonForm(BaseForm):
    """Why something is done; the audit entry keeps it."""

    reason = LineField("Reason", description="It is kept in the audit entry.")


class RemoveForm(ReasonForm):
    """A removal, which needs the implementation named in full."""

    slug = LineField("Id in addresses", description="Type it in full to remove everything listed above for ever.")
