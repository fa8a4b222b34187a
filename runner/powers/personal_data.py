"""Removes personal data and tokens from vendors' answers that are kept after a run.

What is removed is replaced by a placeholder of the same kind, and the same value by the same placeholder within one run: a
script that compares two answers still finds that they are equal. The data of the run's own user stays, because it is kept
with the run anyway, and because a script compares answers with it.

This works on what can be recognised: members by their names, e-mail addresses, tokens and phone numbers by their form. It
cannot know that a free text tells something about a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .redaction import REDACTED, is_secret_name

#: Names of members that hold a person's name or address.
_PERSONAL_NAME: Final = re.compile(
    r"(?i)(^|[_-])(first|last|given|family|middle|full|display|sur|nick|preferred|user)_?-?name$|"
    r"(first|last|given|family|full|display)name$|^surname$|^salutation$|"
    r"phone|mobile|^fax$|street|postcode|^zip|birth|^dob$|passport|^ssn$|e-?mail"
)
_EMAIL: Final = re.compile(r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
#: A JSON web token, or any run of 32 and more characters that mixes letters and digits as no word or number does.
_TOKEN: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_+/=-]{32,}")
_PHONE: Final = re.compile(r"(?<![\w.])\+\d[\d ()/-]{6,18}\d(?![\w.])")
#: Parts of JSON that are nested deeper are dropped.
_DEPTH: Final = 60


class PersonalDataFilter:
    """Removes personal data from the texts of one run. `own` is `user` as the script got it."""

    def __init__(self, own: Mapping[str, Any]) -> None:
        self._own = frozenset(_texts_of(own))
        self._placeholders: dict[str, str] = {}

    def filtered(self, text: str) -> str:
        """Return an answer's text without personal data; JSON stays JSON of the same shape."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return self._text(text)
        return json.dumps(self._value("", value, _DEPTH), ensure_ascii=False, separators=(",", ":"))

    def _value(self, name: str, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return {self._text(key): self._value(key, one, depth - 1) for key, one in value.items()} if depth else {}
        if isinstance(value, list):
            return [self._value(name, one, depth - 1) for one in value] if depth else []
        if isinstance(value, str):
            return self._named(name, value)
        if isinstance(value, int | float) and not isinstance(value, bool) and _PERSONAL_NAME.search(name):
            return value if str(value).casefold() in self._own else 0
        return value

    def _named(self, name: str, text: str) -> str:
        if not text or text.casefold() in self._own:
            return text
        if is_secret_name(name):
            return self._placeholder("secret", text)
        if _PERSONAL_NAME.search(name):
            email = _EMAIL.fullmatch(text)
            return self._email(text) if email else self._placeholder("person", text)
        return self._text(text)

    def _text(self, text: str) -> str:
        text = _EMAIL.sub(lambda found: self._email(found[0]), text)
        text = _TOKEN.sub(lambda found: self._unless_own("token", found[0]), text)
        return _PHONE.sub(lambda found: self._unless_own("phone", found[0]), text)

    def _email(self, text: str) -> str:
        if text.casefold() in self._own:
            return text
        return f"{self._placeholder('person', text).strip('[]').replace(' ', '-')}@redacted.invalid"

    def _unless_own(self, kind: str, text: str) -> str:
        return text if text.casefold() in self._own else self._placeholder(kind, text)

    def _placeholder(self, kind: str, text: str) -> str:
        if text.casefold() == REDACTED:
            return text
        return self._placeholders.setdefault(text.casefold(), f"[{kind} {len(self._placeholders) + 1}]")


def _texts_of(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _texts_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts_of(one)
    elif isinstance(value, str | int) and not isinstance(value, bool) and value != "":
        yield str(value).casefold()
