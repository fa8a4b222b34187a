"""The form which all forms of the console are made of.

A form shows what a rule of the records refuses, at the field it is about: the rule decides, the form only speaks. A
second set of rules would one day say something else. A refused form keeps what was typed, except secrets and files.

    class NameForm(BaseForm):
        name = LineField("Name", description="As people know the conference.")

    form = NameForm(obj=implementation)
    try: ...                                   # the rule, with form.values("name")
    except RuleViolation as refused: form.refuse(refused)

A template draws it with `{% from "forms.html" import entry, problems, token with context %}`: `{{ problems(form) }}` on
top lists what is wrong and leads to each field, `{{ token(form) }}` is the protection against forged forms (checked by
`web.middleware.csrf_tokens` before a view runs), `{{ entry(form.name) }}` draws label, help, fault and input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField

from records import RuleViolation

#: A field's name as rules write it. What stands in quotes was typed by somebody and is left alone.
_NAME = re.compile(r"“[^”]*”|(?<!\{)\b[a-z]+(?:_[a-z]+)+\b")


class BaseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form whose fields are named as the rule names them, or as `fields_of` says.

    `as_of` is the audit entry up to which the form's page knew all.
    """

    fields_of: Mapping[str, str] = {}

    as_of = HiddenField()

    def values(self, *names: str) -> dict[str, Any]:
        """Return the values of these fields by name."""
        return {name: self[name].value for name in names}

    def refuse(self, refused: RuleViolation) -> None:
        """Show every fault of a rule at its field, or on top if the form has no such field."""
        for fault in refused.faults:
            self.complain(self.fields_of.get(fault.field, fault.field), sentence(fault.reason))

    def complain(self, name: str, words: str) -> None:
        """Say that a field is wrong, in words that follow its label; other fields are named as pages name them."""
        labels = {field.name: f"“{field.label.text}”" for field in self}
        said = _NAME.sub(lambda found: _called(found[0], labels), words)
        if name in self:
            self[name].errors = [*self[name].errors, said]
        else:
            self.form_errors.append(f"The {name.replace('_', ' ')} {said}.")

    @property
    def complaints(self) -> list[tuple[Field | None, str]]:
        """What is wrong: the field (None: the form as a whole) and the words, in the order of the fields."""
        at_fields: list[tuple[Field | None, str]] = [
            (field, words) for field in self if field.name != "csrf_token" for words in flat(field.errors)
        ]
        return [(None, words) for words in self.form_errors] + at_fields


def _called(found: str, labels: Mapping[str, str]) -> str:
    return found if found.startswith("“") else labels.get(found, found.replace("_", " "))


def sentence(reason: str) -> str:
    """Return a rule's reason ("is missing", "must be 1 to 5 characters") as the end of a sentence about the field."""
    return reason[:1].lower() + reason[1:] if reason[:1].isupper() else reason


def flat(errors: Any) -> list[str]:
    """Return a field's errors as one list; a field made of fields has lists, or names with lists."""
    if isinstance(errors, str):
        return [errors]
    inner = errors.values() if isinstance(errors, Mapping) else errors
    return [words for each in inner for words in flat(each)]
