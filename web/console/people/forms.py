"""The forms about people and roles. What their fields may hold is decided by the records."""

from __future__ import annotations

from wtforms.validators import InputRequired

from records import Grant
from records.columns import length_of
from records.people.users import LONGEST_LOCK_OUT_REASON
from records.roles import BY_NAME
from web.forms.base_form import BaseForm
from web.forms.fields import ChoiceField, LineField, LinesField, choices_of
from web.forms.filter_form import FilterField, FilterForm

#: Usernames that can be granted a role at once.
MOST_NAMES = 200

KINDS = (
    ("username", "Usernames"),
    ("user type", "A user type: what the identity provider says people are, such as staff"),
    ("attribute", "An attribute that the identity provider sends, such as a group"),
)


class PersonSearchForm(FilterForm):
    """The search field of the list of people."""

    q = FilterField("Name, username, badge ID or user ID")


class LockOutForm(BaseForm):
    """Why a person is locked out, for those who ask later."""

    reason = LineField(
        "Reason",
        description="Only staff see it: here and in the audit.",
        longest=LONGEST_LOCK_OUT_REASON,
        validators=[InputRequired("is missing")],
    )


class GrantForm(BaseForm):
    """A new grant: which role, and to whom. `role` offers the roles that the signed-in person may grant."""

    fields_of = {"value": "values"}  # noqa: RUF012 - read only, as the base class says

    role = ChoiceField("Role", validators=[InputRequired("is missing")])
    kind = ChoiceField("To whom", choices=KINDS, default="username")
    values = LinesField(
        "Usernames or values",
        description="One a line. Enter usernames as the identity provider sends them, usually e-mail addresses. "
        "A role can be granted before the person's first login.",
        validators=[InputRequired("are missing")],
    )
    name = LineField(
        "Name of the attribute", description="Only for an attribute, such as groups.", longest=length_of(Grant.name)
    )

    def offer(self, names: tuple[str, ...]) -> None:
        """Let the form offer these roles."""
        self.role.choices = choices_of((role, f"{role}: {BY_NAME[role].meaning}") for role in names)
        if len(names) == 1 and not self.role.data:
            self.role.data = names[0]

    @property
    def lines(self) -> list[str]:
        """What was typed, one value a line, each once."""
        return list(dict.fromkeys(self.values.value))
