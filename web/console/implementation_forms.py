"""The form for a new implementation. What its fields may hold is decided by the records."""

from __future__ import annotations

from wtforms.validators import InputRequired

from web.forms.base_form import BaseForm
from web.forms.fields import LineField


class AddForm(BaseForm):
    """What an implementation cannot be without; everything else has a default and is set later."""

    fields_of = {"name": "called"}  # noqa: RUF012 - read only, as the base class says

    called = LineField(
        "Name of the conference",
        description="As its people know it. Can be changed later.",
        validators=[InputRequired()],
    )
    slug = LineField(
        "Id in addresses",
        description="Letters, digits, hyphens and underscores, such as annual-meeting-2026. It can never be changed: "
        "the app and the identity provider are told addresses with it.",
        validators=[InputRequired()],
    )
    time_zone = LineField(
        "Time zone",
        description="Where the conference takes place, such as America/New_York or Europe/Berlin. Without one: UTC.",
    )
