"""The form that orders facts to be prepared."""

from __future__ import annotations

from records.agenda.sessions import AgendaSession
from records.columns import length_of
from web.forms.base_form import BaseForm
from web.forms.fields import LineField


class PrepareForm(BaseForm):
    """For which session."""

    session = LineField("Session", description="Its ID in the agenda.", longest=length_of(AgendaSession.session_id))
