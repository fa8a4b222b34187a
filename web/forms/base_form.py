"""The base class of all forms.

A form has no rules of its own: it shows what a rule of the records refuses, at the field concerned, so that pages and
commands refuse the same. A refused form keeps what was typed, except secrets and files.

    class NameForm(BaseForm):
        name = LineField("Name", description="As people know the conference.")

    form = NameForm(obj=implementation)
    try: ...                                   # the rule, with form.values("name")
    except RuleViolation as refused: form.refuse(refused)

A template draws it with `{% from "forms.html" import entry, problems, token with context %}`: `{{ problems(form) }}`
lists what is wrong, with links to the fields; `{{ token(form) }}` is the protection against forged forms (checked by
`web.middleware.csrf_tokens` before a view runs); `{{ entry(form.name) }}` draws label, help, fault and input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField

from records import RuleViolation

from .fields import AmountField

#: A field's name as rules write it. What is in quotes was typed by a person and stays as it is.
_NAME = re.compile(r"“[^”]*”|(?<!\{)\b[a-z]+(?:_[a-z]+)+\b")


class BaseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form. Its fields have the names that the rule uses, or those that `fields_of` maps them to.

    `as_of` is the number of the newest audit entry when the page was drawn.
    """

    fields_of: Mapping[str, str] = {}

    as_of = HiddenField()

    def values(self, *names: str) -> dict[str, Any]:
        """Return the values of these fields by name."""
        return {name: self[name].value for name in names}

    def refuse(self, refused: RuleViolation) -> None:
        """Show every fault of a rule at its field, or at the top if the form has no such field."""
        for fault in refused.faults:
            name = self.fields_of.get(fault.field, fault.field)
            self.complain(name, self._in_unit(name, sentence(fault.reason)))

    def _in_unit(self, name: str, reason: str) -> str:
        field = self._fields.get(name)
        return field.in_unit(reason) if isinstance(field, AmountField) else reason

    def complain(self, name: str, words: str) -> None:
        """Add a fault to a field, in words that follow its label; names of other fields become their labels."""
        labels = {field.name: f"“{field.label.text}”" for field in self}
        reason = _NAME.sub(lambda found: _label_of(found[0], labels), words)
        if name in self:
            self[name].errors = [*self[name].errors, reason]
        else:
            self.form_errors.append(f"The {name.replace('_', ' ')} {reason}.")

    @property
    def complaints(self) -> list[tuple[Field | None, str]]:
        """All faults in the order of the fields: the field (None for the form as a whole) and the words."""
        at_fields: list[tuple[Field | None, str]] = [
            (field, words) for field in self if field.name != "csrf_token" for words in flat(field.errors)
        ]
        return [(None, words) for words in self.form_errors] + at_fields


def _label_of(found: str, labels: Mapping[str, str]) -> str:
    return found if found.startswith("“") else labels.get(found, found.replace("_", " "))


def sentence(reason: str) -> str:
    """Return a rule's reason ("is missing", "must be 1 to 5 characters") as the end of a sentence that starts with a label."""
    return reason[:1].lower() + reason[1:] if reason[:1].isupper() else reason


def flat(errors: Any) -> list[str]:
    """Return a field's errors as one flat list; those of a compound field are nested."""
    if isinstance(errors, str):
        return [errors]
    inner = errors.values() if isinstance(errors, Mapping) else errors
    return [words for each in inner for words in flat(each)]
