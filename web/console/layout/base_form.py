"""The form which all forms of the console are made of.

A form shows what a rule of the records refuses, at the field it is about: the rule decides, the form only speaks. The
token against forged forms is inside (`form.hidden_tag()`), and a view checks nothing of it: see `web.middleware.csrf_tokens`.

    class NameForm(ConsoleForm):
        name = StringField("Name", description="As people know the conference.")

    form = NameForm(obj=implementation)
    if form.validate_on_submit():
        try: ...                                   # the rule
        except Refused as refused: form.refuse(refused)

A template draws it with `{% from "console/drawing.html" import problems, field %}`: `{{ problems(form) }}` on top lists
what is wrong and leads to each field, `{{ field(form.name) }}` draws label, help, error and input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field

from records import RuleViolation


class ConsoleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form of the console. `fields_of` maps names of the rules to fields of the form where they differ."""

    fields_of: Mapping[str, str] = {}

    def refuse(self, refused: RuleViolation) -> None:
        """Show every fault of a rule at its field, or on top if the form has no such field."""
        for fault in refused.faults:
            self.complain(self.fields_of.get(fault.field, fault.field), sentence(fault.reason))

    def complain(self, name: str, words: str) -> None:
        """Say that a field is wrong, in words that follow its label."""
        found = self._fields.get(name)
        if found is None:
            self.form_errors.append(f"{name}: {words}")
        else:
            found.errors = [*found.errors, words]

    @property
    def complaints(self) -> list[tuple[Field | None, str]]:
        """What is wrong: the field (None: the form as a whole) and the words, in the order of the fields."""
        at_fields: list[tuple[Field | None, str]] = [
            (field, words) for field in self if field.name != "csrf_token" for words in flat(field.errors)
        ]
        return [(None, words) for words in self.form_errors] + at_fields


def sentence(reason: str) -> str:
    """Return a rule's reason ("is missing", "has at most 5 characters") as the end of a sentence about the field."""
    return reason[:1].lower() + reason[1:] if reason[:1].isupper() else reason


def flat(errors: Any) -> list[str]:
    """Return a field's errors as one list; a field made of fields has lists, or names with lists."""
    if isinstance(errors, str):
        return [errors]
    inner = errors.values() if isinstance(errors, Mapping) else errors
    return [words for each in inner for words in flat(each)]
