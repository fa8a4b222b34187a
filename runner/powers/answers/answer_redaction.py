"""Takes secrets, e-mail addresses, and the names of people out of vendors' answers before they are written to a file.

Each value gets a stand-in of its own ("Name 1", "person-1@example.org", "redacted-1"), the same wherever it stands, also in
later calls: so a script that passes a page's token on finds the recorded answer again. What stands in INPUT is the
author's own test person, and stays.

What is found: the secrets of the connections in any spelling; secrets of known forms; e-mail addresses, also those that are
escaped or written out; values of parameters that are named like a secret; in JSON (also line by line, and within texts), every
text below a key that names a secret, a person's name, a number that identifies one, a phone number or an address. Once found, a value is also replaced within other texts, if it is long enough not to be a word: so the answers are
gone through twice. A name that stands within texts only is not found.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from records.storage.json_depth import is_deep
from runner.powers.redaction import REDACTED, is_secret_name, redact

from .personal_forms import NATIONAL_NUMBER, names_identity, replace_addresses
from .secret_forms import secret_texts

#: A text that may be JSON, also as server-sent events have it.
_JSON: Final = re.compile(r"(?s)(?P<before>\s*(?:data:\s*)?)(?P<json>[{\[].*[}\]])(?P<after>\s*)")
#: Domains that belong to nobody (RFC 2606, RFC 6761).
_NOBODYS: Final = re.compile(r"(?i)@(?:[\w-]+\.)*(?:example(?:\.(?:com|net|org))?|invalid|test)$")
_PERSONAL_NAME: Final = re.compile(
    r"(?i)^(?:(?:first|last|given|family|middle|full|display|preferred|nick|maiden|user|member|attendee|contact|person)"
    r"[_ -]?name|surname|forename|name[_ -]?(?:first|last)|initials)$"
)
_PERSON: Final = re.compile(
    r"(?i)^(?:user|person|people|attendee|member|contact|customer|registrant|delegate|owner|author)s?$"
)
_BESIDE_A_NAME: Final = re.compile(r"(?i)e[_-]?mail|phone|username|(?:first|last)[_ -]?name|birth")
_OTHER_PERSONAL: Final = re.compile(
    r"(?i)phone|mobile|fax|birth|^dob$|street|^address|address[_ -]?line|post(?:al)?[_ -]?code|^zip"
)
#: A parameter of an address that is named like a secret, and its value. The name is bounded, since a vendor writes it.
_PARAMETER: Final = re.compile(
    r"(?i)(?<=[?&])([\w.-]{0,60}(?:token|secret|key|signature|sig|auth|password|credential)[\w.-]{0,60}=)([^&\s\"'<>#]+)"
)
#: Characters from which on a found value is replaced within other texts, and how many such values are looked for.
_LONG_ENOUGH, _MOST_WITHIN = 6, 500
#: Characters that are compared at most to replace them, and the least that each replacement counts. A vendor who makes more
#: work gets each further text with such a value replaced as a whole.
_MOST_WORK, _WORK_OF_ONE = 200_000_000, 10_000
_STAND_INS: Final = {
    "email": "person-{}@example.org",
    "name": "Name {}",
    "secret": "redacted-{}",
    "other": "personal-{}",
}
#: What is told of each kind.
KINDS: Final = {"email": "e-mail address", "name": "name", "secret": "secret", "other": "other personal value"}


class AnswerRedaction:
    """The stand-ins of one recording. `secrets` are those of the connections, `kept` the texts of INPUT."""

    def __init__(self, *, secrets: Collection[str], kept: Collection[str]) -> None:
        self._secrets = tuple(secrets)
        self._kept = frozenset(one.casefold() for one in kept if one)
        self._stand_ins: dict[str, str] = {}
        self._work_left = _MOST_WORK
        self._written: set[str] = set()  #: the values of `_stand_ins`
        self._numbers: dict[str, int] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """How many different values of each kind were replaced, by the names of `KINDS`."""
        return dict(self._numbers)

    def value(self, value: Any, key: str = "", *, beside: Collection[str] = (), within: str = "") -> Any:
        """Return a JSON value without what must not be written. `beside` are the keys beside `key`, `within` that around them."""
        if isinstance(value, dict):
            return {
                self.text(name): self.value(one, name, beside=value.keys(), within=key) for name, one in value.items()
            }
        if isinstance(value, list):
            return [self.value(one, key, beside=beside, within=within) for one in value]
        kind = _kind_of(key, beside, within)
        if kind and isinstance(value, str) and value.strip() and value.casefold() not in self._kept:
            return self._stand_in(kind, value)
        if kind in ("secret", "other") and isinstance(value, int | float) and not isinstance(value, bool):
            return 0
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """Return a text without secrets and e-mail addresses, and with the stand-ins that are known by now."""
        text = redact(self._with_json(text), self._secrets)
        for secret in secret_texts(text):
            text = text.replace(secret, self._stand_in("secret", secret))
        text = _PARAMETER.sub(lambda found: found[1] + self._stand_in("secret", found[2]), text)
        text = replace_addresses(text, self._email)
        text = NATIONAL_NUMBER.sub(lambda found: self._stand_in("other", found[0]), text)
        return self._stand_ins.get(text) or self._within(text)

    def _within(self, text: str) -> str:
        for value in itertools.islice(self._stand_ins, _MOST_WITHIN):
            if len(value) >= _LONG_ENOUGH and value in text:
                self._work_left -= _WORK_OF_ONE + len(value) * len(text)
                if self._work_left < 0:
                    return self._stand_in("other", text)
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", self._stand_ins[value], text)
        return text

    def of_call(self, text: str) -> str | None:
        """Return a part of a call with the stand-ins of earlier answers: so it is found again when the script is run with them.

        None if it has something personal or secret that came neither from an answer nor from INPUT.
        """
        if text.casefold() in self._kept:
            return text
        known, numbers = dict(self._stand_ins), dict(self._numbers)
        written = "/".join(self.text(part) for part in text.split("/"))
        if self._stand_ins == known:
            return written
        self._stand_ins, self._numbers, self._written = known, numbers, set(known.values())
        return None

    def _with_json(self, text: str) -> str:
        """Return a text in which what is JSON was gone through as such: the whole text, or each line of its own."""
        if "{" not in text and "[" not in text:
            return text
        return self._json(text) or "".join(self._json(line) or line for line in text.splitlines(keepends=True))

    def _json(self, text: str) -> str | None:
        """Return a text that is JSON without what must not be written; None for any other."""
        found = _JSON.fullmatch(text)
        if found is None:
            return None
        try:
            parsed = json.loads(found["json"])
        except (ValueError, RecursionError):
            return None
        written = parsed if is_deep(parsed) else self.value(parsed)
        shown = found["json"] if written == parsed else json.dumps(written, ensure_ascii=False)
        return f"{found['before']}{shown}{found['after']}"

    def _email(self, address: str, plain: str) -> str:
        if _NOBODYS.search(plain) or plain.casefold() in self._kept:
            return address
        stand_in = self._stand_in("email", plain)
        return stand_in if "@" in address or "%" not in address else stand_in.replace("@", "%40")

    def _stand_in(self, kind: str, value: str) -> str:
        if value == REDACTED or value in self._written:
            return value
        if value not in self._stand_ins:
            self._numbers[kind] = self._numbers.get(kind, 0) + 1
            self._stand_ins[value] = stand_in = _STAND_INS[kind].format(self._numbers[kind])
            self._written.add(stand_in)
        return self._stand_ins[value]


def _kind_of(key: str, beside: Collection[str], within: str) -> str:
    """The kind of the text below a key; "" for what may be written."""
    if is_secret_name(key):
        return "secret"
    if _PERSONAL_NAME.match(key):
        return "name"
    if key.casefold() == "name" and (_PERSON.match(within) or any(_BESIDE_A_NAME.search(one) for one in beside)):
        return "name"
    return "other" if _OTHER_PERSONAL.search(key) or names_identity(key) else ""


def texts_of(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value but the names of its members: what an input has may stay in answers."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from texts_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_of(one)
    elif isinstance(value, str):
        yield value
