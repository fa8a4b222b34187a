"""Kinds of form fields: what a person types becomes the value which a rule checks, and what was typed stays on the page.

A text that is not of its kind is handed to the rule as it is: the rule refuses it in its own words, so that there is one
place which decides and explains. `drawn` names the way in which `templates/forms.html` draws a field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from wtforms import (
    BooleanField,
    FileField,
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
    "CheckboxesField",
    "ChoiceField",
    "DropdownField",
    "JsonField",
    "LineField",
    "LinesField",
    "NumberField",
    "SecretField",
    "TextBlockField",
    "UploadField",
    "WholeNumberField",
    "YesNoField",
    "offered",
]

#: The largest number whose digits are worth reading.
_DIGITS = 18


#: Lists and objects in one another, in JSON that somebody types.
MAX_DEPTH = 100
_TOO_DEEP = "is nested too deep"


class LineField(StringField):  # type: ignore[misc]  # WTForms ships no types
    """One line of text, without the spaces around it."""

    drawn = "line"

    @property
    def value(self) -> Any:
        """The text."""
        return (self.data or "").strip()


class TextBlockField(TextAreaField):  # type: ignore[misc]  # WTForms ships no types
    """Several lines of text, as they are."""

    drawn = "block"

    @property
    def value(self) -> Any:
        """The text."""
        return (self.data or "").strip()


class LinesField(TextAreaField):  # type: ignore[misc]  # WTForms ships no types
    """A list, one entry a line."""

    drawn = "block"

    def process_data(self, value: Any) -> None:
        """Show a list as lines."""
        self.data = "\n".join(value or ())

    @property
    def value(self) -> Any:
        """The entries, without blank lines."""
        return [line.strip() for line in (self.data or "").splitlines() if line.strip()]


class _Amount(StringField):  # type: ignore[misc]  # WTForms ships no types
    """A number in the unit in which people think of it; `factor` turns it into the unit of the rule."""

    drawn = "amount"

    def __init__(self, label: str, *, unit: str = "", factor: int = 1, **more: Any) -> None:
        super().__init__(label, **more)
        self.unit, self.factor = unit, factor

    def process_data(self, value: Any) -> None:
        self.data = "" if value is None else f"{value / self.factor:.10g}"

    @property
    def number(self) -> float | None:
        text = (self.data or "").strip().replace(",", ".")
        try:
            number = float(text) if len(text) <= _DIGITS else math.nan
        except ValueError:
            return None
        return number * self.factor if math.isfinite(number) else None


class WholeNumberField(_Amount):
    """A whole number; None when the field is empty."""

    @property
    def value(self) -> Any:
        """The number, or the text which is none."""
        if not (self.data or "").strip():
            return None
        number = self.number
        return int(number) if number is not None and number == int(number) else self.data


class NumberField(_Amount):
    """A number; None when the field is empty."""

    @property
    def value(self) -> Any:
        """The number, or the text which is none."""
        if not (self.data or "").strip():
            return None
        number = self.number
        return self.data if number is None else number


_PEM_START = "-----BEGIN "
_PEM = (
    'must be JSON, and this is PEM. Ask for the public keys as a JWK set, such as {"keys": [{"kty": "EC", …}]}, or convert '
    "them to one"
)


class JsonField(TextAreaField):  # type: ignore[misc]  # WTForms ships no types
    """A JSON object. What cannot be read is refused here, with its line: a rule never sees the text."""

    drawn = "block"

    def process_data(self, value: Any) -> None:
        """Show the object as people write it."""
        self.data = json.dumps(value or {}, indent=2, ensure_ascii=False)

    @property
    def value(self) -> Any:
        """The value; None if `fault` says why there is none."""
        return self._read()[0]

    @property
    def fault(self) -> str:
        """Where the text stops being JSON, and why."""
        return self._read()[1]

    def _read(self) -> tuple[Any, str]:
        text = (self.data or "").strip() or "{}"
        if text.startswith(_PEM_START):
            return None, _PEM
        try:
            value = json.loads(text, object_pairs_hook=_once)
        except json.JSONDecodeError as error:
            start = len(self.data or "") - len((self.data or "").lstrip())
            line = error.lineno + (self.data or "")[:start].count("\n")
            return None, f"cannot be read: line {line}, column {error.colno}: {error.msg}"
        except (ValueError, RecursionError) as error:
            return None, str(error) if isinstance(error, ValueError) else _TOO_DEEP
        return (None, _TOO_DEEP) if _is_deeper(value, MAX_DEPTH) else (value, "")


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects stand in one another more than so often. Newer Pythons read what older ones gave up on."""
    level = [value]
    while level and levels >= 0:
        inner = [
            list(each.values()) if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)
        ]
        level, levels = [part for parts in inner for part in parts], levels - 1
    return bool(level)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"names “{name[:60]}” twice")
    return dict(pairs)


class YesNoField(BooleanField):  # type: ignore[misc]  # WTForms ships no types
    """A tick."""

    drawn = "tick"

    @property
    def value(self) -> Any:
        """Whether it is ticked."""
        return bool(self.data)


def offered(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Make choices of values and their words."""
    return [SelectChoice(value, words) for value, words in pairs]


class ChoiceField(RadioField):  # type: ignore[misc]  # WTForms ships no types
    """One of a few, all of them in sight."""

    drawn = "choices"

    def __init__(self, label: str, *, choices: Iterable[tuple[str, str]] = (), **more: Any) -> None:
        super().__init__(
            label, validate_choice=False, choices=offered(choices), **more
        )  # the rule refuses what is not among them

    @property
    def value(self) -> Any:
        """The chosen word."""
        return self.data or ""


class DropdownField(SelectField):  # type: ignore[misc]  # WTForms ships no types
    """One of many, in a list."""

    drawn = "dropdown"

    def __init__(self, label: str, *, choices: Iterable[tuple[str, str]] = (), **more: Any) -> None:
        super().__init__(label, validate_choice=False, choices=offered(choices), **more)

    @property
    def value(self) -> Any:
        """The chosen word."""
        return self.data or ""


class CheckboxesField(SelectMultipleField):  # type: ignore[misc]  # WTForms ships no types
    """Any of a few, as ticks."""

    drawn = "choices"

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: str, *, choices: Iterable[tuple[str, str]] = (), **more: Any) -> None:
        super().__init__(label, validate_choice=False, choices=offered(choices), **more)

    @property
    def value(self) -> Any:
        """The chosen words."""
        return list(self.data or ())


class SecretField(PasswordField):  # type: ignore[misc]  # WTForms ships no types
    """Something that goes in and is never shown again; None when the field is left empty."""

    drawn = "secret"

    @property
    def value(self) -> Any:
        """What was typed."""
        return self.data or None


class UploadField(FileField):  # type: ignore[misc]  # WTForms ships no types
    """A file, read in full: the gate has bounded the request."""

    drawn = "upload"

    @property
    def value(self) -> Any:
        """Its bytes; empty when none was chosen."""
        return self.data.read() if self.data and hasattr(self.data, "read") else b""
