"""The fields of forms. `value` is what a rule checks; what was typed stays on the page.

A text that cannot be converted is passed to the rule as it is, and the rule refuses it, so that one place decides and
explains. `layout` says how `templates/forms.html` draws a field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from wtforms import (
    BooleanField,
    Field,
    FileField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.widgets import CheckboxInput, ListWidget

__all__ = [
    "AmountField",
    "CheckboxesField",
    "ChoiceField",
    "DropdownField",
    "HiddenNumberField",
    "LineField",
    "LinesField",
    "NumberField",
    "SecretField",
    "SourceField",
    "TextBlockField",
    "UploadField",
    "WholeNumberField",
    "YesNoField",
    "choices_of",
]

#: Characters of a number that are read.
_LONGEST_NUMBER = 18


def _limit(field: Field, longest: int | None) -> None:
    """Let a browser take no more characters; the rule checks the length again."""
    if longest is not None:
        field.flags.maxlength = longest


class LineField(StringField):  # type: ignore[misc]  # WTForms ships no types
    """One line of text, without the spaces around it, of at most `longest` characters."""

    layout = "line"

    def __init__(self, label: str, *, longest: int | None = None, **more: Any) -> None:
        super().__init__(label, **more)
        _limit(self, longest)

    @property
    def value(self) -> Any:
        """The text."""
        return (self.data or "").strip()


class TextBlockField(TextAreaField):  # type: ignore[misc]  # WTForms ships no types
    """Several lines of text, as they are."""

    layout = "block"

    @property
    def value(self) -> Any:
        """The text."""
        return (self.data or "").strip()


class SourceField(TextAreaField):  # type: ignore[misc]  # WTForms ships no types
    """The text of a script, as it is. Browsers send CR LF for each line end; a script has line feeds."""

    layout = "block"

    @property
    def value(self) -> Any:
        """The text."""
        return (self.data or "").replace("\r\n", "\n")


class LinesField(TextAreaField):  # type: ignore[misc]  # WTForms ships no types
    """A list, one entry a line."""

    layout = "block"

    def process_data(self, value: Any) -> None:
        """Show a list as lines."""
        self.data = "\n".join(value or ())

    @property
    def value(self) -> Any:
        """The entries, without blank lines."""
        return [line.strip() for line in (self.data or "").splitlines() if line.strip()]


class AmountField(StringField):  # type: ignore[misc]  # WTForms ships no types
    """A number in a unit that people use; `factor` converts it to the unit of the rule."""

    layout = "amount"

    def __init__(self, label: str, *, unit: str = "", factor: int = 1, **more: Any) -> None:
        super().__init__(label, **more)
        self.unit, self.factor = unit, factor

    def process_data(self, value: Any) -> None:
        """Show a number in the unit of the field."""
        self.data = "" if value is None else f"{value / self.factor:.10g}"

    def in_unit(self, reason: str) -> str:
        """Return a rule's reason with its numbers in the unit of the field; part of a unit counts as one."""
        return (
            re.sub(r"\d+", lambda digits: f"{-(-int(digits[0]) // self.factor)}", reason) if self.factor > 1 else reason
        )

    @property
    def number(self) -> float | None:
        """What was typed, in the unit of the rule; None if it is not a number."""
        text = (self.data or "").strip().replace(",", ".")
        try:
            number = float(text) if len(text) <= _LONGEST_NUMBER else math.nan
        except ValueError:
            return None
        return number * self.factor if math.isfinite(number) else None


class WholeNumberField(AmountField):
    """A whole number; None when the field is empty."""

    @property
    def value(self) -> Any:
        """The number, or the text if it is not one."""
        if not (self.data or "").strip():
            return None
        number = self.number
        return int(number) if number is not None and number == int(number) else self.data


class NumberField(AmountField):
    """A number; None when the field is empty."""

    @property
    def value(self) -> Any:
        """The number, or the text if it is not one."""
        if not (self.data or "").strip():
            return None
        number = self.number
        return self.data if number is None else number


class YesNoField(BooleanField):  # type: ignore[misc]  # WTForms ships no types
    """A checkbox."""

    layout = "tick"

    @property
    def value(self) -> Any:
        """Whether it is ticked."""
        return bool(self.data)


def choices_of(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Make the choices of a field from values and labels."""
    return [SelectChoice(value, words) for value, words in pairs]


class ChoiceField(RadioField):  # type: ignore[misc]  # WTForms ships no types
    """One of a few choices, as radio buttons."""

    layout = "choices"

    def __init__(self, label: str, *, choices: Iterable[tuple[str, str]] = (), **more: Any) -> None:
        super().__init__(
            label, validate_choice=False, choices=choices_of(choices), **more
        )  # the rule refuses other values

    @property
    def value(self) -> Any:
        """The chosen value."""
        return self.data or ""


class DropdownField(SelectField):  # type: ignore[misc]  # WTForms ships no types
    """One of many choices, in a drop-down list."""

    layout = "dropdown"

    def __init__(self, label: str, *, choices: Iterable[tuple[str, str]] = (), **more: Any) -> None:
        super().__init__(label, validate_choice=False, choices=choices_of(choices), **more)

    @property
    def value(self) -> Any:
        """The chosen value."""
        return self.data or ""


class CheckboxesField(SelectMultipleField):  # type: ignore[misc]  # WTForms ships no types
    """Any number of a few choices, as checkboxes."""

    layout = "choices"

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: str, *, choices: Iterable[tuple[str, str]] = (), **more: Any) -> None:
        super().__init__(label, validate_choice=False, choices=choices_of(choices), **more)

    @property
    def value(self) -> Any:
        """The chosen values."""
        return list(self.data or ())


class HiddenNumberField(HiddenField):  # type: ignore[misc]  # WTForms ships no types
    """A whole number that the page carries, 0 or more; anything else that is sent counts as 0."""

    layout = "hidden"

    @property
    def value(self) -> int:
        """The number."""
        text = str(self.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else 0


class SecretField(PasswordField):  # type: ignore[misc]  # WTForms ships no types
    """A secret, which is never shown again; None if the field is left empty."""

    layout = "secret"

    def __init__(self, label: str, *, longest: int | None = None, **more: Any) -> None:
        super().__init__(label, **more)
        _limit(self, longest)

    @property
    def value(self) -> Any:
        """What was typed."""
        return self.data or None


class UploadField(FileField):  # type: ignore[misc]  # WTForms ships no types
    """A file, read in full. `web.middleware` has limited the size of the request."""

    layout = "upload"

    @property
    def value(self) -> Any:
        """Its bytes; empty if none was chosen."""
        return self.data.read() if self.data and hasattr(self.data, "read") else b""
