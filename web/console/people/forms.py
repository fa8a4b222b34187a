"""The forms about people and roles. What their fields may hold is decided by the records."""

from __future__ import annotations

from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from records.roles import BY_NAME
from web.console.layout.base_form import ConsoleForm

#: Usernames which are granted a role at once.
MOST_NAMES = 200

KINDS = (
    SelectChoice("username", "Usernames"),
    SelectChoice("user type", "A user type: what the identity provider says people are, such as staff"),
    SelectChoice("attribute", "An attribute which the identity provider sends, such as a group"),
)


class LockOutForm(ConsoleForm):
    """Why somebody is locked out, for whoever asks later."""

    reason = StringField(
        "Reason",
        description="Only staff see it: here and in the audit.",
        validators=[InputRequired("is missing")],
    )


class GrantForm(ConsoleForm):
    """Which role, and to whom. `role` offers what the person may give."""

    fields_of = {"value": "values"}  # noqa: RUF012 - read only, as the base class says

    role = RadioField("Role", validators=[InputRequired("is missing")], validate_choice=False)
    kind = RadioField("To whom", choices=KINDS, default="username", validate_choice=False)
    values = TextAreaField(
        "Usernames or values",
        description="One a line. A username as the identity provider sends it, mostly an e-mail address; it can be "
        "granted before the person has ever logged in.",
        validators=[InputRequired("are missing")],
    )
    name = StringField("Name of the attribute", description="Only for an attribute, such as groups.")

    def offer(self, names: tuple[str, ...]) -> None:
        """Let the form offer these roles."""
        self.role.choices = [SelectChoice(role, f"{role}: {BY_NAME[role].meaning}") for role in names]
        if len(names) == 1 and not self.role.data:
            self.role.data = names[0]

    @property
    def lines(self) -> list[str]:
        """What was typed, one value a line, each once."""
        return list(dict.fromkeys(line.strip() for line in (self.values.data or "").splitlines() if line.strip()))
