"""The badge form: what a person types to log in by the password relay."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField
from wtforms.validators import InputRequired
from wtforms.widgets import TextInput

from web.forms.base_form import BaseForm
from web.forms.fields import LineField, SecretField

from .password_relay import LONGEST


class BadgeForm(BaseForm):
    """Two fields, labelled as the settings say. `state` identifies the login that the form belongs to."""

    state = HiddenField()
    username = LineField("", longest=LONGEST, validators=[InputRequired()])
    password = SecretField("", longest=LONGEST, validators=[InputRequired()])

    @classmethod
    def labelled(cls, fields: dict[str, Any], *, state: str, username: str) -> BadgeForm:
        """Return the form with the labels of the settings, and with what was typed except the password."""
        form = cls(formdata=None, data={"state": state, "username": username[:LONGEST]})
        form.username.label.text = fields["username_label"]
        form.password.label.text = fields["password_label"]
        if form.password_is_a_name:
            form.password.widget = TextInput()
        return form

    @property
    def password_is_a_name(self) -> bool:
        """Whether the second field is a name: it is not secret, and is often mistyped if it is not shown."""
        return "name" in str(self.password.label.text).casefold()
