"""The forms that add examples of badges, and choose what their codes mean."""

from __future__ import annotations

from types import MappingProxyType

from wtforms import HiddenField

from records.attendance.badge_formats.badge_format import ID_CHARACTERS, TAKES
from web.forms.base_form import BaseForm
from web.forms.fields import ChoiceField, DropdownField, LinesField, TextBlockField, UploadField

#: The choice for a name that is on no badge.
NONE = ""
NO_NAME = (NONE, "Not on the badge: the attendee list has it")


class ImageForm(BaseForm):
    """A picture of one badge or several."""

    image = UploadField(
        "Photo, screenshot or PDF",
        description="PNG, JPEG, WebP or PDF, up to 10 MB. It is deleted when its codes are read.",
    )


class CodesForm(BaseForm):
    """Codes as text."""

    fields_of = MappingProxyType({"code": "codes"})

    codes = LinesField("Text of codes", description="One code a line, as a scanner app shows it.")


class ProposalForm(BaseForm):
    """One of the proposed formats. Its value is the format as JSON, which the rule checks."""

    fields_of = MappingProxyType({"format": "chosen"})

    chosen = ChoiceField("Which one reads the badges?")


class PartsForm(BaseForm):
    """Which part of a code is what."""

    draft = HiddenField()
    badge_id = DropdownField("Badge ID")
    badge_id_take = DropdownField("What to take of it", choices=[(each, each) for each in TAKES])
    last_name = DropdownField("Last name")
    last_name_take = DropdownField("What to take of it", choices=[(each, each) for each in TAKES])
    first_name = DropdownField("First name")
    first_name_take = DropdownField("What to take of it", choices=[(each, each) for each in TAKES])
    id_characters = DropdownField(
        "Badge IDs consist of",
        choices=[(each, each) for each in ID_CHARACTERS],
        description="A code with another badge ID is refused at the door.",
    )


class JsonForm(BaseForm):
    """The draft as JSON, for what the other forms do not offer, such as patterns."""

    fields_of = MappingProxyType({"format": "json"})

    json = TextBlockField("Format as JSON")
