"""What all settings forms share: values by name for a rule, and refusals in the words of the page.

A form here checks nothing by itself. The records' rules name every fault of every field; a second set of rules would
one day say something else.
"""

from __future__ import annotations

import re
from typing import Any

from wtforms import HiddenField

from web.console.layout.base_form import ConsoleForm

#: A field's name as rules write it.
_NAME = re.compile(r"(?<!\{)\b[a-z]+(?:_[a-z]+)+\b")


class SettingsForm(ConsoleForm):
    """A form whose fields are named as the rule names them. `as_of` is the audit entry up to which its page knew all."""

    as_of = HiddenField()

    def values(self, *names: str) -> dict[str, Any]:
        """Return the values of these fields by name."""
        return {name: self[name].value for name in names}

    def complain(self, name: str, words: str) -> None:
        """Say that a field is wrong; other fields are named as pages name them."""
        labels = {field.name: f"“{field.label.text}”" for field in self}
        said = _NAME.sub(lambda found: labels.get(found[0], found[0].replace("_", " ")), words)
        if name in self:
            super().complain(name, said)
        else:
            self.form_errors.append(f"The {name.replace('_', ' ')} {said}.")
