"""The forms about people and roles. What their fields may hold is decided by the records."""

from __future__ import annotations

from wtforms.validators import InputRequired

from records.roles import BY_NAME
from web.forms.base_form import BaseForm
from web.forms.fields import ChoiceField, LineField, LinesField, offered

#: Usernames which are granted a role at once.
MOST_NAMES = 200

KINDS = (
    ("username", "Usernames"),
    ("user type", "A user type: what the identity provider says people are, such as staff"),
    ("attribute", "An attribute which the identity provider sends, such as a group"),
)


class LockOutForm(BaseForm):
    """Why somebody is locked out, for whoever asks later."""

    reason = LineField(
        "Reason",
        description="Only staff see it: here and in the audit.",
        validators=[InputRequired("is missing")],
    )


class GrantForm(BaseForm):
    """Which role, and to whom. `role` offers what the person may give."""

    fields_of = {"value": "values"}  # noqa: RUF012 - read only, as the base class says

    role = ChoiceField("Role", validators=[InputRequired("is missing")])
    kind = ChoiceField("To whom", choices=KINDS, default="username")
    values = LinesField(
        "Usernames or values",
        description="One a line. A username as the identity provider sends it, mostly an e-mail address; it can be "
        "granted before the person has ever logged in.",
        validators=[InputRequired("are missing")],
    )
    name = LineField("Name of the attribute", description="Only for an attribute, such as groups.")

    def offer(self, names: tuple[str, ...]) -> None:
        """Let the form offer these roles."""
        self.role.choices = offered((role, f"{role}: {BY_NAME[role].meaning}") for role in names)
        if len(names) == 1 and not self.role.data:
            self.role.data = names[0]

    @property
    def lines(self) -> list[str]:
        """What was typed, one value a line, each once."""
        return list(dict.fromkeys(self.values.value))
